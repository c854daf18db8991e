"""An app against a provider that keeps its rules: callbacks of every fortune, and the contacts they name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.wecom_app import create
from connectors.wecom_app.connector import WecomApp
from connectors.wecom_platform.tests.simulated import Simulated, events_of, pulled, receiving, simulated
from scrm.connector import (
    BadCallback,
    BadInput,
    ChannelMisconfigured,
    ContactChange,
    Identity,
    Message,
    PullNotice,
    Speaker,
    UnreadableCallback,
    Unsupported,
)
from scrm.simulate.commands import AddContact, AddFault, DeleteContact, EditContact, Mischief, SetAccess

ZHOU = "wmSimCustomerZhouAAAAAAAAAAAAAAAA"


@pytest.fixture
async def wecom() -> AsyncIterator[Simulated]:
    async with simulated() as running:
        yield running


def app_of(wecom: Simulated) -> WecomApp:
    connector = create("wecom-sales", wecom.api_settings("sales"), wecom.context)
    assert isinstance(connector, WecomApp)
    return connector


@pytest.mark.parametrize("as_json", [False, True])
async def test_a_new_contact_is_told_and_then_fetched(wecom: Simulated, as_json: bool) -> None:
    app = app_of(wecom)
    order = AddContact(
        userid="ChenHao", external_userid=ZHOU, remark="周总", remark_mobiles=["138-0013-8000", "010-6529 1234"]
    )
    async with receiving(app) as hub:
        await wecom.control.set_callback("sales", hub.url, as_json=as_json)
        assert (await wecom.control.verify_url("sales")).ok
        await wecom.control.add_contact(order)
        await wecom.control.settled()

    [callback] = [each for each in hub.taken if each.events]
    [added] = app.normalise(callback.events[0])
    [profile] = events_of(app, await pulled(app, callback.notices[0].source))

    customer = Identity(f"wecom:{wecom.sim.corp().corp_id}", ZHOU)
    assert callback.notices == (PullNotice(source=f"contact:{ZHOU}"),)
    assert (added.customer, added.actor, added.body.change) == (customer, "ChenHao", "added")
    assert (profile.customer, profile.name, profile.body.change) == (customer, "周建国", "profile")
    proofs = {(proof.identity.namespace, proof.identity.value): proof.reason for proof in profile.evidence}
    assert proofs == {
        ("unionid", "oSimUnionZhou0001"): "企业微信接口返回的微信 unionid",
        ("phone", "+8613800000001"): "企业微信备注手机号（跟进人 LinXiaoYu）",
        ("phone", "+8613800138000"): "企业微信备注手机号（跟进人 ChenHao）",
    }
    assert wecom.broken_rules() == []


async def test_details_are_taken_again_only_when_they_changed(wecom: Simulated) -> None:
    app, source = app_of(wecom), f"contact:{ZHOU}"
    [first] = await pulled(app, source)
    assert await pulled(app, source, first.cursor) == []

    edit = EditContact(userid="LinXiaoYu", external_userid=ZHOU, remark="周总（已付定金）")
    await wecom.control.edit_contact(edit)
    [changed] = await pulled(app, source, first.cursor)
    await wecom.control.edit_contact(edit.model_copy(update={"remark": "周总-鼎盛物流"}))
    await wecom.control.advance(60)
    [back] = await pulled(app, source, changed.cursor)

    assert back.cursor == first.cursor
    assert len({page.events[0].dedup_key for page in (first, changed, back)}) == 3


async def test_a_contact_that_nobody_follows_any_more_has_no_details(wecom: Simulated) -> None:
    await wecom.control.delete_contact(DeleteContact(userid="LinXiaoYu", external_userid=ZHOU, by="customer"))

    assert await pulled(app_of(wecom), f"contact:{ZHOU}") == []


async def test_a_missing_permission_reaches_the_administrator(wecom: Simulated) -> None:
    await wecom.control.set_access(SetAccess(app="sales", denied=["externalcontact/get"]))

    with pytest.raises(ChannelMisconfigured, match="48002"):
        await pulled(app_of(wecom), f"contact:{ZHOU}")


async def test_a_source_that_is_none_is_refused(wecom: Simulated) -> None:
    for source in ("chat", "contact:", ""):
        with pytest.raises(BadInput):
            await pulled(app_of(wecom), source)


async def test_leaving_is_told_but_not_fetched(wecom: Simulated) -> None:
    app = app_of(wecom)
    async with receiving(app) as hub:
        await wecom.control.set_callback("sales", hub.url)
        await wecom.control.delete_contact(DeleteContact(userid="LinXiaoYu", external_userid=ZHOU, by="customer"))
        await wecom.control.delete_contact(
            DeleteContact(userid="ChenHao", external_userid="wmSimCustomerSuAAAAAAAAAAAAAAAAAA", transferred=True)
        )
        await wecom.control.settled()

    bodies = [event.body for raw in hub.events for event in app.normalise(raw)]
    assert [callback.notices for callback in hub.taken] == [(), ()]
    assert {body.change for body in bodies if isinstance(body, ContactChange)} == {
        "deleted_by_customer",
        "deleted_by_rep",
    }


async def test_a_member_writing_to_the_app_concerns_no_customer(wecom: Simulated) -> None:
    app = app_of(wecom)
    async with receiving(app) as hub:
        await wecom.control.set_callback("sales", hub.url)
        await wecom.control.write_to_app("LinXiaoYu", "今天的名单呢？", app="sales")
        await wecom.control.settled()

    [event] = app.normalise(hub.events[0])
    assert event.body == Message(text="今天的名单呢？")
    assert (event.customer, event.speaker, event.actor) == (None, Speaker.REP, "LinXiaoYu")


async def test_a_callback_delivered_again_is_the_same_and_two_of_one_second_are_two(wecom: Simulated) -> None:
    app = app_of(wecom)
    async with receiving(app) as hub:
        await wecom.control.set_callback("sales", hub.url)
        await wecom.control.misbehave(Mischief(app="sales", duplicates=3))
        for text in ("一", "二"):
            await wecom.control.write_to_app("LinXiaoYu", text, app="sales")
        await wecom.control.settled()

    assert len(hub.events) == 8
    assert len({raw.dedup_key for raw in hub.events}) == 2


async def test_what_is_not_authentic_is_refused_and_what_cannot_be_read_is_kept(wecom: Simulated) -> None:
    app = app_of(wecom)
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><xml><MsgType>&a;</MsgType></xml>'
    async with receiving(app) as hub:
        await wecom.control.set_callback("sales", hub.url)
        wecom.sim.settings.callback_attempts = 1
        await wecom.control.misbehave(Mischief(app="sales", wrong_signature_next=1, wrong_receive_id_next=1))
        for _ in range(2):
            await wecom.control.write_to_app("LinXiaoYu", "在吗", app="sales")
        await wecom.control.push_raw("sales", bomb)
        await wecom.control.push_raw("sales", "")
        await wecom.control.settled()

    kinds = [type(refused) for refused in hub.refused]
    assert kinds.count(UnreadableCallback) == 2
    assert kinds.count(BadCallback) == len(kinds) - 2 > 0


async def test_an_event_nobody_knows_is_kept(wecom: Simulated) -> None:
    app = app_of(wecom)
    fields = {"FromUserName": "sys", "CreateTime": 1795406400, "MsgType": "event", "Event": "brand_new"}
    async with receiving(app) as hub:
        await wecom.control.set_callback("sales", hub.url)
        await wecom.control.push("sales", fields)
        await wecom.control.settled()

    [event] = app.normalise(hub.events[0])
    assert event.body == Unsupported(provider_kind="brand_new")


async def test_a_busy_platform_leaves_the_cursor_where_it_is(wecom: Simulated) -> None:
    app = app_of(wecom)
    await wecom.control.add_fault(AddFault(endpoint="externalcontact/get", kind="errcode", errcode=45033, times=1))

    with pytest.raises(Exception, match="45033"):
        await pulled(app, f"contact:{ZHOU}")

    assert len(await pulled(app, f"contact:{ZHOU}")) == 1
