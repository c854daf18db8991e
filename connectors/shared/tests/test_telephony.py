"""Numbers, outcomes and transcripts as people and vendors write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.shared.telephony import (
    DISPOSITIONS,
    NotAPhone,
    read_direction,
    read_disposition,
    read_phone,
    transcript_lines,
)
from scrm.connector import Direction


@pytest.mark.parametrize(
    "written",
    ["13800138000", "138 0013 8000", "+86 138-0013-8000", "008613800138000", "8613800138000", "013800138000"],
)
def test_a_mobile_number_is_the_same_however_it_is_written(written: str) -> None:
    assert read_phone(written) == "+8613800138000"


def test_a_landline_needs_its_area_code_unless_the_channel_has_one() -> None:
    assert read_phone("010-88886666") == "+861088886666"
    assert read_phone("88886666", area_code="010") == "+861088886666"
    with pytest.raises(NotAPhone):
        read_phone("88886666")


def test_the_digit_for_a_line_is_left_out_only_where_it_is_needed() -> None:
    assert read_phone("913800138000", dial_prefixes=("9",)) == "+8613800138000"
    assert read_phone("95013800138000", dial_prefixes=("950",)) == "+8613800138000"


def test_numbers_from_abroad_keep_their_country() -> None:
    assert read_phone("+85261234567") == "+85261234567"
    assert read_phone("0016502530000") == "+16502530000"


def test_a_new_mobile_range_is_accepted_before_the_tables_know_it() -> None:
    assert read_phone("16012345678") == "+8616012345678"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("abc", "'abc' 不是电话号码"),
        ("", "不是电话号码"),
        ("8001", "不是电话号码"),
        ("138****8000", "请导出完整号码"),
        ("138xxxx8000", "请导出完整号码"),
        ("1.38E+10", "设为文本格式"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(written: str, reason: str) -> None:
    with pytest.raises(NotAPhone, match=reason):
        read_phone(written)


@given(st.text(max_size=40))
def test_any_text_is_either_a_number_or_refused(text: str) -> None:
    try:
        number = read_phone(text)
    except NotAPhone:
        return
    assert number.startswith("+")
    assert number[1:].isdigit()


def test_outcomes_are_known_in_chinese_and_in_english() -> None:
    assert read_disposition("已接听", talk_s=0) == "answered"
    assert read_disposition("NO ANSWER", talk_s=0) == "no_answer"
    assert read_disposition("no_answer", talk_s=0) == "no_answer"
    assert read_disposition("空号", talk_s=0) == "invalid_number"
    assert read_disposition("改天再说", talk_s=12) == "unknown"


def test_without_an_outcome_talk_decides() -> None:
    assert read_disposition("", talk_s=12) == "answered"
    assert read_disposition(" ", talk_s=0) == "unknown"


def test_every_canonical_outcome_reads_as_itself() -> None:
    assert [read_disposition(name, talk_s=0) for name in DISPOSITIONS] == list(DISPOSITIONS)


def test_directions_are_known_in_chinese_and_in_english() -> None:
    assert read_direction("呼入") is Direction.INBOUND
    assert read_direction(" Outbound ") is Direction.OUTBOUND
    assert read_direction("内线") is Direction.INTERNAL
    assert read_direction("?") is None


@pytest.mark.parametrize(
    "written",
    [
        "坐席：年卡 2980 元。 客户：太贵了",
        "坐席: 年卡 2980 元。\n客户: 太贵了",
        "客服1：年卡 2980 元。|用户：太贵了",
        "[00:01] Agent: 年卡 2980 元。 [00:05] Customer: 太贵了",
    ],
)
def test_a_transcript_has_one_utterance_per_line(written: str) -> None:
    assert transcript_lines(written) == "坐席：年卡 2980 元。\n客户：太贵了"


def test_a_transcript_without_speakers_stays_as_it_is() -> None:
    assert transcript_lines("家长想了解暑假班\n约周六到店") == "家长想了解暑假班\n约周六到店"


def test_a_word_with_a_colon_in_a_sentence_is_no_speaker() -> None:
    assert transcript_lines("坐席：微信搜客户：就能看到") == "坐席：微信搜客户：就能看到"


@given(st.text(max_size=200))
def test_reading_a_transcript_again_changes_nothing(text: str) -> None:
    once = transcript_lines(text)

    assert transcript_lines(once) == once
