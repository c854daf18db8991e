"""Reading times and durations as people and spreadsheets write them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

# A float holds 15 digits safely; a longer number in a spreadsheet has already lost its last ones.
EXACT = 10**15
_SERIAL_DAYS = range(20_000, 80_000)  # 1954 to 2119, counted from the 30th of December 1899
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no zones
_MOMENT = re.compile(
    r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?[T\s]*"
    r"(?P<half>上午|中午|下午|晚上|AM|PM)?\s*"
    r"(?P<hour>\d{1,2})[:：时点](?P<minute>\d{1,2})(?:[:：分](?P<second>\d{1,2})?秒?)?(?:\.\d+)?"
    r"\s*(?P<half_after>AM|PM)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{1,2})(?:\.\d+)?")
_UNITS = re.compile(
    r"(?:(\d+)(?:小时|时|h))?(?:(\d+)(?:分钟|分|m|min))?(?:(\d+(?:\.\d+)?)(?:秒钟|秒|s|sec)?)?", re.IGNORECASE
)
_AFTERNOON = ("下午", "晚上", "PM")


def cell_text(value: object) -> str:
    """What a spreadsheet cell says, as text. Numbers that have lost digits are written with an exponent."""
    match value:
        case None:
            text = ""
        case datetime():
            text = value.isoformat(" ", "seconds")
        case date() | time():
            text = value.isoformat()
        case timedelta():
            text = str(round(value.total_seconds()))
        case int() | float() if abs(value) >= EXACT:
            text = f"{value:.9E}"
        case float() if value.is_integer():
            text = str(int(value))
        case _:
            text = plain_text(str(value))
    return text


def plain_text(cell: str) -> str:
    """A cell without what exports add to keep spreadsheets from reading it: `="138…"`, a leading apostrophe, tabs."""
    text = cell.strip().strip("\ufeff\u200b\u200e\u202a\u202c")
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        text = text[2:-1]
    return text.removeprefix("'").strip()


def lost_digits(text: str) -> bool:
    """Whether the text is a number in scientific notation."""
    return re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d+", text) is not None


def read_moment(text: str, zone: tzinfo) -> datetime:
    """UTC from `2026-11-23 11:57:46`, `2026/11/23 11:57`, `2026年11月23日 下午3:05`, a spreadsheet's serial number or
    seconds or milliseconds since 1970. ValueError when it is none of them.
    """
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return _from_number(text, zone)
        return _from_words(text, zone)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is out of range") from error


def read_seconds(text: str) -> int | None:
    """Seconds from `95`, `95秒`, `1分35秒`, `01:35` (minutes and seconds) or `0:01:35`; None from an empty text.

    ValueError when it is none of them.
    """
    if not text:
        return None
    if clock := _CLOCK.fullmatch(text):
        return _seconds(*clock.groups())
    units = _UNITS.fullmatch(text.replace(" ", ""))
    if not units or not any(units.groups()):
        raise ValueError(f"{text!r} is no duration")
    return _seconds(*units.groups())


def _seconds(hours: str | None, minutes: str | None, seconds: str | None) -> int:
    return round(float(hours or 0) * 3600 + float(minutes or 0) * 60 + float(seconds or 0))


def _from_number(text: str, zone: tzinfo) -> datetime:
    number = float(text)
    if int(number) in _SERIAL_DAYS:
        local = _DAY_ZERO + timedelta(seconds=round(number * 86_400))
        return local.replace(tzinfo=zone).astimezone(UTC)
    if re.fullmatch(r"\d{14}", text):
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    if re.fullmatch(r"\d{10}(\d{3})?", text):
        return datetime.fromtimestamp(number / 1000 if len(text) == 13 else number, UTC)
    raise ValueError(f"{text!r} is no time")


def _from_words(text: str, zone: tzinfo) -> datetime:
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time")
    part = found.groupdict()
    hour = int(part["hour"])
    half = (part["half"] or part["half_after"] or "").upper()
    if half in _AFTERNOON and hour < 12:
        hour += 12
    if half in {"上午", "AM"} and hour == 12:
        hour = 0
    local = datetime(  # noqa: DTZ001 - the zone follows
        int(part["year"]), int(part["month"]), int(part["day"]), hour, int(part["minute"]), int(part["second"] or 0)
    )
    if part["zone"]:
        return datetime.fromisoformat(local.isoformat() + part["zone"].upper()).astimezone(UTC)
    return local.replace(tzinfo=zone).astimezone(UTC)
