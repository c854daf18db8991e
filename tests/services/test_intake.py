"""What comes in is on a timeline exactly once, whatever order it comes in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scrm.core.timeline import EntryState
from scrm.hub import Arrival
from scrm.services.intake import accept, replay_parked
from tests.conftest import run_workers
from tests.services.conftest import School


async def test_a_raw_event_delivered_four_times_is_on_the_timeline_once(school: School) -> None:
    raw = school.chat.happening("年课多少钱?")

    for _ in range(4):
        await school.hears(school.chat, raw)

    assert [entry.text for entry in await school.timeline()] == ["年课多少钱?"]


async def test_equal_raw_events_in_one_delivery_are_taken_once(school: School) -> None:
    raw = school.chat.happening("在吗")

    taken = await accept(school.hub, Arrival(channel="chat", events=(raw, raw)))
    await run_workers(school.hub)

    assert (taken.new, taken.repeated) == (1, 1)
    assert len(await school.timeline()) == 1


async def test_concurrent_arrivals_share_commits_and_lose_nothing(school: School) -> None:
    import asyncio

    raws = [school.chat.happening(f"第{n}句", customer=f"visitor-{n % 7}") for n in range(200)]

    taken = await asyncio.gather(*(accept(school.hub, Arrival(channel="chat", events=(raw,))) for raw in raws))
    await run_workers(school.hub)

    assert sum(one.new for one in taken) == 200
    customers = await school.customers()
    texts = [entry.text for customer in customers for entry in await school.timeline(customer)]
    assert sorted(texts) == sorted(f"第{n}句" for n in range(200))


async def test_entries_stand_in_the_order_of_their_source_time(school: School) -> None:
    now = school.clock()
    late = school.chat.happening("先说的", at=(now - timedelta(hours=1)).isoformat())
    early = school.chat.happening("后说的", at=now.isoformat())

    await school.hears(school.chat, early)
    await school.hears(school.chat, late)

    assert [entry.text for entry in await school.timeline()] == ["先说的", "后说的"]


async def test_a_recall_keeps_what_was_said_as_evidence(school: School) -> None:
    await school.says(school.chat, "给您3000元", key="m1", direction="outbound", speaker="rep")
    await school.says(school.chat, kind="recall", target="m1")

    (entry,) = await school.timeline()
    async with school.hub.db.reading() as tx:
        versions = await tx.timeline.versions([entry.id])
    assert entry.state is EntryState.RECALLED
    assert [version.text for version in versions[entry.id]] == ["给您3000元"]


async def test_a_recall_that_arrives_before_its_message_gives_the_same_result(school: School) -> None:
    await school.says(school.chat, kind="recall", target="m1")
    await school.says(school.chat, "给您3000元", key="m1", direction="outbound", speaker="rep")

    (entry,) = await school.timeline()
    assert entry.state is EntryState.RECALLED


async def test_an_edit_shows_the_new_words_and_keeps_the_old(school: School) -> None:
    await school.says(school.chat, "年课4980元", key="m1", direction="outbound", speaker="agent")
    await school.says(school.chat, "年课5980元", kind="edit", target="m1")

    (entry,) = await school.timeline()
    async with school.hub.db.reading() as tx:
        versions = await tx.timeline.versions([entry.id])
        claims = await tx.claims.of_entries([entry.id])
    assert entry.text == "年课5980元"
    assert [version.text for version in versions[entry.id]] == ["年课4980元"]
    assert [int(claim.quote.value or 0) for claim in claims[entry.id]] == [5980]


async def test_two_edits_in_one_delivery_end_with_the_last(school: School) -> None:
    await school.hears(
        school.chat,
        school.chat.happening("一", key="m1"),
        school.chat.happening("二", kind="edit", target="m1"),
        school.chat.happening("三", kind="edit", target="m1"),
    )

    (entry,) = await school.timeline()
    async with school.hub.db.reading() as tx:
        versions = await tx.timeline.versions([entry.id])
    assert entry.text == "三"
    assert [version.text for version in versions[entry.id]] == ["一", "二"]


async def test_a_call_told_in_two_pieces_is_one_entry_with_both(school: School) -> None:
    call = {"kind": "call", "key": "c1", "phone": "+8613812345678", "disposition": "answered"}
    first = school.chat.happening(talk_s=65, **call)
    second = school.chat.happening(transcript="坐席:您好\n客户:年课多少钱", **call)

    await school.hears(school.chat, first)
    await school.hears(school.chat, replace(second, dedup_key="c1 with transcript"))

    (entry,) = await school.timeline()
    assert entry.body["talk_s"] == 65
    assert entry.text == "坐席:您好\n客户:年课多少钱"


async def test_what_the_connector_does_not_know_is_kept_and_shown(school: School) -> None:
    await school.says(school.chat, kind="hologram")

    (entry,) = await school.timeline()
    assert (entry.kind, entry.body["provider_kind"]) == ("unsupported", "hologram")


async def test_an_event_the_connector_breaks_on_becomes_an_entry_and_costs_no_other(school: School) -> None:
    await school.hears(
        school.chat,
        school.chat.happening("前"),
        school.chat.happening(kind="broken"),
        school.chat.happening("后"),
    )

    assert [entry.text for entry in await school.timeline()] == ["前", "后"]
    async with school.hub.db.reading() as tx:
        assert await tx.timeline.count_by_channel("unsupported") == {"chat": 1}


async def test_a_parked_event_is_read_when_it_is_replayed(school: School) -> None:
    await school.hears(school.chat, school.chat.happening(kind="parked", key="p1"), school.chat.happening("之后"))
    async with school.hub.db.reading() as tx:
        assert await tx.inbox.count_set_aside() == {("chat", "parked"): 1}

    assert await replay_parked(school.hub, None, "chat") == 1
    await run_workers(school.hub)

    async with school.hub.db.reading() as tx:
        assert await tx.inbox.count_set_aside() == {("chat", "parked"): 1}, "still without its key: parked again"


async def test_inbound_messages_count_as_unread_until_somebody_reads(school: School) -> None:
    await school.says(school.chat, "在吗")
    await school.says(school.chat, "您好", direction="outbound", speaker="rep")
    (customer,) = await school.customers()

    async with school.hub.db.transaction() as tx:
        before = (await tx.customers.get(customer)).unread
        await tx.customers.mark_read(customer)
        after = (await tx.customers.get(customer)).unread

    assert (before, after) == (1, 0)


async def test_each_entry_is_told_of_by_one_event_with_its_tags(school: School) -> None:
    await school.says(school.chat, "年课多少钱?")

    (event,) = await school.events("entry.added")
    assert event.payload["text"] == "年课多少钱?"
    assert {"ask_price"} <= {tag["tag"] for tag in event.payload["tags"]}


async def test_said_words_are_found_by_any_part_of_them(school: School) -> None:
    await school.says(school.chat, "孩子上三年级,想周末上课😊", name="周女士")

    async with school.hub.db.reading() as tx:
        found = [await tx.search.customers(query) for query in ("周", "末", "年级,", "周末上课", "😊", "没说过")]

    assert [len(customers) for customers in found] == [1, 1, 1, 1, 1, 0]
