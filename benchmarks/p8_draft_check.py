"""P8: the check of a draft by HTTP while a rep types, for a customer with a long history.

    python benchmarks/p8_draft_check.py [--entries 2000] [--drafts 400] [--json]

The server has one core, the load the other; one draft after the other, each with another price or without one, as a rep
types. Beside it a signed-in request that does next to nothing: what HTTP, session and database cost by themselves.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from pathlib import Path

import aiohttp
from figures import Figure, arguments, percentile, show, stay_on
from p2_pipeline import fill_inbox
from places import KINDS, REDIS, fresh, settings
from serving import LOAD_CORE, PASSWORD, processes
from talk import CHANNELS, PRICE_BOOK, PRODUCTS, events

from scrm.bootstrap import open_hub
from scrm.services.intake import READ_INBOX
from scrm.telemetry import set_up_logs
from scrm.worker import run_due

WORDS = ("好的，我帮您登记一下，", "您好，", "给您申请到了，", "今天报名的话", "")
WARM_UP = 20


def main() -> None:
    given = arguments(__doc__, entries=2_000, drafts=400)
    stay_on(LOAD_CORE)
    for kind in KINDS:
        show(asyncio.run(_measure(kind, given.entries, given.drafts)), as_json=given.json)


async def _measure(kind: str, entries: int, drafts: int) -> list[Figure]:
    async with fresh(kind) as url:
        await _fill(url, entries)
        with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as prices:
            prices.write(PRICE_BOOK)
            prices.flush()
            async with processes(_settings(url, prices.name), [["serve"]]) as address:
                checks, bare, found = await _load(address, drafts)
    assert found, "drafts that contradict what was told are found"
    p50, p99 = percentile(bare, 50), percentile(bare, 99)
    return [
        Figure(name=f"P8 {kind}, draft check, p50", value=percentile(checks, 50), unit="ms", limit=p50),
        Figure(name=f"P8 {kind}, draft check, p99", value=percentile(checks, 99), unit="ms", limit=p99, target="30 ms"),
    ]


async def _fill(url: str, entries: int) -> None:
    """One customer with so many entries, a second apart."""
    set_up_logs("console", "error")
    async with open_hub(settings(url)) as hub:
        await fill_inbox(hub, list(events(entries, customers=1)))
        while await run_due(hub, [READ_INBOX]):
            pass


def _settings(url: str, prices: str) -> str:
    redis = f'redis_url = "{REDIS}"\n' if url.startswith("postgresql") else ""
    channels = "\n".join(
        f"[channels.{name}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in dict(table).items())  # type: ignore[call-overload]
        for name, table in CHANNELS.items()
    )
    return (
        f'database_url = "{url}"\n{redis}log_level = "error"\nadmin_password = "{PASSWORD}"\n'
        f'price_book = "{Path(prices).as_posix()}"\n{channels}\n'
    )


async def _load(address: str, drafts: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of each check and of each bare request, taking turns; and how many drafts had findings."""
    dice = random.Random(8)
    # By default no cookies are kept for addresses without a name.
    async with aiohttp.ClientSession(address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.post("/api/v1/session", json={"login": "admin", "password": PASSWORD}) as answer:
            headers = {"X-CSRF-Token": (await answer.json())["csrf"]}
        async with browser.get("/api/v1/customers") as answer:
            customer = (await answer.json())["items"][0]["id"]
        checks, bare, found = [], [], 0
        for _ in range(drafts + WARM_UP):
            product, price = dice.choice(PRODUCTS)
            said = f"{product}现在{price + dice.choice((-300, -100, 0, 0, 300))}元" if dice.random() < 0.7 else "稍等"
            started = time.perf_counter()
            path = f"/api/v1/customers/{customer}/draft-checks"
            async with browser.post(path, json={"text": dice.choice(WORDS) + said}, headers=headers) as answer:
                found += bool((await answer.json())["findings"])
            checked = time.perf_counter()
            async with browser.get("/api/v1/session") as answer:
                await answer.read()
            bare.append((time.perf_counter() - checked) * 1000)
            checks.append((checked - started) * 1000)
    return checks[WARM_UP:], bare[WARM_UP:], found


if __name__ == "__main__":
    main()
