"""How long a price is said to hold: 到18号, 活动到9月10日, 今天内, 三天内有效. Days are China's."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta

from scrm.core.claims.numbers import read_number
from scrm.core.price_book import CHINA

_N = r"[0-9零一二两三四五六七八九十]{1,3}"


def _date(side: str) -> str:
    year = rf"(?:20(?P<{side}year>[0-9]{{2}}) ?[年/.-] ?)?"
    month = rf"(?P<{side}month>{_N}) ?[月/.-]份? ?"
    return rf" ?(?:{year}{month})?(?P<{side}day>{_N}) ?[号日]"


_LEAD = r"(?<![送寄运达发回看约])(?:截止到?|截至|持续到|延续到|延长到|优惠到|保留到|有效期到|有效期至|到|至)"
_DATE_UNTIL = re.compile(
    f"{_LEAD}(?:本月|这个月|当月|今年)?{_date('a')}(?![楼线店起开]|以后|之后|恢复|涨)"
    f"|{_date('b')}(?:晚上?|零点|24点|23:59)?(?:之前|以前|前|截止|结束|到期|为止|过期|止|有效)"
)
_TODAY = re.compile(
    r"今[天日](?:之?内|以内|有效|截止|结束|下单|为止|之前|晚?上?(?:12|十二|24)点)|[仅只]限今[天日]"
    r"|(?:仅|就|只有?)今[天日]|今晚(?:12|十二|24|零)?点?(?:之?前|截止|结束|为止)|当[天日]有效|最后一天|到今[天晚]"
)
_TOMORROW = re.compile(r"(?:到|截止到?|至)明[天晚日]|明[天晚日](?:之?前|截止|结束|到期|为止)")
_WEEK = re.compile(
    r"(?:本|这个?)(?:周|星期)(?:之?内|末(?:之前|截止|前)?|日(?:之前|截止|前)?|有效)"
    r"|(?:到|截止到?)(?:本|这个?)?周[日末天]|(?:到|截止到?)(?:本|这个?)?星期天"
)
_MONTH = re.compile(
    r"(?:本|这个?|当)月(?:之?内|底(?:之?前|截止|结束|为止)?|有效)|(?:到|截止到?|至)(?:本|这个?|当)?月底"
    r"|月底(?:之?前|截止|结束|为止|到期)"
)
_WITHIN = re.compile(
    rf"(?P<count>{_N})(?P<unit>天|日|个?小时|周|个?月)(?:之?内|以内)?(?:有效|下单|付款|内定|保价|都是这个价|内)"
)
_LONG_PAST = timedelta(days=60)


def valid_until(text: str, at: datetime) -> datetime | None:
    """The last moment, in UTC, that `text` said at `at` says its price holds; None when it does not say."""
    local = at.astimezone(CHINA)
    end = _named_day(text, local) or _relative_day(text, local)
    if end is not None:
        return datetime.combine(end, time(23, 59, 59), CHINA).astimezone(UTC)
    match = _WITHIN.search(text)
    return None if match is None else _after(match, local)


def _named_day(text: str, local: datetime) -> date | None:
    match = _DATE_UNTIL.search(text)
    if match is None:
        return None
    side = "a" if match["aday"] else "b"
    day, month = _count(match[f"{side}day"]), _count(match[f"{side}month"])
    year = match[f"{side}year"]
    return _next_such(local.date(), day, month, 2000 + int(year) if year else None)


def _count(text: str | None) -> int | None:
    number = read_number(text, 0) if text else None
    return None if number is None or number.value is None else int(number.value)


def _next_such(today: date, day: int | None, month: int | None, year: int | None) -> date | None:
    """That day of this month or the next; with a month this year's, or next year's when that is long past."""
    if day is None or not 1 <= day <= 31 or (month is not None and not 1 <= month <= 12):
        return None
    if month is None:
        month = today.month if day >= today.day else today.month % 12 + 1
        year = year or today.year + (1 if month < today.month else 0)
    end = date(year or today.year, month, min(day, calendar.monthrange(year or today.year, month)[1]))
    if year is None and today - end > _LONG_PAST:
        return _next_such(today, day, month, today.year + 1)
    return end


def _relative_day(text: str, local: datetime) -> date | None:
    today = local.date()
    if _TODAY.search(text):
        return today
    if _TOMORROW.search(text):
        return today + timedelta(days=1)
    if _WEEK.search(text):
        return today + timedelta(days=6 - today.weekday())
    if _MONTH.search(text):
        return today.replace(day=calendar.monthrange(today.year, today.month)[1])
    return None


def _after(match: re.Match[str], local: datetime) -> datetime | None:
    count = _count(match["count"])
    if count is None:
        return None
    unit = match["unit"]
    if unit.endswith("小时"):
        return (local + timedelta(hours=count)).astimezone(UTC)
    days = count * (7 if unit == "周" else 30 if unit.endswith("月") else 1)
    return datetime.combine(local.date() + timedelta(days=days), time(23, 59, 59), CHINA).astimezone(UTC)
