"""The archive against an SDK that keeps its rules: order, key versions, recalls, and what cannot be opened yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from connectors.wecom_archive import create
from connectors.wecom_archive.connector import WecomArchive
from connectors.wecom_archive.sdk import SidecarSdk
from connectors.wecom_platform.tests.simulated import Simulated, pulled, receiving, simulated
from scrm.connector import (
    BadInput,
    ChannelEvent,
    ChannelMisconfigured,
    ChannelUnavailable,
    Direction,
    Identity,
    Message,
    Parked,
    PullNotice,
    RawEvent,
    Recall,
    Unsupported,
)
from scrm.simulate.commands import AddArchiveMedia, AddFault, ArchiveMany, ArchiveMessage
from scrm.simulate.crypto import new_private_key, private_pem

ZHOU = "wmSimCustomerZhouAAAAAAAAAAAAAAAA"


@pytest.fixture
async def wecom() -> AsyncIterator[Simulated]:
    async with simulated() as running:
        yield running


async def archive_of(wecom: Simulated, *, without: Sequence[int] = (), batch_size: int = 500) -> WecomArchive:
    keys = {str(key.version): key.private_pem for key in await wecom.control.archive_keys()}
    return built(wecom, {version: pem for version, pem in keys.items() if int(version) not in without}, batch_size)


def built(wecom: Simulated, keys: dict[str, str], batch_size: int = 500) -> WecomArchive:
    settings = {
        **wecom.settings("archive"),
        "sdk_url": f"{wecom.server.url}/_sim/finance",
        "private_keys": keys,
        "batch_size": batch_size,
    }
    connector = create("wecom-archive", settings, wecom.context)
    assert isinstance(connector, WecomArchive)
    return connector


async def read(archive: WecomArchive, raws: Sequence[RawEvent]) -> list[ChannelEvent]:
    opened = await archive.open_events(raws)
    return [event for raw in opened if isinstance(raw, RawEvent) for event in archive.normalise(raw)]


async def everything(archive: WecomArchive, cursor: str | None = None) -> list[RawEvent]:
    return [raw for page in await pulled(archive, "chat", cursor) for raw in page.events]


async def test_a_notice_leads_to_what_was_said_in_both_directions(wecom: Simulated) -> None:
    archive = await archive_of(wecom)
    async with receiving(archive) as hub:
        await wecom.control.set_callback("archive", hub.url)
        assert (await wecom.control.verify_url("archive")).ok
        await wecom.control.archive_text("LinXiaoYu", [ZHOU], "年卡 3980 元")
        await wecom.control.archive_text(ZHOU, ["LinXiaoYu"], "上次说 3599 呀")
        await wecom.control.settled()

    said, answered = await read(archive, await everything(archive))
    assert hub.taken[-1].notices == (PullNotice(source="chat"),)
    assert {said.thread, answered.thread} == {f"LinXiaoYu:{ZHOU}"}
    assert {said.customer, answered.customer} == {Identity(f"wecom:{wecom.sim.corp().corp_id}", ZHOU)}
    assert (said.body, said.direction, said.actor) == (Message(text="年卡 3980 元"), Direction.OUTBOUND, "LinXiaoYu")
    assert (answered.body, answered.direction) == (Message(text="上次说 3599 呀"), Direction.INBOUND)


async def test_the_cursor_is_the_number_of_the_last_record_and_gaps_are_normal(wecom: Simulated) -> None:
    archive = await archive_of(wecom, batch_size=2)
    for number, skipped in enumerate((0, 7, 0, 100, 0)):
        await wecom.control.archive(
            ArchiveMessage(sender="LinXiaoYu", to=[ZHOU], text=str(number), skip_seq=skipped, notify=False)
        )

    pages = await pulled(archive, "chat")
    later = await everything(archive, pages[0].cursor)

    assert [page.cursor for page in pages] == ["9", "111", "112"]
    assert [event.body.text for event in await read(archive, later)] == ["2", "3", "4"]


async def test_a_missing_key_parks_its_messages_until_it_is_there(wecom: Simulated) -> None:
    await wecom.control.archive_text("LinXiaoYu", [ZHOU], "第二版的钥匙")
    third = await wecom.control.add_archive_key()
    await wecom.control.archive_text("LinXiaoYu", [ZHOU], "第三版的钥匙")
    await wecom.control.archive(ArchiveMessage(sender=ZHOU, to=["LinXiaoYu"], text="旧的", publickey_ver=1))
    archive = await archive_of(wecom, without=[third.version])
    raws = await everything(archive)

    results = await archive.open_events(raws)
    replayed = await read(await archive_of(wecom), raws)

    assert [type(result) for result in results] == [RawEvent, Parked, RawEvent]
    assert f"版本 {third.version}" in str(results[1])
    assert [event.body.text for event in replayed] == ["第二版的钥匙", "第三版的钥匙", "旧的"]


async def test_a_key_of_the_wrong_version_parks_too(wecom: Simulated) -> None:
    await wecom.control.archive_text("LinXiaoYu", [ZHOU], "打不开")
    archive = built(wecom, {"2": private_pem(new_private_key())})

    [result] = await archive.open_events(await everything(archive))

    assert isinstance(result, Parked)
    assert "版本 2" in str(result)


async def test_a_key_may_be_given_as_a_file(wecom: Simulated, tmp_path: Path) -> None:
    await wecom.control.archive_text("LinXiaoYu", [ZHOU], "在吗")
    for key in await wecom.control.archive_keys():
        (tmp_path / f"{key.version}.pem").write_text(key.private_pem)
    archive = built(wecom, {"2": str(tmp_path / "2.pem")})

    [event] = await read(archive, await everything(archive))

    assert event.body == Message(text="在吗")


async def test_control_characters_in_a_message_do_no_harm(wecom: Simulated) -> None:
    archive = await archive_of(wecom)
    await wecom.control.archive(
        ArchiveMessage(sender=ZHOU, to=["LinXiaoYu"], text="第一行\n第二行", control_characters=True)
    )

    [event] = await read(archive, await everything(archive))

    assert event.body == Message(text="第一行\n第二行")


async def test_a_recall_names_the_event_that_is_taken_back(wecom: Simulated) -> None:
    archive = await archive_of(wecom)
    said = await wecom.control.archive_text("LinXiaoYu", [ZHOU], "年卡 1999")
    await wecom.control.recall_in_archive(said.msgid)

    message, recall = await read(archive, await everything(archive))

    assert recall.body == Recall(target=message.id)
    assert (recall.customer, recall.thread) == (message.customer, message.thread)


async def test_kinds_that_are_not_read_yet_are_kept(wecom: Simulated) -> None:
    archive = await archive_of(wecom)
    await wecom.control.archive(ArchiveMessage(sender=ZHOU, to=["LinXiaoYu"], msgtype="voice", body={"play_length": 3}))
    await wecom.control.archive(ArchiveMessage(sender="LinXiaoYu", action="switch"))

    events = await read(archive, await everything(archive))

    assert [event.body for event in events] == [Unsupported(provider_kind="voice"), Unsupported(provider_kind="switch")]


async def test_an_sdk_that_is_down_is_asked_later(wecom: Simulated) -> None:
    archive = await archive_of(wecom)
    await wecom.control.archive_text("LinXiaoYu", [ZHOU], "在吗")
    raws = await everything(archive)

    for order in (
        AddFault(endpoint="finance/decrypt_data", kind="errcode", errcode=10003, times=1),
        AddFault(endpoint="finance/decrypt_data", kind="status", times=1),
        AddFault(endpoint="finance/decrypt_data", kind="truncated", times=1),
    ):
        await wecom.control.add_fault(order)
        with pytest.raises(ChannelUnavailable):
            await archive.open_events(raws)

    assert len(await read(archive, raws)) == 1


async def test_a_foreign_address_is_told_to_the_administrator(wecom: Simulated) -> None:
    archive = await archive_of(wecom)
    await wecom.control.add_fault(AddFault(endpoint="finance/get_chat_data", kind="errcode", errcode=10009))

    with pytest.raises(ChannelMisconfigured, match="可信 IP"):
        await everything(archive)


async def test_many_records_come_in_order_over_pages(wecom: Simulated) -> None:
    archive = await archive_of(wecom, batch_size=100)
    msgids = await wecom.control.archive_many(ArchiveMany(sender=ZHOU, to=["LinXiaoYu"], count=250))

    events = await read(archive, await everything(archive))

    assert [event.id for event in events] == msgids
    assert wecom.broken_rules() == []


async def test_files_come_in_pieces(wecom: Simulated) -> None:
    sdk = SidecarSdk(wecom.context.http, f"{wecom.server.url}/_sim/finance")
    sdkfileid = await wecom.control.add_archive_media(AddArchiveMedia(size=600_000))

    first = await sdk.get_media(sdkfileid)
    assert first.next_index
    last = await sdk.get_media(sdkfileid, first.next_index)

    assert (len(first.content), len(first.content + last.content), last.next_index) == (512 * 1024, 600_000, None)
    with pytest.raises(ChannelMisconfigured, match="10005"):
        await sdk.get_media("nosuchfile")


async def test_a_source_that_is_none_is_refused(wecom: Simulated) -> None:
    with pytest.raises(BadInput):
        await pulled(await archive_of(wecom), "contact:x")
