"""What the worker promises: one task that cannot be done costs nobody else anything, and no work is forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog

from scrm.connector import RawEvent
from scrm.hub import Arrival, Channel, Hub
from scrm.services.intake import READ_INBOX, accept
from scrm.store.tasks import LEASE, DeadTask
from scrm.telemetry import set_up_logs
from scrm.testing.channel import FakeChannel
from scrm.worker import MOST_ATTEMPTS, Worker, run_due
from tests.conftest import Clock, run_workers


@pytest.fixture(autouse=True)
def _logs_of_production() -> Iterator[None]:
    set_up_logs("console", "error")
    yield
    structlog.reset_defaults()


@pytest.fixture
def chat(hub: Hub) -> FakeChannel:
    return FakeChannel("chat")


@pytest.fixture
def shop(hub: Hub, chat: FakeChannel) -> Hub:
    return replace(hub, channels={"chat": Channel("chat", "fake", chat)})


def poison(customer: str) -> RawEvent:
    """Half of an emoji, escaped: storable as it was sent, but no database takes the text it stands for."""
    said = {"kind": "message", "id": f"poison of {customer}", "customer": customer, "text": "好\ud83d"}
    return RawEvent(dedup_key=f"poison of {customer}", thread=customer, payload=json.dumps(said))


async def timelines(hub: Hub) -> dict[str, list[str]]:
    """Texts by thread, in the order they were put on timelines."""
    async with hub.db.reading() as tx:
        customers = await tx.customers.recent(query="", only="all", owner_id=0, before=None, limit=1000)
        entries = [entry for customer in customers for entry in await tx.timeline.page(customer.id, limit=200)]
    texts: dict[str, list[str]] = {}
    for entry in sorted(entries, key=lambda entry: entry.id):
        texts.setdefault(entry.thread, []).append(entry.text)
    return texts


async def dead(hub: Hub) -> list[DeadTask]:
    async with hub.db.reading() as tx:
        return await tx.tasks.dead()


async def waiting(hub: Hub) -> int:
    async with hub.db.reading() as tx:
        return (await tx.tasks.waiting())[0]


async def test_a_task_that_cannot_be_done_costs_the_others_of_its_batch_nothing(shop: Hub, chat: FakeChannel) -> None:
    raws = [chat.happening(f"第{n}句", customer=f"visitor-{n}") for n in range(49)]
    await accept(shop, Arrival(channel="chat", events=(*raws[:30], poison("visitor-x"), *raws[30:])))

    assert await run_due(shop, [READ_INBOX])

    assert await timelines(shop) == {f"visitor-{n}": [f"第{n}句"] for n in range(49)}
    assert await waiting(shop) == 0  # the culprit waits for its next attempt


async def test_what_follows_a_task_that_cannot_be_done_waits_until_it_is_buried_and_then_goes_on(
    shop: Hub, chat: FakeChannel, clock: Clock
) -> None:
    before, after = (chat.happening(text, customer="visitor-x") for text in ("之前", "之后"))
    await accept(shop, Arrival(channel="chat", events=(before, poison("visitor-x"), after)))

    for attempt in range(MOST_ATTEMPTS):
        assert await timelines(shop) == ({"visitor-x": ["之前"]} if attempt else {})
        assert await dead(shop) == []
        await run_workers(shop)
        clock.advance(seconds=400)
    await run_workers(shop)

    assert await timelines(shop) == {"visitor-x": ["之前", "之后"]}
    (buried,) = await dead(shop)
    assert (buried.key, buried.attempts) == ("chat:visitor-x", MOST_ATTEMPTS)
    assert "UnicodeEncodeError" in buried.reason or "surrogates" in buried.reason


async def test_two_culprits_in_one_batch_are_both_found(shop: Hub, chat: FakeChannel) -> None:
    raws = [chat.happening(f"第{n}句", customer=f"visitor-{n}") for n in range(20)]
    events = (poison("visitor-x"), *raws[:10], poison("visitor-y"), *raws[10:])
    await accept(shop, Arrival(channel="chat", events=events))

    await run_workers(shop)

    assert len(await timelines(shop)) == 20


async def test_a_batch_whose_worker_lost_its_lease_leaves_no_trace(shop: Hub, chat: FakeChannel, clock: Clock) -> None:
    await accept(shop, Arrival(channel="chat", events=(chat.happening("在吗"),)))
    async with shop.db.transaction() as tx:
        await tx.tasks.claim([READ_INBOX], lease="a worker that died")

    await run_workers(shop)
    assert await timelines(shop) == {}

    clock.advance(seconds=LEASE.total_seconds() + 1)
    await run_workers(shop)
    assert await timelines(shop) == {"visitor-1": ["在吗"]}


async def test_a_worker_finds_work_that_nobody_woke_it_for_and_stops_when_told(shop: Hub, chat: FakeChannel) -> None:
    await accept(shop, Arrival(channel="chat", events=(chat.happening("在吗"),)))
    worker = Worker(shop)
    running = asyncio.create_task(worker.run())

    for _ in range(100):
        if not await timelines(shop):
            await asyncio.sleep(0.02)
    worker.stop()
    async with asyncio.timeout(5):
        await running

    assert await timelines(shop) == {"visitor-1": ["在吗"]}
