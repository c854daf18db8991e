"""Readings of other fields: what is said of meters, bodies and machines, and what is sold under the same roof."""

from __future__ import annotations

import pytest

from scrm.core.claims import read_quotes
from scrm.core.claims.fields import readings_in
from scrm.core.timeline import Speaker


def test_the_longest_word_counts_and_its_end_is_told():
    text = "家里血糖6.8，空腹血糖7"

    ends = [end for end, _ in readings_in(text)]

    assert text[: ends[0]].endswith("血糖")
    assert all(0 < end <= len(text) for end in ends)


@pytest.mark.parametrize(
    "text",
    [
        "电表读数是6480",
        "视力4.8",
        "扭矩要到450",
        "胎压打到250",
        "免赔额1万",
        "去年营收做到两千三百万",
        "余额怎么显示还有3047.6",
    ],
)
@pytest.mark.parametrize("speaker", [Speaker.REP, Speaker.CUSTOMER])
def test_a_number_after_a_reading_is_no_price(text, speaker):
    assert read_quotes(text, speaker) == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("续航600公里那款，落地158000", 158000),
        ("血压计238包邮", 238),
        ("读数仪现在1280元", 1280),
        ("私有化部署八万起，看节点数", 80000),
    ],
)
def test_a_price_in_the_same_message_is_read_all_the_same(text, value):
    assert value in [quote.value for quote in read_quotes(text, Speaker.REP)]


@pytest.mark.parametrize("text", ["屏幕是4K的", "冬天续航打七折", "司机岗位一个月到手七千到九千"])
def test_resolutions_wear_and_pay_are_no_prices(text):
    assert read_quotes(text, Speaker.REP) == ()
