"""From when and how long a price holds: 从下周一起, 18号之后; 到18号, 今天内, 三天内有效. Days are China's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from scrm.core.claims.days import DAY, count, span_of
from scrm.core.price_book import CHINA

_LEAD = r"(?<![送寄运达发回看约])(?:截止到?|截至|持续到|延续到|延长到|优惠到|保留到|有效期到|有效期至|到|至)"
_LED = re.compile(rf"{_LEAD} ?(?:今年)?{DAY}(?![楼线店起开恢涨]|以后|之后|就恢复)")
_TAILED = re.compile(
    rf"{DAY}(?:晚上?|零点|夜里|中午)?(?:[0-9]{{1,2}}点|十二点|23:59)?"
    r"(?:之前|以前|前(?!天|面|台|后)|之内|以内|内(?!部|容)|截止|结束|到期|为止|过期|止|有效|下单)"
)
_ONLY_TODAY = re.compile(r"(?:仅|就|只有?)限?(?P<day>今[天日])|最后一天|[今当][天日]有效|今晚(?:12|十二|24|零)点")
_WITHIN = re.compile(
    r"(?P<count>[0-9零一二两三四五六七八九十]{1,3})(?P<unit>天|日|个?小时|周|个?月)"
    r"(?:之?内|以内)?(?:有效|下单|付款|内定|保价|都是这个价|内)"
)
_BEGINS = re.compile(
    rf"(?:从|自)?{DAY}(?:份|早上|上午|下午|晚上)?(?:(?P<hour>[0-9]{{1,2}}|零|十二?|八|九)点)?"
    r"(?P<how>之后|以后|过后|后|起|开始|正式|就?(?:要|会)?(?=涨|恢复|调价|改价|变|执行|按))"
)
_PASSED = re.compile(rf"(?:过了|过完){DAY}")
_THEN = re.compile(r"(?:之后|以后|过后|过了(?:活动|时间|就|这个|这波)?|活动结束后?|到期后?)")
_SENTENCE = "。！？!?\n"
_HOURS = {"零": 0, "八": 8, "九": 9, "十": 10, "十二": 12}


def valid_until(text: str, at: datetime) -> datetime | None:
    """The last moment, in UTC, that `text` said at `at` says its price holds; None when it does not say."""
    local = at.astimezone(CHINA)
    end = _last_day(text, local.date())
    if end is not None:
        return datetime.combine(end, time(23, 59, 59), CHINA).astimezone(UTC)
    match = _WITHIN.search(text)
    return None if match is None else _after(match, local)


def valid_from(text: str, at: datetime, start: int) -> datetime | None:
    """The first moment, in UTC, that the price at `start` of `text` is said to hold: 下周一起恢复3999.

    Only what stands before the price in its sentence counts. 之后 of a day begins with the next one; without a day it
    begins when what was said to hold until then ends.
    """
    begin = max(text.rfind(stop, 0, start) for stop in _SENTENCE) + 1
    before = text[begin:start]
    today = at.astimezone(CHINA).date()
    day, hour = _first_moment(before, today)
    if day is None and (then := _THEN.search(before)) is not None:
        end = _last_day(text[: begin + then.start()], today)
        day = None if end is None else end + timedelta(days=1)
    return None if day is None else datetime.combine(day, time(hour), CHINA).astimezone(UTC)


def _first_moment(before: str, today: date) -> tuple[date | None, int]:
    passed = _PASSED.search(before)
    if passed is not None:
        span = span_of(passed, today)
        return (None, 0) if span is None else (span.last + timedelta(days=1), 0)
    match = _BEGINS.search(before)
    span = None if match is None else span_of(match, today)
    if match is None or span is None:
        return None, 0
    if match["hour"] is None and match["how"] in {"之后", "以后", "过后", "后"}:
        return span.last + timedelta(days=1), 0
    return _at_hour(match, span.first)


def _at_hour(match: re.Match[str], day: date) -> tuple[date, int]:
    """今晚8点开始 is 20:00; 今晚12点 and 零点 are when the next day begins."""
    text = match["hour"]
    if text is None:
        return day, 0
    hour = int(text) if text.isdigit() else _HOURS[text]
    late = "晚" in match[0] or "下午" in match[0]
    if hour >= 24 or (late and hour in {0, 12}):
        return day + timedelta(days=1), 0
    return day, hour + 12 if late and hour < 12 else hour


def _last_day(text: str, today: date) -> date | None:
    for pattern in (_LED, _TAILED):
        match = pattern.search(text)
        span = None if match is None else span_of(match, today)
        if span is not None:
            return span.last
    return today if _ONLY_TODAY.search(text) else None


def _after(match: re.Match[str], local: datetime) -> datetime | None:
    number = count(match["count"])
    if number is None:
        return None
    unit = match["unit"]
    if unit.endswith("小时"):
        return (local + timedelta(hours=number)).astimezone(UTC)
    days = number * (7 if unit == "周" else 30 if unit.endswith("月") else 1)
    return datetime.combine(local.date() + timedelta(days=days), time(23, 59, 59), CHINA).astimezone(UTC)
