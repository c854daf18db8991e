"""The figures of the auditors' work: counted in the store, reckoned in `scrm.core.figures`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scrm.core.access import Actor, Permission, can, require
from scrm.core.errors import BadInput
from scrm.core.figures import Agreement, Share, agreement, quantile
from scrm.core.price_book import CHINA
from scrm.hub import Hub
from scrm.services.cases import bounds
from scrm.store.case_figures import AgeCount, DayCount, Period, RuleCount, VerdictCount
from scrm.store.database import Transaction

_USUAL_DAYS = 30
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in seconds; None when it never happened."""

    number: int
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True)
class Workload:
    """`holding`: cases held now. `looks`: verdicts given in the period. `median_s`: from taking to judging one."""

    person_id: int
    name: str
    holding: int
    looks: int
    median_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    first_day: date
    last_day: date
    days: Sequence[DayCount]
    rules: Mapping[str, tuple[Share, RuleCount]]
    verdicts: Sequence[VerdictCount]
    claim: Spread
    verdict: Spread
    remedy: Spread
    queue: Sequence[AgeCount]
    remedied: Share
    second_looks: Agreement
    missed: Share
    workload: Sequence[Workload]


async def case_figures(hub: Hub, actor: Actor, first: date | None, last: date | None) -> Figures:
    """The figures of a period of China's days, both included; by default the last thirty."""
    require(actor, Permission.READ_CASES)
    last = last or hub.now().astimezone(CHINA).date()
    first = first or last - timedelta(days=_USUAL_DAYS - 1)
    if not timedelta() <= last - first < timedelta(days=_MOST_DAYS):
        raise BadInput(f"expected `from` no later than `to`, and at most {_MOST_DAYS} days")
    period = Period(bounds(first)[0], bounds(last)[1])
    async with hub.db.reading() as tx:
        figures = tx.case_figures
        return Figures(
            first_day=first,
            last_day=last,
            days=_every_day(first, last, await figures.days(first.isoformat(), last.isoformat())),
            rules={one.rule: (Share(one.breaches, one.settled), one) for one in await figures.rules(period)},
            verdicts=await figures.verdicts(period),
            claim=_spread(await figures.claim_times(period)),
            verdict=_spread(await figures.verdict_times(period)),
            remedy=_spread(await figures.remedy_times(period)),
            queue=await figures.ages(),
            remedied=Share(*await figures.remedied(period)),
            second_looks=agreement(await figures.pairs(period)),
            missed=Share(*await figures.missed(period)),
            workload=await _workload(tx, period),
        )


def _every_day(first: date, last: date, counted: Sequence[DayCount]) -> list[DayCount]:
    by_day = {one.day: one for one in counted}
    days = [(first + timedelta(days=ahead)).isoformat() for ahead in range((last - first).days + 1)]
    return [by_day.get(day, DayCount(day, 0, 0)) for day in days]


def _spread(seconds: Sequence[float]) -> Spread:
    return Spread(len(seconds), quantile(seconds, 0.5), quantile(seconds, 0.9))


async def _workload(tx: Transaction, period: Period) -> list[Workload]:
    """Everybody who may judge, or has."""
    looks, holding = await tx.case_figures.looks(period), await tx.case_figures.holding()
    return [
        Workload(
            person_id=person.id,
            name=person.name,
            holding=holding.get(person.id, 0),
            looks=len(looks.get(person.id, ())),
            median_s=quantile([seconds for seconds in looks.get(person.id, ()) if seconds is not None], 0.5),
        )
        for person in await tx.accounts.all()
        if can(person, Permission.JUDGE) or person.id in looks or person.id in holding
    ]
