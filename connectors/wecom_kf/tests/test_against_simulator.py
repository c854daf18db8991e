"""KF against a provider that keeps its rules: pulling without loss, sending once, failures and recalls that fit."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from connectors.wecom_kf import create
from connectors.wecom_kf.connector import WecomKf
from connectors.wecom_platform.tests.simulated import Simulated, events_of, pulled, receiving, simulated
from scrm.connector import (
    ChannelMisconfigured,
    ChannelUnavailable,
    ContactChange,
    DeliveryFailure,
    Identity,
    Message,
    OutboundMessage,
    PullNotice,
    Recall,
    SendRejected,
    Unsupported,
)
from scrm.simulate.commands import (
    AddFault,
    EnterKfSession,
    RecallInKf,
    SayManyInKf,
    SetAccess,
    SetKfPaging,
    SetKfSession,
)

ZHOU, SU = "wmSimCustomerZhouAAAAAAAAAAAAAAAA", "wmSimCustomerSuAAAAAAAAAAAAAAAAAA"
DESK = "wkSimKfSalesAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
async def wecom() -> AsyncIterator[Simulated]:
    async with simulated() as running:
        yield running


def kf_of(wecom: Simulated) -> WecomKf:
    connector = create("wecom-kf", {**wecom.api_settings("kf"), "open_kfids": [DESK]}, wecom.context)
    assert isinstance(connector, WecomKf)
    return connector


def reply(wecom: Simulated, text: str, number: int = 1) -> OutboundMessage:
    customer = Identity(f"wecom:{wecom.sim.corp().corp_id}", ZHOU)
    return OutboundMessage(id=f"msg_{number:028}", thread=f"{DESK}:{ZHOU}", customer=customer, text=text)


def texts(events: list[object]) -> list[str]:
    return [event.body.text for event in events if isinstance(event.body, Message)]


async def test_a_notice_leads_to_the_message_and_the_name_of_who_wrote_it(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    async with receiving(kf) as hub:
        await wecom.control.set_callback("kf", hub.url)
        assert (await wecom.control.verify_url("kf")).ok
        msgid = await wecom.control.say(ZHOU, "年卡多少钱？")
        await wecom.control.settled()
        notice = hub.taken[-1].notices[0]

        events = events_of(kf, await pulled(kf, notice.source, None, notice.token))

    assert notice == PullNotice(source=DESK, token=notice.token)
    assert notice.token
    message, profile = events
    assert (message.id, message.thread, message.body) == (
        f"{DESK}:{msgid}",
        f"{DESK}:{ZHOU}",
        Message(text="年卡多少钱？"),
    )
    assert (profile.name, profile.customer) == ("周建国", message.customer)
    assert [proof.identity for proof in profile.evidence] == [Identity("unionid", "oSimUnionZhou0001")]
    assert wecom.broken_rules() == []


async def test_a_name_is_asked_for_once_and_again_the_next_day(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    await wecom.control.enter_session(EnterKfSession(external_userid=ZHOU))
    [first] = await pulled(kf, DESK)
    await wecom.control.say(ZHOU, "在吗")
    await wecom.control.say(SU, "你好")

    [second] = await pulled(kf, DESK, first.cursor)
    await wecom.control.advance(86_400)
    await wecom.control.say(ZHOU, "还在吗")
    [third] = await pulled(kf, DESK, second.cursor)

    names = [[event.name for event in events_of(kf, [page]) if event.name] for page in (first, second, third)]
    assert names == [["周建国"], ["苏婉"], ["周建国"]]
    assert {raw.dedup_key for raw in first.events} & {raw.dedup_key for raw in third.events}


async def test_messages_arrive_though_names_are_refused(wecom: Simulated, caplog: pytest.LogCaptureFixture) -> None:
    kf = kf_of(wecom)
    await wecom.control.set_access(SetAccess(app="kf", denied=["kf/customer/batchget"]))
    await wecom.control.say(ZHOU, "在吗")

    with caplog.at_level(logging.WARNING):
        [page] = await pulled(kf, DESK)

    assert texts(events_of(kf, [page])) == ["在吗"]
    assert "48002" in caplog.text


async def test_a_burst_with_empty_pages_and_a_crash_loses_and_doubles_nothing(wecom: Simulated) -> None:
    msgids = await wecom.control.say_many(SayManyInKf(external_userids=[ZHOU, SU], count=2500))
    await wecom.control.set_kf_paging(SetKfPaging(empty_pages=1, repeat=3))

    interrupted = kf_of(wecom).pull(DESK, None, "")
    stored = [await anext(interrupted), await anext(interrupted)]
    await interrupted.aclose()
    resumed = await pulled(kf_of(wecom), DESK, stored[-1].cursor)

    taken = {raw.dedup_key for page in [*stored, *resumed] for raw in page.events}
    assert not stored[0].events
    assert taken >= {f"{DESK}:{msgid}" for msgid in msgids}
    assert sum(not key.startswith("profile:") for key in taken) == 2500
    assert wecom.broken_rules() == []


async def test_a_token_that_is_too_old_is_left_out(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    async with receiving(kf) as hub:
        await wecom.control.set_callback("kf", hub.url)
        await wecom.control.say(ZHOU, "在吗")
        await wecom.control.settled()
    await wecom.control.advance(601)

    pages = await pulled(kf, DESK, None, hub.taken[-1].notices[0].token)

    assert texts(events_of(kf, pages)) == ["在吗"]


async def test_a_cursor_nobody_knows_starts_again_from_the_oldest(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    await wecom.control.say(ZHOU, "在吗")

    pages = await pulled(kf, DESK, "restored-from-an-old-backup")

    assert texts(events_of(kf, pages)) == ["在吗"]


async def test_a_refusal_that_has_no_cure_ends_the_pull(wecom: Simulated) -> None:
    await wecom.control.add_fault(AddFault(endpoint="kf/sync_msg", kind="errcode", errcode=40058))

    with pytest.raises(ChannelMisconfigured, match="40058"):
        await pulled(kf_of(wecom), DESK, "cursor")

    assert wecom.calls("kf/sync_msg") == 2


async def test_a_lost_notice_is_healed_by_the_next_reconciliation(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    [before] = await pulled(kf, DESK)
    await wecom.control.say(ZHOU, "没人理我吗")

    pages = await pulled(kf, *kf.sources, before.cursor)

    assert kf.pull_every == timedelta(minutes=3)
    assert texts(events_of(kf, pages)) == ["没人理我吗"]


async def test_recalls_name_the_event_that_is_taken_back(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    said = await wecom.control.say(ZHOU, "发错了")
    answered = await wecom.control.answer("ZhaoMin", ZHOU, "年卡 3599")
    await wecom.control.recall_in_kf(RecallInKf(msgid=said))
    await wecom.control.recall_in_kf(RecallInKf(msgid=answered, by="servicer"))

    events = events_of(kf, await pulled(kf, DESK))

    ids = [event.id for event in events if isinstance(event.body, Message)]
    assert [event.body.target for event in events if isinstance(event.body, Recall)] == ids
    assert [event.actor for event in events if isinstance(event.body, Recall)] == ["", "ZhaoMin"]


async def test_a_reply_arrives_once_however_often_it_is_sent(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    await wecom.control.say(ZHOU, "年卡多少钱？")

    receipts = [await kf.send(reply(wecom, "您好，年卡 3980 元")) for _ in range(3)]

    [sent] = await wecom.control.outbox()
    assert (sent.text, sent.touser, sent.msgid) == ("您好，年卡 3980 元", ZHOU, f"msg_{1:028}")
    assert {receipt.provider_id for receipt in receipts} == {f"{DESK}:{sent.msgid}"}
    assert wecom.broken_rules() == []


async def test_a_failure_names_the_receipt_of_the_reply(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    await wecom.control.say(ZHOU, "年卡多少钱？")
    receipt = await kf.send(reply(wecom, "3980 元"))
    await wecom.control.fail_send(f"msg_{1:028}", fail_type=10)

    events = events_of(kf, await pulled(kf, DESK))

    failures = [event.body for event in events if isinstance(event.body, DeliveryFailure)]
    assert failures == [DeliveryFailure(target=receipt.provider_id, reason="用户拒收")]


async def test_the_sixth_reply_waits_for_the_customer(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    await wecom.control.say(ZHOU, "年卡多少钱？")
    for number in range(5):
        await kf.send(reply(wecom, "您好", number))

    with pytest.raises(SendRejected, match="5 条") as caught:
        await kf.send(reply(wecom, "还在吗", 6))

    await wecom.control.say(ZHOU, "在的")
    await kf.send(reply(wecom, "太好了", 7))
    assert caught.value.code == "95001"
    assert kf.reply_window.messages == 5


async def test_after_48_hours_no_reply_goes(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    await wecom.control.say(ZHOU, "年卡多少钱？")
    await wecom.control.advance(48 * 3600 + 1)

    with pytest.raises(SendRejected, match="48 小时"):
        await kf.send(reply(wecom, "您好"))


async def test_while_a_person_answers_the_hub_may_not(wecom: Simulated) -> None:
    kf = kf_of(wecom)
    await wecom.control.say(ZHOU, "年卡多少钱？")
    await wecom.control.set_kf_session(
        SetKfSession(external_userid=ZHOU, service_state=3, servicer_userid="ZhaoMin", change_type=1)
    )

    with pytest.raises(SendRejected, match="状态"):
        await kf.send(reply(wecom, "您好"))

    events = events_of(kf, await pulled(kf, DESK))
    assert any(isinstance(event.body, ContactChange) and event.body.change == "session_changed" for event in events)
    assert not any(isinstance(event.body, Unsupported) for event in events)


@pytest.mark.parametrize(("text", "told"), [("价" * 683, "2049 字节"), ("  \n", "没有内容")])
async def test_a_text_that_cannot_go_is_refused_before_it_is_sent(wecom: Simulated, text: str, told: str) -> None:
    with pytest.raises(SendRejected, match=told):
        await kf_of(wecom).send(reply(wecom, text))

    assert not wecom.sim.requests


async def test_the_longest_text_goes(wecom: Simulated) -> None:
    await wecom.control.say(ZHOU, "在吗")

    await kf_of(wecom).send(reply(wecom, "价" * 682 + "!!"))

    assert len((await wecom.control.outbox())[0].text.encode()) == 2048


async def test_a_customer_of_another_corp_or_conversation_is_refused(wecom: Simulated) -> None:
    own = reply(wecom, "您好")
    stranger = Identity("wecom:wwother", ZHOU)

    for wrong in (
        OutboundMessage(id=own.id, thread=own.thread, customer=stranger, text="您好"),
        OutboundMessage(id=own.id, thread=f"{DESK}:{SU}", customer=own.customer, text="您好"),
        OutboundMessage(id=own.id, thread=ZHOU, customer=own.customer, text="您好"),
    ):
        with pytest.raises(SendRejected):
            await kf_of(wecom).send(wrong)


@pytest.mark.parametrize(
    ("code", "error"),
    [(60020, ChannelMisconfigured), (95017, ChannelMisconfigured), (45009, ChannelUnavailable), (95013, SendRejected)],
)
async def test_each_error_of_sending_has_its_class(wecom: Simulated, code: int, error: type[Exception]) -> None:
    await wecom.control.add_fault(AddFault(endpoint="kf/send_msg", kind="errcode", errcode=code))

    with pytest.raises(error, match=str(code)):
        await kf_of(wecom).send(reply(wecom, "您好"))
