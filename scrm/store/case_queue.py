"""The queue as a reader sees it: filters, counts and order; who is to look a second time does not see that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select

from scrm.core.cases import JUDGED, OPEN, Case, CaseState
from scrm.store import columns, schema
from scrm.store.cases import as_case
from scrm.store.work import Noun

_cases, _findings, _verdicts, _entries = schema.cases, schema.findings, schema.verdicts, schema.entries


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the queue. One who `judges` does not see that somebody else has looked at a case already."""

    id: int
    judges: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases of the queue. `state` is open, done, all, or a state as the reader sees it; None: no matter.

    `assignee_id` 0 means nobody. `late_at`: only those whose time is over then. `since` and `until` bound the opening:
    from, and before.
    """

    reader: Reader = Reader(0, False)
    state: str = "open"
    rule: str | None = None
    severity: str | None = None
    rep: str | None = None
    channel: str | None = None
    assignee_id: int | None = None
    product: str | None = None
    customer_id: int | None = None
    late_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """How many cases have a value; None where they have none."""

    value: str | int | None
    number: int


Place = tuple[str, int, int]
"""A place in the queue: severity, exposure in fen, id."""


class CaseQueue(Noun):
    async def page(self, wanted: Wanted, *, after: Place | None = None, limit: int) -> list[Case]:
        """Cases in the queue's order: gravest first, then those with most at stake, of equals the oldest first."""
        found = select(_cases).where(*_conditions(wanted))
        if after is not None:
            found = found.where(_behind(after))
        rows = await self._work.rows(found.order_by(*_ORDER).limit(limit))
        return [as_case(row) for row in rows]

    async def beside(self, wanted: Wanted, place: Place) -> tuple[int | None, int | None]:
        """The cases of the queue just before and after a place."""
        chosen = select(_cases.c.id).where(*_conditions(wanted), _cases.c.id != place[2])
        before = await self._work.one(chosen.where(~_behind(place)).order_by(*_BACKWARDS).limit(1))
        after = await self._work.one(chosen.where(_behind(place)).order_by(*_ORDER).limit(1))
        return (before.id if before else None), (after.id if after else None)

    async def count(self, wanted: Wanted) -> int:
        row = await self._work.one(select(func.count().label("number")).where(*_conditions(wanted)))
        return row.number if row else 0

    async def facets(self, wanted: Wanted, facet: str) -> list[Facet]:
        """How many cases each value leaves, most first; the other filters are as wanted. `facet` is one of state, rule,
        severity, rep, channel, assignee, product.
        """
        column, conditions = _facet(wanted, facet)
        counted: Select[Any] = select(column.label("value"), func.count(_cases.c.id.distinct()).label("number"))
        if facet in {"rep", "channel"}:
            counted = counted.join_from(_cases, _findings, _findings.c.case_id == _cases.c.id).join(
                _entries, _entries.c.id == _findings.c.entry_id
            )
        rows = await self._work.rows(counted.where(*conditions).group_by("value"))
        found = [
            Facet(row.value, row.number)
            for row in rows
            if row.value != "" and (row.value is not None or facet == "assignee")
        ]
        return sorted(found, key=lambda one: (-one.number, str(one.value)))


_ORDER = (_cases.c.severity.desc(), _cases.c.exposure_fen.desc(), _cases.c.id)
_BACKWARDS = (_cases.c.severity, _cases.c.exposure_fen, _cases.c.id.desc())


def _behind(place: Place) -> columns.Condition:
    severity, exposure, case_id = place
    c = _cases.c
    return or_(
        c.severity < severity,
        and_(c.severity == severity, c.exposure_fen < exposure),
        and_(c.severity == severity, c.exposure_fen == exposure, c.id > case_id),
    )


def _conditions(wanted: Wanted) -> list[columns.Condition]:
    c = _cases.c
    conditions = [*_in_state(wanted)]
    for column, value in (
        (c.rule, wanted.rule),
        (c.severity, wanted.severity),
        (c.product, wanted.product),
        (c.customer_id, wanted.customer_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.assignee_id is not None:
        conditions.append(c.assignee_id == wanted.assignee_id if wanted.assignee_id else c.assignee_id.is_(None))
    if wanted.since is not None:
        conditions.append(c.opened_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(c.opened_at < wanted.until)
    if wanted.late_at is not None:
        conditions += [c.state.in_(OPEN), c.due_at <= wanted.late_at]
    for column, sought in ((_entries.c.actor, wanted.rep), (_entries.c.channel, wanted.channel)):
        if sought is not None:
            conditions.append(
                select(_findings.c.id)
                .join(_entries, _entries.c.id == _findings.c.entry_id)
                .where(_findings.c.case_id == c.id, column == sought)
                .exists()
            )
    return conditions


def _in_state(wanted: Wanted) -> list[columns.Condition]:
    c = _cases.c
    if wanted.state == "open":
        return [c.state.in_(OPEN)]
    if wanted.state == "done":
        return [c.state.in_(JUDGED)]
    if wanted.state == "all":
        return [c.state != CaseState.KEPT]
    if wanted.reader.judges and wanted.state in {CaseState.NEW, CaseState.CLAIMED}:
        # The first condition lets the index do the work; the second is the reader's view.
        return [c.state.in_([wanted.state, CaseState.SECOND_LOOK]), _shown(wanted.reader) == wanted.state]
    if wanted.reader.judges and wanted.state == CaseState.SECOND_LOOK:
        return [c.state == CaseState.SECOND_LOOK, _looked(wanted.reader)]
    return [c.state == wanted.state]


def _shown(reader: Reader) -> ColumnElement[str]:
    """The state as `scrm.core.cases.shown_state` shows it to the reader."""
    c = _cases.c
    if not reader.judges:
        return c.state
    blind = and_(c.state == CaseState.SECOND_LOOK, ~_looked(reader))
    return case(
        (and_(blind, c.assignee_id.is_(None)), literal(CaseState.NEW.value)),
        (blind, literal(CaseState.CLAIMED.value)),
        else_=c.state,
    )


def _looked(reader: Reader) -> columns.Condition:
    c, v = _cases.c, _verdicts.c
    return select(v.id).where(v.case_id == c.id, v.round == c.round, v.decided_by == reader.id).exists()


def _facet(wanted: Wanted, facet: str) -> tuple[ColumnElement[Any], list[columns.Condition]]:
    """The column to count by, and the conditions of the other filters."""
    c, e = _cases.c, _entries.c
    column, freed = {
        "state": (_shown(wanted.reader), replace(wanted, state="all")),
        "rule": (c.rule, replace(wanted, rule=None)),
        "severity": (c.severity, replace(wanted, severity=None)),
        "assignee": (c.assignee_id, replace(wanted, assignee_id=None)),
        "product": (c.product, replace(wanted, product=None)),
        "rep": (e.actor, replace(wanted, rep=None)),
        "channel": (e.channel, replace(wanted, channel=None)),
    }[facet]
    return column, _conditions(freed)
