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
from redis.exceptions import RedisError

_log = structlog.get_logger()
_KEEP = 1000
_STREAM_LENGTH = 10_000


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
        # The read time-out must outlast the blocking read.
        self._redis: Redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self._key = key
        self._origin = secrets.token_hex(6)
        self._local = LocalStream()
        self._healthy = False
        self._stopping = False
        self._reading: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        return self._healthy

    def subscribe(self, *prefixes: str) -> contextlib.AbstractContextManager[Subscription]:
        return self._local.subscribe(*prefixes)

    async def send(self, hints: Iterable[Hint]) -> None:
        hints = list(hints)
        self._local.offer(hints)
        text = json.dumps([[hint.topic, hint.text] for hint in hints])
        try:
            await self._redis.xadd(
                self._key, {"from": self._origin, "hints": text}, maxlen=_STREAM_LENGTH, approximate=True
            )
        except (RedisError, OSError) as error:
            self._mark(healthy=False, reason=str(error))

    async def open(self) -> None:
        self._reading = asyncio.create_task(self._read(), name="redis hints")

    async def close(self) -> None:
        """Stops by a flag, and a hint to itself that ends the blocking read: a cancelled read may never return."""
        self._stopping = True
        await self.send([])
        if self._reading is not None:
            await self._reading
        await self._redis.aclose()

    async def _read(self) -> None:
        last = "$"
        while not self._stopping:
            try:
                if not self._healthy:
                    await self._redis.ping()
                    self._mark(healthy=True)
                found = await self._redis.xread({self._key: last}, block=1000, count=500)
            except (RedisError, OSError) as error:
                self._mark(healthy=False, reason=str(error))
                last = "$"
                await asyncio.sleep(1)
                continue
            last = self._take(found, last)

    def _take(self, found: object, last: str) -> str:
        """Offer what other processes sent; give back where to go on reading."""
        streams = list(found.values()) if isinstance(found, dict) else [entries for _, entries in found or []]  # type: ignore[attr-defined]  # redis-py answers with a list (RESP2) or a dict (RESP3)
        for entries in streams:
            flat = entries[0] if entries and isinstance(entries[0], list) else entries
            for entry_id, fields in flat:
                last = entry_id
                if fields.get(b"from", b"").decode() != self._origin:
                    self._local.offer(Hint(topic, text) for topic, text in json.loads(fields[b"hints"]))
        return last

    def _mark(self, *, healthy: bool, reason: str = "") -> None:
        if healthy != self._healthy:
            self._healthy = healthy
            if healthy:
                _log.info("redis reached")
            else:
                _log.warning("redis cannot be reached; work goes on, found by looking", reason=reason)
