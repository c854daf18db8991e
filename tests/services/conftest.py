"""An English school with two channels and a price book: what the service tests work in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scrm.connector import RawEvent, ReplyWindow
from scrm.core.timeline import Entry
from scrm.hub import Arrival, Channel, Hub
from scrm.services.intake import accept
from scrm.services.prices import load_price_book
from scrm.store.events import StoredEvent
from scrm.testing.channel import FakeChannel
from tests.conftest import Clock, run_workers


@dataclass
class School:
    """A hub with a web chat, and a customer service channel that allows five replies in 48 hours."""

    hub: Hub
    clock: Clock
    chat: FakeChannel
    service: FakeChannel

    async def hears(self, channel: FakeChannel, *events: RawEvent) -> None:
        """Events come in and are read."""
        await accept(self.hub, Arrival(channel=channel.channel, events=events))
        await run_workers(self.hub)

    async def says(self, channel: FakeChannel, text: str = "", **fields: object) -> None:
        """Somebody says something now."""
        fields.setdefault("at", self.clock().isoformat())
        await self.hears(channel, channel.happening(text, **fields))

    async def timeline(self, name_or_id: str | int | None = None) -> list[Entry]:
        """The timeline of the only (or the named) customer, oldest first."""
        async with self.hub.db.reading() as tx:
            customer_id = name_or_id if isinstance(name_or_id, int) else (await self.customers(name_or_id))[0]
            return list(reversed(await tx.timeline.page(customer_id, limit=200)))

    async def customers(self, name: str | None = None) -> list[int]:
        async with self.hub.db.reading() as tx:
            found = await tx.customers.recent(query=name or "", only="all", owner_id=0, before=None, limit=100)
        return [customer.id for customer in found]

    async def events(self, kind: str) -> Sequence[StoredEvent]:
        async with self.hub.db.reading() as tx:
            return [event for event in await tx.events.since(0) if event.type == kind]


@pytest.fixture
async def school(hub: Hub, clock: Clock, tmp_path: Path) -> School:
    chat = FakeChannel("chat")
    service = FakeChannel("service", reply_window=ReplyWindow(open_for=timedelta(hours=48), messages=5))
    channels = {name: Channel(name, "fake", one) for name, one in (("chat", chat), ("service", service))}
    opened = replace(hub, channels={**hub.channels, **channels})
    prices = tmp_path / "prices.toml"
    prices.write_text(price_book(clock()), encoding="utf-8")
    await load_price_book(opened, prices, by="test")
    return School(opened, clock, chat, service)


def price_book(now: datetime) -> str:
    start, end = now - timedelta(days=20), now + timedelta(days=10)
    return f"""
[[product]]
sku = "YEAR"
name = "年课"
aliases = ["年度课程", "全年课"]
list_price = 5980
[[product.promotion]]
name = "开学季"
price = 4980
from = {start.date().isoformat()}
to = {end.date().isoformat()}
[product.floors]
rep = 4800

[[product]]
sku = "SHORT"
name = "短期班"
list_price = 1280
"""
