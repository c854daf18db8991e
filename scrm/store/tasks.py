"""Tasks: work a commit has promised. Kept here, retried, in order per key; whoever wakes a worker only gives a hint.

States: open and due, leased, finished (deleted) or open again for later (retried) or dead (buried, shown, replayable).
A dead task no longer holds back its key. Leasing a task makes it fall due when the lease ends: whoever asks what is
due needs no second column, and what a dead worker held comes back by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, any_, bindparam, delete, func, or_, select, text, update

from scrm.core.errors import NotFound
from scrm.core.timeline import Json
from scrm.store import columns, schema
from scrm.store.alive import ON_POSTGRESQL, ON_SQLITE
from scrm.store.work import Noun

LEASE = timedelta(seconds=30)
_tasks = schema.tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A promise. Tasks with equal `kind` and `key` are done in order, one worker at a time.

    `ref` is the row it is about. With `once`, a second promise of that name is dropped while the first is open. With
    `due_at` it is done no sooner; until it was tried it holds back nobody.
    """

    kind: str
    key: str
    ref: int = 0
    payload: Mapping[str, Json] = field(default_factory=dict)
    due_at: datetime | None = None
    once: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A leased task. `attempts` counts this one."""

    id: int
    kind: str
    key: str
    ref: int
    payload: Mapping[str, Json]
    attempts: int
    lease: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadTask:
    id: int
    kind: str
    key: str
    attempts: int
    reason: str
    created_at: datetime


class LeaseLost(Exception):
    """Another worker has taken over; what this one did must not be stored."""


class Tasks(Noun):
    async def add(self, tasks: Sequence[NewTask]) -> None:
        """Promise work with this commit."""
        for named, group in (
            (False, [task for task in tasks if task.once is None]),
            (True, [task for task in tasks if task.once is not None]),
        ):
            rows = [self._row(task) for task in group]
            if named:
                await self._work.insert_new(_tasks, rows, unique=["once"])
            else:
                await self._work.insert(_tasks, rows)
        self._work.wakes.update(f"tasks:{task.kind}" for task in tasks)

    async def claim(self, kinds: Sequence[str], *, lease: str, limit: int = 256) -> list[Task]:
        """Lease due tasks of the first of `kinds` that has any, oldest first: whole runs of a key in order, never
        one behind an unfinished one of its key that somebody else holds or that waits for its retry.
        """
        for kind in kinds:
            if tasks := await self._claim(kind, lease, limit):
                return tasks
        return []

    async def finish(self, tasks: Sequence[Task]) -> None:
        """The last act of a batch. `LeaseLost` when another worker has taken any of them over."""
        if not tasks:
            return
        done = await self._work.run(
            delete(_tasks).where(
                _tasks.c.lease == tasks[0].lease, self._work.among(_tasks.c.id, [task.id for task in tasks])
            )
        )
        if done.rowcount != len(tasks):
            raise LeaseLost(f"{len(tasks) - done.rowcount} tasks of {tasks[0].kind} were taken over")

    async def renew(self, lease: str) -> None:
        """Keep what this lease holds for another `LEASE`."""
        await self._work.run(update(_tasks).where(_tasks.c.lease == lease).values(due_at=self._work.now + LEASE))

    async def take_over(self, own: int) -> None:
        """Let what processes that are dead had leased fall due now; `own` is the number of this process."""
        if self._work.is_sqlite:
            values = {"now": self._work.now, "own": f"{own}.%"}
            await self._work.run(ON_SQLITE.bindparams(bindparam("now", type_=columns.UtcTime())), values)
        else:
            await self._work.run(ON_POSTGRESQL, {"now": self._work.now})

    async def release(self, tasks: Sequence[Task]) -> None:
        """Give tasks back untried: nothing was wrong with them."""
        if tasks:
            await self._free(tasks, due_at=self._work.now, attempts=_tasks.c.attempts - 1)
            self._work.wakes.update(f"tasks:{task.kind}" for task in tasks)

    async def retry(self, task: Task, *, after: timedelta, reason: str) -> None:
        """Try again later; the tasks of its key wait behind it."""
        await self._free([task], due_at=self._work.now + after, reason=reason)

    async def bury(self, task: Task, reason: str) -> None:
        """Give up: keep it with the reason, for a person to look at and replay."""
        await self._free([task], dead=True, reason=reason, once=None)

    async def replay(self, task_id: int) -> None:
        """Bring a dead task back, due now, with fresh attempts. `NotFound` when it is not dead."""
        revived = await self._work.run(
            update(_tasks)
            .where(_tasks.c.id == task_id, _tasks.c.dead.is_(True))
            .values(dead=False, attempts=0, due_at=self._work.now)
            .returning(_tasks.c.kind)
        )
        row = revived.first()
        if row is None:
            raise NotFound("there is no dead task of that id")
        self._work.wakes.add(f"tasks:{row.kind}")

    async def dead(self, limit: int = 200) -> list[DeadTask]:
        """The newest dead tasks."""
        c = _tasks.c
        rows = await self._work.rows(
            select(c.id, c.kind, c.key, c.attempts, c.reason, c.created_at)
            .where(c.dead.is_(True))
            .order_by(c.id.desc())
            .limit(limit)
        )
        return [DeadTask(**row._mapping) for row in rows]

    async def due_kinds(self) -> frozenset[str]:
        """Kinds that have work waiting now: what the sweeper wakes."""
        rows = await self._work.rows(select(_tasks.c.kind).where(self._due()).distinct())
        return frozenset(row.kind for row in rows)

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many tasks are due, and since when the oldest."""
        counted = select(func.count().label("number"), func.min(_tasks.c.due_at).label("oldest")).where(self._due())
        row = await self._work.one(counted)
        return (row.number, row.oldest) if row else (0, None)

    def _due(self) -> columns.Condition:
        return and_(_tasks.c.dead.is_(False), _tasks.c.due_at <= self._work.now)

    async def _claim(self, kind: str, lease: str, limit: int) -> list[Task]:
        now = self._work.now
        if not self._work.is_sqlite:
            # Claims of a kind follow one another, so that none sees half of another's lease on a key.
            await self._work.run(text("SELECT pg_advisory_xact_lock(hashtext(:lock))"), {"lock": f"claim:{kind}"})
        mine, other = _tasks.alias("mine"), _tasks.alias("other")
        held = select(other.c.key).where(
            other.c.kind == kind,
            other.c.due_at > now,
            other.c.dead.is_(False),
            or_(other.c.lease.is_not(None), other.c.attempts > 0),
        )
        # By id, not by the time they fall due: one that was retried stays before those that came after it. The held
        # keys are looked up once, whatever the planner believes about a table that is empty at one time and full at
        # another: hence NOT IN, and on PostgreSQL an array.
        due = (
            select(mine.c.id)
            .where(mine.c.kind == kind, mine.c.dead.is_(False), mine.c.due_at <= now, mine.c.key.not_in(held))
            .order_by(mine.c.id)
            .limit(limit)
            .scalar_subquery()
        )
        c = _tasks.c
        claimed = await self._work.run(
            update(_tasks)
            .where(c.id.in_(due) if self._work.is_sqlite else c.id == any_(func.array(due)))
            .values(lease=lease, due_at=now + LEASE, attempts=c.attempts + 1)
            .returning(c.id, c.kind, c.key, c.ref, c.payload, c.attempts, c.lease)
        )
        return [Task(**row._mapping) for row in sorted(claimed.all(), key=lambda row: row.id)]

    async def _free(self, tasks: Sequence[Task], **values: object) -> None:
        await self._work.run(
            update(_tasks)
            .where(_tasks.c.lease == tasks[0].lease, self._work.among(_tasks.c.id, [task.id for task in tasks]))
            .values(lease=None, **values)
        )

    def _row(self, task: NewTask) -> dict[str, object]:
        return {
            "id": self._work.ids.next(),
            "kind": task.kind,
            "key": task.key,
            "ref": task.ref,
            "payload": task.payload,
            "due_at": task.due_at or self._work.now,
            "created_at": self._work.now,
            "once": task.once,
        }
