"""Live events: at once, in order, resumed without gaps, and honest when it is too late to resume."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientResponse

from scrm.connector import ThreadSignal
from scrm.core.timeline import Direction
from scrm.services.threads import thread_hint
from tests.services.conftest import School
from tests.web.conftest import Browser


@asynccontextmanager
async def listening(browser: Browser, last_id: str = "") -> AsyncIterator[ClientResponse]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with browser.session.get(f"{browser.address}/api/v1/events", headers=headers) as stream:
        assert stream.content_type == "text/event-stream"
        yield stream


async def next_event(stream: ClientResponse, kind: str) -> tuple[str, dict[str, object]]:
    """The next event of a kind: (id, data)."""
    async with asyncio.timeout(10):
        event, event_id = "", ""
        while True:
            line = (await stream.content.readline()).decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            if name == "id":
                event_id = value
            if name == "data" and event == kind:
                return event_id, json.loads(value)


async def test_a_new_entry_reaches_an_open_browser(school: School, browser: Browser) -> None:
    async with listening(browser) as stream:
        await school.says(school.chat, "在吗")

        _, data = await next_event(stream, "entry.added")

    assert data["payload"]["text"] == "在吗"


async def test_a_browser_that_was_away_gets_what_it_missed(school: School, browser: Browser) -> None:
    async with listening(browser) as stream:
        await school.says(school.chat, "一")
        last_id, _ = await next_event(stream, "entry.added")
    await school.says(school.chat, "二")

    async with listening(browser, last_id) as stream:
        texts = []
        while "二" not in texts:
            _, data = await next_event(stream, "entry.added")
            texts.append(data["payload"]["text"])

    assert texts[-1] == "二"


async def test_too_old_an_id_is_answered_by_resync(school: School, browser: Browser) -> None:
    async with listening(browser) as stream:
        await school.says(school.chat, "一")
        last_id, _ = await next_event(stream, "entry.added")
    school.clock.advance(hours=2)

    async with listening(browser, last_id) as stream:
        await next_event(stream, "resync")


async def test_a_customer_who_is_typing_is_shown(school: School, browser: Browser) -> None:
    await school.says(school.chat, "在吗", customer="visitor")
    async with listening(browser) as stream:
        typing = ThreadSignal(what="typing", direction=Direction.INBOUND)
        await school.hub.stream.send([thread_hint("chat", "visitor", typing)])

        _, data = await next_event(stream, "typing")

    assert data["direction"] == "inbound"


async def test_a_flood_reaches_an_open_browser_whole_and_in_order(school: School, browser: Browser) -> None:
    async with listening(browser) as stream:
        raws = [school.chat.happening(f"第{number}句") for number in range(900)]
        await school.hears(school.chat, *raws)

        texts = [(await next_event(stream, "entry.added"))[1]["payload"]["text"] for _ in range(900)]

    assert texts == [f"第{number}句" for number in range(900)]
