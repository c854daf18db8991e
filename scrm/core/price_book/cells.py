"""What people write into the cells of a price list: amounts, discounts, dates, names; and how we write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias

from scrm.core.price_book.faults import ALIAS_SEPARATORS
from scrm.core.price_book.model import CHINA


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell without a value of its own: a formula that was never calculated, or one that ended in an `error`."""

    error: str = ""


Cell: TypeAlias = "str | Decimal | datetime | date | bool | Unreadable | None"
"""What a cell of a workbook holds. Times without a zone are China's; a CSV file has texts only."""

_AMOUNT = re.compile(r"[¥￥]?(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?:元|RMB|CNY)?", re.IGNORECASE)
_DISCOUNT = re.compile(r"(\d+(?:\.\d+)?)(折|%)?")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_EXCEL_DAY_0 = datetime(1899, 12, 30, tzinfo=CHINA)
"""Day 0 of Excel's 1900 dates (its 1900-02-29 never was: https://learn.microsoft.com/office/troubleshoot/excel)."""
_EXCEL_DAYS = range(20_000, 80_000)
_LAST_SECOND = time(23, 59, 59)
_YES, _NO = frozenset({"是", "y", "yes", "true", "1", "停用"}), frozenset({"", "否", "n", "no", "false", "0"})


class NotReadable(ValueError):
    """A cell that does not say what its column is for; `code` and `text` name the fault."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.text = text


def plain(cell: Cell) -> str:
    """The cell as text, without blanks around it. Numbers as a person would type them."""
    if isinstance(cell, Unreadable):
        raise NotReadable("formula_error" if cell.error else "formula", cell.error)
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, Decimal):
        return format(cell.normalize() if cell else Decimal(0), "f")
    if isinstance(cell, datetime | date):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return (cell or "").strip().strip("\u3000\ufeff").strip()


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not plain(cell))


def read_amount(cell: Cell) -> Decimal:
    """3999, 3,999.00, ¥3999, 3999元, full-width digits too."""
    text = _narrow(plain(cell))
    found = _AMOUNT.fullmatch(text)
    if not found or isinstance(cell, bool):
        raise NotReadable("not_money", plain(cell))
    return Decimal(found[1].replace(",", ""))


def read_discount(cell: Cell) -> Decimal:
    """The share to pay: 8.5折, 85折, 85%, 0.85; between 1 and 10 it can only be meant as 折."""
    text = _narrow(plain(cell))
    found = _DISCOUNT.fullmatch(text)
    if not found:
        raise NotReadable("not_a_discount", plain(cell))
    number, unit = Decimal(found[1]), found[2]
    if unit is None and number == 1:
        raise NotReadable("ambiguous_discount")
    if unit == "%":
        ratio = number / 100
    elif unit is None and number < 1:
        ratio = number
    else:
        ratio = number / (10 if number <= 10 else 100)
    if not 0 < ratio <= 1 or (unit is None and number >= 10):
        raise NotReadable("not_a_discount", plain(cell))
    return ratio


def read_start(cell: Cell) -> datetime:
    """A day means its first second."""
    return _moment(cell, time(0))[0]


def read_end(cell: Cell) -> datetime:
    """The last moment that is included: a day means its last second."""
    return _moment(cell, _LAST_SECOND)[0]


def read_bound(cell: Cell) -> datetime:
    """The first moment that is no longer included: a day means the first second of the next."""
    moment, whole_day = _moment(cell, time(0))
    return moment + timedelta(days=1) if whole_day else moment


def read_aliases(cell: Cell) -> tuple[str, ...]:
    """Names between 、 and the like, each once."""
    parts = re.split(f"[{re.escape(ALIAS_SEPARATORS)}]", plain(cell))
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def read_flag(cell: Cell) -> bool:
    text = _narrow(plain(cell)).lower()
    if text in _YES:
        return True
    if text not in _NO:
        raise NotReadable("not_yes_or_no", plain(cell))
    return False


def write_start(at: datetime) -> Cell:
    """A cell that `read_start` reads back: a day where its first second is meant."""
    local = at.astimezone(CHINA)
    return local.date() if local.time() == time(0) else _written(local)


def write_end(at: datetime) -> Cell:
    """A cell that `read_end` reads back: a day where its last second is meant."""
    local = at.astimezone(CHINA)
    return local.date() if local.time() == _LAST_SECOND else _written(local)


def _written(local: datetime) -> Cell:
    # Midnight would come back from a workbook as a day, and fractions of a second not at all: they are texts.
    if local.time() == time(0) or local.microsecond:
        return local.replace(tzinfo=None).isoformat(" ", "auto")
    return local.replace(tzinfo=None)


def _moment(cell: Cell, of_day: time) -> tuple[datetime, bool]:
    """(the moment in UTC, whether only a day was given)."""
    local, whole_day = _local(cell)
    if whole_day:
        local = datetime.combine(local.date(), of_day)
    return (local if local.tzinfo else local.replace(tzinfo=CHINA)).astimezone(UTC), whole_day


def _local(cell: Cell) -> tuple[datetime, bool]:
    if isinstance(cell, datetime):
        return cell, cell.time() == time(0)
    if isinstance(cell, date):
        return datetime.combine(cell, time(0)), True
    if isinstance(cell, Decimal) and int(cell) in _EXCEL_DAYS:
        at = _EXCEL_DAY_0 + timedelta(days=int(cell), seconds=round((cell % 1) * 86_400))
        return at.replace(tzinfo=None), cell == int(cell)
    text = _narrow(plain(cell), keep_blanks=True)
    day = _DAY.match(text)
    try:
        if not day:
            raise ValueError(text)
        rest = text[day.end() :].strip().removeprefix("T")
        year, month, of_month = (int(number) for number in day.groups())
        if not rest:
            return datetime.combine(date(year, month, of_month), time(0)), True
        clock = f"0{rest}" if re.match(r"\d:", rest) else rest
        return datetime.combine(date(year, month, of_month), time.fromisoformat(clock)), False
    except ValueError as error:
        raise NotReadable("not_a_time", plain(cell)) from error


def _narrow(text: str, *, keep_blanks: bool = False) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return folded.strip() if keep_blanks else re.sub(r"\s", "", folded)
