"""Replies: checked while typed and when sent, queued, carried once, and honest about what became of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from scrm.connector import ChannelUnavailable, ReplyWindow, SendRejected
from scrm.core.access import Actor
from scrm.core.errors import BadInput, Conflict, NotAllowed
from scrm.core.ids import public
from scrm.core.timeline import Direction, EntryState, Speaker
from scrm.hub import Channel, Hub, TalkShelf
from scrm.services.outbound import Draft, DraftBlocked, check_draft, retry_message, send_message
from scrm.testing.channel import FakeChannel
from tests.conftest import run_workers
from tests.services.conftest import School

PHONE = [["phone", "+8613812345678", "留下的手机号"]]


async def quoted(school: School) -> int:
    """A customer who was told 4,980 in the web chat, and then wrote to customer service."""
    await school.says(school.chat, "年课一年多少钱?", customer="mother", evidence=PHONE)
    await school.says(
        school.chat, "年课现在活动价4980元", customer="mother", direction="outbound", speaker="agent", actor="zhang"
    )
    await school.says(school.service, "我想再问一下年课的价格", customer="mother-kf", evidence=PHONE)
    (customer,) = await school.customers()
    return customer


async def test_a_draft_that_contradicts_what_another_channel_said_shows_where_and_when(
    school: School, rep: Actor
) -> None:
    customer = await quoted(school)

    checked = await check_draft(school.hub, rep, Draft(customer_id=customer, text="年课5980"))

    (finding,) = checked.findings
    async with school.hub.db.reading() as tx:
        against = await tx.timeline.get(int(finding.against or 0))
    assert finding.rule == "price-higher-later"
    assert against.text == "年课现在活动价4980元"
    assert finding.facts["earlier_until"] is not None, "the promotion's end"


async def test_a_price_that_contradicts_an_earlier_one_never_leaves(school: School, rep: Actor) -> None:
    customer = await quoted(school)

    with pytest.raises(DraftBlocked):
        await send_message(school.hub, rep, Draft(customer_id=customer, text="年课5980"))
    await run_workers(school.hub)

    assert school.service.sent == []
    assert [entry.text for entry in await school.timeline() if entry.actor == "lin"] == []


async def test_the_same_price_goes_out_on_the_channel_the_customer_wrote_on_last(school: School, rep: Actor) -> None:
    customer = await quoted(school)

    await send_message(school.hub, rep, Draft(customer_id=customer, text="年课4980元"))
    await run_workers(school.hub)

    assert school.service.sent == ["年课4980元"]
    assert school.chat.sent == []
    sent = (await school.timeline())[-1]
    assert (sent.state, sent.direction) == (EntryState.SENT, Direction.OUTBOUND)
    assert len(await school.events("message.sent")) == 1


async def test_a_blocked_price_goes_out_with_a_reason_and_opens_a_graver_case(school: School, rep: Actor) -> None:
    customer = await quoted(school)

    await send_message(
        school.hub, rep, Draft(customer_id=customer, text="年课5980元", acknowledged_reason="客户要的是新版教材的班")
    )
    await run_workers(school.hub)

    assert school.service.sent == ["年课5980元"]
    (opened,) = await school.events("case.opened")
    assert opened.payload["severity"] == "S4", "S3, raised by one because the warning was seen"


async def test_two_drafts_at_once_cannot_both_pass_the_check(school: School, rep: Actor) -> None:
    await school.says(school.service, "短期班多少钱")
    (customer,) = await school.customers()
    drafts = [Draft(customer_id=customer, text=text) for text in ("短期班1180元", "短期班1280元")]

    outcomes = await asyncio.gather(*(send_message(school.hub, rep, draft) for draft in drafts), return_exceptions=True)
    await run_workers(school.hub)

    went_out = school.service.sent
    assert went_out in (["短期班1180元"], ["短期班1280元", "短期班1180元"])
    assert sum(isinstance(outcome, DraftBlocked) for outcome in outcomes) == 2 - len(went_out)


async def test_a_repeated_idempotency_key_gives_the_first_answer_and_sends_once(school: School, rep: Actor) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()
    draft = Draft(customer_id=customer, text="在的", key="k1")

    first = await send_message(school.hub, rep, draft)
    second = await send_message(school.hub, rep, draft)
    await run_workers(school.hub)

    assert first.id == second.id
    assert school.service.sent == ["在的"]
    with pytest.raises(Conflict):
        await send_message(school.hub, rep, Draft(customer_id=customer, text="别的话", key="k1"))


async def test_the_sixth_reply_is_refused_until_the_customer_writes_again(school: School, rep: Actor) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()
    for number in range(5):
        await send_message(school.hub, rep, Draft(customer_id=customer, text=f"第{number}条"))
    await run_workers(school.hub)

    with pytest.raises(BadInput, match="quota"):
        await send_message(school.hub, rep, Draft(customer_id=customer, text="第六条"))
    await school.says(school.service, "好的")
    await send_message(school.hub, rep, Draft(customer_id=customer, text="第六条"))
    await run_workers(school.hub)

    assert school.service.sent[-1] == "第六条"


async def test_after_48_hours_the_window_is_closed(school: School, rep: Actor) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()
    school.clock.advance(hours=48, minutes=1)

    with pytest.raises(BadInput, match="window"):
        await send_message(school.hub, rep, Draft(customer_id=customer, text="在的"))


async def test_a_provider_that_refuses_leaves_a_failed_message_with_its_reason(school: School, rep: Actor) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()
    school.service.fail_with(SendRejected("客户已拒收消息"))

    await send_message(school.hub, rep, Draft(customer_id=customer, text="在的"))
    await run_workers(school.hub)

    failed = (await school.timeline())[-1]
    assert (failed.state, failed.state_reason) == (EntryState.FAILED, "客户已拒收消息")
    await retry_message(school.hub, rep, failed.id)
    await run_workers(school.hub)
    assert school.service.sent == ["在的"]


async def test_a_provider_that_is_away_gets_the_message_when_it_is_back(school: School, rep: Actor) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()
    school.service.fail_with(ChannelUnavailable("连接超时"), ChannelUnavailable("连接超时"))

    await send_message(school.hub, rep, Draft(customer_id=customer, text="在的"))
    for _ in range(3):
        await run_workers(school.hub)
        school.clock.advance(seconds=60)

    assert school.service.sent == ["在的"]
    assert (await school.timeline())[-1].state is EntryState.SENT


async def test_replies_of_a_conversation_leave_in_their_order_even_when_the_first_must_wait(
    school: School, rep: Actor
) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()
    school.service.fail_with(ChannelUnavailable("连接超时"))

    for text in ("一", "二", "三"):
        await send_message(school.hub, rep, Draft(customer_id=customer, text=text))
    for _ in range(3):
        await run_workers(school.hub)
        school.clock.advance(seconds=60)

    assert school.service.sent == ["一", "二", "三"]


async def test_a_crash_while_sending_repeats_only_where_the_provider_notices(
    hub: Hub, school: School, rep: Actor
) -> None:
    careless = FakeChannel("careless", reply_window=ReplyWindow(), sends_once=False)
    channels = {**school.hub.channels, "careless": Channel("careless", "fake", careless)}
    object.__setattr__(school.hub, "channels", channels)
    await school.says(careless, "在吗", customer="somebody")
    (customer,) = await school.customers()
    entry = await send_message(school.hub, rep, Draft(customer_id=customer, text="在的"))
    async with school.hub.db.transaction() as tx:
        await tx.timeline.set_state([entry.id], EntryState.SENDING)  # as a worker that died in the call left it

    await run_workers(school.hub)

    assert careless.sent == []
    assert (await school.timeline())[-1].state is EntryState.UNCERTAIN


async def test_a_delivery_failure_told_later_flips_the_sent_message(school: School, rep: Actor) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()
    await send_message(school.hub, rep, Draft(customer_id=customer, text="在的"))
    await run_workers(school.hub)
    sent = (await school.timeline())[-1]

    await school.says(school.service, kind="delivery_failure", target=sent.external_id, reason="会话已过期")

    failed = (await school.timeline())[-1]
    assert (failed.state, failed.state_reason) == (EntryState.FAILED, "会话已过期")


async def test_an_auditor_cannot_reply(school: School, auditor: Actor) -> None:
    await school.says(school.service, "在吗")
    (customer,) = await school.customers()

    with pytest.raises(NotAllowed):
        await send_message(school.hub, auditor, Draft(customer_id=customer, text="在的"))


async def test_what_was_shown_ignored_and_obeyed_is_in_the_audit_log(school: School, rep: Actor) -> None:
    customer = await quoted(school)

    await send_message(
        school.hub,
        rep,
        Draft(
            customer_id=customer,
            text="年课5980元",
            acknowledged_reason="客户要的是新版教材的班",
            shown=("price-higher-later", "absolute-claim"),
        ),
    )

    async with school.hub.db.reading() as tx:
        (deed,) = [link for link in await tx.audit.newest(limit=50) if link.action == "draft.warned"]
    told = json.loads(deed.payload or "")
    assert [(one["rule"], one["severity"]) for one in told["ignored"]] == [("price-higher-later", "S3")]
    assert (told["obeyed"], told["reason"]) == (["absolute-claim"], "客户要的是新版教材的班")


async def test_a_warning_that_was_obeyed_is_logged_with_what_was_sent_instead(school: School, rep: Actor) -> None:
    customer = await quoted(school)

    entry = await send_message(
        school.hub, rep, Draft(customer_id=customer, text="年课4980元", shown=("price-higher-later",))
    )
    await send_message(school.hub, rep, Draft(customer_id=customer, text="您随时问我"))

    async with school.hub.db.reading() as tx:
        (deed,) = [link for link in await tx.audit.newest(limit=50) if link.action == "draft.warned"]
    assert deed.object_id == public("msg", entry.id)
    assert json.loads(deed.payload or "")["obeyed"] == ["price-higher-later"]


async def test_no_automatic_reply_leaves_that_contradicts_a_standing_quote_or_the_price_book(
    school: School, rep: Actor
) -> None:
    customer = await quoted(school)

    for text in ("年课5980元", "年课6980元", "年课活动价4980元，仅此一次，微信转我个人账户就行"):
        with pytest.raises(DraftBlocked):
            await send_message(
                school.hub,
                rep,
                Draft(customer_id=customer, text=text, automatic=True, acknowledged_reason="机器人不能替人确认"),
            )
    await send_message(school.hub, rep, Draft(customer_id=customer, text="年课活动价4980元", automatic=True))
    await run_workers(school.hub)

    assert school.service.sent == ["年课活动价4980元"]
    assert (await school.timeline())[-1].speaker is Speaker.BOT


async def test_what_is_kept_in_memory_for_typing_never_outlives_what_is_on_file(school: School, rep: Actor) -> None:
    customer = await quoted(school)
    higher = Draft(customer_id=customer, text="年课5980")
    elsewhere = replace(school, hub=replace(school.hub, talk=TalkShelf()))
    assert len((await check_draft(school.hub, rep, higher)).findings) == 1

    await elsewhere.says(
        elsewhere.chat, "短期班1180元", customer="mother", direction="outbound", speaker="agent", actor="zhang"
    )
    dearer = (await check_draft(school.hub, rep, replace(higher, text="短期班1280元"))).findings
    quote = (await school.timeline())[1]
    await elsewhere.says(elsewhere.chat, kind="recall", target=quote.external_id, customer="mother")
    recalled = (await check_draft(school.hub, rep, higher)).findings
    await elsewhere.says(
        elsewhere.chat, "年课现在活动价5980元", kind="edit", target=quote.external_id, customer="mother"
    )
    edited = (await check_draft(school.hub, rep, higher)).findings

    assert [finding.rule for finding in dearer] == ["price-higher-later"], "what another process stored is seen"
    assert [finding.facts["earlier_recalled"] for finding in recalled] == [True]
    assert edited == (), "the wording that contradicted is no longer there"
