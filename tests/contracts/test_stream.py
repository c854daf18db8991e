"""What both streams promise: hints reach every subscriber, across processes with Redis, and losing one never hurts."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from typing import Self
from urllib.parse import urlsplit

import pytest
import redis

from scrm.stream import Hint, LocalStream, RedisStream, Stream
from tests.conftest import REDIS, skip_or_fail

ANSWER_S = 3.0
"""Longer than any hint takes; tests end as soon as it is there."""


@pytest.fixture
def key() -> Iterator[str]:
    """A stream of this test alone, gone in the end."""
    name = f"scrm:test:{secrets.token_hex(6)}"
    with redis.Redis.from_url(REDIS) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            skip_or_fail(f"Redis does not answer: {error}")
        yield name
        client.delete(name)


@contextlib.asynccontextmanager
async def opened(stream: Stream) -> AsyncIterator[Stream]:
    await stream.open()
    try:
        yield stream
    finally:
        await stream.close()


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.server)])
async def stream(request: pytest.FixtureRequest) -> AsyncIterator[Stream]:
    made = LocalStream() if request.param == "local" else RedisStream(REDIS, key=request.getfixturevalue("key"))
    async with opened(made) as ready:
        yield ready


@pytest.fixture
async def others(key: str) -> AsyncIterator[tuple[Stream, Stream]]:
    """Two processes' streams."""
    async with opened(RedisStream(REDIS, key=key)) as one, opened(RedisStream(REDIS, key=key)) as two:
        yield one, two


async def test_a_hint_reaches_every_subscriber_once(stream: Stream) -> None:
    with stream.subscribe("events") as one, stream.subscribe("events") as two:
        await stream.send([Hint("events", "first"), Hint("events", "second")])

        expected = [Hint("events", "first"), Hint("events", "second")]
        assert await one.wait(ANSWER_S) == expected
        assert await two.wait(ANSWER_S) == expected
        assert await one.wait(0.05) == []


async def test_a_subscriber_gets_the_topics_that_start_with_its_prefixes(stream: Stream) -> None:
    with stream.subscribe("tasks:read", "thread:web:") as subscription:
        await stream.send([Hint("tasks:read_inbox"), Hint("tasks:run_import"), Hint("thread:web:7"), Hint("events")])

        assert [hint.topic for hint in await subscription.wait(ANSWER_S)] == ["tasks:read_inbox", "thread:web:7"]


async def test_hints_that_came_while_nobody_waited_are_there_at_the_next_wait(stream: Stream) -> None:
    with stream.subscribe("events") as subscription:
        await stream.send([Hint("events", "1")])
        await stream.send([Hint("events", "2")])

        assert [hint.text for hint in await subscription.wait(ANSWER_S)] == ["1", "2"]


async def test_a_subscriber_that_does_not_keep_up_loses_the_oldest_and_nobody_waits_for_it(stream: Stream) -> None:
    with stream.subscribe("events") as lazy:
        await stream.send(Hint("events", str(number)) for number in range(3000))

        hints = await lazy.wait(ANSWER_S)
        assert len(hints) < 3000
        assert hints[-1].text == "2999"


async def test_after_its_subscription_ended_nobody_is_told(stream: Stream) -> None:
    with stream.subscribe("events") as subscription:
        pass
    await stream.send([Hint("events")])

    assert await subscription.wait(0.05) == []


async def test_closing_ends_promptly(stream: Stream) -> None:
    started = time.monotonic()
    await stream.close()

    assert time.monotonic() - started < 2


@pytest.mark.server
async def test_hints_cross_processes(others: tuple[Stream, Stream]) -> None:
    here, there = others
    with there.subscribe("tasks:") as subscription:
        await here.send([Hint("tasks:read_inbox", "雪")])

        assert await subscription.wait(ANSWER_S) == [Hint("tasks:read_inbox", "雪")]


@pytest.mark.server
async def test_no_hint_is_lost_between_two_reads(others: tuple[Stream, Stream]) -> None:
    here, there = others
    with there.subscribe("events") as subscription:
        heard: list[str] = []
        for number in range(50):
            await here.send([Hint("events", str(number))])
            await asyncio.sleep(0.001 * (number % 7))
        while len(heard) < 50 and (hints := await subscription.wait(ANSWER_S)):
            heard += [hint.text for hint in hints]

    assert heard == [str(number) for number in range(50)]


@pytest.mark.server
async def test_hints_go_on_after_redis_lost_everything(others: tuple[Stream, Stream], key: str) -> None:
    here, there = others
    with redis.Redis.from_url(REDIS) as client, there.subscribe("events") as subscription:
        await here.send([Hint("events", "before")])
        await subscription.wait(ANSWER_S)
        client.delete(key)
        await here.send([Hint("events", "after")])

        assert [hint.text for hint in await subscription.wait(ANSWER_S)] == ["after"]


async def test_without_redis_hints_still_reach_this_process_and_nothing_is_raised() -> None:
    async with opened(RedisStream("redis://127.0.0.1:1/0")) as alone:
        with alone.subscribe("events") as subscription:
            await alone.send([Hint("events", "here")])

            assert not alone.healthy
            assert await subscription.wait(ANSWER_S) == [Hint("events", "here")]


async def test_a_redis_that_does_not_answer_keeps_nobody_waiting() -> None:
    async with Line(None) as line, opened(RedisStream(line.url)) as stream:
        started = time.monotonic()
        for _ in range(10):
            await stream.send([Hint("events")])

        assert time.monotonic() - started < 2
        assert not stream.healthy


@pytest.mark.server
async def test_when_redis_goes_the_stream_says_so_and_when_it_is_back_hints_cross_again(key: str) -> None:
    async with (
        Line(REDIS) as line,
        opened(RedisStream(line.url, key=key)) as here,
        opened(RedisStream(REDIS, key=key)) as there,
    ):
        assert here.healthy
        await line.cut()
        await here.send([Hint("events", "lost")])
        assert not here.healthy

        await line.mend()
        for _ in range(100):
            if not here.healthy:
                await asyncio.sleep(0.05)
        with here.subscribe("events") as subscription:
            await there.send([Hint("events", "back")])
            assert [hint.text for hint in await subscription.wait(ANSWER_S)] == ["back"]
        with there.subscribe("events") as subscription:
            await here.send([Hint("events", "and forth")])
            assert [hint.text for hint in await subscription.wait(ANSWER_S)] == ["and forth"]


class Line:
    """A telephone line to Redis that can be cut and mended; without a Redis it is picked up and nobody speaks."""

    def __init__(self, redis_url: str | None) -> None:
        self._target = urlsplit(redis_url) if redis_url else None
        self._talks: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._talks):
            writer.close()
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        try:
            if self._target is None:
                await reader.read()
                return
            there, back = await asyncio.open_connection(self._target.hostname, self._target.port or 6379)
            self._talks.add(back)
            await asyncio.gather(_pour(reader, back), _pour(there, writer))
            self._talks.discard(back)
        finally:
            self._talks.discard(writer)
            writer.close()


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(65536):
            target.write(piece)
            await target.drain()
    target.close()
