"""One person is one customer: matched on strong keys only, every link with its reason, every merge reversible."""

from __future__ import annotations

import asyncio

import pytest

from scrm.core.access import Actor
from scrm.core.errors import BadInput, Conflict
from scrm.hub import Arrival
from scrm.services.customers import edit_customer, merge_customers, reveal_phone, undo_merge
from scrm.services.intake import accept
from tests.conftest import run_workers
from tests.services.conftest import School

PHONE = [["phone", "+8613812345678", "网页聊天留下的手机号"]]


async def test_a_phone_number_on_two_channels_makes_one_customer_and_says_why(school: School) -> None:
    await school.says(school.chat, "年课多少钱", customer="visitor", evidence=PHONE)
    await school.says(
        school.service, "在吗", customer="wx", evidence=[["phone", "+8613812345678", "企业微信备注手机号"]]
    )

    (customer,) = await school.customers()
    async with school.hub.db.reading() as tx:
        known = await tx.customers.identities([customer])
    assert {one.identity.namespace: one.reason for one in known}["phone"] == "网页聊天留下的手机号"
    assert [entry.text for entry in await school.timeline()] == ["年课多少钱", "在吗"]


async def test_two_customers_become_one_when_a_strong_key_turns_up_later(school: School) -> None:
    await school.says(school.chat, "我先问问", customer="visitor")
    await school.says(school.service, "在吗", customer="wx", evidence=PHONE)
    assert len(await school.customers()) == 2

    await school.says(school.chat, "这是我的电话", customer="visitor", evidence=PHONE)

    assert len(await school.customers()) == 1
    assert [entry.text for entry in await school.timeline()] == ["我先问问", "在吗", "这是我的电话"]
    (merged,) = await school.events("customers.merged")
    assert merged.payload["automatic"] is True
    assert merged.payload["reason"] == "网页聊天留下的手机号"


async def test_a_contradicting_unionid_is_never_merged_silently(school: School) -> None:
    await school.says(school.chat, "a", customer="one", evidence=[*PHONE, ["unionid", "u-1", "开放平台"]])
    await school.says(school.service, "b", customer="two", evidence=[["unionid", "u-2", "开放平台"]])

    await school.says(school.service, "c", customer="two", evidence=PHONE)

    assert len(await school.customers()) == 2
    async with school.hub.db.reading() as tx:
        maybe = await tx.customers.maybe_same((await school.customers())[0])
    assert [reason for _, reason in maybe] == ["网页聊天留下的手机号"]


async def test_names_alone_never_match(school: School) -> None:
    await school.says(school.chat, "a", customer="one", name="王芳")
    await school.says(school.service, "b", customer="two", name="王芳")

    assert len(await school.customers("王芳")) == 2


async def test_a_merge_by_hand_is_undone_with_everybody_getting_back_what_was_theirs(
    school: School, rep: Actor
) -> None:
    await school.says(school.chat, "爸爸说的", customer="father", name="爸爸")
    await school.says(school.service, "妈妈说的", customer="mother", name="妈妈")
    (mother,), (father,) = await school.customers("妈妈"), await school.customers("爸爸")

    merge = await merge_customers(school.hub, rep, mother, father, "同一家人用一部手机")
    assert len(await school.customers()) == 1
    await school.says(school.chat, "爸爸又说", customer="father")
    assert [e.text for e in await school.timeline(merge.kept_id)] == ["爸爸说的", "妈妈说的", "爸爸又说"]

    await undo_merge(school.hub, rep, merge.id)

    assert [e.text for e in await school.timeline(father)] == ["爸爸说的", "爸爸又说"]
    assert [e.text for e in await school.timeline(mother)] == ["妈妈说的"]
    with pytest.raises(Conflict):
        await undo_merge(school.hub, rep, merge.id)


async def test_a_customer_is_not_merged_with_itself(school: School, rep: Actor) -> None:
    await school.says(school.chat, "a")
    (customer,) = await school.customers()

    with pytest.raises(BadInput):
        await merge_customers(school.hub, rep, customer, customer, "x")


async def test_a_merge_is_undone_before_the_one_it_builds_on(school: School, rep: Actor) -> None:
    for name in ("甲", "乙", "丙"):
        await school.says(school.chat, name, customer=name, name=name)
    first, second, third = [(await school.customers(name))[0] for name in ("甲", "乙", "丙")]
    inner = await merge_customers(school.hub, rep, second, third, "x")
    outer = await merge_customers(school.hub, rep, first, second, "x")

    with pytest.raises(Conflict, match="later merge"):
        await undo_merge(school.hub, rep, inner.id)
    await undo_merge(school.hub, rep, outer.id)
    await undo_merge(school.hub, rep, inner.id)

    assert len(await school.customers()) == 3
    assert [e.text for e in await school.timeline(third)] == ["丙"]


async def test_a_name_given_by_a_person_stays_when_the_provider_tells_another(school: School, rep: Actor) -> None:
    await school.says(school.chat, "a", name="微信昵称")
    (customer,) = await school.customers()
    await edit_customer(school.hub, rep, customer, name="王芳(乐乐妈妈)", owner_id=None)

    await school.says(school.chat, "b", name="新昵称")

    async with school.hub.db.reading() as tx:
        assert (await tx.customers.get(customer)).name == "王芳(乐乐妈妈)"


async def test_who_reveals_a_phone_number_is_logged(school: School, rep: Actor) -> None:
    await school.says(school.chat, "a", evidence=PHONE)
    (customer,) = await school.customers()
    async with school.hub.db.reading() as tx:
        (phone,) = [one for one in await tx.customers.identities([customer]) if one.identity.namespace == "phone"]

    value = await reveal_phone(school.hub, rep, customer, phone.id)

    assert value == "+8613812345678"
    async with school.hub.db.reading() as tx:
        log = await tx.audit.newest(limit=10)
    assert (log[0].actor, log[0].action) == ("lin", "phone.revealed")


async def test_the_same_new_person_on_two_channels_at_once_becomes_one_customer(school: School) -> None:
    for channel in (school.chat, school.service):
        raws = [
            channel.happening(
                f"{channel.channel} {n}", customer=f"p{n}", evidence=[["phone", f"+86138000000{n:02}", "x"]]
            )
            for n in range(20)
        ]
        await accept(school.hub, Arrival(channel=channel.channel, events=tuple(raws)))

    await asyncio.gather(*(run_workers(school.hub) for _ in range(3)))

    assert len(await school.customers()) == 20
