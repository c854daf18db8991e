"""What the auditors' figures are counted from. Days are China's; times are from, and before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from scrm.core.cases import BREACHES, OPEN, CaseState, Origin, VerdictKind
from scrm.store import columns, schema
from scrm.store.work import Noun

_cases, _findings, _history, _verdicts = schema.cases, schema.findings, schema.case_events, schema.verdicts
_runs = schema.rule_runs
_SETTLED = [kind.value for kind in VerdictKind if kind is not VerdictKind.INSUFFICIENT_EVIDENCE]


@dataclass(frozen=True, slots=True)
class Period:
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class DayCount:
    day: str
    messages: int
    findings: int


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Decided cases in which a rule found something: with a breach, with a verdict on the matter, without one."""

    rule: str
    breaches: int
    settled: int
    undecided: int


@dataclass(frozen=True, slots=True)
class VerdictCount:
    verdict: str
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class AgeCount:
    severity: str
    under_hour: int
    under_day: int
    under_week: int
    older: int
    overdue: int
    oldest_at: datetime


class CaseFigures(Noun):
    async def days(self, first: str, last: str) -> list[DayCount]:
        """Messages read and findings made, by day."""
        r = _runs.c
        messages = func.sum(case((r.rule == "", r.checked), else_=0))
        found = func.sum(case((r.rule != "", r.found), else_=0))
        rows = await self._work.rows(
            select(r.day, messages.label("messages"), found.label("findings"))
            .where(r.day >= first, r.day <= last)
            .group_by(r.day)
            .order_by(r.day)
        )
        return [DayCount(row.day, int(row.messages), int(row.findings)) for row in rows]

    async def rules(self, period: Period) -> list[RuleCount]:
        """By rule, the cases decided in a period. One case counts once for each rule that found something in it."""
        c, f = _cases.c, _findings.c
        pairs = (
            select(f.rule.label("rule"), c.id.label("id"), c.verdict.label("verdict"))
            .join_from(_cases, _findings, f.case_id == c.id)
            .where(*_decided(period))
            .distinct()
            .subquery()
        )
        p = pairs.c
        rows = await self._work.rows(
            select(
                p.rule,
                func.sum(case((p.verdict.in_(_kinds(BREACHES)), 1), else_=0)).label("breaches"),
                func.sum(case((p.verdict.in_(_SETTLED), 1), else_=0)).label("settled"),
                func.sum(case((p.verdict == VerdictKind.INSUFFICIENT_EVIDENCE, 1), else_=0)).label("undecided"),
            )
            .group_by(p.rule)
            .order_by(p.rule)
        )
        return [RuleCount(row.rule, int(row.breaches), int(row.settled), int(row.undecided)) for row in rows]

    async def verdicts(self, period: Period) -> list[VerdictCount]:
        """Final verdicts of a period by kind and reason, most first."""
        c, number = _cases.c, func.count()
        rows = await self._work.rows(
            select(c.verdict, c.verdict_reason, number.label("number"))
            .where(*_decided(period))
            .group_by(c.verdict, c.verdict_reason)
            .order_by(number.desc(), c.verdict, c.verdict_reason)
        )
        return [VerdictCount(row.verdict, row.verdict_reason, row.number) for row in rows]

    async def remedied(self, period: Period) -> tuple[int, int]:
        """(with a remedy, all) of the breaches decided in a period."""
        c = _cases.c
        row = await self._work.one(
            select(func.count(c.remedy).label("number"), func.count().label("of")).where(
                *_decided(period), c.verdict.in_(_kinds(BREACHES))
            )
        )
        return (row.number, row.of) if row else (0, 0)

    async def missed(self, period: Period) -> tuple[int, int]:
        """(with a breach, all) of the conversations drawn at random and judged in a period."""
        c = _cases.c
        row = await self._work.one(
            select(
                func.coalesce(func.sum(case((c.verdict.in_(_kinds(BREACHES)), 1), else_=0)), 0).label("number"),
                func.count().label("of"),
            ).where(*_decided(period), c.origin == Origin.SAMPLE, c.verdict.in_(_SETTLED))
        )
        return (int(row.number), row.of) if row else (0, 0)

    async def claim_times(self, period: Period) -> list[float]:
        """Seconds from opening to the first claim or assignment, of cases first taken in a period."""
        h, c = _history.c, _cases.c
        first = (
            select(h.case_id, func.min(h.at).label("at"))
            .where(h.action.in_(["claimed", "assigned"]))
            .group_by(h.case_id)
            .subquery()
        )
        rows = await self._work.rows(
            select(c.opened_at, first.c.at)
            .join(first, first.c.case_id == c.id)
            .where(first.c.at >= period.since, first.c.at < period.until)
        )
        return [_seconds(row.opened_at, row.at) for row in rows]

    async def verdict_times(self, period: Period) -> list[float]:
        """Seconds from opening to the final verdict, of cases decided in a period and never reopened."""
        c = _cases.c
        rows = await self._work.rows(select(c.opened_at, c.decided_at).where(*_decided(period), c.round == 1))
        return [_seconds(row.opened_at, row.decided_at) for row in rows]

    async def remedy_times(self, period: Period) -> list[float]:
        """Seconds from opening to the remedy, of those recorded in a period."""
        c = _cases.c
        rows = await self._work.rows(
            select(c.opened_at, c.remedied_at).where(c.remedied_at >= period.since, c.remedied_at < period.until)
        )
        return [_seconds(row.opened_at, row.remedied_at) for row in rows]

    async def ages(self) -> list[AgeCount]:
        """The open queue now, by severity, the gravest first."""
        c, now = _cases.c, self._work.now
        hour, day, week = (now - timedelta(hours=hours) for hours in (1, 24, 7 * 24))

        def count(condition: columns.Condition) -> ColumnElement[int]:
            return func.sum(case((condition, 1), else_=0))

        rows = await self._work.rows(
            select(
                c.severity,
                count(c.opened_at > hour).label("under_hour"),
                count(and_(c.opened_at <= hour, c.opened_at > day)).label("under_day"),
                count(and_(c.opened_at <= day, c.opened_at > week)).label("under_week"),
                count(c.opened_at <= week).label("older"),
                count(c.due_at <= now).label("overdue"),
                func.min(c.opened_at).label("oldest_at"),
            )
            .where(c.state.in_(OPEN))
            .group_by(c.severity)
            .order_by(c.severity.desc())
        )
        return [
            AgeCount(
                severity=row.severity,
                under_hour=int(row.under_hour),
                under_day=int(row.under_day),
                under_week=int(row.under_week),
                older=int(row.older),
                overdue=int(row.overdue),
                oldest_at=row.oldest_at,
            )
            for row in rows
        ]

    async def pairs(self, period: Period) -> list[tuple[str, str]]:
        """(first, second) verdicts on the same case, of second looks given in a period."""
        one, other = _verdicts.alias("one"), _verdicts.alias("other")
        rows = await self._work.rows(
            select(one.c.kind.label("one"), other.c.kind.label("other"))
            .join_from(
                one,
                other,
                and_(
                    other.c.case_id == one.c.case_id,
                    other.c.round == one.c.round,
                    one.c.look == 1,
                    other.c.look == 2,
                ),
            )
            .where(other.c.decided_at >= period.since, other.c.decided_at < period.until)
            .order_by(other.c.id)
        )
        return [(row.one, row.other) for row in rows]

    async def looks(self, period: Period) -> dict[int, list[float | None]]:
        """By auditor, seconds from the last claim or assignment to each verdict; None where the case was not taken."""
        v, h = _verdicts.c, _history.c
        taken = (
            select(func.max(h.at))
            .where(h.case_id == v.case_id, h.action.in_(["claimed", "assigned"]), h.at <= v.decided_at)
            .correlate(_verdicts)
            .scalar_subquery()
        )
        rows = await self._work.rows(
            select(v.decided_by, v.decided_at, taken.label("taken_at")).where(
                v.decided_at >= period.since, v.decided_at < period.until
            )
        )
        found: dict[int, list[float | None]] = {}
        for row in rows:
            seconds = _seconds(row.taken_at, row.decided_at) if row.taken_at is not None else None
            found.setdefault(row.decided_by, []).append(seconds)
        return found

    async def holding(self) -> dict[int, int]:
        """Cases held now, by person."""
        c = _cases.c
        rows = await self._work.rows(
            select(c.assignee_id, func.count().label("number"))
            .where(c.state.in_(OPEN), c.assignee_id.is_not(None))
            .group_by(c.assignee_id)
        )
        return {row.assignee_id: row.number for row in rows}


def _decided(period: Period) -> Sequence[columns.Condition]:
    c = _cases.c
    return (
        c.decided_at >= period.since,
        c.decided_at < period.until,
        or_(c.state == CaseState.DECIDED, c.state == CaseState.REMEDIED, c.state == CaseState.CLOSED),
    )


def _kinds(kinds: frozenset[VerdictKind]) -> list[str]:
    return sorted(kind.value for kind in kinds)


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(seconds=1)
