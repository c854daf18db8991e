"""The one numeral grammar: 3,599 · 1.28万 · 1w2 · 四千八 · 叁仟伍佰 · 三九九九 · 四五千 · 一千五六 · 几千.

A number is a run of *digits* (one Chinese digit, an Arabic group, or a pair such as 四五) and *units* (十 百 千 万 亿,
k, w), units falling from left to right within 万 and 亿. A last digit without a unit is elliptic: 四千八 is 4800,
unless 零 or 十 came before it. Two neighbouring digits are a range: 四五千, 一千五六.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from scrm.core.claims.measures import counts_at
from scrm.core.claims.model import Approx

_DIGITS = {
    c: v
    for v, cs in enumerate(("零", "一壹", "二两贰貳兩", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"))
    for c in cs
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000, "K": 1000}
_UNITS |= {"万": 10_000, "萬": 10_000, "w": 10_000, "W": 10_000, "亿": 10**8, "億": 10**8}
_TENS = {"廿": 20, "卅": 30}
_ARABIC = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")
_PLAIN = re.compile(
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"
    r"|[0-9]+(?:\.[0-9]+)?)(?![0-9.,零一二两三四五六七八九十拾百佰千仟kK万萬wW亿億个点多余来几廿卅])"
)
_RUN = re.compile(r"[零一二三四五六七八九]{3,}")
_POINT = re.compile(r"点([零一二三四五六七八九]+)(?=[十百千万亿wkWK折成%块元个]|分之)")
_MORE = re.compile(r"([多余来几])(?=[十百千万亿])")
_LETTERS = frozenset("kKwW")
_PRICED = re.compile("(?:不到|将近|差不多|大概|才|只要|卖|[收售特]价|也就|就|单价|均价|的话|[险费票价餐])$")
_PRICED_PER = re.compile("斤|公斤|平|节|晚|张|次|套|份|位|盒|瓶|杯|条|件|只|箱|袋|包")

STARTS = re.compile(
    r"[0-9零一二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾貳兩參陸廿卅几]|[百千万](?=[来把余元块]|分之)"
    r"|(?<![0-9一二两三四五六七八九十百千万几多])[块毛](?=[把来])|(?<=[费佣金率息])[千万](?=[0-9一二三四五六七八九])"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number read at a place. `value` is None for 几千; `value_max` is set for 四五千.

    `chinese`, `scaled` (it has a unit such as 千 or w) and `elliptic` (its last unit is left out: 四千八, 1w2) tell how
    it is written; `scale` is its last unit.
    """

    value: Decimal | None
    end: int
    value_max: Decimal | None = None
    approx: Approx = Approx.EXACT
    chinese: bool = False
    scaled: bool = False
    scale: int = 1
    elliptic: bool = False


def read_number(text: str, start: int) -> Number | None:
    """The longest number that begins at `start`, None when none does."""
    plain = _PLAIN.match(text, start)
    if plain is not None:
        return Number(Decimal(plain[0].replace(",", "")), plain.end())
    run = _RUN.match(text, start)
    if run is not None:
        number = _digit_run(text, run)
        if number is not None:
            return number
    return _Reading(text, start).number()


def _digit_run(text: str, run: re.Match[str]) -> Number | None:
    """三九九九, digit by digit. A last digit that counts what follows is not part of it: 九九八一台."""
    end = run.end()
    if text[end : end + 1] in _UNITS:
        return None
    if end - run.start() > 3 and counts_at(text, end):
        end -= 1
    digits = "".join(str(_DIGITS[c]) for c in text[run.start() : end])
    fraction = _POINT.match(text, end)
    if fraction is not None:
        digits += "." + "".join(str(_DIGITS[c]) for c in fraction[1])
        end = fraction.end()
    return Number(Decimal(digits), end, chinese=True)


