"""Cases and their findings: evidence joins the open case of its rule, customer and product; nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, tuple_, update

from scrm.core.cases import JOIN_WITHIN, Case, CaseState, VerdictKind
from scrm.core.errors import Conflict, NotFound
from scrm.core.timeline import Json
from scrm.store import schema
from scrm.store.work import Noun

_cases, _findings, _history = schema.cases, schema.findings, schema.case_events


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFinding:
    """A finding about stored entries. `finding` holds its facts as JSON; `product` is what it is about, or None."""

    customer_id: int
    entry_id: int
    against_id: int | None
    rule: str
    product: str | None
    severity: str
    finding: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    id: int
    case_id: int
    entry_id: int
    against_id: int | None
    rule: str
    severity: str
    finding: Mapping[str, Json]
    found_at: datetime
    rule_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    at: datetime
    actor: str
    action: str
    note: str


@dataclass(frozen=True, slots=True)
class Attached:
    """What new findings did: cases that were opened, and cases that grew."""

    opened: tuple[Case, ...]
    grown: tuple[Case, ...]


class Cases(Noun):
    async def attach(self, found: Sequence[NewFinding]) -> Attached:
        """Put findings into cases. One that is on file already (rule, both entries) can only become graver."""
        if not found:
            return Attached((), ())
        fresh, graver = await self._against_file(found)
        open_cases = await self._open_of({finding.customer_id for finding in fresh})
        opened: dict[int, Case] = {}
        grown: dict[int, Case] = {}
        rows: list[dict[str, object]] = []
        for finding in fresh:
            case = open_cases.get((finding.customer_id, finding.rule, finding.product))
            if case is None:
                case = self._new(finding)
                opened[case.id] = case
            else:
                case = self._grow(case, finding.severity)
                (opened if case.id in opened else grown)[case.id] = case
            open_cases[finding.customer_id, finding.rule, finding.product] = case
            rows.append(self._finding_row(case.id, finding))
        await self._work.insert(_cases, [_row(case) for case in opened.values()])
        for case_id, severity in graver:
            case = self._grow(grown.get(case_id) or await self.get(case_id), severity)
            grown[case_id] = case
        for case in grown.values():
            await self._update(case)
        await self._work.insert(_findings, rows)
        await self.note([(case.id, "", "opened", "") for case in opened.values()])
        await self.note([(case.id, "", "evidence_joined", "") for case in grown.values()])
        return Attached(tuple(opened.values()), tuple(grown.values()))

    async def lock(self, case_id: int) -> Case:
        """The case, held until the transaction ends. `NotFound` when there is none."""
        row = await self._work.one(select(_cases).where(_cases.c.id == case_id).with_for_update())
        if row is None:
            raise NotFound("there is no such case")
        return _case(row)

    async def save(self, case: Case) -> None:
        """Store a changed case. `Conflict` when somebody changed it meanwhile."""
        if not await self._update(case):
            raise Conflict("the case has changed since you opened it: look at it again")

    async def get(self, case_id: int) -> Case:
        row = await self._work.one(select(_cases).where(_cases.c.id == case_id))
        if row is None:
            raise NotFound("there is no such case")
        return _case(row)

    async def page(
        self, *, state: str, rule: str | None, severity: str | None, before: tuple[str, int] | None, limit: int
    ) -> list[Case]:
        """The queue: gravest first, then newest. `state`: open (new and claimed), or one state."""
        c = _cases.c
        states = ["new", "claimed"] if state == "open" else [state]
        wanted = select(_cases).where(c.state.in_(states))
        if rule:
            wanted = wanted.where(c.rule == rule)
        if severity:
            wanted = wanted.where(c.severity == severity)
        if before is not None:
            wanted = wanted.where(tuple_(c.severity, c.id) < tuple_(*before))
        rows = await self._work.rows(wanted.order_by(c.severity.desc(), c.id.desc()).limit(limit))
        return [_case(row) for row in rows]

    async def findings(self, case_ids: Iterable[int]) -> dict[int, list[StoredFinding]]:
        """Findings by case, oldest first."""
        return await self._findings_where(_findings.c.case_id.in_(set(case_ids)), by="case_id")

    async def findings_of(self, entry_ids: Iterable[int]) -> dict[int, list[StoredFinding]]:
        """Findings by the entry they object to."""
        return await self._findings_where(_findings.c.entry_id.in_(set(entry_ids)), by="entry_id")

    async def history(self, case_id: int) -> list[CaseEvent]:
        rows = await self._work.rows(select(_history).where(_history.c.case_id == case_id).order_by(_history.c.id))
        return [CaseEvent(at=row.at, actor=row.actor, action=row.action, note=row.note) for row in rows]

    async def note(self, events: Sequence[tuple[int, str, str, str]]) -> None:
        """Add (case id, actor, action, note) to the cases' histories."""
        await self._work.insert(
            _history,
            [
                {
                    "id": self._work.ids.next(),
                    "case_id": case_id,
                    "at": self._work.now,
                    "actor": actor,
                    "action": action,
                    "note": note,
                }
                for case_id, actor, action, note in events
            ],
        )

    async def count_open(self, customer_ids: Iterable[int] | None = None) -> dict[int, int]:
        """Open cases by customer."""
        c = _cases.c
        wanted = select(c.customer_id, func.count().label("number")).where(c.state != CaseState.DECIDED)
        if customer_ids is not None:
            wanted = wanted.where(c.customer_id.in_(set(customer_ids)))
        rows = await self._work.rows(wanted.group_by(c.customer_id))
        return {row.customer_id: row.number for row in rows}

    async def _against_file(self, found: Sequence[NewFinding]) -> tuple[list[NewFinding], list[tuple[int, str]]]:
        """Findings that are new, and (case id, severity) of those on file that have become graver."""
        c = _findings.c
        rows = await self._work.rows(
            select(c.id, c.case_id, c.rule, c.entry_id, c.against_id, c.severity).where(
                self._work.among(c.entry_id, {finding.entry_id for finding in found})
            )
        )
        on_file = {(row.rule, row.entry_id, row.against_id): row for row in rows}
        fresh: dict[tuple[str, int, int | None], NewFinding] = {}
        graver: list[tuple[int, str]] = []
        for finding in found:
            key = (finding.rule, finding.entry_id, finding.against_id)
            row = on_file.get(key)
            if row is None:
                fresh.setdefault(key, finding)
            elif finding.severity > row.severity:
                graver.append((row.case_id, finding.severity))
                await self._work.run(update(_findings).where(c.id == row.id).values(severity=finding.severity))
        return list(fresh.values()), graver

    async def _open_of(self, customer_ids: set[int]) -> dict[tuple[int, str, str | None], Case]:
        c = _cases.c
        rows = await self._work.rows(
            select(_cases)
            .where(
                self._work.among(c.customer_id, customer_ids),
                c.state != CaseState.DECIDED,
                c.opened_at >= self._work.now - JOIN_WITHIN,
            )
            .order_by(c.id)
        )
        return {(row.customer_id, row.rule, row.product): _case(row) for row in rows}

    def _new(self, finding: NewFinding) -> Case:
        return Case(
            id=self._work.ids.next(),
            customer_id=finding.customer_id,
            rule=finding.rule,
            product=finding.product,
            severity=finding.severity,
            state=CaseState.NEW,
            assignee_id=None,
            opened_at=self._work.now,
            updated_at=self._work.now,
        )

    def _grow(self, case: Case, severity: str) -> Case:
        return replace(case, severity=max(case.severity, severity), updated_at=self._work.now, version=case.version + 1)

    def _finding_row(self, case_id: int, finding: NewFinding) -> dict[str, object]:
        return {
            "id": self._work.ids.next(),
            "case_id": case_id,
            "entry_id": finding.entry_id,
            "against_id": finding.against_id,
            "rule": finding.rule,
            "severity": finding.severity,
            "finding": finding.finding,
            "found_at": self._work.now,
        }

    async def _update(self, case: Case) -> bool:
        done = await self._work.run(
            update(_cases).where(_cases.c.id == case.id, _cases.c.version < case.version).values(**_row(case))
        )
        return done.rowcount == 1

    async def _findings_where(self, condition: schema.Condition, *, by: str) -> dict[int, list[StoredFinding]]:
        rows = await self._work.rows(select(_findings).where(condition).order_by(_findings.c.id))
        found: dict[int, list[StoredFinding]] = {}
        for row in rows:
            found.setdefault(getattr(row, by), []).append(StoredFinding(**row._mapping))
        return found


def _row(case: Case) -> dict[str, object]:
    return {name: getattr(case, name) for name in Case.__dataclass_fields__}


def _case(row: Row[Any]) -> Case:
    fields = dict(row._mapping)
    return Case(
        **fields
        | {
            "state": CaseState(row.state),
            "verdict": VerdictKind(row.verdict) if row.verdict else None,
        }
    )
