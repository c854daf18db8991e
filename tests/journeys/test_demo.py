"""The demo as a process: it tells its story by itself up to the viewer's turn, ends cleanly, and can be kept."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from tests.journeys.demo import Demo, running_demo

FAST = ("--pace", "0.1")


async def test_the_demo_plays_until_it_is_the_viewers_turn_and_a_kept_one_goes_on_from_there(tmp_path: Path) -> None:
    async with running_demo(tmp_path, *FAST) as demo:
        await demo.says("【4】")
        password, before = demo.password("lin"), await customers(demo)
        assert await demo.stop() == 0
        assert "Traceback" not in demo.text

    async with running_demo(tmp_path, *FAST, "--keep") as kept:
        assert kept.password("lin") == password
        assert await customers(kept) == before
        assert await kept.stop() == 0
        assert "Traceback" not in kept.text
    assert len(before) >= 17


async def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with running_demo(tmp_path, *FAST, "--pace", "5") as demo:
        async with running_demo(tmp_path, *FAST, until="another demo is running") as second:
            assert await second.process.wait() != 0
        assert await customers(demo)


async def customers(demo: Demo) -> list[tuple[str, int]]:
    """(name, unread) of every customer, as the rep sees them."""
    async with aiohttp.ClientSession(f"{demo.address}/", cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        signed_in = {"login": "lin", "password": demo.password("lin")}
        async with session.post("api/v1/session", json=signed_in, raise_for_status=True):
            pass
        async with session.get("api/v1/customers", params={"limit": "200"}, raise_for_status=True) as answer:
            return [(row["name"], row["unread"]) for row in (await answer.json())["items"]]
