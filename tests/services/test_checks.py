"""Texts are checked before anybody hears them: scripts against the book, broadcasts against what each was told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scrm.core.access import Actor
from scrm.core.scripts import Script, ScriptIndex, ScriptPack
from scrm.hub import Arrival, Hub
from scrm.services import checks
from scrm.services.checks import Broadcast, check_broadcast, checked_scripts
from scrm.services.customers import edit_customer
from scrm.services.households import Joining, join_household
from scrm.services.intake import accept
from scrm.services.suggestions import suggest
from scrm.store.customers import Audience
from tests.conftest import run_workers
from tests.services.conftest import School

LOWER = "年课现在活动价4980元"
ALL = Audience()


def broadcast(text: str, audience: Audience = ALL, after: int = 0) -> Broadcast:
    return Broadcast(text=text, channel="service", audience=audience, after=after)


async def audience(school: School, *, told: int, others: int) -> None:
    """`told` customers who were told the lower price, and `others` who only asked."""
    chat = school.chat
    events = [chat.happening("年课多少钱", customer=f"c{n}", name=f"客户{n}") for n in range(told + others)]
    events += [
        chat.happening(LOWER, customer=f"c{n}", direction="outbound", speaker="agent", actor="zhang")
        for n in range(told)
    ]
    await accept(school.hub, Arrival(channel=chat.channel, events=tuple(events)))
    await run_workers(school.hub)


def with_scripts(hub: Hub, *texts: str) -> Hub:
    """The hub with one pack of these scripts, each the answer to 年课多少钱."""
    scripts = tuple(
        Script(pack="p", id=f"s{n}", title="年课价格", text=text, category="price", triggers=("年课多少钱",))
        for n, text in enumerate(texts)
    )
    pack = ScriptPack(
        id="p", name="试用", trade="education", version="1", language="zh-CN",
        categories={"price": "价格"}, stages={}, variables={}, scripts=scripts,
    )  # fmt: skip
    understanding = replace(hub.understanding, packs=(pack,), scripts=ScriptIndex(scripts))
    return replace(hub, understanding=understanding)


async def test_a_broadcast_above_what_customers_were_told_names_them_with_evidence(school: School, rep: Actor) -> None:
    await audience(school, told=3, others=4)

    checked = await check_broadcast(school.hub, rep, broadcast("年课5980元，欢迎报名"))

    assert (checked.total, checked.looked_at, checked.affected, checked.last) == (7, 7, 3, None)
    assert {one.customer.name for one in checked.examples} == {"客户0", "客户1", "客户2"}
    (finding,) = checked.examples[0].findings
    assert finding.rule == "price-higher-later"
    assert finding.against
    assert checked.findings == (), "5980 is the marked price: the words alone are fine"


async def test_the_words_of_a_broadcast_are_found_once_and_not_with_every_customer(school: School, rep: Actor) -> None:
    await audience(school, told=0, others=3)

    checked = await check_broadcast(school.hub, rep, broadcast("年课6980元"))

    assert [finding.rule for finding in checked.findings] == ["price-above-list"]
    assert checked.affected == 0


async def test_a_broadcast_reaches_the_household_of_who_was_told(school: School, rep: Actor) -> None:
    await audience(school, told=1, others=1)
    (told,), (other,) = await school.customers("客户0"), await school.customers("客户1")
    await join_household(school.hub, rep, Joining(customer_id=told, other_id=other))

    checked = await check_broadcast(school.hub, rep, broadcast("年课5980元", Audience(customer_ids=(other,))))

    (one,) = checked.examples
    assert (one.customer.id, one.findings[0].facts["told_to"]) == (other, "客户0")


async def test_an_audience_is_narrowed_down_to_an_owner_or_a_tag(school: School, rep: Actor) -> None:
    await audience(school, told=2, others=2)
    (mine,) = await school.customers("客户0")
    await edit_customer(school.hub, rep, mine, name=None, owner_id=rep.id)
    await school.says(school.chat, "我要投诉你们", customer="c3")

    of_owner = await check_broadcast(school.hub, rep, broadcast("年课5980元", Audience(owner_id=rep.id)))
    of_nobody = await check_broadcast(school.hub, rep, broadcast("年课5980元", Audience(tag="no-such-tag")))

    assert (of_owner.total, of_owner.affected) == (1, 1)
    assert of_nobody.total == 0
    async with school.hub.db.reading() as tx:
        tags = await tx.timeline.tags([entry.id for entry in await school.timeline("客户3")])
    tag = next(iter(tags.values()))[0].tag
    assert (await check_broadcast(school.hub, rep, broadcast("年课5980元", Audience(tag=tag)))).total >= 1


async def test_a_large_audience_is_looked_at_part_by_part(
    school: School, rep: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CUSTOMERS_AT_ONCE", 3)
    await audience(school, told=7, others=0)

    seen, after, parts = 0, 0, 0
    while True:
        checked = await check_broadcast(school.hub, rep, broadcast("年课5980元", after=after))
        seen, parts = seen + checked.affected, parts + 1
        if checked.last is None:
            break
        after = checked.last

    assert (seen, parts) == (7, 3)


async def test_checking_a_broadcast_leaves_nothing_behind(school: School, rep: Actor) -> None:
    await audience(school, told=2, others=0)
    before = len(await school.events("entry.added"))

    await check_broadcast(school.hub, rep, broadcast("年课5980元"))

    assert len(await school.events("entry.added")) == before
    assert await school.events("case.opened") == []


async def test_scripts_are_checked_with_the_prices_of_the_book_and_a_false_one_is_not_suggested(
    school: School, rep: Actor
) -> None:
    hub = with_scripts(school.hub, "年课现在{price:年课}，欢迎了解", "年课现在6980元", "年课老师一对一")
    await school.says(school.chat, "年课多少钱")
    (customer,) = await school.customers()

    async with hub.db.reading() as tx:
        checked = await checked_scripts(hub, tx)
    suggested = await suggest(hub, rep, customer)

    assert checked["p/s0"].text == "年课现在4,980元，欢迎了解"
    assert [finding.rule for finding in checked["p/s1"].findings] == ["price-above-list"]
    assert checked["p/s2"].findings == ()
    assert "p/s1" not in {reply.suggestion.script.ref for reply in suggested}
    assert "p/s0" in {reply.suggestion.script.ref for reply in suggested}


async def test_the_scripts_that_come_with_the_hub_hold_nothing_that_blocks(school: School) -> None:
    async with school.hub.db.reading() as tx:
        checked = await checked_scripts(school.hub, tx)

    blocked = {
        ref: [f.rule for f in one.findings]
        for ref, one in checked.items()
        if any(f.severity >= "S2" for f in one.findings)
    }
    assert blocked == {}


async def test_who_asked_to_be_left_alone_is_named_too(school: School, rep: Actor) -> None:
    await audience(school, told=0, others=2)
    await school.says(school.chat, "别再给我发广告了", customer="c1")

    checked = await check_broadcast(school.hub, rep, broadcast("年课限时优惠，欢迎报名"))

    assert [(one.customer.name, one.findings[0].rule) for one in checked.examples] == [
        ("客户1", "marketing-after-refusal")
    ]
