"""Days as they are named in talk: 18号, 6月18日, 明天, 下周一, 周末, 月底, 下个月. Days are China's."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from scrm.core.claims.numbers import read_number

_N = r"[0-9零一二两三四五六七八九十]{1,3}"
_WEEKDAYS = {
    name: day for day, names in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7")) for name in names
}
_NEAR = {"今天": 0, "今日": 0, "今晚": 0, "当天": 0, "明天": 1, "明日": 1, "明晚": 1, "明儿": 1, "后天": 2, "大后天": 3}
_LONG_PAST = timedelta(days=60)

DAY = (
    r"(?:(?:20(?P<year>[0-9]{2}) ?[年/.-] ?)?"
    rf"(?P<month>{_N}) ?[月/.-]份? ?(?P<day>{_N}) ?[号日]"
    rf"|(?:本月|这个?月|当月)?(?P<lone>{_N}) ?[号日](?![楼线店院])"
    rf"|下个?月(?P<next>{_N}) ?[号日]"
    r"|(?P<near>大后天|[今明后][天日晚]|明儿|当天)"
    r"|(?P<weeks>下下个?|下个?|本|这个?)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天1-7])(?![0-9])"
    r"|(?P<weekend>本|这个?|下个?)?周末"
    r"|(?P<week>下下个?|下个?|本|这个?)(?:周|星期|礼拜)(?![一二三四五六日天末])"
    r"|(?P<monthend>下个?|本|这个?|当)?月(?P<edge>底|初|末)"
    r"|(?P<span>下下个?|下个?|本|这个?|当)月(?![0-9一二三四五六七八九十底初末])"
    rf"|(?P<whole>{_N})月份?(?![0-9一二三四五六七八九十]))"
)
"""A pattern with named groups; it can stand once in a bigger one. `span_of` reads its match."""


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last day that is meant."""

    first: date
    last: date


def span_of(match: re.Match[str], today: date) -> Span | None:
    """The days a match of `DAY` names, seen from `today`; None when there is no such day."""
    named = match.groupdict()
    if named["day"] or named["lone"]:
        return _only(_next_such(today, count(named["day"] or named["lone"]), count(named["month"]), named["year"]))
    if named["next"]:
        first = _month(today, 1).first
        return _only(_next_such(today, count(named["next"]), first.month, f"{first.year % 100:02}"))
    if named["near"]:
        return _only(today + timedelta(days=_NEAR.get(named["near"], 0)))
    if named["weekday"]:
        return _only(_weekday(today, _WEEKDAYS[named["weekday"]], named["weeks"]))
    if match[0].endswith("周末"):
        monday = _monday(today, named["weekend"])
        return Span(monday + timedelta(days=5), monday + timedelta(days=6))
    return _long(named, today)


def count(text: str | None) -> int | None:
    """A number in digits or Chinese, None when it is none."""
    number = read_number(text, 0) if text else None
    return None if number is None or number.value is None else int(number.value)


def _long(named: dict[str, str | None], today: date) -> Span | None:
    if named["week"]:
        monday = _monday(today, named["week"])
        return Span(monday, monday + timedelta(days=6))
    if named["edge"]:
        month = _month(today, _steps(named["monthend"]))
        return _only(month.first if named["edge"] == "初" else month.last)
    if named["span"]:
        return _month(today, _steps(named["span"]))
    month_number = count(named["whole"])
    first = _next_such(today, 1, month_number, None)
    return None if first is None else _month(first, 0)


def _only(day: date | None) -> Span | None:
    return None if day is None else Span(day, day)


def _steps(word: str | None) -> int:
    return 0 if word is None else word.count("下")


def _monday(today: date, word: str | None) -> date:
    return today + timedelta(days=7 * _steps(word) - today.weekday())


def _weekday(today: date, weekday: int, word: str | None) -> date:
    """周五 is the coming one, today included; 本周五 and 下周五 are of their week."""
    if word is not None:
        return _monday(today, word) + timedelta(days=weekday)
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _month(today: date, steps: int) -> Span:
    year, month = divmod(today.year * 12 + today.month - 1 + steps, 12)
    return Span(date(year, month + 1, 1), date(year, month + 1, calendar.monthrange(year, month + 1)[1]))


def _next_such(today: date, day: int | None, month: int | None, year: str | None) -> date | None:
    """That day of this month or the next; with a month this year's, or next year's when that is long past."""
    if day is None or not 1 <= day <= 31 or (month is not None and not 1 <= month <= 12):
        return None
    if month is None:
        in_month = _month(today, 0 if day >= today.day else 1)
        return min(in_month.first + timedelta(days=day - 1), in_month.last)
    in_year = 2000 + int(year) if year else today.year
    end = date(in_year, month, min(day, calendar.monthrange(in_year, month)[1]))
    if year is None and today - end > _LONG_PAST:
        return _next_such(today, day, month, f"{(today.year + 1) % 100:02}")
    return end
