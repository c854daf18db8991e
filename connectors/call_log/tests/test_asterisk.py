"""Master.csv of a real Asterisk 22: seven calls in ten rows."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.call_log import CallLog, create
from scrm.connector import BadRow, Call, ChannelEvent, Json, RawEvent
from scrm.testing.context import connector_context

MASTER = (Path(__file__).parent / "asterisk_master.csv").read_text("utf-8")
LINES = MASTER.splitlines()
ANSWERED, QUEUE = LINES[0], LINES[7:9]


def read(text: str, **settings: Json) -> dict[str, ChannelEvent]:
    connector = create("calls", settings, connector_context())
    assert isinstance(connector, CallLog)
    results = [result for _, result in connector.read_file(io.BytesIO(text.encode()), "Master.csv")]
    raws = [raw for raw in results if isinstance(raw, RawEvent)]
    assert len(raws) == len(results)
    return {event.id: event for raw in raws for event in connector.normalise(raw)}


def test_the_seven_calls_come_out_as_they_were() -> None:
    events = read(MASTER)

    told = {
        event.id.split(".")[1]: (
            event.direction.value,
            event.thread,
            event.actor,
            body.disposition,
            body.talk_s,
            body.ring_s,
        )
        for event in events.values()
        if isinstance(body := event.body, Call)
    }
    assert told == {
        "0": ("inbound", "+8613800138000", "8001", "answered", 3, 1),
        "4": ("inbound", "+8613800138003", "8001", "answered", 2, 1),
        "8": ("inbound", "+8613800138001", "8002", "busy", 0, None),
        "14": ("inbound", "+8613800138002", "8003", "no_answer", 0, None),
        "20": ("inbound", "+8613800138004", "8003", "cancelled", 0, None),
        "24": ("inbound", "+8613900139000", "8001", "answered", 3, None),
        # The rows start the talk when the agent answers; that the customer did a second later, only AMI tells.
        "31": ("outbound", "+8613800138009", "8001", "answered", 3, 1),
    }


def test_the_unique_id_tells_the_zone_of_the_file_whatever_the_setting() -> None:
    [event] = read(ANSWERED, time_zone="America/New_York").values()
    [shanghai] = read(ANSWERED.replace("2026-11-23 03:", "2026-11-23 11:"), time_zone="America/New_York").values()

    assert event.at == shanghai.at == datetime(2026, 11, 23, 3, 57, 46, tzinfo=UTC)


def test_without_unique_ids_the_setting_tells_the_zone_and_each_row_is_a_call() -> None:
    bare = "\n".join(",".join(line.split(",")[:-5]) for line in (ANSWERED, LINES[1]))

    events = list(read(bare, time_zone="Asia/Shanghai").values())

    assert [event.at.hour for event in events] == [19, 19]
    assert len({event.id for event in events}) == 2


def test_rows_of_one_call_are_folded_when_other_calls_stand_between_them() -> None:
    shuffled = LINES.copy()
    random.Random(7).shuffle(shuffled)

    assert read("\n".join(shuffled)) == read(MASTER)


def test_a_file_that_has_grown_brings_the_whole_of_its_last_call_again() -> None:
    connector = create("calls", {}, connector_context())
    assert isinstance(connector, CallLog)

    def raws(lines: list[str]) -> list[RawEvent]:
        results = connector.read_file(io.BytesIO("\n".join(lines).encode()), "Master.csv")
        return [raw for _, raw in results if isinstance(raw, RawEvent)]

    [before], [after] = raws(QUEUE[:1]), raws(QUEUE)
    assert before.dedup_key != after.dedup_key
    [early], [late] = connector.normalise(before), connector.normalise(after)
    assert early.id == late.id
    assert isinstance(early.body, Call)
    assert isinstance(late.body, Call)
    assert (early.body.disposition, late.body.disposition) == ("no_answer", "answered")


def test_a_call_between_extensions_and_a_withheld_number_concern_no_customer() -> None:
    internal = ANSWERED.replace("PJSIP/trunk-", "PJSIP/8005-").replace("4001001", "8001")
    withheld = LINES[1].replace("13800138003", "anonymous")

    events = list(read(f"{internal}\n{withheld}").values())

    assert [(event.direction.value, event.customer) for event in events] == [("internal", None), ("inbound", None)]


def test_the_digit_for_a_line_is_left_out() -> None:
    dialled = LINES[9].replace('"13800138009"', '"913800138009"').replace("PJSIP/13800138009@", "PJSIP/x@")

    [event] = read(dialled, dial_prefixes=["9"]).values()

    assert event.thread == "+8613800138009"


def test_a_caller_who_leaves_the_queue_has_abandoned_it() -> None:
    left = QUEUE[0].replace('"PJSIP/8003-0000000b"', '""').replace("NO ANSWER", "ANSWERED")

    [event] = read(left).values()

    assert isinstance(event.body, Call)
    assert event.body.disposition == "abandoned_queue"


@pytest.mark.parametrize("broken", ["a,b,c", ANSWERED.replace("2026-11-23 03:57:50", "2026-99-23 03:57:50")])
def test_a_row_that_cannot_be_read_costs_no_other_row(broken: str) -> None:
    connector = create("calls", {}, connector_context())
    assert isinstance(connector, CallLog)

    results = [each for _, each in connector.read_file(io.BytesIO(f"{LINES[1]}\n{broken}\n".encode()), "Master.csv")]

    assert sorted(isinstance(each, BadRow) for each in results) == [False, True]
