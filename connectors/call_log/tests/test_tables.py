"""Call logs as people export them: every encoding, delimiter, header and cell format met so far."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.call_log import CallLog, create
from scrm.connector import BadInput, BadRow, BadSettings, Call, ChannelEvent, Direction, Identity, Json, RawEvent
from scrm.testing.context import connector_context

HEADER = "通话时间,客户号码,方向,坐席,时长(秒),结果,录音,转写,通话ID,小结"
SAID = "坐席：您好 客户：多少钱？"
ROW = f"2026-11-23 11:57:46,13800138000,呼入,8001,95,已接听,https://pbx.example.cn/1.wav,{SAID},c-1,问价"
NOON = datetime(2026, 11, 23, 11, 57, 46)  # noqa: DTZ001 - spreadsheets know no zones


def channel(**settings: Json) -> CallLog:
    made = create("calls", settings, connector_context())
    assert isinstance(made, CallLog)
    return made


def import_file(content: bytes, **settings: Json) -> tuple[list[ChannelEvent], list[BadRow]]:
    connector, file = channel(**settings), io.BytesIO(content)
    results = [result for _, result in connector.read_file(file, "calls")]
    assert not file.closed
    events = [event for raw in results if isinstance(raw, RawEvent) for event in connector.normalise(raw)]
    return events, [row for row in results if isinstance(row, BadRow)]


def import_text(text: str, **settings: Json) -> tuple[list[ChannelEvent], list[BadRow]]:
    return import_file(text.encode(), **settings)


def keys(content: bytes) -> list[str]:
    results = [result for _, result in channel().read_file(io.BytesIO(content), "calls")]
    return [raw.dedup_key for raw in results if isinstance(raw, RawEvent)]


def workbook(*rows: list[object], title: str = "Sheet") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def only(content: bytes, **settings: Json) -> tuple[ChannelEvent, Call]:
    [event], bad = import_file(content, **settings)
    assert not bad
    assert isinstance(event.body, Call)
    return event, event.body


def test_a_row_becomes_a_call_of_the_customer_with_that_number() -> None:
    event, call = only(f"{HEADER}\n{ROW}\n".encode())

    assert event.id == "c-1"
    assert event.customer == Identity("phone", "+8613800138000")
    assert event.at == datetime(2026, 11, 23, 3, 57, 46, tzinfo=UTC)
    assert (event.direction, event.actor) == (Direction.INBOUND, "8001")
    assert call == Call(
        phone="+8613800138000",
        disposition="answered",
        talk_s=95,
        transcript="坐席：您好\n客户：多少钱？",
        recording="https://pbx.example.cn/1.wav",
        summary="问价",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_file_reads_the_same_in_every_encoding_with_every_delimiter(
    encoding: str, delimiter: str, line_end: str
) -> None:
    text = f"{HEADER}\n{ROW}\n"

    event, _ = only(text.replace(",", delimiter).replace("\n", line_end).encode(encoding))

    assert event == only(text.encode())[0]


def test_a_character_of_gb18030_in_the_last_row_is_enough_to_tell_the_encoding() -> None:
    rows = "".join(f"2026-11-23 11:57:46,13800138000,ok,{number}\n" for number in range(60_000))
    content = f"start,customer_number,summary,call_id\n{rows}2026-11-23 11:57:46,13800138000,问价,last\n".encode(
        "gb18030"
    )

    *_, last = channel().read_file(io.BytesIO(content), "calls.csv")

    assert isinstance(last[1], RawEvent)
    assert "问价" in last[1].payload


def test_english_headers_and_words_are_understood() -> None:
    event, call = only(
        b"Call ID,Start Time,Customer Number,Direction,Agent,Talk (s),Disposition\n"
        b"c-1,2026-11-23T11:57:46+08:00,+8613800138000,inbound,8001,1:35,NO ANSWER\n"
    )

    assert event.at == datetime(2026, 11, 23, 3, 57, 46, tzinfo=UTC)
    assert (call.talk_s, call.disposition) == (95, "no_answer")


def test_titles_above_the_header_and_empty_rows_do_not_matter() -> None:
    events, bad = import_text(f"十一月通话记录,,\n\n{HEADER}\n\n{ROW}\n,,,\n")

    assert len(events) == 1
    assert not bad


def test_calling_and_called_numbers_are_told_apart_by_the_direction() -> None:
    events, _ = import_text(
        "开始时间,主叫号码,被叫号码,呼叫类型\n"
        "2026-11-23 11:57:46,13800138000,4001001,呼入\n"
        "2026-11-23 12:57:46,8001,13900139000,呼出\n"
    )

    told = [(event.customer and event.customer.value, event.actor) for event in events]
    assert told == [("+8613800138000", "4001001"), ("+8613900139000", "8001")]


def test_a_file_without_directions_is_read_as_the_channel_says() -> None:
    content = "通话时间,客户号码\n2026-11-23 11:57:46,13800138000\n".encode()

    assert only(content)[0].direction is Direction.OUTBOUND
    assert only(content, default_direction="inbound")[0].direction is Direction.INBOUND


def test_an_internal_call_concerns_no_customer() -> None:
    event, _ = only("通话时间,客户号码,方向\n2026-11-23 11:57:46,8002,内部\n".encode())

    assert event.customer is None


def test_minutes_are_not_taken_for_seconds() -> None:
    _, call = only("通话时间,客户号码,通话时长（分钟）\n2026-11-23 11:57:46,13800138000,1.5\n".encode())

    assert call.talk_s == 90


def test_date_and_time_may_stand_in_two_columns() -> None:
    event, _ = only("日期,时间,电话\n2026/11/23,11:57,13800138000\n".encode())

    assert event.at == datetime(2026, 11, 23, 3, 57, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-11-23 11:57:46,abc", "第 3 行：客户号码 'abc' 不是电话号码"),
        ("2026-11-23 11:57:46,138****8000", "第 3 行：客户号码 '138****8000' 隐藏了中间几位，认不出是哪位客户"),
        ("2026-11-23 11:57:46,1.38E+10", "第 3 行：客户号码 '1.38E+10' 是科学计数法，尾数已丢失"),
        ("2026-11-23 11:57:46,", "第 3 行：缺少客户号码"),
        (",13800138000", "第 3 行：缺少通话时间"),
        ("昨天,13800138000", "第 3 行：通话时间 '昨天' 看不懂，应形如 2026-11-23 11:57:46"),
        ("2026-13-23 11:57:46,13800138000", "第 3 行：通话时间 '2026-13-23 11:57:46' 看不懂"),
        ("2026-11-23 11:57:46,13800138000,半天", "第 3 行：时长 '半天' 看不懂，应为秒数或 时：分：秒"),
        ("2026-11-23 11:57:46,13800138000,1,旁听", "第 3 行：方向 '旁听' 看不懂，应为“呼入”“呼出”或“内部”"),
    ],
)
def test_a_row_that_cannot_be_read_says_what_is_wrong_and_costs_no_other_row(row: str, reason: str) -> None:
    good = "2026-11-23 11:57:46,13800138000,95,呼入"

    events, bad = import_text(f"通话时间,客户号码,时长,方向\n{good}\n{row}\n{good},again\n")

    assert len(events) == 2
    assert bad[0].row == 3
    assert bad[0].reason.startswith(reason)
    assert len(bad) == 1


def test_a_quote_that_never_closes_is_one_bad_row() -> None:
    swallowed = "x" * 140_000
    events, bad = import_text(f'{HEADER}\n{ROW}\n2026-11-23 11:57:46,13800138000,,,,,,,"{swallowed}\n{ROW[:-8]}c-2,\n')

    assert events[0].id == "c-1"
    assert "引号没有配对" in bad[0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "没有内容"),
        (b"\n\n", "没有内容"),
        ("姓名,年龄\n张,3\n".encode(), "没有找到表头.*姓名、年龄"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "另存为 .xlsx"),
        (b"PK\x03\x04 not a workbook", "已损坏"),
        (b"\x81\xff\xff\xfe\x00", "编码不是 UTF-8"),
    ],
)
def test_a_file_that_is_no_call_log_is_refused_with_what_to_do(content: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        import_file(content)


def test_importing_again_gives_the_same_keys_and_a_late_transcript_a_new_one() -> None:
    bare = "2026-11-23 11:57:46,13800138000,呼入,8001,95,已接听,,,c-1,"

    assert keys(f"{HEADER}\n{ROW}\n".encode()) == keys(f"{HEADER}\n{ROW}\n".encode("gb18030"))
    assert keys(f"{HEADER}\n{bare}\n".encode()) == ["c-1"]
    [late] = keys(f"{HEADER}\n{ROW}\n".encode())
    assert late.startswith("c-1+")


def test_without_call_ids_the_same_call_has_the_same_key_in_a_file_and_in_a_workbook() -> None:
    text = "通话时间,客户号码,时长\n2026-11-23 11:57:46,138 0013 8000,1:35\n".encode()
    book = workbook(["客户号码", "通话时间", "时长"], [13800138000.0, NOON, 95])

    assert keys(text) == keys(book)
    assert len(keys(text)[0]) == 40


def test_a_workbook_reads_like_the_text_it_shows() -> None:
    book = workbook(
        ["通话记录"],
        HEADER.split(","),
        [NOON, 13800138000.0, "呼入", 8001, 95, "已接听", "https://pbx.example.cn/1.wav", SAID, "c-1", "问价"],
    )

    assert only(book)[0] == only(f"{HEADER}\n{ROW}\n".encode())[0]


@pytest.mark.parametrize(
    ("cell", "seconds"), [(95.0, 95), (time(0, 1, 35), 95), (timedelta(seconds=95), 95), ("1分35秒", 95), ("95秒", 95)]
)
def test_durations_in_a_workbook_are_read_in_every_format(cell: object, seconds: int) -> None:
    _, call = only(workbook(["通话时间", "客户号码", "时长"], ["2026/11/23 11:57", "13800138000", cell]))

    assert call.talk_s == seconds


@pytest.mark.parametrize(
    "cell",
    [
        46349.4984490741,
        "46349.4984490741",
        "2026年11月23日 11:57:46",
        "2026/11/23 上午11:57:46",
        "20261123115746",
        "1795406266",
    ],
)
def test_times_are_read_in_every_format(cell: object) -> None:
    event, _ = only(workbook(["通话时间", "客户号码"], [cell, "13800138000"]))

    assert event.at == datetime(2026, 11, 23, 3, 57, 46, tzinfo=UTC)


def test_a_day_without_a_time_is_not_made_into_midnight() -> None:
    _, bad = import_file(
        workbook(["通话时间", "客户号码"], [date(2026, 11, 23), "13800138000"], ["2026-11-23", "13800138000"])
    )

    assert [row.row for row in bad] == [3]  # Excel itself keeps a day as its midnight; a text is a text


def test_long_numbers_that_a_spreadsheet_has_rounded_are_no_call_ids() -> None:
    rounded = 20261123115746001.0
    book = workbook(
        ["通话时间", "客户号码", "通话ID"],
        ["2026-11-23 11:57:46", "13800138000", rounded],
        ["2026-11-23 11:58:46", "13900139000", rounded],
    )

    assert len(set(keys(book))) == 2


def test_a_header_may_stand_on_a_later_sheet() -> None:
    book = openpyxl.Workbook()
    book.active.append(["说明", "本表由话务平台导出"])
    calls = book.create_sheet("通话")
    for row in (HEADER, ROW):
        calls.append(row.split(","))
    file = io.BytesIO()
    book.save(file)

    assert only(file.getvalue())[0].id == "c-1"


def test_what_exports_add_against_spreadsheets_is_left_out() -> None:
    events, bad = import_text(
        '通话时间,客户号码\n2026-11-23 11:57:46,"=""13800138000"""\n2026-11-23 11:58:46,\'13900139000\t\n'
    )

    assert [event.thread for event in events] == ["+8613800138000", "+8613900139000"]
    assert not bad


