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


def mixed(value: int) -> list[str]:
    """1万2千8, 13万8, 3千5, 1w2, 3k5: digits with units, the last one left out where speech leaves it out."""
    if value < 1000 or value % 100:
        return []
    found = []
    ten_thousands, rest = divmod(value, 10_000)
    if ten_thousands and rest % 1000 == 0 and rest:
        found += [f"{ten_thousands}{unit}{rest // 1000}" for unit in ("万", "w", "W")]
    if ten_thousands and rest >= 1000 and rest % 1000:
        found.append(f"{ten_thousands}万{rest // 1000}千{rest % 1000 // 100}")
    if not ten_thousands:
        found += [f"{value // 1000}{unit}{rest % 1000 // 100 or ''}" for unit in ("千", "k", "K")]
    return found


def digit_by_digit(value: int) -> str | None:
    """三九九九, as numbers are read out; two digits so read are no number, and eleven would be a telephone's."""
    return "".join(_DIGITS[int(digit)] for digit in str(value)) if 100 <= value <= 999_999 else None


def keycaps(value: int) -> str:
    return "".join(f"{digit}\ufe0f\u20e3" for digit in str(value))


def forms(value: int) -> list[str]:
    """Every written form of the value that the grammar is meant to know."""
    spoken = chinese(value)
    written = [str(value), f"{value:,}", spoken, spoken.translate(_CAPITALS), str(value).translate(_FULL_WIDTH)]
    written += [keycaps(value), f"{value:,}".translate(_FULL_WIDTH), *mixed(value)]
    if "二" in spoken:
        written.append(
            spoken.replace("二千", "两千").replace("二百", "两百").replace("二万", "两万").replace("十两", "十二")
        )
    if value >= 20_000 and value % 1000 == 0:
        written.append(f"{value // 10_000}万{value % 10_000 // 1000}千" if value % 10_000 else f"{value // 10_000}万")
    if value >= 10_000 and value % 10_000 == 0:
        written += [f"{value // 10_000}w", f"{value // 10_000}个w"]
    return [*written, *filter(None, (elliptic(value), letters(value), digit_by_digit(value)))]


@given(prices)
def test_a_price_reads_back_from_every_written_form(value):
    for form in forms(value):
        (quote,) = read_quotes(f"到手价{form}元", Speaker.REP)
        assert (quote.kind, quote.value) == (Kind.PRICE, value), form
        assert f"到手价{form}元"[quote.start : quote.end] == f"{form}元"


@pytest.mark.parametrize("numbers", [range(1, 2000), range(2000, 10_000, 7), range(10_000, 1_000_000, 1009)])
def test_every_small_number_reads_back_however_it_is_written(numbers):
    wrong = [
        form
        for value in numbers
        for form in forms(value)
        if [quote.value for quote in read_quotes(f"一口价{form}元", Speaker.REP)] != [value]
    ]
    assert wrong == []


def test_every_hundred_and_thousand_reads_back_from_its_spoken_form():
    for value in (*range(100, 10_000, 100), *range(10_000, 1_000_000, 1000)):
        for form in {chinese(value), elliptic(value) or chinese(value), *mixed(value)}:
            assert [quote.value for quote in read_quotes(f"一口价{form}", Speaker.REP)] == [value], form


@given(prices.filter(lambda value: 100 <= value < 10_000_000))
def test_a_cue_is_enough_without_a_currency(value):
    for form in forms(value):
        (quote,) = read_quotes(f"到手价{form}", Speaker.REP)
        assert quote.value == value, form


@given(st.integers(1, 999).map(lambda value: value * 100))
def test_a_thing_counted_after_the_price_does_not_join_it(value):
    for form in (str(value), chinese(value)):
        (quote,) = read_quotes(f"{form}一位", Speaker.REP)
        assert (quote.kind, quote.value, quote.unit) == (Kind.UNIT_PRICE, value, "位"), form


@pytest.mark.parametrize(
    "unit", [*"平斤人位名天晚月年节次台套件张盒箱瓶只条颗桌杯间", "公斤", "小时", "课时", "学期", "㎡", "个", "克"]
)
def test_every_measure_word_ends_the_price_before_it(unit):
    per = "平" if unit == "㎡" else unit
    for price in ("199", "二百九十九", "一千二百八", "3,200", "1w2"):
        for text in (f"价格{price}一{unit}", f"{price}/{unit}", f"每{unit}{price}元", f"{price}元每{unit}"):
            (quote,) = read_quotes(text, Speaker.REP)
            assert (quote.kind, quote.unit) == (Kind.UNIT_PRICE, per), text


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
