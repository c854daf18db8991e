"""Rules are tried on what is on file before they go live: what they would find, and nothing else changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta

import pytest

from scrm.core.access import Actor
from scrm.core.errors import BadInput, Conflict, NotAllowed
from scrm.core.timeline import Json
from scrm.hub import Arrival
from scrm.services import dry_runs
from scrm.services.dry_runs import DRY_RUN, Changes, DryRunPlan, cancel_dry_run, start_dry_run
from scrm.services.intake import accept
from scrm.store.dry_runs import DryRun, Example
from scrm.worker import run_due
from tests.conftest import run_workers
from tests.services.conftest import School

LOWER, HIGHER = "年课现在活动价4980元", "年课5980元"
SHORTER: Changes = {"price-higher-later": {"stands_for": "1 day"}}


async def contradicted(school: School, customers: int) -> None:
    """Customers who were told the lower price of a product without a promotion, and the higher one three days later."""
    chat = school.chat
    for text in ("短期班1180元", "短期班1280元"):
        happened = [
            chat.happening(
                text,
                customer=f"c{n}",
                direction="outbound",
                speaker="agent",
                actor="zhang",
                at=school.clock().isoformat(),
            )
            for n in range(customers)
        ]
        await accept(school.hub, Arrival(channel=chat.channel, events=tuple(happened)))
        school.clock.advance(days=3)
    await run_workers(school.hub)


def plan(school: School, changes: Changes, *, days: int = 30, share: float = 1.0) -> DryRunPlan:
    now = school.clock()
    return DryRunPlan(changes=changes, since=now - timedelta(days=days), until=now, share=share)


async def outcome(school: School, run: DryRun) -> tuple[DryRun, list[Example]]:
    async with school.hub.db.reading() as tx:
        return await tx.dry_runs.get(run.id), await tx.dry_runs.examples(run.id, limit=500)


def counts(run: DryRun, rule: str) -> Mapping[str, Json]:
    rules = run.outcome["rules"]
    assert isinstance(rules, Mapping)
    of_rule = rules[rule]
    assert isinstance(of_rule, Mapping)
    return of_rule


async def test_a_shorter_validity_shows_which_findings_would_be_gone_and_changes_none(
    school: School, auditor: Actor
) -> None:
    await contradicted(school, 3)
    assert len(await school.events("case.opened")) == 3

    run = await start_dry_run(school.hub, auditor, plan(school, SHORTER))
    await run_workers(school.hub)

    run, examples = await outcome(school, run)
    assert (run.state, run.total, run.done) == ("finished", 3, 3)
    assert counts(run, "price-higher-later") == {"new": 0, "gone": 3, "same": 0, "weighed": 0}
    assert {example.change for example in examples} == {"gone"}
    assert all(example.against_id for example in examples), "with the evidence they had"
    assert len(await school.events("case.opened")) == 3
    assert await school.events("case.changed") == []


async def test_new_words_show_what_they_would_find_and_open_no_case(school: School, auditor: Actor) -> None:
    await school.says(school.chat, "包您满意的宝藏课程", direction="outbound", speaker="agent", actor="zhang")
    assert await school.events("case.opened") == []

    run = await start_dry_run(
        school.hub, auditor, plan(school, {"absolute-claim": {"include": ["宝藏课程"], "severity": "S2"}})
    )
    await run_workers(school.hub)

    run, (example,) = await outcome(school, run)
    assert (example.change, example.rule, example.severity) == ("new", "absolute-claim", "S2")
    assert counts(run, "absolute-claim")["new"] == 1
    assert run.outcome["messages"] == 1
    assert await school.events("case.opened") == []
    async with school.hub.db.reading() as tx:
        assert await tx.cases.findings_of([example.entry_id]) == {}


async def test_another_severity_is_told_as_the_same_finding_weighed_otherwise(school: School, auditor: Actor) -> None:
    await contradicted(school, 1)

    run = await start_dry_run(school.hub, auditor, plan(school, {"price-higher-later": {"severity": "S1"}}))
    await run_workers(school.hub)

    run, (example,) = await outcome(school, run)
    assert counts(run, "price-higher-later") == {"new": 0, "gone": 0, "same": 1, "weighed": 1}
    assert (example.severity, example.finding["severity_before"]) == ("S1", "S3")


async def test_a_rule_that_is_switched_off_loses_all_its_findings(school: School, auditor: Actor) -> None:
    await contradicted(school, 2)

    run = await start_dry_run(school.hub, auditor, plan(school, {"price-higher-later": {"enabled": False}}))
    await run_workers(school.hub)

    run, _ = await outcome(school, run)
    assert counts(run, "price-higher-later")["gone"] == 2


async def test_without_changes_the_rules_find_what_is_on_file(school: School, auditor: Actor) -> None:
    await contradicted(school, 2)
    await school.says(school.service, "年课9980元", direction="outbound", speaker="agent", actor="zhang")

    run = await start_dry_run(school.hub, auditor, plan(school, {}))
    await run_workers(school.hub)

    run, _ = await outcome(school, run)
    rules = run.outcome["rules"]
    assert isinstance(rules, Mapping)
    different = {rule: of_rule for rule, of_rule in rules.items() if of_rule["new"] or of_rule["gone"]}  # type: ignore[call-overload,index]
    assert different == {}
    assert counts(run, "price-higher-later")["same"] == 2


async def test_a_worker_that_dies_halfway_costs_nothing_and_doubles_nothing(
    school: School, auditor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_runs, "CUSTOMERS_AT_ONCE", 2)
    await contradicted(school, 9)
    run = await start_dry_run(school.hub, auditor, plan(school, SHORTER))

    dying = asyncio.create_task(run_due(school.hub, [DRY_RUN]))
    while (await outcome(school, run))[0].done < 4:
        pass
    dying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await dying
    halfway, _ = await outcome(school, run)
    school.clock.advance(minutes=2)  # the lease of the dead worker ends
    await run_workers(school.hub)

    done, examples = await outcome(school, run)
    assert halfway.state == "running"
    assert halfway.done < 9
    assert (done.state, done.done) == ("finished", 9)
    assert counts(done, "price-higher-later")["gone"] == 9
    assert len({(example.rule, example.entry_id) for example in examples}) == len(examples) == 9


async def test_two_workers_on_one_run_keep_each_step_once(
    school: School, auditor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_runs, "CUSTOMERS_AT_ONCE", 2)
    await contradicted(school, 9)
    run = await start_dry_run(school.hub, auditor, plan(school, SHORTER))

    await asyncio.gather(*(dry_runs._run(school.hub, run.id) for _ in range(3)))

    after, examples = await outcome(school, run)
    assert after.done == 9
    assert counts(after, "price-higher-later")["gone"] == len(examples) == 9


async def test_only_the_time_and_share_asked_for_are_looked_at(school: School, auditor: Actor) -> None:
    await contradicted(school, 40)

    recent = await start_dry_run(school.hub, auditor, plan(school, SHORTER, days=1))
    some = await start_dry_run(school.hub, auditor, plan(school, SHORTER, share=0.25))
    await run_workers(school.hub)

    recent, _ = await outcome(school, recent)
    some, _ = await outcome(school, some)
    assert counts(recent, "price-higher-later")["gone"] == 0, "the higher price was said three days ago"
    assert 0 < some.total < 40
    assert counts(some, "price-higher-later")["gone"] == some.total == some.done


async def test_a_run_is_cancelled_logged_and_told(school: School, auditor: Actor) -> None:
    await contradicted(school, 2)
    run = await start_dry_run(school.hub, auditor, plan(school, SHORTER))

    await cancel_dry_run(school.hub, auditor, run.id)
    await run_workers(school.hub)

    run, examples = await outcome(school, run)
    assert (run.state, run.done, examples) == ("cancelled", 0, [])
    with pytest.raises(Conflict):
        await cancel_dry_run(school.hub, auditor, run.id)
    async with school.hub.db.reading() as tx:
        log = [link.action for link in await tx.audit.newest(limit=20) if link.object_type == "dry_run"]
    assert log == ["dry_run.cancelled", "dry_run.started"]
    assert [event.payload["state"] for event in await school.events("dry_run.finished")] == ["cancelled"]


async def test_a_plan_that_cannot_work_is_refused_in_words(school: School, auditor: Actor, rep: Actor) -> None:
    for changes, words in (
        ({"no-such-rule": {}}, "no rule"),
        ({"price-higher-later": {"stands_for": "long"}}, "stands_for"),
        ({"price-higher-later": {"stands_for": "30 days"}}, "stays as it is"),
        ({"price-higher-later": {"enabled": "no"}}, "true or false"),
    ):
        with pytest.raises(BadInput, match=words):
            await start_dry_run(school.hub, auditor, plan(school, changes))
    with pytest.raises(BadInput, match="begin"):
        await start_dry_run(school.hub, auditor, plan(school, SHORTER, days=0))
    with pytest.raises(NotAllowed):
        await start_dry_run(school.hub, rep, plan(school, SHORTER))
