"""Cases as auditors work them: claim, judge, remedy, close. Every act is in the case's history and the audit log."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from scrm.core.access import Actor, Permission, can, require
from scrm.core.audit_chain import Deed
from scrm.core.cases import (
    CONVERSATION,
    Case,
    CaseState,
    Judge,
    Look,
    Origin,
    Remedy,
    Verdict,
    VerdictKind,
    assign,
    claim,
    close,
    decide,
    escalate,
    fact,
    release,
    remedy,
    reopen,
)
from scrm.core.errors import BadInput, Conflict, NotAllowed, NotFound, ScrmError
from scrm.core.ids import public
from scrm.core.price_book import CHINA
from scrm.core.timeline import SELLERS, Direction, Entry, EntryState, Json
from scrm.hub import Hub
from scrm.store.audit_log import Wanted as Views
from scrm.store.cases import CaseEvent, StoredFinding
from scrm.store.database import Transaction

CONVERSATION_SEVERITY = "S2"
MOST_OF_A_DAY = 200
"""Entries of a day's conversation that are shown at most: the last ones."""
_UNDELIVERED = frozenset({EntryState.FAILED, EntryState.RECALLED, EntryState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of several cases: the case as it is now, or why nothing was done."""

    case_id: int
    case: Case | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Who can judge which of some cases: whose words they are about, and who has looked at them in this round."""

    speakers: Mapping[int, frozenset[str]]
    lookers: Mapping[int, frozenset[int]]
    escalators: Mapping[int, frozenset[str]]

    def judge(self, case: Case, actor: Actor) -> Judge:
        """The person as one before this case."""
        return Judge(
            id=actor.id,
            judges=can(actor, Permission.JUDGE),
            oversees=can(actor, Permission.OVERSEE_CASES),
            own_talk=any(actor.is_speaker(name) for name in self.speakers.get(case.id, ())),
            has_looked=actor.id in self.lookers.get(case.id, ()) or actor.login in self.escalators.get(case.id, ()),
        )


async def bench(tx: Transaction, cases: Sequence[Case]) -> Bench:
    """Who can judge these cases; a fixed number of statements, and one for each conversation among them."""
    ids = [case.id for case in cases]
    findings, looks, histories = await tx.cases.findings(ids), await tx.cases.looks(ids), await tx.cases.histories(ids)
    said = await tx.timeline.load(_entries_of(found for of_case in findings.values() for found in of_case))
    speakers: dict[int, frozenset[str]] = {}
    for case in cases:
        entries = [said[entry_id] for entry_id in _entries_of(findings.get(case.id, ())) if entry_id in said]
        if case.day:
            entries += await conversation(tx, case.customer_id, date.fromisoformat(case.day))
        speakers[case.id] = frozenset(entry.actor for entry in entries if entry.speaker in SELLERS and entry.actor)
    rounds = {case.id: case.round for case in cases}
    return Bench(
        speakers=speakers,
        lookers={
            case_id: frozenset(look.decided_by for look in of_case if look.round == rounds[case_id])
            for case_id, of_case in looks.items()
        },
        escalators={
            case.id: frozenset(
                event.actor for event in this_round(histories.get(case.id, [])) if event.action == "escalated"
            )
            for case in cases
        },
    )


async def conversation(tx: Transaction, customer_id: int, day: date) -> list[Entry]:
    """What passed with a customer on a day of China, oldest first; of a very long day the end."""
    since, until = bounds(day)
    page = await tx.timeline.page(customer_id, before=(until, 0), limit=MOST_OF_A_DAY)
    return [entry for entry in reversed(page) if entry.at >= since]


def bounds(day: date) -> tuple[datetime, datetime]:
    """When a day of China begins, and when the next one does."""
    start = datetime.combine(day, time(), CHINA)
    return start, start + timedelta(days=1)


def this_round(history: Sequence[CaseEvent]) -> Sequence[CaseEvent]:
    """What happened since the case was last reopened."""
    starts = [place for place, event in enumerate(history) if event.action == "reopened"]
    return history[starts[-1] if starts else 0 :]


# --- taking and giving ---------------------------------------------------------------------------------------------


async def claim_case(hub: Hub, actor: Actor, case_id: int) -> Case:
    """Take a case. `Conflict` when somebody else has it."""
    require(actor, Permission.JUDGE)
    async with hub.db.transaction() as tx:
        case, judge = await _before(tx, actor, case_id)
        claimed = claim(case, judge, tx.now)
        await _keep(tx, actor, [Step(claimed, "claimed")])
    return claimed


async def claim_cases(hub: Hub, actor: Actor, case_ids: Sequence[int]) -> list[Done]:
    """Take those of several cases that can be taken."""
    require(actor, Permission.JUDGE)
    async with hub.db.transaction() as tx:
        return await _each(tx, actor, case_ids, lambda case, judge: Step(claim(case, judge, tx.now), "claimed"))


async def release_case(hub: Hub, actor: Actor, case_id: int) -> Case:
    """Give a case back to the queue; overseers also what another has claimed."""
    require(actor, Permission.READ_CASES)
    async with hub.db.transaction() as tx:
        case, judge = await _before(tx, actor, case_id)
        released = release(case, judge, tx.now)
        await _keep(tx, actor, [Step(released, "released")])
    return released


async def assign_case(hub: Hub, actor: Actor, case_id: int, user_id: int, version: int) -> Case:
    """Give a case to somebody who may judge it."""
    require(actor, Permission.READ_CASES)
    async with hub.db.transaction() as tx:
        case = await tx.cases.lock(case_id)
        seats = await bench(tx, [case])
        person = next((one for one in await tx.accounts.all() if one.id == user_id), None)
        if person is None:
            raise NotFound("there is no such person")
        assigned = assign(case, seats.judge(case, actor), seats.judge(case, person), version, tx.now)
        await _keep(tx, actor, [Step(assigned, "assigned", note=person.name, told={"to": person.login})])
    return assigned


# --- judging -------------------------------------------------------------------------------------------------------


async def record_verdict(hub: Hub, actor: Actor, case_id: int, verdict: Verdict) -> Case:
    """Judge a case. The verdict is final unless a second auditor must look, or the two looks disagree.

    `Conflict` when it changed since it was looked at; nobody judges their own words, nor twice.
    """
    require(actor, Permission.JUDGE)
    async with hub.db.transaction() as tx:
        case, judge = await _before(tx, actor, case_id)
        step = _judged(
            hub, tx, case, judge, verdict, await _earlier_looks(tx, [case]), await _others(tx, actor, [case])
        )
        await _keep(tx, actor, [step])
    return step.case


async def record_false_positives(hub: Hub, actor: Actor, verdicts: Mapping[int, Verdict]) -> list[Done]:
    """Judge several cases as false positives, each with its own reason, and close those where that is final."""
    require(actor, Permission.JUDGE)
    if any(verdict.kind is not VerdictKind.FALSE_POSITIVE for verdict in verdicts.values()):
        raise BadInput("only false positives can be judged together")
    async with hub.db.transaction() as tx:
        cases = list((await tx.cases.lock_all(verdicts)).values())
        looks, others = await _earlier_looks(tx, cases), await _others(tx, actor, cases)

        def judged(case: Case, judge: Judge) -> Step:
            step = _judged(hub, tx, case, judge, verdicts[case.id], looks, others)
            if step.case.state is CaseState.DECIDED:
                return replace(step, case=close(step.case, step.case.version, tx.now), also="closed")
            return step

        return await _each(tx, actor, list(verdicts), judged)


async def escalate_case(hub: Hub, actor: Actor, case_id: int, note: str, version: int) -> Case:
    """Leave a case to another auditor, whose verdict settles it."""
    require(actor, Permission.JUDGE)
    async with hub.db.transaction() as tx:
        case, judge = await _before(tx, actor, case_id)
        escalated = _due_anew(hub, escalate(case, judge, version, tx.now), tx.now)
        await _keep(tx, actor, [Step(escalated, "escalated", note=note)])
    return escalated


# --- afterwards ----------------------------------------------------------------------------------------------------


async def record_remedy(hub: Hub, actor: Actor, case_id: int, made: Remedy) -> Case:
    """Put on file what was done about a breach. `BadInput` when the message named cannot have carried it."""
    require(actor, Permission.READ_CASES)
    async with hub.db.transaction() as tx:
        case, judge = await _before(tx, actor, case_id)
        _not_ones_own(judge)
        if made.entry_id is not None:
            await _must_carry(tx, case, made.entry_id)
        remedied = remedy(case, made, actor.id, tx.now)
        told: dict[str, Json] = {"remedy": made.kind.value}
        if made.entry_id is not None:
            told["entry_id"] = public("msg", made.entry_id)
        await _keep(tx, actor, [Step(remedied, f"remedied:{made.kind.value}", note=made.note, told=told)])
    return remedied


async def close_case(hub: Hub, actor: Actor, case_id: int, note: str, version: int) -> Case:
    """Put a case away."""
    require(actor, Permission.READ_CASES)
    async with hub.db.transaction() as tx:
        case, judge = await _before(tx, actor, case_id)
        _not_ones_own(judge)
        closed = close(case, version, tx.now)
        await _keep(tx, actor, [Step(closed, "closed", note=note)])
    return closed


async def reopen_case(hub: Hub, actor: Actor, case_id: int, note: str, version: int) -> Case:
    """Have a case judged again, with a reason."""
    require(actor, Permission.READ_CASES)
    async with hub.db.transaction() as tx:
        case, judge = await _before(tx, actor, case_id)
        _not_ones_own(judge)
        reopened = _due_anew(hub, reopen(case, version, tx.now), tx.now)
        await _keep(tx, actor, [Step(reopened, "reopened", note=note)])
    return reopened


async def refer_conversation(hub: Hub, actor: Actor, customer_id: int, day: date, note: str) -> Case:
    """Put a day's conversation before the auditors. `Conflict` when it is before them already."""
    require(actor, Permission.READ_CASES)
    async with hub.db.transaction() as tx:
        await tx.customers.get(customer_id)
        if not await conversation(tx, customer_id, day):
            raise BadInput("nothing was said to or by this customer on that day")
        if customer_id in await tx.cases.before_auditors(day.isoformat(), *bounds(day)):
            raise Conflict("the conversation of that day is before the auditors already")
        case = conversation_case(hub, tx, customer_id, day, Origin.REFERRED)
        await put_before_auditors(tx, actor, [case], note=note)
    return case


def conversation_case(hub: Hub, tx: Transaction, customer_id: int, day: date, origin: Origin) -> Case:
    """A new case about a day's conversation as a whole; drawn or referred, it looks the same."""
    return Case(
        id=tx.ids.next(),
        customer_id=customer_id,
        rule=CONVERSATION,
        product=None,
        severity=CONVERSATION_SEVERITY,
        state=CaseState.NEW,
        assignee_id=None,
        opened_at=tx.now,
        updated_at=tx.now,
        origin=origin,
        day=day.isoformat(),
        due_at=hub.settings.deadlines.of(CONVERSATION_SEVERITY, tx.now),
    )


async def put_before_auditors(tx: Transaction, actor: Actor | None, cases: Sequence[Case], *, note: str = "") -> None:
    """Store conversations as cases. Who wanted them and why is kept, and shown once they are judged."""
    await tx.cases.add(cases)
    await tx.cases.note([(case.id, "", "opened", "") for case in cases])
    login = actor.login if actor else ""
    await tx.cases.note([(case.id, login, "referred" if actor else "drawn", note) for case in cases])
    for case in cases:
        action = f"case.{'referred' if actor else 'drawn'}"
        tx.audit.record(_deed(actor, action, case, note=note, day=case.day))
    await tx.publish([fact("case.opened", case) for case in cases])


async def note_view(hub: Hub, actor: Actor, case: Case) -> None:
    """Record that somebody looked at a case: once for each version of it."""
    object_id = public("cas", case.id)
    async with hub.db.reading() as tx:
        views = Views(actor=actor.login, action="case.viewed", object_type="case", object_id=object_id)
        last = await tx.audit.page(views, limit=1)
    if not last or last[0].object_version != case.version:
        async with hub.db.transaction() as tx:
            tx.audit.record(_deed(actor, "case.viewed", case))


# --- steps ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=False)
class Step:
    """A case after an act, and what to write down of it. `also` is a second act that followed at once."""

    case: Case
    action: str
    note: str = ""
    told: Mapping[str, Json] | None = None
    look: Look | None = None
    also: str = ""


_FACTS = {"decided": "case.decided", "remedied": "case.remedied", "reopened": "case.reopened"}


def _judged(
    hub: Hub,
    tx: Transaction,
    case: Case,
    judge: Judge,
    verdict: Verdict,
    looks: Mapping[int, Sequence[Look]],
    others: Collection[int],
) -> Step:
    again = case.severity == "S4" or (case.id in others and is_drawn(hub, case))
    after, look = decide(case, verdict, judge, tx.now, looks=looks.get(case.id, ()), again=again)
    told: dict[str, Json] = {
        "verdict": verdict.kind.value,
        "reason": verdict.reason,
        "look": look.look,
        "round": look.round,
    }
    if after.is_open:
        return Step(_due_anew(hub, after, tx.now), "judged", note=verdict.note, told=told, look=look)
    return Step(after, f"decided:{verdict.kind.value}", note=verdict.note, told=told, look=look)


def is_drawn(hub: Hub, case: Case) -> bool:
    """Whether a second look falls on this case: settled by its id and a secret, so nobody can foresee or avoid it."""
    drawn = hmac.new(hub.secret, f"second look {case.id} {case.round}".encode(), hashlib.sha256).digest()
    return int.from_bytes(drawn[:8]) < hub.settings.cases.second_look_share * 2**64


async def _others(tx: Transaction, actor: Actor, cases: Sequence[Case]) -> set[int]:
    """Those of the cases that somebody else could look at too: a team of one is not held up by second looks."""
    seats = await bench(tx, cases)
    people = [one for one in await tx.accounts.all() if one.id != actor.id]
    return {case.id for case in cases if any(seats.judge(case, one).may_judge for one in people)}


async def _earlier_looks(tx: Transaction, cases: Sequence[Case]) -> dict[int, list[Look]]:
    found = await tx.cases.looks(case.id for case in cases)
    return {case.id: [look for look in found.get(case.id, []) if look.round == case.round] for case in cases}


async def _before(tx: Transaction, actor: Actor, case_id: int) -> tuple[Case, Judge]:
    case = await tx.cases.lock(case_id)
    return case, (await bench(tx, [case])).judge(case, actor)


async def _each(
    tx: Transaction, actor: Actor, case_ids: Sequence[int], act: Callable[[Case, Judge], Step]
) -> list[Done]:
    """Do the same with several cases; one that refuses does not keep the others."""
    cases = await tx.cases.lock_all(case_ids)
    seats = await bench(tx, list(cases.values()))
    done: list[Done] = []
    steps: list[Step] = []
    for case_id in dict.fromkeys(case_ids):
        case = cases.get(case_id)
        if case is None:
            done.append(Done(case_id, None, "there is no such case"))
            continue
        try:
            step = act(case, seats.judge(case, actor))
        except ScrmError as problem:
            done.append(Done(case_id, None, str(problem)))
        else:
            steps.append(step)
            done.append(Done(case_id, step.case))
    await _keep(tx, actor, steps)
    return done


async def _keep(tx: Transaction, actor: Actor, steps: Sequence[Step]) -> None:
    await tx.cases.save([step.case for step in steps])
    await tx.cases.add_looks([step.look for step in steps if step.look])
    await tx.cases.note([(step.case.id, actor.login, step.action, step.note) for step in steps])
    await tx.cases.note([(step.case.id, actor.login, step.also, "") for step in steps if step.also])
    for step in steps:
        tx.audit.record(_deed(actor, f"case.{_plain(step.action)}", step.case, note=step.note, **(step.told or {})))
        if step.also:
            tx.audit.record(_deed(actor, f"case.{step.also}", step.case))
    await tx.publish([fact(_FACTS.get(_plain(step.action), "case.changed"), step.case) for step in steps])


def _plain(action: str) -> str:
    return action.partition(":")[0]


def _deed(actor: Actor | None, action: str, case: Case, **payload: Json) -> Deed:
    if actor is None:
        return Deed.by_hub(action, "case", public("cas", case.id), version=case.version, **payload)
    return Deed.by(actor, action, "case", public("cas", case.id), version=case.version, **payload)


def _due_anew(hub: Hub, case: Case, now: datetime) -> Case:
    return replace(case, due_at=hub.settings.deadlines.of(case.severity, now), escalated_at=None)


def _not_ones_own(judge: Judge) -> None:
    if judge.own_talk:
        raise NotAllowed("nobody settles a case about their own words: leave it to a colleague")


async def _must_carry(tx: Transaction, case: Case, entry_id: int) -> None:
    entry = (await tx.timeline.load([entry_id])).get(entry_id)
    findings = (await tx.cases.findings([case.id])).get(case.id, [])
    said = await tx.timeline.load(found.entry_id for found in findings)
    since = max((one.at for one in said.values()), default=case.opened_at)
    if entry is None or entry.customer_id != case.customer_id or entry.direction is not Direction.OUTBOUND:
        raise BadInput("name a message to this customer, or none")
    if entry.kind != "message" or entry.state in _UNDELIVERED:
        raise BadInput("that message did not reach the customer: name another, or none")
    if entry.at <= since:
        raise BadInput("that message is older than the statement objected to: it cannot have made up for it")


def _entries_of(findings: Iterable[StoredFinding]) -> list[int]:
    return [one for found in findings for one in (found.entry_id, found.against_id) if one is not None]
