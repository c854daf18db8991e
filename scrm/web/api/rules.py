"""The rules in force, and dry runs of changes to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta

from scrm.core.access import Permission, require
from scrm.core.compliance import parameters
from scrm.core.figures import per_thousand
from scrm.core.ids import public, row
from scrm.core.texts import ground_text, render, rule_name
from scrm.core.timeline import Json
from scrm.services import dry_runs, rules
from scrm.services.annotate import part_start
from scrm.services.dry_runs import DryRunPlan
from scrm.services.rules import RuleStanding
from scrm.store.database import Transaction
from scrm.store.dry_runs import DryRun, Example
from scrm.web.openapi import Call, Routes
from scrm.web.present import Presenting, as_finding, moved
from scrm.web.schemas import PageOf
from scrm.web.schemas.rules import (
    DryRunCounts,
    DryRunFindingOut,
    DryRunFindingQuery,
    DryRunNew,
    DryRunOut,
    RuleOut,
)

ROUTES = Routes("rules")
_USUAL = timedelta(days=30)


@ROUTES.add("GET", "/rules", answer=PageOf[RuleOut])
async def list_rules(call: Call) -> PageOf[RuleOut]:
    """Every rule: what it rests on, how it is configured, how often it finds something and how often it is right."""
    found = await rules.list_rules(call.hub, call.actor)
    return PageOf[RuleOut](items=[_rule(one, call.language) for one in found])


@ROUTES.add("GET", "/rules/dry-runs", answer=PageOf[DryRunOut])
async def list_dry_runs(call: Call) -> PageOf[DryRunOut]:
    """The newest dry runs."""
    require(call.actor, Permission.RUN_DRY_RUNS)
    async with call.hub.db.reading() as tx:
        presenting = await Presenting.within(call.hub, tx, call.language)
        return PageOf[DryRunOut](items=[_run(one, presenting) for one in await tx.dry_runs.recent()])


@ROUTES.add("POST", "/rules/dry-runs", body=DryRunNew, answer=DryRunOut, status=201)
async def start_dry_run(call: Call, body: DryRunNew) -> DryRunOut:
    """Try changed rules on what is on file. Nothing but the run itself is changed: no case is opened."""
    until = body.until or call.hub.now()
    plan = DryRunPlan(changes=body.changes, since=body.since or until - _USUAL, until=until, share=body.share)
    run = await dry_runs.start_dry_run(call.hub, call.actor, plan)
    return _run(run, await Presenting.open(call.hub, call.language))


@ROUTES.add("GET", "/rules/dry-runs/{id}", answer=DryRunOut)
async def get_dry_run(call: Call) -> DryRunOut:
    """How far a dry run got, and what it counted."""
    require(call.actor, Permission.RUN_DRY_RUNS)
    async with call.hub.db.reading() as tx:
        presenting = await Presenting.within(call.hub, tx, call.language)
        return _run(await tx.dry_runs.get(call.row_id("id", "dry")), presenting)


@ROUTES.add("DELETE", "/rules/dry-runs/{id}")
async def cancel_dry_run(call: Call) -> None:
    """End a dry run early. What it found so far can still be looked at."""
    await dry_runs.cancel_dry_run(call.hub, call.actor, call.row_id("id", "dry"))


@ROUTES.add("GET", "/rules/dry-runs/{id}/findings", query=DryRunFindingQuery, answer=PageOf[DryRunFindingOut])
async def list_dry_run_findings(call: Call, query: DryRunFindingQuery) -> PageOf[DryRunFindingOut]:
    """Examples of what would be found, be gone or stay, each with both statements: fifty of each rule and change."""
    require(call.actor, Permission.RUN_DRY_RUNS)
    async with call.hub.db.reading() as tx:
        run = await tx.dry_runs.get(call.row_id("id", "dry"))
        found = await tx.dry_runs.examples(
            run.id,
            rule=query.rule,
            change=query.change,
            after=row("dry", query.cursor) if query.cursor else 0,
            limit=query.limit + 1,
        )
        page = found[: query.limit]
        items = await _examples(call, tx, page)
    more = len(found) > query.limit
    return PageOf[DryRunFindingOut](items=items, next=public("dry", page[-1].id) if more else None)


def as_toml(changes: Mapping[str, Mapping[str, Json]]) -> str:
    """The changes as tables of the settings file. Strings, numbers, truth values and lists of these are alike in JSON
    and TOML.
    """
    tables = [
        "\n".join([f"[compliance.rules.{rule}]", *(f"{name} = {_value(value)}" for name, value in options.items())])
        for rule, options in changes.items()
    ]
    return "\n\n".join(tables)


def _value(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rule(one: RuleStanding, language: str) -> RuleOut:
    rule, precision = one.rule, one.precision
    return RuleOut(
        id=rule.id,
        name=rule_name(rule.id, language),
        pack=one.pack,
        enabled=one.enabled,
        ground=ground_text(rule.ground, language),
        effective_from=None if rule.effective_from == date.min else rule.effective_from,
        severity=rule.severity.value if rule.severity else None,
        parameters=json.loads(json.dumps(parameters(rule.rule))),
        version=rule.version,
        found=one.found,
        per_thousand=per_thousand(one.found, one.messages),
        judged=precision.of,
        precision=precision.share,
    )


def _run(run: DryRun, presenting: Presenting) -> DryRunOut:
    plan = DryRunPlan.from_json(run.plan)
    counts = run.outcome["rules"]
    assert isinstance(counts, Mapping)
    return DryRunOut.model_validate(
        {
            "id": public("dry", run.id),
            "state": run.state,
            "changes": plan.changes,
            "toml": as_toml(plan.changes),
            "since": plan.since,
            "until": plan.until,
            "share": plan.share,
            "total": run.total,
            "done": run.done,
            "messages": run.outcome["messages"],
            "rules": [
                DryRunCounts(rule=rule, rule_name=rule_name(rule, presenting.language), **of_rule)
                for rule, of_rule in counts.items()
                if isinstance(of_rule, dict)
            ],
            "reason": run.reason,
            "started_by": presenting.name(run.started_by),
            "created_at": run.created_at,
            "finished_at": run.finished_at,
        }
    )


async def _examples(call: Call, tx: Transaction, page: list[Example]) -> list[DryRunFindingOut]:
    presenting = await Presenting.within(call.hub, tx, call.language)
    ids = {each for one in page for each in (one.entry_id, one.against_id) if each is not None}
    entries = await tx.timeline.load(ids)
    customers = await tx.customers.load(one.customer_id for one in page)
    shown = []
    for one in page:
        finding = as_finding(one)
        said = entries.get(one.entry_id)
        earlier = entries.get(one.against_id) if one.against_id is not None else None
        shown.append(
            DryRunFindingOut.model_validate(
                {
                    "id": public("dry", one.id),
                    "change": one.change,
                    "rule": one.rule,
                    "rule_name": rule_name(one.rule, call.language),
                    "severity": one.severity,
                    "severity_before": one.severity if one.change == "gone" else one.finding.get("severity_before"),
                    "reason": render(finding, call.language, presenting.names),
                    "customer_id": public("cus", one.customer_id),
                    "customer_name": customers[one.customer_id].name if one.customer_id in customers else "",
                    "said": presenting.evidence(said, moved(finding.span, part_start(finding.entry_id)))
                    if said
                    else None,
                    "against": presenting.earlier_evidence(finding, earlier),
                }
            )
        )
    return shown