def test_rows_are_counted_for_the_progress_bar() -> None:
    assert channel().count_rows(io.BytesIO(f"{HEADER}\n{ROW}\n{ROW}\n".encode()), "calls.csv") == 2
    assert channel().count_rows(io.BytesIO(workbook(HEADER.split(","), ROW.split(","))), "calls.xlsx") == 1
    with pytest.raises(BadInput):
        channel().count_rows(io.BytesIO(b"PK\x03\x04"), "calls.xlsx")


def test_rows_are_read_one_by_one() -> None:
    class Endless(io.RawIOBase):
        """A file whose rows have no end, but whose encoding can be told from what has been read."""

        def __init__(self) -> None:
            self.rows = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, position: int, whence: int = 0) -> int:
            self.rows = 0
            return 0

        def tell(self) -> int:
            return 0

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            line = (f"{HEADER}\n" if not self.rows else f"{ROW}\n".replace("c-1", f"c-{self.rows}")).encode()
            self.rows += 1
            if self.rows > 4_000:
                return 0
            buffer[: len(line)] = line
            return len(line)

    file = Endless()
    first = list(islice(channel().read_file(io.BufferedReader(file), "calls.csv"), 3))

    assert [number for number, _ in first] == [2, 3, 4]
    assert file.rows < 2_000


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"time_zone": "Mars"}, "time_zone"), ({"default_direction": "up"}, "default_direction"), ({"zone": "x"}, "zone")],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Json], field: str) -> None:
    with pytest.raises(BadSettings, match=f"calls.*{field}"):
        create("calls", settings, connector_context())


@given(st.lists(st.lists(st.text(max_size=20), max_size=6), max_size=6))
def test_whatever_stands_in_the_rows_each_is_a_call_or_a_bad_row(rows: list[list[str]]) -> None:
    text = "\n".join([HEADER, *(",".join(row) for row in rows)])

    events, bad = import_file(text.encode("utf-8", "replace"))

    assert all(event.at.tzinfo is UTC for event in events)
    assert all(row.reason.startswith(f"第 {row.row} 行：") for row in bad)


@given(st.binary(max_size=200))
def test_whatever_the_file_is_it_is_read_or_refused(content: bytes) -> None:
    with suppress(BadInput):
        import_file(content)
