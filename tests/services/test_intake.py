"""What comes in is on a timeline exactly once, whatever order it comes in."""

from __future__ import annotations

import pytest

from scrm.connector import RawEvent
from scrm.hub import Arrival, Hub
from scrm.services.intake import accept
from tests.conftest import run_workers


async def test_a_raw_event_delivered_four_times_is_taken_once(hub: Hub) -> None:
    raw = RawEvent(dedup_key="visitor:1", thread="visitor", payload="{}")

    taken = [await accept(hub, Arrival(channel="web", events=(raw,))) for _ in range(4)]
    await run_workers(hub)

    assert [one.new for one in taken] == [1, 0, 0, 0]
