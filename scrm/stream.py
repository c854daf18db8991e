"""Waking workers and carrying live hints. Nothing is remembered here: the database remembers, the stream wakes.

A hint has a topic (`tasks:<kind>`, `events`, `thread:<channel>:<thread>`) and a short text. In one process hints go
to the subscribers directly; with Redis they also reach the other processes. A lost hint costs time, never an event.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_log = structlog.get_logger()
_KEEP = 1000
_STREAM_LENGTH = 10_000
_PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True)
class Hint:
    topic: str
    text: str = ""


class Subscription:
    """Hints for one listener. The oldest are dropped when it does not keep up: they are hints."""

    def __init__(self, prefixes: tuple[str, ...]) -> None:
        self._prefixes = prefixes
        self._hints: deque[Hint] = deque(maxlen=_KEEP)
        self._ready = asyncio.Event()

    def offer(self, hint: Hint) -> None:
        if hint.topic.startswith(self._prefixes):
            self._hints.append(hint)
            self._ready.set()

    async def wait(self, timeout_s: float) -> list[Hint]:
        """Hints that came since the last call, waiting for the first; empty after `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        self._ready.clear()
        hints = list(self._hints)
        self._hints.clear()
        return hints


class Stream(Protocol):
    """What both kinds of stream promise."""

    @property
    def healthy(self) -> bool:
        """Whether hints reach the other processes; when not, listeners should look at the database more often."""
        ...

    def subscribe(self, *prefixes: str) -> contextlib.AbstractContextManager[Subscription]:
        """Hints whose topic starts with one of `prefixes`, from now on."""
        ...

    async def send(self, hints: Iterable[Hint]) -> None:
        """Never raises and never waits long: whoever misses a hint finds the work in the database."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class LocalStream:
    """Hints within one process."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @property
    def healthy(self) -> bool:
        return True

    @contextmanager
    def subscribe(self, *prefixes: str) -> Iterator[Subscription]:
        subscription = Subscription(prefixes)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def send(self, hints: Iterable[Hint]) -> None:
        self.offer(hints)

    def offer(self, hints: Iterable[Hint]) -> None:
        """Hand hints to this process's subscribers."""
        for hint in hints:
            for subscription in self._subscriptions:
                subscription.offer(hint)

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class RedisStream:
    """Hints between processes, over one capped Redis stream that every process reads from its end."""

    def __init__(self, url: str, *, key: str = "scrm:hints") -> None:
        # The reader's time-out must outlast its blocking read; nobody else should wait for a Redis that hangs.
        self._reader: Redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=_PATIENCE_S)
        self._sender: Redis = Redis.from_url(
            url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S, retry=Retry(NoBackoff(), 0)
        )
        self._key = key
        self._origin = secrets.token_hex(6)
        self._local = LocalStream()
        self._healthy = False
        self._stopping = False
        self._last: bytes | str = "$"
        self._reading: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        return self._healthy

    def subscribe(self, *prefixes: str) -> contextlib.AbstractContextManager[Subscription]:
        return self._local.subscribe(*prefixes)

    async def send(self, hints: Iterable[Hint]) -> None:
        hints = list(hints)
        self._local.offer(hints)
        if not self._healthy:
            return  # the reader keeps trying, and says when Redis is back
        text = json.dumps([[hint.topic, hint.text] for hint in hints])
        try:
            await self._sender.xadd(
                self._key, {"from": self._origin, "hints": text}, maxlen=_STREAM_LENGTH, approximate=True
            )
        except (RedisError, OSError) as error:
            self._mark(healthy=False, reason=str(error))

    async def open(self) -> None:
        """Without Redis it is open too: hints reach this process, and the others as soon as Redis is there."""
        await self._reach()
        self._reading = asyncio.create_task(self._read(), name="redis hints")

    async def close(self) -> None:
        """Stops by a flag, and a hint to itself that ends the blocking read: a cancelled read may never return."""
        self._stopping = True
        await self.send([])
        if self._reading is not None:
            await self._reading
        await self._reader.aclose()
        await self._sender.aclose()

    async def _read(self) -> None:
        while not self._stopping:
            if not self._healthy and not await self._reach():
                await asyncio.sleep(1)
                continue
            try:
                self._take(await self._reader.xread({self._key: self._last}, block=1000, count=500))
            except (RedisError, OSError) as error:
                self._mark(healthy=False, reason=str(error))

    async def _reach(self) -> bool:
        """Find Redis, and the stream's end. By its id: what is added between two reads from "$" would be lost."""
        try:
            newest = await self._sender.xrevrange(self._key, count=1)
        except (RedisError, OSError) as error:
            self._mark(healthy=False, reason=str(error))
            return False
        self._last = (newest[0][0] if newest else None) or "0-0"
        self._mark(healthy=True)
        return True

    def _take(self, found: object) -> None:
        """Offer what other processes sent."""
        streams = list(found.values()) if isinstance(found, dict) else [entries for _, entries in found or []]  # type: ignore[attr-defined]  # redis-py answers with a list (RESP2) or a dict (RESP3)
        for entries in streams:
            flat = entries[0] if entries and isinstance(entries[0], list) else entries
            for entry_id, fields in flat:
                self._last = entry_id
                if fields.get(b"from", b"").decode() != self._origin:
                    self._local.offer(Hint(topic, text) for topic, text in json.loads(fields[b"hints"]))

    def _mark(self, *, healthy: bool, reason: str = "") -> None:
        if healthy != self._healthy:
            self._healthy = healthy
            if healthy:
                _log.info("redis reached")
            else:
                _log.warning("redis cannot be reached; work goes on, found by looking", reason=reason)
