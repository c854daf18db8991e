"""P3: latency of one event on an idle hub, from the callback's first byte to the live event at a browser.

    python benchmarks/p3_latency.py [--events 200] [--json]

The hub has one core, callback and browser the other. On SQLite everything runs in one process, on PostgreSQL a server
and a worker, woken over Redis. There is no bare limit; the time of an answered sign of life tells what the machine's
network and event loops cost by themselves.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import aiohttp
from figures import Figure, arguments, percentile, show, stay_on
from p1_intake import post, request_bytes
from serving import LOAD_CORE, PASSWORD, served

COMMANDS: dict[str, list[list[str]]] = {
    "SQLite": [["serve"]],
    "PostgreSQL": [["serve", "--workers", "0"], ["worker"]],
}
BETWEEN_S = 0.05


def main() -> None:
    given = arguments(__doc__, events=200)
    stay_on(LOAD_CORE)
    for kind, commands in COMMANDS.items():
        show(asyncio.run(_measure(kind, commands, given.events)), as_json=given.json)


async def _measure(kind: str, commands: list[list[str]], events: int) -> list[Figure]:
    # By default no cookies are kept for addresses without a name.
    cookies = aiohttp.CookieJar(unsafe=True)
    async with served(kind, *commands) as address, aiohttp.ClientSession(address, cookie_jar=cookies) as browser:
        async with browser.post("/api/v1/session", json={"login": "admin", "password": PASSWORD}) as answer:
            answer.raise_for_status()
        bare = [await _sign_of_life(browser) for _ in range(events)]
        async with browser.get("/api/v1/events", timeout=aiohttp.ClientTimeout(total=None)) as stream:
            stream.raise_for_status()
            seen = _added(stream)
            times = [await _one(address, seen, number) for number in range(events + 20)][20:]
    return [
        Figure(name=f"P3 {kind}, callback to browser, p50", value=percentile(times, 50), unit="ms", target="15 ms"),
        Figure(name=f"P3 {kind}, callback to browser, p99", value=percentile(times, 99), unit="ms", target="60 ms"),
        Figure(name=f"P3 {kind}, a sign of life, p50", value=percentile(bare, 50), unit="ms"),
    ]


async def _one(address: str, seen: AsyncIterator[str], number: int) -> float:
    """Milliseconds from sending a callback until its entry is seen."""
    await asyncio.sleep(BETWEEN_S)
    started = time.perf_counter()
    sending = asyncio.create_task(post(address, request_bytes(number)))
    await anext(seen)
    took = (time.perf_counter() - started) * 1000
    await sending
    return took


async def _added(stream: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """Texts of entries as they are added."""
    event = ""
    async for line in stream.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            event = value
        elif name == "data" and event == "entry.added":
            yield json.loads(value)["payload"]["text"]


async def _sign_of_life(browser: aiohttp.ClientSession) -> float:
    started = time.perf_counter()
    async with browser.get("/health/live") as answer:
        await answer.read()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
