"""Dry runs: changed rules over what is on file, compared with the findings there are. Nothing else is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.claims import Claim
from scrm.core.compliance import Finding, Rule, RuleInForce, Severity, Statement
from scrm.core.compliance.catalogue import RULES
from scrm.core.compliance.in_force import configured
from scrm.core.compliance.model import speaks_to
from scrm.core.compliance.noticing import arouses
from scrm.core.errors import BadInput
from scrm.core.events import Event
from scrm.core.ids import public
from scrm.core.price_book import PriceBook
from scrm.core.timeline import Entry, EntryState, Json, Part, parts
from scrm.hub import Hub
from scrm.services.annotate import HISTORY, Spoken, about_products, entry_of, finding_document, statement_of
from scrm.services.circles import Circle, Found, check_circle, circles_of
from scrm.services.prices import current_book
from scrm.store.cases import StoredFinding
from scrm.store.database import Transaction
from scrm.store.dry_runs import OPEN, THOUSAND, DryRun, Example, Reach
from scrm.store.tasks import NewTask, Task

DRY_RUN = "dry_run"
CUSTOMERS_AT_ONCE = 40
"""So few that live traffic never waits long for the one core they share."""
EXAMPLES = 50
"""So many examples are kept of each rule and change; all are counted."""
_TEXTUAL = frozenset({"message", "call"})

Changes = Mapping[str, Mapping[str, Json]]
"""Options by rule id, as in the settings' `[compliance.rules.<id>]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunPlan:
    """Changes of rules to try on what was said from `since` to before `until`, with a `share` (0–1] of the customers.

    Without changes, the rules as they are are tried.
    """

    changes: Changes
    since: datetime
    until: datetime
    share: float = 1.0

    @property
    def reach(self) -> Reach:
        return Reach(since=self.since, until=self.until, per_thousand=max(1, round(self.share * THOUSAND)))

    def to_json(self) -> dict[str, Json]:
        return {
            "changes": self.changes,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "per_thousand": self.reach.per_thousand,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Json]) -> DryRunPlan:
        changes = kept["changes"]
        assert isinstance(changes, Mapping)
        return cls(
            changes={rule: options for rule, options in changes.items() if isinstance(options, Mapping)},
            since=datetime.fromisoformat(str(kept["since"])),
            until=datetime.fromisoformat(str(kept["until"])),
            share=int(str(kept["per_thousand"])) / THOUSAND,
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """The rules of a run, and the ids of all rules it compares: those that are switched off, too."""

    rules: tuple[RuleInForce, ...]
    compared: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is on file of some customers: their talk as statements, and the findings of the rules compared."""

    circles: Sequence[Circle]
    said: Mapping[int, Sequence[Statement]]
    on_file: Mapping[int, Sequence[StoredFinding]]
    messages: int


def planned(live: Sequence[RuleInForce], changes: Changes) -> Planned:
    """The rules that `changes` would put in force, as far as they differ from the `live` ones; without changes, all.

    `BadInput` names what is unknown or cannot be read, or says that nothing would change.
    """
    known = {rule.id: rule for rule in (*RULES, *live)}
    if unknown := changes.keys() - known.keys():
        raise BadInput(f"there is no rule {min(unknown)!r}; there are {', '.join(known)}")
    if not changes:
        return Planned(tuple(live), frozenset(rule.id for rule in live))
    running = {rule.id: rule for rule in live}
    rules, compared = [], set()
    for rule_id, options in changes.items():
        enabled = options.get("enabled", rule_id in running)
        if not isinstance(enabled, bool):
            raise BadInput(f"{rule_id}.enabled: got {enabled!r}, expected true or false")
        changed = _reconfigured(known[rule_id], options)
        before = running.get(rule_id)
        if enabled != (before is not None) or (before is not None and before.version != changed.version):
            compared.add(rule_id)
            rules += [changed] if enabled else []
    if not compared:
        raise BadInput("with these changes every rule stays as it is: change something, or leave them all out")
    return Planned(tuple(rules), frozenset(compared))


async def start_dry_run(hub: Hub, actor: Actor, plan: DryRunPlan) -> DryRun:
    """Promise a run. `BadInput` when the plan cannot be read or reaches nobody."""
    require(actor, Permission.RUN_DRY_RUNS)
    if plan.until <= plan.since:
        raise BadInput("the time must begin before it ends")
    if not 0 < plan.share <= 1:
        raise BadInput("share: expected more than 0 and at most 1")
    outcome = _outcome(planned(hub.understanding.rules, plan.changes))
    async with hub.db.transaction() as tx:
        total = await tx.dry_runs.count_customers(plan.reach)
        run = await tx.dry_runs.add(plan.to_json(), total=total, outcome=outcome, by=actor.login)
        await tx.tasks.add([NewTask(kind=DRY_RUN, key=f"dry_run:{run.id}", ref=run.id)])
        tx.audit.record(Deed.by(actor, "dry_run.started", "dry_run", public("dry", run.id), version=None, **run.plan))
        await tx.publish([_event("dry_run.progressed", run)])
    return run


async def cancel_dry_run(hub: Hub, actor: Actor, run_id: int) -> None:
    """End a run early. What it found so far stays to be looked at."""
    require(actor, Permission.RUN_DRY_RUNS)
    async with hub.db.transaction() as tx:
        await tx.dry_runs.cancel(run_id)
        tx.audit.record(Deed.by(actor, "dry_run.cancelled", "dry_run", public("dry", run_id)))
        await tx.publish([_event("dry_run.finished", await tx.dry_runs.get(run_id))])


async def run_dry_runs(hub: Hub, tasks: Sequence[Task]) -> None:
    """Go through customers, a few at a time. Goes on where it stood when a worker dies: each step is one commit."""
    for task in tasks:
        reason = ""
        try:
            await _run(hub, task.ref)
        except BadInput as error:
            reason = str(error)
        async with hub.db.transaction() as tx:
            if await tx.dry_runs.finish(task.ref, state="failed" if reason else "finished", reason=reason):
                run = await tx.dry_runs.get(task.ref)
                tx.audit.record(
                    Deed.by_hub("dry_run.finished", "dry_run", public("dry", run.id), rules=run.outcome["rules"])
                )
                await tx.publish([_event("dry_run.finished", run)])
            await tx.tasks.finish([task])


async def _run(hub: Hub, run_id: int) -> None:
    while True:
        async with hub.db.reading() as tx:
            run = await tx.dry_runs.get(run_id)
            if run.state not in OPEN:
                return
            plan = DryRunPlan.from_json(run.plan)
            what = planned(hub.understanding.rules, plan.changes)
            after = int(str(run.outcome["after"]))
            ids = await tx.dry_runs.next_customers(plan.reach, after=after, limit=CUSTOMERS_AT_ONCE)
            book = await current_book(hub, tx)
            batch = await _load(tx, ids, plan, what, book)
        if not ids:
            return
        # Aside, so that requests are answered between two bytecodes of a long check.
        compared = await asyncio.to_thread(_compare, batch, ids, plan, what, book)
        outcome, examples = _counted(run.outcome, compared, messages=batch.messages, after=ids[-1])
        async with hub.db.transaction() as tx:
            if await tx.dry_runs.advance(run, looked_at=len(ids), outcome=outcome, examples=examples):
                await tx.publish([_event("dry_run.progressed", await tx.dry_runs.get(run_id))])


async def _load(tx: Transaction, ids: Collection[int], plan: DryRunPlan, what: Planned, book: PriceBook) -> _Batch:
    circles = await circles_of(tx, ids)
    members = {member for circle in circles for member in circle.members}
    since = plan.since - HISTORY
    entries = await tx.timeline.between(members, since=since, until=plan.until)
    histories = await tx.claims.history(members, since=since)
    claims = {(one.entry_id, one.start): one.claims for of_one in histories.values() for one in of_one}
    said: dict[int, list[Statement]] = {}
    messages = 0
    for entry in entries:
        messages += entry.customer_id in ids and entry.kind in _TEXTUAL and entry.at >= plan.since
        for part in parts(entry.kind, entry.text, entry.speaker):
            one = _statement(entry, part, claims.get((entry.id, part.start), ()))
            if entry.customer_id is not None and _bears_on(one, what.rules):
                said.setdefault(entry.customer_id, []).append(about_products(one, book))
    on_file = await tx.dry_runs.on_file(ids, what.compared, since=plan.since, until=plan.until)
    return _Batch(circles, said, on_file, messages)


def _statement(entry: Entry, part: Part, claims: tuple[Claim, ...]) -> Statement:
    said = statement_of(Spoken(entry, part, entry.text[part.start : part.end], claims))
    return replace(said, recalled_at=entry.at) if entry.state is EntryState.RECALLED else said


def _bears_on(said: Statement, rules: Sequence[Rule]) -> bool:
    """Whether a rule can say anything about it, or because of it: the same that is kept when talk is first read."""
    return bool(said.claims) or arouses(said) or (said.by_seller and speaks_to(rules, said.text))


def _compare(batch: _Batch, ids: Collection[int], plan: DryRunPlan, what: Planned, book: PriceBook) -> list[Example]:
    """Every finding there would be or is. One on file is the same when rule and statements are, however grave."""
    examples: list[Example] = []
    for circle in batch.circles:
        starts = dict.fromkeys(circle.members, plan.since)
        said = {member: batch.said.get(member, ()) for member in circle.members}
        times = {one.entry_id: one.at for of_one in said.values() for one in of_one}
        found: dict[tuple[str, int, int | None], Found] = {}
        for one in check_circle(circle, said, book, what.rules, since=starts):
            fits = one.customer_id in ids and times[one.finding.entry_id] >= plan.since
            if fits and one.finding.severity > Severity.S0:
                found.setdefault(_key(one.finding), one)
        on_file = {
            (stored.rule, stored.entry_id, stored.against_id): (customer_id, stored)
            for customer_id in circle.members
            for stored in batch.on_file.get(customer_id, ())
        }
        examples += [_found(one, on_file.get(key)) for key, one in found.items()]
        examples += [_gone(*before) for key, before in on_file.items() if key not in found]
    return examples


def _key(finding: Finding) -> tuple[str, int, int | None]:
    return finding.rule, entry_of(finding.entry_id), entry_of(finding.against) if finding.against else None


def _found(one: Found, before: tuple[int, StoredFinding] | None) -> Example:
    rule, entry_id, against_id = _key(one.finding)
    return Example(
        change="same" if before else "new",
        customer_id=one.customer_id,
        entry_id=entry_id,
        against_id=against_id,
        rule=rule,
        severity=one.finding.severity.value,
        finding=finding_document(one.finding) | {"severity_before": before[1].severity if before else None},
    )


def _gone(customer_id: int, stored: StoredFinding) -> Example:
    return Example(
        change="gone",
        customer_id=customer_id,
        entry_id=stored.entry_id,
        against_id=stored.against_id,
        rule=stored.rule,
        severity=stored.severity,
        finding=stored.finding,
    )


def _counted(
    before: Mapping[str, Json], found: Iterable[Example], *, messages: int, after: int
) -> tuple[dict[str, Json], list[Example]]:
    """The outcome with a batch added, and the examples to keep of it."""
    of_rules = before["rules"]
    assert isinstance(of_rules, Mapping)
    counts = {
        rule: {change: int(str(number)) for change, number in of_rule.items()}
        for rule, of_rule in of_rules.items()
        if isinstance(of_rule, Mapping)
    }
    kept = []
    for example in found:
        of_rule, weighed = counts[example.rule], _weighs_otherwise(example)
        of_rule[example.change] += 1
        of_rule["weighed"] += weighed
        if of_rule[example.change] <= EXAMPLES or (weighed and of_rule["weighed"] <= EXAMPLES):
            kept.append(example)
    outcome: dict[str, Json] = {
        **before,
        "after": after,
        "messages": int(str(before["messages"])) + messages,
        "rules": counts,
    }
    return outcome, kept


def _weighs_otherwise(example: Example) -> bool:
    """Whether the finding stays, with another severity."""
    return example.finding.get("severity_before") not in {None, example.severity}


def _outcome(what: Planned) -> dict[str, Json]:
    counts = {rule: dict.fromkeys(("new", "gone", "same", "weighed"), 0) for rule in sorted(what.compared)}
    versions = {rule.id: rule.version for rule in what.rules}
    return {"after": 0, "messages": 0, "rules": counts, "versions": versions}


def _reconfigured(live: RuleInForce, options: Mapping[str, Json]) -> RuleInForce:
    """The rule with these options on top of those it has."""
    changed = configured(live.rule, options)
    return replace(
        changed,
        severity=changed.severity if "severity" in options else live.severity,
        at_least=changed.at_least if "at_least" in options else live.at_least,
    )


def _event(kind: str, run: DryRun) -> Event:
    payload: dict[str, Json] = {
        "dry_run_id": public("dry", run.id),
        "state": run.state,
        "total": run.total,
        "done": run.done,
    }
    return Event(type=kind, customer_id=None, payload=payload)