class _Reading:
    """One pass over a numeral, the lower and the upper end of a range side by side."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = self.place = self.end = start
        self.total = self.section = (Decimal(0), Decimal(0))
        self.pending: tuple[Decimal, Decimal] | None = None
        self.pending_width = 0
        self.pending_start = start
        self.last_unit: int | None = None
        self.top_unit: int | None = None
        self.zero = self.vague = self.chinese = self.elliptic = False
        self.approx = Approx.EXACT

    def number(self) -> Number | None:
        while self.place < len(self.text) and self._step():
            pass
        self._take_tail()
        if self.end == self.start:
            return None
        low, high = _add(self.total, self.section)
        return Number(
            None if self.vague else low,
            self.end,
            high if high != low and not self.vague else None,
            Approx.VAGUE if self.vague else self.approx,
            chinese=self.chinese,
            scaled=self.last_unit is not None,
            elliptic=self.elliptic,
            scale=self.last_unit if self.last_unit is not None and not self.zero else 1,
        )

    def _step(self) -> bool:
        """Take one digit or unit; False when the number ends here."""
        character = self.text[self.place]
        if character in _UNITS:
            return self._take_unit(_UNITS[character], 1)
        if character == "个" and self.pending is not None and self.text[self.place + 1 : self.place + 2] in {*"wW万"}:
            return self._take_unit(10_000, 2)
        if self._take_more(character):
            return True
        if self.pending is not None:
            return self._take_neighbour(character)
        return self._take_digit(character)

    def _take_digit(self, character: str) -> bool:
        self.pending_start = self.place
        if "0" <= character <= "9":
            return self._take_arabic()
        if character == "零":
            return self._take_zero()
        if character in _TENS and self.last_unit in {None, 100}:
            self.section = _add(self.section, (Decimal(_TENS[character]),) * 2)
            self.last_unit, self.chinese = 10, True
            self._advance(1)
            return True
        return self._take_chinese(character)

    def _take_zero(self) -> bool:
        if self.zero:
            return False
        self.chinese = True
        if self.last_unit is None:
            self._pend(0, 0, 1)
            self._take_point()
        else:
            self.zero = True
            self.place += 1
        return True

    def _take_chinese(self, character: str) -> bool:
        unnamed = character == "几" and self.last_unit is None
        digit = 1 if unnamed else _DIGITS.get(character)
        if digit is None:
            return False
        self.vague, self.chinese = self.vague or unnamed, True
        self._pend(digit, digit, 1)
        self._take_point()
        return True

    def _take_arabic(self) -> bool:
        match = _ARABIC.match(self.text, self.place)
        assert match is not None
        if self.last_unit is not None and ("." in match[0] or self._is_full(match[0])):
            return False
        value = Decimal(match[0].replace(",", ""))
        self._pend(value, value, len(match[0]))
        return True

    def _is_full(self, tail: str) -> bool:
        """三者200万1180: so large a number does not go on to the last yuan; another begins."""
        return len(tail) > 2 and self.top_unit is not None and self.total[0] >= 100 * self.top_unit

    def _take_point(self) -> None:
        match = _POINT.match(self.text, self.place)
        if match is not None and self.pending is not None:
            fraction = Decimal("0." + "".join(str(_DIGITS[c]) for c in match[1]))
            self.pending = _add(self.pending, (fraction, fraction))
            self.pending_width += 1 + len(match[1])
            self._advance(len(match[0]))

    def _take_neighbour(self, character: str) -> bool:
        """A second digit makes a range of the first: 四五千, 三五百, 一千五六."""
        assert self.pending is not None
        low, high = self.pending
        digit = _DIGITS.get(character)
        if digit is None or low != high or self.pending_width != 1 or self.vague or not self.chinese:
            return False
        if digit - low != 1 and not (low == 3 and digit == 5):
            return False
        following = self.text[self.place + 1 : self.place + 2]
        counted = counts_at(self.text, self.place + 1)
        alone = self.last_unit is None
        ends = (
            counted or following in {*"块毛成"}
            if alone
            else counted or (following == "一" and counts_at(self.text, self.place + 2)) or following in {*"块元"}
            if self.last_unit == 10
            else (self.last_unit or 0) > 10 and not counted
        )
        if following not in _UNITS and not ends:
            return False
        self.pending = (low, Decimal(digit))
        self._advance(1)
        return True

    def _take_more(self, character: str) -> bool:
        """三十多万, 90来万, 十几万: about or above, before the last unit."""
        about_tens = self.last_unit is None and self.pending is not None and self.pending[0] >= 10
        after_unit = self.last_unit is not None and self.pending is None
        if not (about_tens or after_unit) or not _MORE.match(self.text, self.place):
            return False
        self.approx = Approx.ABOUT if character == "来" else Approx.ABOVE
        self.place += 1
        return True

    def _take_unit(self, unit: int, width: int) -> bool:
        letter = self.text[self.place + width - 1] in _LETTERS
        if letter and (self.chinese or self._is_latin_word(self.place + width)):
            return False
        if unit < 10_000:
            return self._take_small_unit(unit, width)
        if self.pending is None and self.last_unit is None and not self._is_about(unit):
            return False
        if self.top_unit is not None and unit >= self.top_unit:
            return False
        inside = _add(self.section, self.pending or (Decimal(0), Decimal(0)))
        if not inside[1]:
            if self.last_unit is not None:
                return False
            inside = (Decimal(1), Decimal(1))
        self.total = _add(self.total, _times(inside, unit))
        self.section = (Decimal(0), Decimal(0))
        self.top_unit = unit
        return self._close(unit, width)

    def _take_small_unit(self, unit: int, width: int) -> bool:
        if self.last_unit is not None and unit >= self.last_unit:
            return False
        if unit == 10 and self.pending is not None and self.text[self.pending_start].isascii():
            return False
        if self.pending is None and unit != 10 and not self._is_about(unit):
            return False
        self.section = _add(self.section, _times(self.pending or (Decimal(1), Decimal(1)), unit))
        if self.text[self.place] in "十百千拾佰仟":
            self.chinese = self.chinese or self.pending is None
        return self._close(unit, width)

    def _is_about(self, unit: int) -> bool:
        """百来块, 万把块, 千元: a unit that stands for one of itself."""
        return unit > 10 and self.place == self.start and STARTS.match(self.text, self.place) is not None

    def _close(self, unit: int, width: int) -> bool:
        self.pending, self.last_unit, self.zero = None, unit, False
        self.chinese = self.chinese or self.text[self.place] not in _LETTERS | {"万", "千", "百", "个"}
        self._advance(width)
        return True

    def _take_tail(self) -> None:
        """What is left without a unit: ones after 十 or 零, else tenths of the last unit; or no part of the number."""
        if self.pending is None:
            return
        scale = self._tail_scale()
        if scale is None:
            self.end = self.pending_start - (1 if self.zero else 0)
            return
        self.elliptic = scale > 1
        self.section = _add(self.section, _times(self.pending, scale))

    def _tail_scale(self) -> Decimal | None:
        assert self.pending is not None
        if self.last_unit is None:
            return Decimal(1)
        if counts_at(self.text, self.end):
            return None if self._is_cut(self.end) else Decimal(1)
        if self.zero or self.last_unit == 10:
            return Decimal(1)
        if self.text[self.pending_start] in "两兩":
            return None
        step = len(str(self.last_unit)) - 1
        width = self.pending_width
        return Decimal(10) ** (step - width) if width <= step else None

    def _is_cut(self, end: int) -> bool:
        """Whether the last digit counts what follows (两百五|一斤, 三百|三盒) rather than belonging to the number."""
        if self.last_unit == 10 and not self.zero:
            if self.section[0] != self.section[1]:
                return self.text[self.pending_start] == "一"
            more = (
                self.section[0] + self.total[0] > 100
                or _PRICED.search(self.text, max(0, self.start - 4), self.start) is not None
            )
            single = self.text[self.pending_start] == "一" and more
            return single and _PRICED_PER.match(self.text, end) is not None
        return not self.zero

    def _pend(self, low: int | Decimal, high: int | Decimal, width: int) -> None:
        self.pending = (Decimal(low), Decimal(high))
        self.pending_width = width
        self._advance(width)

    def _advance(self, width: int) -> None:
        self.place += width
        self.end = self.place

    def _is_latin_word(self, place: int) -> bool:
        following = self.text[place : place + 1]
        return following.isascii() and following.isalpha()


def _add(a: tuple[Decimal, Decimal], b: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    return a[0] + b[0], a[1] + b[1]


def _times(a: tuple[Decimal, Decimal], factor: int | Decimal) -> tuple[Decimal, Decimal]:
    return a[0] * factor, a[1] * factor
