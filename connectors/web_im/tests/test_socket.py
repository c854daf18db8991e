"""Visitors on real sockets: nothing is lost, nothing comes twice, nobody reads what is not theirs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from hypothesis import given
from hypothesis import strategies as st

from connectors.web_im import create
from connectors.web_im.frames import BadFrame, read_frame
from connectors.web_im.pages import may_embed
from connectors.web_im.settings import WebImSettings
from connectors.web_im.tests.site import Frame, Site, running_site
from connectors.web_im.visitors import Visitors
from scrm.connector import BadSettings, Direction, Identity, Json, OutboundMessage, Sends, ServesPages, ThreadSignal
from scrm.testing.context import NOON, connector_context


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site(messages_per_minute=5, allowed_origins=["https://www.example.cn"]) as running:
        yield running


async def frame(socket: ClientWebSocketResponse, kind: str) -> Frame:
    """The next frame of a kind; others before it are passed over."""
    while True:
        received: Frame = await socket.receive_json(timeout=5)
        if received["type"] == kind:
            return received


async def say(socket: ClientWebSocketResponse, text: str, client_id: str = "client-00000001") -> None:
    await socket.send_json({"type": "message", "id": client_id, "text": text})


async def texts(socket: ClientWebSocketResponse, number: int) -> list[str]:
    """The texts of the next so many messages."""
    told: list[str] = []
    while len(told) < number:
        told += [message["text"] for message in (await frame(socket, "messages"))["messages"]]  # type: ignore[index, union-attr]
    return told


async def quiet(socket: ClientWebSocketResponse) -> bool:
    """Whether nothing more is said."""
    try:
        await socket.receive(timeout=0.1)
    except TimeoutError:
        return True
    return False


async def test_a_message_is_taken_then_acknowledged_then_seen_in_the_history(site: Site) -> None:
    socket, welcome = await site.hello()

    await say(socket, "年卡多少钱？")

    assert await frame(socket, "messages") == {
        "type": "messages",
        "messages": [
            {
                "id": "msg_000001",
                "at": "2026-11-23T04:00:01+00:00",
                "from": "visitor",
                "text": "年卡多少钱？",
                "own": "client-00000001",
            }
        ],
    }
    visit, message = site.intake.events
    assert message.dedup_key == f"{welcome['visitor']}:client-00000001"
    assert message.thread == visit.thread == welcome["visitor"]
    assert "课程" in visit.payload


async def test_the_first_message_tells_of_the_visit_and_later_ones_do_not(site: Site) -> None:
    socket, welcome = await site.hello()
    await say(socket, "在吗", "client-00000001")
    await say(socket, "你好", "client-00000002")
    again, _ = await site.hello(visitor=welcome["visitor"], proof=welcome["proof"])
    await say(again, "还在吗", "client-00000003")
    await frame(again, "ack")

    kinds = [json.loads(raw.payload)["kind"] for raw in site.intake.events]
    assert kinds == ["visit", "message", "message", "message"]


async def test_nothing_is_acknowledged_that_was_not_taken(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    socket, welcome = await site.hello()
    site.intake.failing = True

    await say(socket, "年卡多少钱？")
    closing = await socket.receive(timeout=5)

    assert closing.type is WSMsgType.CLOSE
    assert socket.close_code == 1013  # try again later
    assert "interrupted" in caplog.text
    site.intake.failing = False
    again, _ = await site.hello(visitor=welcome["visitor"], proof=welcome["proof"])
    await say(again, "年卡多少钱？")
    assert (await frame(again, "ack"))["id"] == "client-00000001"
    assert len(site.intake.events) == 2


async def test_a_message_sent_again_because_its_acknowledgement_was_lost_is_there_once(site: Site) -> None:
    socket, welcome = await site.hello()
    await say(socket, "年卡多少钱？")
    await socket.close()

    again, _ = await site.hello(visitor=welcome["visitor"], proof=welcome["proof"])
    await say(again, "年卡多少钱？")

    assert (await frame(again, "ack"))["id"] == "client-00000001"
    assert len(site.intake.events) == 2


async def test_what_was_said_while_the_visitor_was_away_is_told_once_and_in_order(site: Site) -> None:
    socket, welcome = await site.hello()
    visitor = str(welcome["visitor"])
    seen = [await site.answer(visitor, f"第 {number} 条") for number in range(3)]
    assert await texts(socket, 3) == ["第 0 条", "第 1 条", "第 2 条"]
    await socket.close()
    for number in range(3, 450):
        await site.answer(visitor, f"第 {number} 条")

    again, _ = await site.hello(last=seen[-1], visitor=visitor, proof=welcome["proof"])

    assert await texts(again, 447) == [f"第 {number} 条" for number in range(3, 450)]
    assert await quiet(again)
    await site.answer(visitor, "还有一条")
    assert await texts(again, 1) == ["还有一条"]
    assert await quiet(again)


async def test_a_message_that_comes_to_light_late_is_told_and_told_once(site: Site) -> None:
    socket, welcome = await site.hello()
    visitor = str(welcome["visitor"])
    overtaken = next(site.ids)
    for number in range(30):
        await site.answer(visitor, f"第 {number} 条")
        if number == 15:
            later, site.ids = site.ids, iter([overtaken])  # type: ignore[assignment]
            await site.answer(visitor, "被赶上的一条")
            site.ids = later

    told = await texts(socket, 31)

    assert sorted(told) == sorted([*(f"第 {number} 条" for number in range(30)), "被赶上的一条"])
    assert await quiet(socket)


async def test_two_windows_of_a_visitor_show_the_same(site: Site) -> None:
    one, welcome = await site.hello()
    other, _ = await site.hello(visitor=welcome["visitor"], proof=welcome["proof"])

    await say(one, "年卡多少钱？")
    seen_by_other = await texts(other, 1)
    await site.answer(str(welcome["visitor"]), "2980 元")

    assert await texts(one, 2) == [*seen_by_other, *await texts(other, 1)] == ["年卡多少钱？", "2980 元"]


async def test_a_visitor_without_the_proof_is_refused_and_reads_nothing(site: Site) -> None:
    _, welcome = await site.hello()
    await site.answer(str(welcome["visitor"]), "给张女士的报价")

    for proof in ("", str(welcome["proof"])[:-1] + "x", "é" * 64):
        socket, refused = await site.hello(visitor=welcome["visitor"], proof=proof)
        assert (refused["type"], refused["code"]) == ("refused", "wrong_visitor")
        assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE


def test_a_proof_is_good_for_one_visitor_of_one_channel_with_one_secret() -> None:
    visitors = Visitors("web", b"key")
    one, other = visitors.issue(), visitors.issue()

    assert visitors.recognise(one.id, one.proof) == one
    assert Visitors("web", b"key").recognise(one.id, one.proof) == one
    assert visitors.recognise(other.id, one.proof) is None
    assert Visitors("web2", b"key").recognise(one.id, one.proof) is None
    assert Visitors("web", b"key2").recognise(one.id, one.proof) is None


async def test_a_page_of_a_foreign_site_is_refused(site: Site) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await site.connect(origin="https://evil.example.com")

    assert refused.value.status == 403
    await site.connect(origin="https://www.example.cn")
    await site.connect(origin=str(site.server.make_url("/")).rstrip("/"))


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://www.example.cn", True),
        ("https://WWW.example.cn", True),
        ("https://hub.example.cn", True),
        ("http://www.example.cn", False),
        ("https://www.example.cn.evil.com", False),
        ("https://example.cn", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_the_hub_and_the_sites_named_may_embed_the_widget(origin: str, may: bool) -> None:
    settings = WebImSettings(allowed_origins=("https://www.example.cn/",))

    assert may_embed(settings, origin, "hub.example.cn") is may
    assert may_embed(WebImSettings(allowed_origins=("*",)), origin, "hub.example.cn")


async def test_a_message_that_is_too_long_is_refused_in_clear_words_and_the_socket_stays(site: Site) -> None:
    socket, _ = await site.hello()

    await say(socket, "长" * 2001)
    refused = await frame(socket, "refused")

    assert refused["id"] == "client-00000001"
    assert refused["reason"] == "一条消息最多 2000 个字，这条有 2001 个字"
    await say(socket, "😀" * 2000, "client-00000002")
    assert (await frame(socket, "ack"))["id"] == "client-00000002"


async def test_a_flood_is_refused_in_clear_words_and_over_after_a_minute(site: Site) -> None:
    socket, welcome = await site.hello()
    other, _ = await site.hello(visitor=welcome["visitor"], proof=welcome["proof"])

    for number in range(5):
        await say(socket if number % 2 else other, "在吗", f"client-0000000{number}")
    for number in range(5):
        await frame(socket if number % 2 else other, "ack")
    await say(socket, "在吗", "client-00000009")

    refused = await frame(socket, "refused")
    assert (refused["code"], refused["retry_after_s"]) == ("too_fast", 60)
    assert refused["reason"] == "发得太快了，请 60 秒后再发"
    site.now = NOON + timedelta(seconds=60)
    await say(socket, "在吗", "client-00000009")
    assert (await frame(socket, "ack"))["id"] == "client-00000009"


async def test_a_socket_that_does_nothing_but_talk_is_closed(site: Site) -> None:
    socket, _ = await site.hello()

    for _ in range(250):
        await socket.send_json({"type": "ping"})

    assert (await frame(socket, "refused"))["code"] == "flood"
    assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE


@pytest.mark.parametrize(
    "first", ["{}", "x", '{"type":"ping"}', '{"type":"hello","visitor":3}', "[]", '{"type":"hello"']
)
async def test_a_socket_that_does_not_say_hello_is_closed(site: Site, first: str) -> None:
    socket = await site.connect()

    await socket.send_str(first)

    assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE
    assert socket.close_code == 1008


async def test_a_telephone_number_is_left_with_the_visitor_who_left_it(site: Site) -> None:
    socket, welcome = await site.hello()

    await socket.send_json({"type": "contact", "id": "contact-0001", "name": "张女士", "phone": "138 0013 8000"})
    await frame(socket, "ack")

    [event] = site.channel.normalise(site.intake.events[-1])
    assert event.customer == Identity("webim:web", str(welcome["visitor"]))
    assert event.name == "张女士"
    assert [(proof.identity, proof.reason) for proof in event.evidence] == [
        (Identity("phone", "+8613800138000"), "网页聊天留下的手机号")
    ]


async def test_a_wrong_telephone_number_is_refused_in_clear_words(site: Site) -> None:
    socket, _ = await site.hello()

    await socket.send_json({"type": "contact", "id": "contact-0001", "name": "", "phone": "12345"})

    refused = await frame(socket, "refused")
    assert (refused["code"], refused["reason"]) == ("bad_phone", "手机号 '12345' 不是电话号码")
    assert not site.intake.events


async def test_typing_is_told_to_the_other_side_both_ways_and_not_at_every_key(site: Site) -> None:
    socket, welcome = await site.hello()
    visitor = str(welcome["visitor"])

    for _ in range(3):
        await socket.send_json({"type": "typing"})
    await socket.send_json({"type": "ping"})
    await frame(socket, "pong")
    await site.history.signal(visitor, ThreadSignal(what="typing", direction=Direction.OUTBOUND))

    assert await frame(socket, "typing") == {"type": "typing"}
    inbound = [signal for thread, signal in site.history.signalled if signal.direction is Direction.INBOUND]
    assert inbound == [ThreadSignal(what="typing", direction=Direction.INBOUND)]
    assert await quiet(socket)


async def test_a_reply_is_announced_to_the_visitor(site: Site) -> None:
    assert isinstance(site.channel, Sends)
    assert isinstance(site.channel, ServesPages)
    message = OutboundMessage(id="m1", thread="v1", customer=Identity("webim:web", "v1"), text="您好")

    receipt = await site.channel.send(message)

    assert receipt.provider_id == "m1"
    assert site.history.signalled == [("v1", ThreadSignal(what="changed", direction=Direction.OUTBOUND))]


async def test_a_socket_is_let_go_when_the_hub_stops() -> None:
    async with running_site() as site:
        socket, _ = await site.hello()
        waiting = asyncio.create_task(socket.receive(timeout=5))
        await site.server.close()

        assert (await waiting).type is WSMsgType.CLOSE


async def test_the_script_and_the_demo_page_are_served_and_asked_for_again(site: Site) -> None:
    async with site.session.get(site.url("widget.js")) as script:
        assert script.content_type == "text/javascript"
        assert '"SETTINGS"' not in await script.text()
        tag = script.headers["ETag"]
    async with site.session.get(site.url("widget.js"), headers={"If-None-Match": tag}) as again:
        assert again.status == 304
    async with site.session.get(site.url("demo")) as page:
        assert "启明英语" in await page.text()


async def test_the_demo_page_can_be_switched_off() -> None:
    async with running_site(demo=False) as site, site.session.get(site.url("demo")) as page:
        assert page.status == 404


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"secret": "short"}, "secret"),
        ({"colour": "blue"}, "colour"),
        ({"allowed_origins": ["www.example.cn"]}, "allowed_origins.*https://www.example.com"),
        ({"allowed_origins": ["https://www.example.cn/shop"]}, "allowed_origins"),
        ({"messages_per_minute": 0}, "messages_per_minute"),
        ({"color": "#fff"}, "color"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Json], field: str) -> None:
    with pytest.raises(BadSettings, match=f"web.*{field}"):
        create("web", settings, connector_context())


def test_a_channel_without_settings_can_be_tried_at_once() -> None:
    assert create("web", {}, connector_context()).channel == "web"


@given(st.text(max_size=60) | st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers()).map(json.dumps))
def test_whatever_a_socket_says_is_a_frame_or_refused(text: str) -> None:
    try:
        read_frame(text)
    except BadFrame as refused:
        assert str(refused)  # noqa: PT017 - either way is right
