"""Reading what WeCom writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.wecom_platform.reading import (
    at_millisecond,
    at_moment,
    at_second,
    fields_at,
    list_at,
    read_fields,
    read_object,
    text_at,
)
from scrm.connector import BadInput


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<xml><L></L></xml>", []),
        ("<xml><L><Item>a</Item></L></xml>", ["a"]),
        ("<xml><L><Item>a</Item><Item>b</Item></L></xml>", ["a", "b"]),
    ],
)
def test_one_item_reads_like_many(xml: str, expected: list[str]) -> None:
    assert list(list_at(read_fields(xml), "L", "Item")) == expected


def test_a_repeated_element_is_a_list_and_no_text() -> None:
    fields = read_fields("<xml><Id>a</Id><Id>b</Id></xml>")

    assert list_at(fields, "Id") == ["a", "b"]
    assert text_at(fields, "Id") == ""


def test_numbers_are_text_and_truth_is_not() -> None:
    fields = read_object('{"n": 18446744073709551615, "yes": true, "none": null, "deep": {"n": 1}}')

    assert [text_at(fields, name) for name in ("n", "yes", "none", "deep", "missing")] == [
        "18446744073709551615", "", "", "", "",
    ]  # fmt: skip
    assert text_at(fields, "deep", "n") == "1"
    assert fields_at(fields, "n", "deep") == {}


def test_what_no_database_stores_is_replaced() -> None:
    assert read_object(r'{"text": "a\u0000b\ud83d"}') == {"text": "a\ufffdb\ufffd"}


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"a": NaN}', '{"a": Infinity}', '{"n":' * 99_999])
def test_what_is_no_json_object_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_object(text)


def test_seconds_milliseconds_and_written_times_are_utc() -> None:
    moment = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    seconds = int(moment.timestamp())

    assert at_second({"t": seconds}, "t") == moment
    assert at_second({"t": str(seconds)}, "missing", "t") == moment
    assert at_millisecond({"t": seconds * 1000 + 7}, "t") == moment + timedelta(milliseconds=7)
    assert at_moment({"t": "2026-11-23T12:00:00+08:00"}, "t") == moment


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_a_time_is_read_or_refused(written: object) -> None:
    for read in (at_second, at_millisecond, at_moment):
        try:
            assert read({"t": written}, "t").utcoffset() == timedelta(0)  # type: ignore[operator]  # three readers of one shape
        except BadInput as refused:
            assert "t" in str(refused)  # noqa: PT017 - both outcomes are allowed


@given(st.text())
def test_a_text_is_read_or_a_value_error(text: str) -> None:
    try:
        fields = read_fields(text)
    except ValueError:
        return
    assert all(isinstance(name, str) for name in fields)
