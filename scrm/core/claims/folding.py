"""One spelling for full-width letters, emoji digits and stray spaces, with a map back to the raw text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_UNUSUAL = re.compile(r"[\s\uff01-\uff0b\uff0d-\uff5e\uffe5\u3000\ufe0f\u20e3\u200b-\u200f\u2060\ufeff〇]")
_DROPPED = frozenset("\ufe0f\u20e3\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_NUMERALS = frozenset("零〇一二两三四五六七八九十百千万亿幺")
_WIDE_THOUSANDS = re.compile("(?<=[０-９])，[０-９]{3}(?![０-９])")
_SPACES = re.compile(r"[ \t\u3000\xa0]+")
_PAUSE = re.compile(
    r"(?<=[\u4e00-\u9fff])(?<![零一二两三四五六七八九十百千万亿几])[ \u3000](?=[\u4e00-\u9fff])(?![元块折万千百])"
)
_SPACED_DIGITS = re.compile(r"(?<![0-9.])[0-9０-９](?:[ \u3000]+[0-9０-９]){2,}(?![0-9.])")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text to read from. `text[i]` stands for `raw[starts[i]:ends[i]]`; both are None when nothing was changed."""

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` is in the raw text."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def pauses_at(self, place: int) -> bool:
        """Whether a blank of the raw text was left out just before `text[place]`."""
        if self.starts is None or self.ends is None or not 0 < place < len(self.text):
            return False
        return self.starts[place] > self.ends[place - 1]


def fold(raw: str) -> Folded:
    """Full-width becomes ASCII (but for the comma, which separates), keycaps become digits, ¥ has one form.

    Spaces beside Chinese characters go, since segmented texts and transcripts are full of them, and so do those of
    digits written apart (3 5 9 9); spaces between two Latin words or numbers stay.
    """
    if _UNUSUAL.search(raw) is None:
        return Folded(raw)
    stops = _stops(raw)
    apart = {place for match in _SPACED_DIGITS.finditer(raw) for place in range(match.start(), match.end())}
    kept: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for place, written in enumerate(raw):
        character = "，" if place in stops else "," if _WIDE_THOUSANDS.match(raw, place) else written
        if character in _DROPPED or (character in " \t\u3000\xa0" and (place in apart or _is_idle(raw, place, kept))):
            if ends and character == "\u20e3":
                ends[-1] = place + 1
            continue
        kept.append(_folded(character))
        starts.append(place)
        ends.append(place + 1)
    return Folded("".join(kept), starts, ends)


def _stops(raw: str) -> frozenset[int]:
    """Spaces between Chinese characters that stand for a comma: few of them, or a text taken apart would be full."""
    spaces = [match.start() for match in _SPACES.finditer(raw)]
    if len(spaces) * 4 >= len(raw) - len(spaces):
        return frozenset()
    return frozenset(match.start() for match in _PAUSE.finditer(raw))


def _folded(character: str) -> str:
    if "！" <= character <= "～" and character != "，":
        return chr(ord(character) - 0xFEE0)
    match character:
        case "￥":
            return "¥"
        case "〇":
            return "零"
        case "\u3000" | "\xa0" | "\t":
            return " "
        case _:
            return character


def _is_idle(raw: str, place: int, kept: Sequence[str]) -> bool:
    before = kept[-1] if kept else "，"
    after = raw[place:].lstrip(" \t\u3000\xa0")[:1]
    if before in _NUMERALS and after in _NUMERALS:
        return False
    return _joins(before) or _joins(after) or after == "%"


def _joins(character: str) -> bool:
    return "\u3001" <= character <= "\u9fff" or character in "，￥¥：？！；（）"
