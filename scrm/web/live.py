"""Live events (SSE): one reader of the event table per process, and a queue per open browser.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import structlog
from aiohttp import web

from scrm.core.access import Permission, require
from scrm.core.errors import NotFound
from scrm.core.ids import first_at, made_at, public, row
from scrm.core.timeline import Direction, Json
from scrm.hub import Hub
from scrm.services.threads import typing_thread
from scrm.store.events import StoredEvent
from scrm.telemetry import LIVE_CONNECTIONS
from scrm.web.openapi import ACTOR, HUB

_log = structlog.get_logger()
OVERLAP = timedelta(seconds=2)
"""Ids of concurrent commits may appear late: every look goes back so far, and what was seen is dropped."""
TOO_OLD = timedelta(minutes=10)
_HEARTBEAT_S = 15.0
_QUEUE = 1000
_PAGE = 1000
_BUSY = 200
_BREATH_S = 0.1
_SEEN = 50_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One SSE event. `id` is empty for passing signals, which are not resumed."""

    event: str
    data: Mapping[str, Json]
    id: str = ""

    def encode(self) -> bytes:
        text = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        opening = f"id: {self.id}\n" if self.id else ""
        return f"{opening}event: {self.event}\ndata: {text}\n\n".encode()


Waiting: TypeAlias = "asyncio.Queue[bytes | None]"


class LiveFeed:
    """Reads new events once and hands them to every open stream of this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._streams: set[Waiting] = set()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._stopping = False

    async def run(self) -> None:
        """Look for new events whenever told so, and now and then anyway, until `stop`."""
        async with self._hub.db.reading() as tx:
            last = await tx.events.last_id()
            self._note(await tx.events.since(_before(last)))
        with self._hub.stream.subscribe("events", "thread:") as subscription:
            while not self._stopping:
                hints = await subscription.wait(2.0 if self._hub.stream.healthy else 0.5)
                try:
                    for hint in hints:
                        if thread := typing_thread(hint):
                            await self._tell_typing(*thread)
                    if not hints or any(hint.topic == "events" for hint in hints):
                        last = await self._look(last)
                except Exception as error:
                    _log.error("live events cannot be read", reason=str(error))
                    await asyncio.sleep(1)

    def stop(self) -> None:
        """End the reader and every open stream."""
        self._stopping = True
        for queue in self._streams:
            _offer(queue, None)

    @contextmanager
    def listen(self) -> Iterator[Waiting]:
        """Frames from now on; None means that the stream ends here."""
        queue: Waiting = asyncio.Queue(_QUEUE)
        self._streams.add(queue)
        LIVE_CONNECTIONS.set(len(self._streams))
        try:
            yield queue
        finally:
            self._streams.discard(queue)
            LIVE_CONNECTIONS.set(len(self._streams))

    async def _look(self, last: int) -> int:
        """Hand out what is new; give back the newest id seen. With nobody listening, only the place is kept."""
        if not self._streams:
            async with self._hub.db.reading() as tx:
                return max(last, await tx.events.last_id())
        after = _before(last)
        handed = 0
        while True:
            async with self._hub.db.reading() as tx:
                found = await tx.events.since(after, limit=_PAGE)
            for event in self._note(found):
                self._hand_out(frame_of(event))
                last = max(last, event.id)
                handed += 1
            if len(found) < _PAGE:
                break
            after = found[-1].id
        if handed > _BUSY:
            await asyncio.sleep(_BREATH_S)  # a flood is read in larger pieces, not once per commit
        return last

    def _note(self, found: list[StoredEvent]) -> list[StoredEvent]:
        fresh = [event for event in found if event.id not in self._seen]
        self._seen.update((event.id, None) for event in fresh)
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        return fresh

    def _hand_out(self, frame: Frame) -> None:
        encoded = frame.encode()
        for queue in list(self._streams):
            if not _offer(queue, encoded):
                # A browser that does not keep up starts over: it resumes by the last id it has seen.
                self._streams.discard(queue)

    async def _tell_typing(self, channel: str, thread: str) -> None:
        async with self._hub.db.reading() as tx:
            said = await tx.timeline.thread_after(channel, thread, 0, limit=1)
        for entry in said:
            if entry.customer_id is not None:
                data = {"customer_id": public("cus", entry.customer_id), "direction": Direction.INBOUND.value}
                self._hand_out(Frame("typing", data))


LIVE = web.AppKey("live", LiveFeed)


async def stream_events(request: web.Request) -> web.StreamResponse:
    """An event stream. Resumes after `Last-Event-ID`, with a short overlap; too old an id is answered by `resync`."""
    require(request[ACTOR], Permission.READ_CUSTOMERS)
    feed = request.app[LIVE]
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    with feed.listen() as queue:
        await response.write(b"retry: 2000\n\n" + await _missed(request))
        while True:
            try:
                async with asyncio.timeout(_HEARTBEAT_S):
                    frame = await queue.get()
            except TimeoutError:
                frame = b": still here\n\n"
            if frame is None:
                return response
            try:
                await response.write(frame)
            except (ConnectionError, RuntimeError):
                return response


def frame_of(event: StoredEvent) -> Frame:
    return Frame(event.type, event.as_json(), public("evt", event.id))


async def _missed(request: web.Request) -> bytes:
    """What happened since the browser was last connected."""
    hub = request.app[HUB]
    given = request.headers.get("Last-Event-ID") or request.query.get("last_event_id") or ""
    if not given:
        return b""
    try:
        last = row("evt", given)
    except NotFound:
        return Frame("resync", {}).encode()
    if hub.now() - made_at(last) > TOO_OLD:
        return Frame("resync", {}).encode()
    async with hub.db.reading() as tx:
        found = await tx.events.since(_before(last), limit=_PAGE)
    if len(found) >= _PAGE:
        return Frame("resync", {}).encode()
    return b"".join(frame_of(event).encode() for event in found)


def _before(event_id: int) -> int:
    return first_at(made_at(event_id) - OVERLAP)


def _offer(queue: Waiting, frame: bytes | None) -> bool:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
        return False
    queue.put_nowait(frame)
    return True
