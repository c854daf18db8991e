"""What the hub lends a connector, for tests: real HTTP, an intake that keeps a list, a history in memory."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime

import aiohttp

from scrm.connector import (
    ChannelUnavailable,
    ConnectorContext,
    HttpResponse,
    Intake,
    Json,
    RawEvent,
    ThreadHistory,
    ThreadMessage,
    ThreadSignal,
)

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Noon in Shanghai: the time it is in tests that do not say otherwise."""


class ListIntake:
    """An intake that keeps what it takes; taking the same key again adds nothing, as in the hub."""

    def __init__(self) -> None:
        self.events: list[RawEvent] = []

    async def __call__(self, events: Sequence[RawEvent]) -> None:
        known = {raw.dedup_key for raw in self.events}
        for raw in events:
            if raw.dedup_key not in known:
                known.add(raw.dedup_key)
                self.events.append(raw)


class MemoryHistory:
    """A `ThreadHistory` without a hub: tests add messages, connectors read them and hear of them."""

    def __init__(self) -> None:
        self.signalled: list[tuple[str, ThreadSignal]] = []
        self._messages: defaultdict[str, list[ThreadMessage]] = defaultdict(list)
        self._listeners: defaultdict[str, list[asyncio.Queue[ThreadSignal]]] = defaultdict(list)

    async def add(self, thread: str, message: ThreadMessage) -> None:
        """Put a message on a thread and tell those who listen."""
        self._messages[thread].append(message)
        await self.signal(thread, ThreadSignal(what="changed", direction=message.direction))

    async def after(self, thread: str, message_id: str, *, limit: int = 200) -> Sequence[ThreadMessage]:
        messages = sorted(self._messages[thread], key=lambda message: message.id)
        if not message_id:
            return messages[-limit:]
        return [message for message in messages if message.id > message_id][:limit]

    async def signals(self, thread: str) -> AsyncIterator[ThreadSignal]:
        queue: asyncio.Queue[ThreadSignal] = asyncio.Queue()
        self._listeners[thread].append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners[thread].remove(queue)

    async def signal(self, thread: str, signal: ThreadSignal) -> None:
        self.signalled.append((thread, signal))
        for queue in self._listeners[thread]:
            queue.put_nowait(signal)


class PlainHttp:
    """An `HttpClient` that speaks real HTTP and does nothing else: one connection per request."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Json = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> HttpResponse:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(method, url, params=params, json=json, data=body, headers=headers) as response,
            ):
                lower = {name.lower(): value for name, value in response.headers.items()}
                return HttpResponse(status=response.status, headers=lower, body=await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ChannelUnavailable(f"no answer from {url}: {error}") from error


def connector_context(
    *,
    now: datetime | Callable[[], datetime] = NOON,
    intake: Intake | None = None,
    history: ThreadHistory | None = None,
) -> ConnectorContext:
    """A context in which everything works. Pass your own `ListIntake` or `MemoryHistory` to look into them."""
    return ConnectorContext(
        http=PlainHttp(),
        now=(lambda: now) if isinstance(now, datetime) else now,
        intake=intake or ListIntake(),
        history=history or MemoryHistory(),
    )
