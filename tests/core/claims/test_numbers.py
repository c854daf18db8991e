"""The numeral grammar, read back from every way of writing a price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.claims import Kind, read_quotes
from scrm.core.claims.numbers import read_number
from scrm.core.timeline import Speaker

_DIGITS = "零一二三四五六七八九"
_CAPITALS = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_FULL_WIDTH = str.maketrans("0123456789,.", "０１２３４５６７８９，．")

prices = st.one_of(
    st.integers(1, 99_999_999),
    st.integers(1, 9_999),
    st.builds(lambda digits, zeros: digits * 10**zeros, st.integers(1, 999), st.integers(0, 5)),
)


def chinese(value: int) -> str:
    """The value as it is written out: 10305 -> 一万零三百零五."""
    if value >= 10_000:
        high, low = divmod(value, 10_000)
        gap = "零" if 0 < low < 1000 else ""
        return f"{chinese(high)}万{gap}{_section(low) if low else ''}"
    return _section(value)


def _section(value: int) -> str:
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            text += ("零" if gap else "") + _DIGITS[digit] + name
            gap = False
        elif text:
            gap = True
    return text


def elliptic(value: int) -> str | None:
    """四千八 for 4800, 一万二 for 12000; None where speech has no such form."""
    text = str(value)
    if len(text) < 3 or text[2:].strip("0") or text[1] == "0" or len(text) > 5:
        return None
    unit = {3: "百", 4: "千", 5: "万"}[len(text)]
    return _DIGITS[int(text[0])] + unit + _DIGITS[int(text[1])]


def letters(value: int) -> str | None:
    """1.28w, 3.5k: exact and with at most four decimals."""
    if value >= 10_000:
        return f"{Decimal(value) / 10_000}w"
    return f"{Decimal(value) / 1000}k" if value >= 1000 else None


def forms(value: int) -> list[str]:
    """Every written form of the value that the grammar is meant to know."""
    spoken = chinese(value)
    written = [str(value), f"{value:,}", spoken, spoken.translate(_CAPITALS), str(value).translate(_FULL_WIDTH)]
    if value >= 20_000 and value % 1000 == 0:
        written.append(f"{value // 10_000}万{value % 10_000 // 1000}千" if value % 10_000 else f"{value // 10_000}万")
    if value >= 10_000 and value % 10_000 == 0:
        written += [f"{value // 10_000}w", f"{value // 10_000}个w"]
    return [*written, *filter(None, (elliptic(value), letters(value)))]


@given(prices)
def test_a_price_reads_back_from_every_written_form(value):
    for form in forms(value):
        (quote,) = read_quotes(f"到手价{form}元", Speaker.REP)
        assert (quote.kind, quote.value) == (Kind.PRICE, value), form
        assert f"到手价{form}元"[quote.start : quote.end] == f"{form}元"


@given(prices.filter(lambda value: value >= 100))
def test_a_cue_is_enough_without_a_currency(value):
    for form in forms(value):
        (quote,) = read_quotes(f"到手价{form}", Speaker.REP)
        assert quote.value == value, form


@given(st.integers(1, 999).map(lambda value: value * 100))
def test_a_thing_counted_after_the_price_does_not_join_it(value):
    for form in (str(value), chinese(value)):
        (quote,) = read_quotes(f"{form}一位", Speaker.REP)
        assert (quote.kind, quote.value, quote.unit) == (Kind.UNIT_PRICE, value, "位"), form


@given(st.text("零一二两三四五六七八九十百千万亿点0123456789.,kw几多来块 ", max_size=14))
def test_no_run_of_numerals_breaks_the_reader(text):
    for quote in read_quotes(text, Speaker.REP):
        assert 0 <= quote.start < quote.end <= len(text)


@pytest.mark.parametrize(
    ("text", "value", "value_max", "read"),
    [
        ("四千八您", 4800, None, "四千八"),
        ("三百零五", 305, None, "三百零五"),
        ("一千零八", 1008, None, "一千零八"),
        ("二十五块", 25, None, "二十五"),
        ("1w2可以", 12000, None, "1w2"),
        ("1万2千8", 12800, None, "1万2千8"),
        ("4个w", 40000, None, "4个w"),
        ("三九九九", 3999, None, "三九九九"),
        ("四五千", 4000, 5000, "四五千"),
        ("一千五六", 1500, 1600, "一千五六"),
        ("两三百块", 200, 300, "两三百"),
        ("三百九十九三盒", 399, None, "三百九十九"),
        ("两百五一斤", 250, None, "两百五"),
        ("九九八一台", 998, None, "九九八"),
        ("299十次", 299, None, "299"),
        ("一点二八万", 12800, None, "一点二八万"),
    ],
)
def test_the_traps_of_spoken_numbers(text, value, value_max, read):
    number = read_number(text, 0)

    assert number is not None
    assert (number.value, number.value_max, text[: number.end]) == (value, value_max, read)


@pytest.mark.parametrize("text", ["万一", "千万别", "百度", "元旦"])
def test_words_that_begin_with_a_unit_are_no_numbers(text):
    assert read_number(text, 0) is None
