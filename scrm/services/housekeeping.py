"""Periodic work: reconcile pulls (callbacks get lost), overdue cases, and how the channels are doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from scrm.connector import Pulls
from scrm.core.audit_chain import Deed
from scrm.core.cases import fact
from scrm.core.ids import public
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.services.intake import PULL_CHANNEL
from scrm.store.tasks import NewTask, Task
from scrm.telemetry import OLDEST_TASK_S, TASKS_WAITING

RECONCILE = "reconcile_channel"
REPORT_OVERDUE = "report_overdue"
_LOOK_EVERY = timedelta(minutes=1)
_AT_ONCE = 500


async def promise_reconciling(hub: Hub) -> None:
    """Promise the first reconcile pull of every channel that can be pulled; each promises the next."""
    async with hub.db.transaction() as tx:
        await tx.tasks.add(
            [
                NewTask(kind=RECONCILE, key=name, payload={"channel": name}, once=f"reconcile:{name}")
                for name, channel in hub.channels.items()
                if isinstance(channel.connector, Pulls) and channel.connector.sources
            ]
        )


async def reconcile_channels(hub: Hub, tasks: Sequence[Task]) -> None:
    """Pull every source of a channel, whether or not the provider told us to, and promise the next time."""
    for task in tasks:
        name = str(task.payload["channel"])
        channel = hub.channels.get(name)
        async with hub.db.transaction() as tx:
            await tx.tasks.finish([task])
            if channel is None or not isinstance(channel.connector, Pulls):
                continue
            connector = channel.connector
            await tx.tasks.add(
                [
                    NewTask(
                        kind=PULL_CHANNEL,
                        key=f"{name}:{source}",
                        payload={"channel": name, "source": source},
                        once=f"pull:{name}:{source}",
                    )
                    for source in connector.sources
                ]
            )
            again = NewTask(
                kind=RECONCILE,
                key=name,
                payload={"channel": name},
                due_at=tx.now + connector.pull_every,
                once=f"reconcile:{name}",
            )
            await tx.tasks.add([again])


async def promise_reports(hub: Hub) -> None:
    """Promise the first look for overdue cases; each promises the next."""
    async with hub.db.transaction() as tx:
        await tx.tasks.add([NewTask(kind=REPORT_OVERDUE, key="cases", once=REPORT_OVERDUE)])


async def report_overdue(hub: Hub, tasks: Sequence[Task]) -> None:
    """Tell of cases that were not judged in time, each once, and promise the next look. Cases keep their version: what
    an auditor is about to decide has not changed.
    """
    async with hub.db.transaction() as tx:
        await tx.tasks.finish(tasks)
        late = [replace(case, escalated_at=tx.now) for case in await tx.cases.overdue(limit=_AT_ONCE)]
        await tx.cases.save(late)
        await tx.cases.note([(case.id, "", "overdue", "") for case in late])
        for case in late:
            due: Json = case.due_at.isoformat() if case.due_at else None
            tx.audit.record(
                Deed.by_hub("case.overdue", "case", public("cas", case.id), version=case.version, due_at=due)
            )
        await tx.publish([fact("case.overdue", case) for case in late])
        next_look = tx.now if len(late) == _AT_ONCE else tx.now + _LOOK_EVERY
        await tx.tasks.add([NewTask(kind=REPORT_OVERDUE, key="cases", due_at=next_look, once=REPORT_OVERDUE)])


async def write_down_health(hub: Hub) -> None:
    """Add this process's counts of what happened on the channels and of rule runs to the stored; set the gauges."""
    news, runs = hub.health.take(), hub.rule_counts.take()
    async with hub.db.transaction() as tx:
        await tx.channels.add_health(news)
        await tx.rule_runs.add(runs)
        waiting, oldest = await tx.tasks.waiting()
        TASKS_WAITING.set(waiting)
        OLDEST_TASK_S.set((tx.now - oldest) / timedelta(seconds=1) if oldest else 0)
