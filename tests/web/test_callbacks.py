"""Callbacks: nothing of a stranger's is stored, nothing authentic is lost, and the answer comes after the commit."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from scrm.hub import Hub
from tests.conftest import run_workers
from tests.services.conftest import School
from tests.web.conftest import Browser

SECRET = "a-secret-of-the-call-centre"
CALL = {
    "type": "call",
    "call_id": "c-1",
    "direction": "outbound",
    "customer_number": "13812345678",
    "agent": {"ext": "8001"},
    "t_start": "2026-11-20T09:30:00+08:00",
    "t_answer": "2026-11-20T09:30:10+08:00",
    "t_end": "2026-11-20T09:31:15+08:00",
    "disposition": "answered",
}


@pytest.fixture
def channels() -> dict[str, dict[str, object]]:
    return {"dialer": {"kind": "call_webhook", "secret": SECRET}, "web": {"kind": "web_im"}}


async def post(browser: Browser, hub: Hub, body: bytes, *, secret: str = SECRET) -> tuple[int, dict[str, object]]:
    timestamp = str(int(hub.now().timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Timestamp": timestamp, "X-Signature": f"sha256={digest}", "Content-Type": "application/json"}
    return await browser.ask("POST", "/callbacks/dialer", data=body, headers=headers)


async def stored(hub: Hub) -> tuple[int, int]:
    """(events that wait or were read, events set aside)."""
    async with hub.db.reading() as tx:
        aside = await tx.inbox.count_set_aside()
        return await tx.timeline.estimate(), sum(aside.values())


async def test_an_authentic_call_is_on_the_timeline(school: School, stranger: Browser) -> None:
    status, _ = await post(stranger, school.hub, json.dumps(CALL).encode())
    await run_workers(school.hub)

    assert status == 200
    (entry,) = await school.timeline()
    assert (entry.kind, entry.body["talk_s"]) == ("call", 65)


async def test_a_wrong_signature_is_refused_and_nothing_is_stored(school: School, stranger: Browser) -> None:
    status, problem = await post(stranger, school.hub, json.dumps(CALL).encode(), secret="somebody-elses")
    await run_workers(school.hub)

    assert (status, problem["title"]) == (403, "BadCallback")
    assert await stored(school.hub) == (0, 0)


async def test_an_authentic_callback_that_cannot_be_read_is_refused_with_a_reason_and_kept(
    school: School, stranger: Browser
) -> None:
    status, problem = await post(stranger, school.hub, b'{"call_id": ')

    assert (status, problem["title"]) == (400, "UnreadableCallback")
    assert problem["detail"]
    assert await stored(school.hub) == (0, 1)


async def test_an_unknown_kind_is_kept_as_an_unsupported_entry(school: School, stranger: Browser) -> None:
    status, _ = await post(stranger, school.hub, json.dumps({**CALL, "type": "hologram"}).encode())
    await run_workers(school.hub)

    assert status == 200
    async with school.hub.db.reading() as tx:
        assert await tx.timeline.count_by_channel("unsupported") == {"dialer": 1}


async def test_a_channel_that_is_not_there_or_takes_no_callbacks_is_not_found(
    school: School, stranger: Browser
) -> None:
    for path in ("/callbacks/nowhere", "/callbacks/web"):
        status, _ = await stranger.ask("POST", path, data=b"x")
        assert status == 404
