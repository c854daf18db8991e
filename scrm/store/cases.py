"""Cases and their findings: evidence joins the case of its rules, customer and product; nothing is deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, or_, select, update

from scrm.core.cases import (
    JOIN_WITHIN,
    JUDGED,
    OPEN,
    Case,
    CaseState,
    Look,
    Origin,
    RemedyKind,
    VerdictKind,
    exposure_fen,
    family,
    joins,
)
from scrm.core.errors import NotFound
from scrm.core.timeline import Json
from scrm.core.working_time import Deadlines
from scrm.store import columns, schema
from scrm.store.work import Noun

_cases, _findings, _history, _verdicts = schema.cases, schema.findings, schema.case_events, schema.verdicts
_entries = schema.entries


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
    rule_version: str = ""

    @property
    def exposure_fen(self) -> int:
        facts = self.finding.get("facts")
        return exposure_fen(facts if isinstance(facts, Mapping) else {})


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
    """What new findings did: cases that came into the queue, and cases there or decided that grew."""

    opened: tuple[Case, ...]
    grown: tuple[Case, ...]


class Cases(Noun):
    async def attach(self, found: Sequence[NewFinding], deadlines: Deadlines) -> Attached:
        """Put findings into cases. One that is on file already (rule, both entries) can only become graver.

        S1 is kept on file and does not come into the queue unless something graver joins it.
        """
        if not found:
            return Attached((), ())
        fresh, graver = await self._against_file(found)
        known = await self._recent_of({finding.customer_id for finding in fresh}, {one for one, _ in graver})
        speakers = await self._speakers(known, fresh)
        changed: dict[int, Case] = {}
        added: dict[int, Case] = {}
        rows: list[dict[str, object]] = []
        for finding in fresh:
            by = speakers.of_entry.get(finding.entry_id, "")
            before = _home(known, finding, by, speakers.of_case)
            grown = self._new(finding) if before is None else self._grown(before, finding.severity)
            grown = self._queued(replace(grown, exposure_fen=max(grown.exposure_fen, finding.exposure_fen)), deadlines)
            known = {**known, grown.id: grown}
            (added if before is None or grown.id in added else changed)[grown.id] = grown
            rows.append(self._finding_row(grown.id, finding))
        for case_id, severity in graver:
            changed[case_id] = self._queued(self._grown(changed.get(case_id) or known[case_id], severity), deadlines)
        return await self._store(added, changed, rows)

    async def _store(
        self, added: Mapping[int, Case], changed: Mapping[int, Case], rows: Sequence[Mapping[str, object]]
    ) -> Attached:
        was_kept = await self._kept_among(changed)
        await self.add(list(added.values()))
        await self.save(list(changed.values()))
        await self._work.insert(_findings, rows)
        queued = [one for one in (*added.values(), *changed.values()) if one.state is not CaseState.KEPT]
        opened = [one for one in queued if one.id in added or one.id in was_kept]
        grown = [one for one in queued if one.id not in added and one.id not in was_kept]
        await self.note([(one.id, "", "opened", "") for one in opened])
        await self.note([(one.id, "", "evidence_joined", "") for one in grown])
        return Attached(tuple(opened), tuple(grown))

    async def add(self, cases: Sequence[Case]) -> None:
        await self._work.insert(_cases, [_row(one) for one in cases])

    async def lock(self, case_id: int) -> Case:
        """The case, held until the transaction ends. `NotFound` when there is none."""
        found = await self.lock_all([case_id])
        if not found:
            raise NotFound("there is no such case")
        return found[case_id]

    async def lock_all(self, case_ids: Iterable[int]) -> dict[int, Case]:
        """Those of the cases that there are, held until the transaction ends."""
        wanted = select(_cases).where(self._work.among(_cases.c.id, set(case_ids)))
        return {row.id: as_case(row) for row in await self._work.rows(wanted.order_by(_cases.c.id).with_for_update())}

    async def save(self, cases: Sequence[Case]) -> None:
        """Store changed cases that are locked."""
        if cases:
            names = [name for name in _FIELDS if name != "id"]
            await self._work.run(
                update(_cases).where(_cases.c.id == bindparam("b_id")).values({n: bindparam(f"b_{n}") for n in names}),
                [{f"b_{name}": value for name, value in _row(one).items()} for one in cases],
            )

    async def get(self, case_id: int) -> Case:
        found = await self.load([case_id])
        if not found:
            raise NotFound("there is no such case")
        return found[case_id]

    async def load(self, case_ids: Iterable[int]) -> dict[int, Case]:
        """Cases by id; unknown ids are missing."""
        rows = await self._work.rows(select(_cases).where(self._work.among(_cases.c.id, set(case_ids))))
        return {row.id: as_case(row) for row in rows}

    async def count_open(self, customer_ids: Iterable[int] | None = None) -> dict[int, int]:
        """Open cases by customer."""
        c = _cases.c
        wanted = select(c.customer_id, func.count().label("number")).where(c.state.in_(OPEN))
        if customer_ids is not None:
            wanted = wanted.where(c.customer_id.in_(set(customer_ids)))
        rows = await self._work.rows(wanted.group_by(c.customer_id))
        return {row.customer_id: row.number for row in rows}

    async def overdue(self, *, limit: int) -> list[Case]:
        """Open cases whose time is over and that were not reported yet, held until the transaction ends."""
        c = _cases.c
        rows = await self._work.rows(
            select(_cases)
            .where(c.state.in_(OPEN), c.due_at <= self._work.now, c.escalated_at.is_(None))
            .order_by(c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [as_case(row) for row in rows]

    async def prior(self, one: Case, actors: Collection[str], *, limit: int) -> list[tuple[Case, bool]]:
        """Other cases of the customer, and of these speakers (True: of theirs), newest first. What is only on file is
        left out.
        """
        c = _cases.c
        theirs = (
            select(_findings.c.id)
            .join(_entries, _entries.c.id == _findings.c.entry_id)
            .where(_findings.c.case_id == c.id, _entries.c.actor.in_([actor for actor in actors if actor]))
            .exists()
        )
        rows = await self._work.rows(
            select(_cases, theirs.label("theirs"))
            .where(c.id != one.id, c.state != CaseState.KEPT, or_(c.customer_id == one.customer_id, theirs))
            .order_by(c.id.desc())
            .limit(limit)
        )
        return [(as_case(row), bool(row.theirs)) for row in rows]

    # --- findings, looks, history --------------------------------------------------------------------------------

    async def findings(self, case_ids: Iterable[int]) -> dict[int, list[StoredFinding]]:
        """Findings by case, oldest first."""
        return await self._findings_where(self._work.among(_findings.c.case_id, set(case_ids)), by="case_id")

    async def findings_of(self, entry_ids: Iterable[int]) -> dict[int, list[StoredFinding]]:
        """Findings by the entry they object to."""
        return await self._findings_where(self._work.among(_findings.c.entry_id, set(entry_ids)), by="entry_id")

    async def add_looks(self, looks: Sequence[Look]) -> None:
        await self._work.insert(
            _verdicts,
            [{"id": self._work.ids.next(), **{f.name: getattr(look, f.name) for f in fields(Look)}} for look in looks],
        )

    async def looks(self, case_ids: Iterable[int]) -> dict[int, list[Look]]:
        """Verdicts by case, oldest first, those of earlier rounds too."""
        rows = await self._work.rows(
            select(_verdicts).where(self._work.among(_verdicts.c.case_id, set(case_ids))).order_by(_verdicts.c.id)
        )
        found: dict[int, list[Look]] = {}
        for row in rows:
            values = {name: row._mapping[name] for name in _LOOK_FIELDS} | {"kind": VerdictKind(row.kind)}
            found.setdefault(row.case_id, []).append(Look(**values))
        return found

    async def history(self, case_id: int) -> list[CaseEvent]:
        return (await self.histories([case_id])).get(case_id, [])

    async def histories(self, case_ids: Iterable[int]) -> dict[int, list[CaseEvent]]:
        """What happened to each case, oldest first."""
        rows = await self._work.rows(
            select(_history).where(self._work.among(_history.c.case_id, set(case_ids))).order_by(_history.c.id)
        )
        found: dict[int, list[CaseEvent]] = {}
        for row in rows:
            event = CaseEvent(at=row.at, actor=row.actor, action=row.action, note=row.note)
            found.setdefault(row.case_id, []).append(event)
        return found

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

    # --- conversations -------------------------------------------------------------------------------------------

    async def talked_to(self, since: datetime, until: datetime, *, first_id: int) -> list[int]:
        """Customers the seller said something to in a time. Nothing of it was stored before `first_id`."""
        c = _entries.c
        rows = await self._work.rows(
            select(c.customer_id)
            .where(
                c.id >= first_id,
                c.at >= since,
                c.at < until,
                c.direction == "outbound",
                c.kind.in_(["message", "call"]),
                c.customer_id.is_not(None),
            )
            .distinct()
        )
        return [row.customer_id for row in rows]

    async def before_auditors(self, day: str, since: datetime, until: datetime) -> set[int]:
        """Customers whose conversation of a day is before the auditors already: by itself or by a finding in it."""
        c = _cases.c
        rows = await self._work.rows(select(c.customer_id).where(c.day == day))
        within = await self._work.rows(
            select(c.customer_id)
            .join_from(_cases, _findings, _findings.c.case_id == c.id)
            .join(_entries, _entries.c.id == _findings.c.entry_id)
            .where(c.state != CaseState.KEPT, _entries.c.at >= since, _entries.c.at < until)
            .distinct()
        )
        return {row.customer_id for row in (*rows, *within)}

    # --- attaching -----------------------------------------------------------------------------------------------

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
        graver: dict[int, tuple[int, str]] = {}
        for finding in found:
            key = (finding.rule, finding.entry_id, finding.against_id)
            row = on_file.get(key)
            if row is None:
                fresh.setdefault(key, finding)
            elif finding.severity > row.severity:
                graver[row.id] = (row.case_id, finding.severity)
        if graver:
            await self._work.run(
                update(_findings).where(c.id == bindparam("b_id")).values(severity=bindparam("b_severity")),
                [{"b_id": row_id, "b_severity": severity} for row_id, (_, severity) in graver.items()],
            )
        return list(fresh.values()), list(graver.values())

    async def _recent_of(self, customer_ids: Collection[int], case_ids: Collection[int]) -> dict[int, Case]:
        """Cases that new findings of these customers may join, and those named; held until the transaction ends."""
        c = _cases.c
        rows = await self._work.rows(
            select(_cases)
            .where(
                or_(
                    and_(
                        self._work.among(c.customer_id, customer_ids),
                        c.opened_at >= self._work.now - JOIN_WITHIN,
                        c.origin == Origin.FINDING,
                    ),
                    self._work.among(c.id, case_ids),
                )
            )
            .order_by(c.id)
            .with_for_update()
        )
        return {row.id: as_case(row) for row in rows}

    async def _speakers(self, known: Mapping[int, Case], fresh: Sequence[NewFinding]) -> _Speakers:
        """Who is behind the new findings, and behind those of the decided cases among the known ones."""
        decided = {one.id for one in known.values() if one.state in JUDGED}
        if not decided:
            return _Speakers({}, {})
        said = await self._work.rows(
            select(_entries.c.id, _entries.c.actor).where(
                self._work.among(_entries.c.id, {finding.entry_id for finding in fresh})
            )
        )
        rows = await self._work.rows(
            select(_findings.c.case_id, _entries.c.actor)
            .join(_entries, _entries.c.id == _findings.c.entry_id)
            .where(self._work.among(_findings.c.case_id, decided))
        )
        of_case: dict[int, set[str]] = {}
        for row in rows:
            of_case.setdefault(row.case_id, set()).add(row.actor)
        return _Speakers({row.id: row.actor for row in said}, of_case)

    async def _kept_among(self, cases: Mapping[int, Case]) -> set[int]:
        """Those that are only on file so far."""
        if not cases:
            return set()
        c = _cases.c
        rows = await self._work.rows(select(c.id).where(self._work.among(c.id, set(cases)), c.state == CaseState.KEPT))
        return {row.id for row in rows}

    def _new(self, finding: NewFinding) -> Case:
        return Case(
            id=self._work.ids.next(),
            customer_id=finding.customer_id,
            rule=finding.rule,
            product=finding.product,
            severity=finding.severity,
            state=CaseState.KEPT,
            assignee_id=None,
            opened_at=self._work.now,
            updated_at=self._work.now,
        )

    def _grown(self, one: Case, severity: str) -> Case:
        return replace(one, severity=max(one.severity, severity), updated_at=self._work.now, version=one.version + 1)

    def _queued(self, one: Case, deadlines: Deadlines) -> Case:
        """Into the queue if it is grave enough; the time for it never grows longer."""
        now = self._work.now
        if one.state is CaseState.KEPT and one.severity > "S1":
            return replace(one, state=CaseState.NEW, opened_at=now, due_at=deadlines.of(one.severity, now))
        if not one.is_open:
            return one
        dues = [due for due in (one.due_at, deadlines.of(one.severity, now)) if due is not None]
        return replace(one, due_at=min(dues, default=None))

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
            "rule_version": finding.rule_version,
        }

    async def _findings_where(self, condition: columns.Condition, *, by: str) -> dict[int, list[StoredFinding]]:
        rows = await self._work.rows(select(_findings).where(condition).order_by(_findings.c.id))
        found: dict[int, list[StoredFinding]] = {}
        for row in rows:
            found.setdefault(getattr(row, by), []).append(StoredFinding(**row._mapping))
        return found


@dataclass(frozen=True, slots=True)
class _Speakers:
    of_entry: Mapping[int, str]
    of_case: Mapping[int, Collection[str]]


def _home(
    known: Mapping[int, Case], finding: NewFinding, by: str, speakers: Mapping[int, Collection[str]]
) -> Case | None:
    """The case the finding belongs to: an open one first, the newest of several."""
    fitting = [
        one
        for one in known.values()
        if one.customer_id == finding.customer_id
        and one.product == finding.product
        and family(one.rule) == family(finding.rule)
        and joins(one, severity=finding.severity, by=by, speakers=speakers.get(one.id, ()))
    ]
    return max(fitting, key=lambda one: (one.is_open, one.state in JUDGED, one.id), default=None)


_FIELDS = tuple(f.name for f in fields(Case))
_LOOK_FIELDS = tuple(f.name for f in fields(Look))


def _row(one: Case) -> dict[str, object]:
    return {name: getattr(one, name) for name in _FIELDS}


def as_case(row: Row[Any]) -> Case:
    """A row of the table as a case."""
    values = {name: row._mapping[name] for name in _FIELDS}
    return Case(
        **values
        | {
            "state": CaseState(row.state),
            "origin": Origin(row.origin),
            "verdict": VerdictKind(row.verdict) if row.verdict else None,
            "remedy": RemedyKind(row.remedy) if row.remedy else None,
        }
    )
