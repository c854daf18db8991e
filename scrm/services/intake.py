"""Intake: the one way in. Callbacks, pulls, sockets and file imports all end in `accept`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from scrm.connector import Opens, Pulls, RawEvent
from scrm.core.access import Actor
from scrm.core.audit_chain import Deed
from scrm.core.errors import Parked
from scrm.core.timeline import ChannelEvent, Direction, Json, Speaker, Unsupported
from scrm.hub import Arrival, Hub, Taken
from scrm.services.timeline import Happened, put_on_timeline
from scrm.store.database import Transaction
from scrm.store.inbox import SetAside, StoredEvent
from scrm.store.tasks import NewTask, Task
from scrm.telemetry import RECEIVED, REPEATED

_log = structlog.get_logger()
READ_INBOX, PULL_CHANNEL = "read_inbox", "pull_channel"


async def accept(hub: Hub, arrival: Arrival) -> Taken:
    """Take what came in. When this returns it is durable: raw events verbatim, the promise to read them, the cursor."""
    taken = await hub.arrivals(arrival)
    if taken.new:
        hub.health.received(arrival.channel, taken.new, hub.now())
        RECEIVED.labels(arrival.channel).inc(taken.new)
    if taken.repeated:
        REPEATED.labels(arrival.channel).inc(taken.repeated)
    return taken


async def store_arrivals(tx: Transaction, arrivals: Sequence[Arrival]) -> list[Taken]:
    """Store a group of arrivals; the `apply` of the hub's group commit."""
    offered = [(arrival.channel, raw) for arrival in arrivals for raw in arrival.events]
    stored = await tx.inbox.take(offered) if offered else []
    await tx.tasks.add(
        [read_task(event.id, event.channel, event.raw.thread) for event in stored]
        + [_pull_task(a.channel, notice.source, notice.token) for a in arrivals for notice in a.notices]
    )
    for arrival in arrivals:
        if arrival.source is not None and arrival.cursor is not None:
            await tx.channels.move_cursor(arrival.channel, arrival.source, arrival.cursor)
    return _taken(arrivals, stored)


def read_task(inbox_id: int, channel: str, thread: str) -> NewTask:
    """The promise to put a raw event on a timeline, in its conversation's order."""
    return NewTask(kind=READ_INBOX, key=f"{channel}:{thread}", ref=inbox_id)


async def pull_channel(hub: Hub, tasks: Sequence[Task]) -> None:
    """Fetch what is new at the providers, page by page; each page is stored with its cursor before the next."""
    runs: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        runs.setdefault((str(task.payload["channel"]), str(task.payload["source"])), []).append(task)
    for (channel, source), run in runs.items():
        connector = hub.channel(channel).connector
        if isinstance(connector, Pulls):
            token = next((str(task.payload["token"]) for task in reversed(run) if task.payload.get("token")), "")
            await _pull(hub, connector, source, token)
        async with hub.db.transaction() as tx:
            await tx.tasks.finish(run)


async def _pull(hub: Hub, connector: Pulls, source: str, token: str) -> None:
    async with hub.db.reading() as tx:
        cursor = await tx.channels.cursor(connector.channel, source)
    async for page in connector.pull(source, cursor, token):
        await accept(hub, Arrival(channel=connector.channel, events=page.events, source=source, cursor=page.cursor))


async def read_inbox(hub: Hub, tasks: Sequence[Task]) -> None:
    """Put a batch of raw events on their customers' timelines. All of it, or none."""
    async with hub.db.reading() as tx:
        stored = await tx.inbox.load([task.ref for task in tasks])
    normalised = await normalise(hub, stored)
    async with hub.db.transaction() as tx:
        await tx.inbox.set_aside(normalised.parked)
        await tx.publish(await put_on_timeline(hub, tx, normalised.events))
        await tx.tasks.finish(tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """A batch in the hub's words, in order; and what is parked."""

    events: tuple[Happened, ...]
    parked: tuple[SetAside, ...]


async def normalise(hub: Hub, stored: Sequence[StoredEvent]) -> Normalised:
    """Put raw events into the hub's words. What cannot be read becomes `Unsupported`; what waits for a key, parked."""
    readable = await _opened(hub, stored)
    events: list[Happened] = []
    parked: list[SetAside] = []
    for event, raw in readable:
        try:
            if isinstance(raw, Exception):
                raise raw
            found: Sequence[ChannelEvent] = hub.channel(event.channel).connector.normalise(raw)
        except Parked as reason:
            parked.append(SetAside(inbox_id=event.id, channel=event.channel, why="parked", reason=str(reason)))
            continue
        except Exception as error:
            found = [_unsupported(event, error)]
        events += [Happened(event.channel, happening, event.id, event.received_at) for happening in found]
    return Normalised(events=tuple(events), parked=tuple(parked))


async def replay_parked(hub: Hub, actor: Actor | None, channel: str) -> int:
    """Read parked events again, oldest first; says how many. `actor` is None where the operator does it."""
    hub.channel(channel)
    async with hub.db.transaction() as tx:
        parked = await tx.inbox.take_parked(channel)
        await tx.tasks.add([read_task(inbox_id, channel, thread) for inbox_id, thread in parked])
        tx.audit.record(Deed.by(actor, "parked.replayed", "channel", channel, events=len(parked)))
    return len(parked)


async def keep_unreadable(hub: Hub, channel: str, raw: RawEvent, reason: str) -> None:
    """Keep an authentic callback that cannot be read, verbatim and apart, for a person to look at."""
    async with hub.db.transaction() as tx:
        stored = await tx.inbox.take([(channel, raw)])
        await tx.inbox.set_aside(
            [SetAside(inbox_id=event.id, channel=channel, why="unreadable", reason=reason) for event in stored]
        )


async def _opened(hub: Hub, stored: Sequence[StoredEvent]) -> list[tuple[StoredEvent, RawEvent | Exception]]:
    """Raw events with their payload readable; connectors that decrypt do so here, outside any transaction."""
    opened: dict[int, RawEvent | Exception] = {event.id: event.raw for event in stored}
    for channel in dict.fromkeys(event.channel for event in stored):
        found = hub.channels.get(channel)
        if found is not None and isinstance(found.connector, Opens):
            own = [event for event in stored if event.channel == channel]
            results = await found.connector.open_events([event.raw for event in own])
            opened.update({event.id: result for event, result in zip(own, results, strict=True)})
    return [(event, opened[event.id]) for event in stored]


def _unsupported(event: StoredEvent, error: Exception) -> ChannelEvent:
    _log.warning("an event could not be read", channel=event.channel, inbox_id=event.id, reason=str(error))
    return ChannelEvent(
        id=f"raw:{event.raw.dedup_key}"[:300],
        thread=event.raw.thread,
        at=event.received_at,
        customer=None,
        body=Unsupported(provider_kind="unreadable", reason=f"{type(error).__name__}: {error}"),
        direction=Direction.INTERNAL,
        speaker=Speaker.SYSTEM,
    )


def _taken(arrivals: Sequence[Arrival], stored: Sequence[StoredEvent]) -> list[Taken]:
    new = {(event.channel, event.raw.dedup_key) for event in stored}
    results = []
    for arrival in arrivals:
        own = {(arrival.channel, raw.dedup_key) for raw in arrival.events}
        number = len(own & new)
        new -= own
        results.append(Taken(new=number, repeated=len(arrival.events) - number))
    return results


def _pull_task(channel: str, source: str, token: str) -> NewTask:
    payload: dict[str, Json] = {"channel": channel, "source": source, "token": token}
    return NewTask(kind=PULL_CHANNEL, key=f"{channel}:{source}", payload=payload)
