"""The worker: wake, claim, run, sweep. The same loop embedded in `scrm serve` and alone in `scrm worker`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog

from scrm.core.errors import ChannelUnavailable
from scrm.hub import Hub
from scrm.services.audit import promise_auditing
from scrm.services.housekeeping import promise_reconciling, promise_reports, write_down_health
from scrm.services.sampling import promise_samples
from scrm.services.tasks import LANES, TASKS
from scrm.services.waiting import promise_finding_waiting
from scrm.store.tasks import LEASE, LeaseLost, Task
from scrm.stream import Hint
from scrm.telemetry import BATCH_SECONDS, TASKS_DEAD, TASKS_DONE, TASKS_FAILED

_log = structlog.get_logger()
SWEEP_S = 5.0
SWEEP_WITHOUT_STREAM_S = 1.0
MOST_ATTEMPTS = 8
_HEALTH_S = 2.0


class Worker:
    """Runs one loop per lane, and the sweeper, until `stop`. What is running is finished first."""

    def __init__(self, hub: Hub, lanes: Sequence[Sequence[str]] = LANES) -> None:
        self._hub = hub
        self._lanes = lanes
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        await self._take_over()
        await promise_reconciling(self._hub)
        await promise_auditing(self._hub)
        await promise_reports(self._hub)
        await promise_samples(self._hub)
        await promise_finding_waiting(self._hub)
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._work(lane), name=f"lane {lane[0]}")
            group.create_task(self._sweep(), name="sweeper")
            group.create_task(self._keep_health(), name="health")

    def stop(self) -> None:
        """End after the running batches; nothing is cancelled."""
        self._stopping.set()

    async def _work(self, kinds: Sequence[str]) -> None:
        topics = [f"tasks:{kind}" for kind in kinds]
        with self._hub.stream.subscribe(*topics) as subscription:
            while not self._stopping.is_set():
                try:
                    worked = await run_due(self._hub, kinds)
                except Exception as error:
                    # The database is away, most likely: say so once a second, and go on.
                    _log.error("worker cannot reach its tasks", lane=kinds[0], reason=str(error))
                    worked = False
                    await asyncio.sleep(1)
                if not worked and not self._stopping.is_set():
                    await subscription.wait(1.0)

    @property
    def _sweep_every(self) -> float:
        return SWEEP_S if self._hub.stream.healthy else SWEEP_WITHOUT_STREAM_S

    async def _sweep(self) -> None:
        """Find work nobody woke us for: retries that fall due, leases of dead workers, hints that got lost."""
        while not await _happens_within(self._stopping, self._sweep_every):
            with contextlib.suppress(Exception):
                if not self._hub.db.is_sqlite:
                    await self._take_over()
                async with self._hub.db.reading() as tx:
                    kinds = await tx.tasks.due_kinds()
                await self._hub.stream.send([Hint(f"tasks:{kind}") for kind in sorted(kinds)])

    async def _take_over(self) -> None:
        """Be seen to be alive; what those held who are not falls due now."""
        await self._hub.db.alive.show()
        async with self._hub.db.transaction() as tx:
            await tx.tasks.take_over(self._hub.db.alive.number)

    async def _keep_health(self) -> None:
        while not await _happens_within(self._stopping, _HEALTH_S):
            with contextlib.suppress(Exception):
                await write_down_health(self._hub)


async def run_due(hub: Hub, kinds: Sequence[str]) -> bool:
    """Claim and run one batch of the first of `kinds` that has any due; says whether there was one."""
    async with hub.db.transaction() as tx:
        tasks = await tx.tasks.claim(kinds, lease=hub.db.alive.new_lease())
    if not tasks:
        return False
    done = asyncio.Event()
    renewing = asyncio.create_task(_renew(hub, tasks[0].lease, done))
    try:
        with BATCH_SECONDS.labels(tasks[0].kind).time():
            await _run(hub, tasks, set())
    finally:
        done.set()
        await renewing
    return True


async def _run(hub: Hub, tasks: Sequence[Task], held: set[str]) -> None:
    """Run a batch; when it fails, its halves, until the culprit stands alone. `held` are keys that must wait now."""
    waiting = [task for task in tasks if task.key in held]
    tasks = [task for task in tasks if task.key not in held]
    if waiting:
        async with hub.db.transaction() as tx:
            await tx.tasks.release(waiting)
    if not tasks:
        return
    try:
        await TASKS[tasks[0].kind](hub, tasks)
    except LeaseLost as lost:
        _log.warning("another worker took over", kind=tasks[0].kind, reason=str(lost))
    except Exception as error:
        TASKS_FAILED.labels(tasks[0].kind).inc(len(tasks))
        if len(tasks) == 1:
            held.add(tasks[0].key)
            await _fail(hub, tasks[0], error)
            return
        middle = len(tasks) // 2
        await _run(hub, tasks[:middle], held)
        await _run(hub, tasks[middle:], held)
    else:
        TASKS_DONE.labels(tasks[0].kind).inc(len(tasks))


async def _fail(hub: Hub, task: Task, error: Exception) -> None:
    """Try again later, ever later; give up after `MOST_ATTEMPTS`, but never because a provider is away."""
    expected = isinstance(error, ChannelUnavailable)
    reason = f"{type(error).__name__}: {error}"
    _log.log(
        30 if expected else 40,
        "task failed",
        kind=task.kind,
        key=task.key,
        attempt=task.attempts,
        reason=reason,
        exc_info=None if expected else error,
    )
    if channel := task.payload.get("channel"):
        hub.health.failed(str(channel), reason, hub.now())
    async with hub.db.transaction() as tx:
        if task.attempts >= MOST_ATTEMPTS and not expected:
            TASKS_DEAD.labels(task.kind).inc()
            await tx.tasks.bury(task, reason)
        else:
            asked = error.retry_after if isinstance(error, ChannelUnavailable) else None
            await tx.tasks.retry(task, after=asked or timedelta(seconds=min(2**task.attempts, 300)), reason=reason)


async def _renew(hub: Hub, lease: str, done: asyncio.Event) -> None:
    """Keep a long batch's lease alive."""
    while not await _happens_within(done, LEASE.total_seconds() / 3):
        with contextlib.suppress(Exception):
            async with hub.db.transaction() as tx:
                await tx.tasks.renew(lease)


async def _happens_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
