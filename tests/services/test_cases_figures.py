"""The figures of the auditors' work against numbers reckoned by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from scrm.core.access import Actor
from scrm.core.cases import Origin, Remedy, RemedyKind, VerdictKind
from scrm.core.errors import BadInput, NotAllowed
from scrm.core.figures import Agreement, Share
from scrm.core.price_book import CHINA
from scrm.services.cases import claim_case, record_remedy
from scrm.services.figures import Spread, case_figures
from scrm.services.sampling import promise_samples
from scrm.store.case_figures import AgeCount, DayCount, RuleCount, VerdictCount
from scrm.store.case_queue import Wanted
from tests.conftest import run_workers
from tests.services.conftest import School
from tests.services.test_cases_work import MONDAY, always_twice, judge, other, third

__all__ = ["other", "third"]
DAY = MONDAY.date()


def clock_to(school: School, hour: int, minute: int = 0, day: int = 7) -> None:
    school.clock.at = datetime(2026, 9, day, hour, minute, tzinfo=CHINA)


async def contradictions(school: School, *customers: str) -> list[int]:
    """A case with each customer, now."""
    for customer in customers:
        for text in ("年课4980元", "年课5980元"):
            await school.says(
                school.service, text, customer=customer, direction="outbound", speaker="rep", actor="ChenHao"
            )
    async with school.hub.db.reading() as tx:
        found = await tx.case_queue.page(Wanted(state="new"), limit=100)
    return sorted(case.id for case in found)


def close_to(*seconds: float) -> object:
    return pytest.approx(seconds, abs=0.1)


async def test_a_morning_of_the_auditors(school: School, auditor: Actor, other: Actor) -> None:
    hub = school.hub
    async with hub.db.transaction() as tx:
        await tx.rule_runs.add(
            {
                ("2026-09-07", ""): (2000, 0),
                ("2026-09-07", "price-higher-later"): (2000, 3),
                ("2026-09-07", "kickback"): (2000, 2),
                ("2026-09-05", ""): (10, 0),
            }
        )
    clock_to(school, 10)
    first, second, third_one, last = await contradictions(school, "a", "b", "c", "d")
    clock_to(school, 10, 10)
    await claim_case(hub, auditor, first)
    clock_to(school, 10, 20)
    await claim_case(hub, auditor, second)
    clock_to(school, 10, 30)
    decided = await judge(school, auditor, first)
    clock_to(school, 10, 40)
    await judge(school, auditor, second, VerdictKind.FALSE_POSITIVE, "negation")
    clock_to(school, 10, 50)
    await judge(school, other, third_one, VerdictKind.INSUFFICIENT_EVIDENCE)
    clock_to(school, 11)
    made = Remedy(kind=RemedyKind.HONOUR_PRICE, version=decided.version)
    await record_remedy(hub, auditor, first, made)
    clock_to(school, 11, 20)
    await claim_case(hub, other, last)

    figures = await case_figures(hub, auditor, DAY - timedelta(days=2), DAY)

    assert figures.days == [
        DayCount("2026-09-05", 10, 0),
        DayCount("2026-09-06", 0, 0),
        DayCount("2026-09-07", 2000, 5),
    ]
    assert figures.rules == {"price-higher-later": (Share(1, 2), RuleCount("price-higher-later", 1, 2, 1))}
    assert Share(1, 2).interval == (pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4))
    assert figures.verdicts == [
        VerdictCount("false_positive", "negation", 1),
        VerdictCount("insufficient_evidence", "", 1),
        VerdictCount("violation", "", 1),
    ]
    # Claimed after 10, 20 and 80 minutes; judged after 30, 40 and 50.
    assert _spread(figures.claim) == (3, close_to(1200, 600 * 2 + 0.8 * 3600))
    assert _spread(figures.verdict) == (3, close_to(2400, 2400 + 0.8 * 600))
    assert _spread(figures.remedy) == (1, close_to(3600, 3600))
    (waiting,) = figures.queue
    assert waiting == AgeCount("S3", 0, 1, 0, 0, 1, waiting.oldest_at)
    assert abs(waiting.oldest_at - MONDAY) < timedelta(seconds=1)
    assert figures.remedied == Share(1, 1)
    assert figures.missed == Share(0, 0)
    of = {one.name: (one.holding, one.looks, one.median_s) for one in figures.workload}
    assert of == {"沈静": (0, 2, pytest.approx(1200, abs=0.1)), "吴越": (1, 1, None)}


def _spread(spread: Spread) -> tuple[int, tuple[float | None, float | None]]:
    return spread.number, (spread.median_s, spread.p90_s)


async def test_what_was_judged_on_another_day_does_not_count(school: School, auditor: Actor) -> None:
    clock_to(school, 10)
    (case_id,) = await contradictions(school, "a")
    clock_to(school, 0, 1, day=8)
    await judge(school, auditor, case_id)

    monday = await case_figures(school.hub, auditor, DAY, DAY)
    tuesday = await case_figures(school.hub, auditor, DAY + timedelta(days=1), DAY + timedelta(days=1))

    assert (monday.verdicts, len(tuesday.verdicts)) == ([], 1)
    assert (monday.verdict.number, tuesday.verdict.number) == (0, 1)


async def test_the_agreement_of_two_looks(school: School, auditor: Actor, other: Actor, third: Actor) -> None:
    always_twice(school)
    clock_to(school, 10)
    cases = await contradictions(school, "a", "b", "c", "d")
    kinds = [
        (VerdictKind.VIOLATION, VerdictKind.VIOLATION),
        (VerdictKind.VIOLATION, VerdictKind.NOTHING_FOUND),
        (VerdictKind.NOTHING_FOUND, VerdictKind.NOTHING_FOUND),
    ]
    for case_id, (one, another) in zip(cases, kinds, strict=False):
        await judge(school, auditor, case_id, one)
        await judge(school, other, case_id, another)
    await judge(school, third, cases[1])
    await judge(school, auditor, cases[3])

    figures = await case_figures(school.hub, auditor, DAY, DAY)

    # Agreed 2/3; by chance 2/3 · 1/3 + 1/3 · 2/3 = 4/9; (6/9 - 4/9) / (5/9). The fourth has one look only.
    assert figures.second_looks == Agreement(3, 2, pytest.approx(0.4))
    assert figures.rules["price-higher-later"][0] == Share(2, 3)


async def test_what_the_rules_missed_is_counted_by_the_sample(school: School, auditor: Actor) -> None:
    clock_to(school, 10)
    for number in range(6):
        await school.says(school.service, "周六上午有课", customer=f"c{number}", direction="outbound", speaker="rep")
    await promise_samples(school.hub)
    clock_to(school, 3, day=8)
    await run_workers(school.hub)
    async with school.hub.db.reading() as tx:
        drawn = [case for case in await tx.case_queue.page(Wanted(), limit=100) if case.origin is Origin.SAMPLE]
    kinds = [VerdictKind.NOTHING_FOUND] * 3 + [VerdictKind.POLICY_BREACH, VerdictKind.INSUFFICIENT_EVIDENCE]
    for case, kind in zip(drawn, kinds, strict=True):
        await judge(school, auditor, case.id, kind)

    figures = await case_figures(school.hub, auditor, DAY, date(2026, 9, 8))

    assert figures.missed == Share(1, 4)
    assert figures.rules == {}
    assert figures.remedied == Share(0, 1)


async def test_the_figures_are_for_those_who_read_cases(school: School, rep: Actor, auditor: Actor) -> None:
    with pytest.raises(NotAllowed):
        await case_figures(school.hub, rep, None, None)
    with pytest.raises(BadInput):
        await case_figures(school.hub, auditor, DAY, DAY - timedelta(days=1))
    with pytest.raises(BadInput):
        await case_figures(school.hub, auditor, DAY - timedelta(days=366), DAY)

    nothing = await case_figures(school.hub, auditor, None, None)
    assert (len(nothing.days), nothing.claim, nothing.queue) == (30, Spread(0, None, None), [])
