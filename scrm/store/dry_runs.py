"""Dry runs: what changed rules would find in what is on file, how far each run got, and examples of what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, select, update

from scrm.core.errors import Conflict, NotFound
from scrm.core.timeline import Json
from scrm.store import columns, schema
from scrm.store.cases import StoredFinding
from scrm.store.work import Noun

_runs, _found = schema.dry_runs, schema.dry_run_findings
_entries, _findings, _customers = schema.entries, schema.findings, schema.customers
OPEN = ("waiting", "running")
THOUSAND = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """`state`: waiting, running, finished, failed or cancelled. `total` and `done` count customers. `outcome` holds
    `after`, the customer it got to, `messages`, and counts of findings by rule and change.
    """

    id: int
    plan: Mapping[str, Json]
    state: str
    total: int
    done: int
    outcome: Mapping[str, Json]
    reason: str
    started_by: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A finding that a change would bring (`new`), take away (`gone`) or leave (`same`), with its facts as JSON."""

    change: str
    customer_id: int
    entry_id: int
    against_id: int | None
    rule: str
    severity: str
    finding: Mapping[str, Json]
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose talk a run looks at: of customers with anything in the time, so many in a thousand."""

    since: datetime
    until: datetime
    per_thousand: int = THOUSAND


class DryRuns(Noun):
    async def add(self, plan: Mapping[str, Json], *, total: int, outcome: Mapping[str, Json], by: str) -> DryRun:
        run_id = self._work.ids.next()
        row = {
            "id": run_id,
            "plan": plan,
            "state": "waiting",
            "total": total,
            "outcome": outcome,
            "started_by": by,
            "created_at": self._work.now,
        }
        await self._work.insert(_runs, [row])
        return await self.get(run_id)

    async def get(self, run_id: int) -> DryRun:
        row = await self._work.one(select(_runs).where(_runs.c.id == run_id))
        if row is None:
            raise NotFound("there is no such dry run")
        return DryRun(**row._mapping)

    async def recent(self, limit: int = 50) -> list[DryRun]:
        rows = await self._work.rows(select(_runs).order_by(_runs.c.id.desc()).limit(limit))
        return [DryRun(**row._mapping) for row in rows]

    async def advance(
        self, run: DryRun, *, looked_at: int, outcome: Mapping[str, Json], examples: Sequence[Example]
    ) -> bool:
        """Keep what a batch came to, all of it or none. False when the run was cancelled or another worker has gone on
        with it meanwhile: then nothing is kept.
        """
        moved = await self._work.run(
            update(_runs)
            .where(_runs.c.id == run.id, _runs.c.done == run.done, _runs.c.state.in_(OPEN))
            .values(state="running", done=run.done + looked_at, outcome=outcome)
        )
        if moved.rowcount != 1:
            return False
        await self._work.insert(_found, [self._row(run.id, example) for example in examples])
        return True

    async def finish(self, run_id: int, *, state: str, reason: str = "") -> bool:
        """End a run; says whether it was still open."""
        done = await self._work.run(
            update(_runs)
            .where(_runs.c.id == run_id, _runs.c.state.in_(OPEN))
            .values(state=state, reason=reason, finished_at=self._work.now)
        )
        return done.rowcount == 1

    async def cancel(self, run_id: int) -> None:
        """End a run early; what it found so far stays. `Conflict` when it has ended already."""
        await self.get(run_id)
        if not await self.finish(run_id, state="cancelled"):
            raise Conflict("this dry run has ended already")

    async def examples(
        self, run_id: int, *, rule: str | None = None, change: str | None = None, after: int = 0, limit: int = 50
    ) -> list[Example]:
        """Examples in the order they were found."""
        c = _found.c
        wanted = select(*(column for column in _found.c if column.name != "run_id")).where(
            c.run_id == run_id, c.id > after
        )
        if rule:
            wanted = wanted.where(c.rule == rule)
        if change:
            wanted = wanted.where(c.change == change)
        return [Example(**row._mapping) for row in await self._work.rows(wanted.order_by(c.id).limit(limit))]

    # --- what is on file -----------------------------------------------------------------------------------------

    async def count_customers(self, reach: Reach) -> int:
        counted = select(func.count().label("number")).select_from(_customers).where(_in_reach(reach))
        row = await self._work.one(counted)
        return row.number if row else 0

    async def next_customers(self, reach: Reach, *, after: int, limit: int) -> list[int]:
        """The next customers of the sample, by id."""
        c = _customers.c
        rows = await self._work.rows(select(c.id).where(c.id > after, _in_reach(reach)).order_by(c.id).limit(limit))
        return [row.id for row in rows]

    async def on_file(
        self, customer_ids: Iterable[int], rules: Iterable[str], *, since: datetime, until: datetime
    ) -> dict[int, list[StoredFinding]]:
        """Findings of these rules by customer, about what was said in that time."""
        c = _entries.c
        rows = await self._work.rows(
            select(_findings, c.customer_id)
            .join(_entries, c.id == _findings.c.entry_id)
            .where(
                self._work.among(c.customer_id, set(customer_ids)),
                c.at >= since,
                c.at < until,
                _findings.c.rule.in_(sorted(rules)),
            )
            .order_by(_findings.c.id)
        )
        found: dict[int, list[StoredFinding]] = {}
        for row in rows:
            found.setdefault(row.customer_id, []).append(_stored(row))
        return found

    def _row(self, run_id: int, example: Example) -> dict[str, object]:
        kept = {name: getattr(example, name) for name in Example.__dataclass_fields__}
        return kept | {"id": self._work.ids.next(), "run_id": run_id}


def _in_reach(reach: Reach) -> columns.Condition:
    c = _customers.c
    # The counter within a millisecond is stirred in: an import makes thousands of customers in one.
    place = (c.id // (1 << 22) + c.id % (1 << 12) * 37) % THOUSAND
    sampled = [place < reach.per_thousand] if reach.per_thousand < THOUSAND else []
    return and_(c.merged_into.is_(None), c.last_at >= reach.since, *sampled)


def _stored(row: Row[Any]) -> StoredFinding:
    return StoredFinding(**{name: getattr(row, name) for name in StoredFinding.__dataclass_fields__})
