"""Keyword rules over chat messages: which words earn a message a tag, and when the same words do not count."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from typing import Protocol, Self

from scrm.core.clauses import CLAUSE_END, Hit, Reading
from scrm.core.timeline import SELLERS, Speaker

CUSTOMER_SIDE = frozenset({Speaker.CUSTOMER})
SELLER_SIDE = SELLERS
GAP = "…"
"""In a keyword: up to `GAP_LENGTH` further code points of the same clause."""
GAP_LENGTH = 8


class Segmenter(Protocol):
    """Cuts Chinese text into words. Immutable: another dictionary is another segmenter."""

    @property
    def fingerprint(self) -> str:
        """Equal for equal engine, version and dictionary: two segmenters with one fingerprint cut alike."""
        ...

    def cut(self, text: str, *, guess_words: bool = True) -> Sequence[str]:
        """The words in order; joined they are `text`. `guess_words` also finds words that are in no dictionary."""
        ...

    def with_words(self, words: Mapping[str, int | None]) -> Self:
        """A segmenter that knows these words too. The number is the word's frequency; None: enough to keep it whole."""
        ...


class KeywordMatcher(Protocol):
    """Finds many patterns in one pass."""

    def find(self, text: str) -> Sequence[tuple[int, int, int]]:
        """All occurrences, overlapping ones too: (index of the pattern, start, end) in code points."""
        ...


class TagKind(StrEnum):
    """Whether a tag is a word somebody watches for, or an intent of the catalogue."""

    KEYWORD = "keyword"
    INTENT = "intent"


class Questions(StrEnum):
    """Whether a rule counts words inside a question, only there, or never there."""

    ANY = "any"
    ONLY = "only"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A label on a message and what earned it: `text[start:end]` (code points), by version `version` of rule `rule`.

    `name` is the Chinese display name; `score` lies in 0–1.
    """

    tag: str
    name: str
    kind: TagKind
    start: int
    end: int
    score: float
    rule: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordRule:
    """Words that earn a tag, and the limits within which they do.

    words: matched without regard to case, width and common traditional forms; `…` stands for a short gap.
    patterns: regular expressions for what has a shape instead of a wording (a phone number).
    exclude: an occurrence of one of these that overlaps a hit refuses it (贵州 for 贵).
    speakers, channels: whose words and where; empty means everybody, everywhere.
    negation_window: a hit is refused when a negation stands at most so many code points before it, in the same clause.
    whole: the message must consist of these words and nothing else but courtesy and punctuation.
    split: also find the words when they are written apart to escape a filter (加 微 信, v.x).
    """

    id: str
    tag: str
    name: str
    words: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    speakers: frozenset[Speaker] = frozenset()
    channels: frozenset[str] = frozenset()
    negation_window: int = 4
    questions: Questions = Questions.ANY
    whole: bool = False
    split: bool = False
    kind: TagKind = TagKind.KEYWORD
    score: float = 1.0
    version: str = "1"

    def heeds(self, speaker: Speaker) -> bool:
        return not self.speakers or speaker in self.speakers

    def applies_on(self, channel: str) -> bool:
        return not self.channels or channel in self.channels


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody said, somewhere. `previous`: what the other side said right before, empty when not known."""

    text: str
    speaker: Speaker
    channel: str = ""
    previous: str = ""


class Lexicon:
    """Keyword rules, compiled for matching. Immutable; build a new one and swap the reference."""

    def __init__(self, rules: Iterable[KeywordRule], matcher: Callable[[Sequence[str]], KeywordMatcher]) -> None:
        self.rules = tuple(rules)
        patterns: dict[str, list[_Use]] = {}
        for number, rule in enumerate(self.rules):
            for word in rule.words:
                head, *tail = fold(word).split(GAP)
                patterns.setdefault(head, []).append(_Use(number, tuple(tail)))
            for word in rule.exclude:
                patterns.setdefault(fold(word), []).append(_Use(number, excludes=True))
        # Rules of the other side are left out once, here, and not again for every hit.
        self._uses = {
            speaker: [[use for use in uses if self.rules[use.rule].heeds(speaker)] for uses in patterns.values()]
            for speaker in Speaker
        }
        self._matcher = matcher(list(patterns))
        self._shapes = [(number, re.compile(p)) for number, rule in enumerate(self.rules) for p in rule.patterns]
        self._finds_split = any(rule.split for rule in self.rules)

    @cached_property
    def fingerprint(self) -> str:
        """Equal for equal rules."""
        lines = sorted(f"{rule.id} {_canonical(rule)}" for rule in self.rules)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def candidates(self, utterance: Utterance) -> Mapping[int, Sequence[Hit]]:
        """Per number of a rule that concerns the utterance: where its words stand and no exclude word does."""
        text = fold(utterance.text)
        found: dict[int, list[Hit]] = {}
        uses = self._uses[utterance.speaker]
        self._collect(text, uses, found)
        if self._finds_split and _SEPARATED.search(text):
            self._collect_split(text, uses, found)
        for number, shape in self._shapes:
            if self.rules[number].heeds(utterance.speaker):
                for match in shape.finditer(text):
                    found.setdefault(number, []).append(Hit(*match.span(), shape=True))
        return {number: hits for number, hits in found.items() if self.rules[number].applies_on(utterance.channel)}

    def _collect(self, text: str, uses: Sequence[Sequence[_Use]], found: dict[int, list[Hit]]) -> None:
        excluded: list[tuple[int, int, int]] = []
        for pattern, start, end in self._matcher.find(text):
            for use in uses[pattern]:
                if use.excludes:
                    excluded.append((use.rule, start, end))
                elif not use.tail:
                    found.setdefault(use.rule, []).append(Hit(start, end))
                elif (last := _find_tail(text, end, use.tail)) is not None:
                    found.setdefault(use.rule, []).append(Hit(start, last, gap=True))
        for rule, start, end in excluded:
            if hits := found.get(rule):
                found[rule] = [hit for hit in hits if hit.end <= start or end <= hit.start]

    def _collect_split(self, text: str, uses: Sequence[Sequence[_Use]], found: dict[int, list[Hit]]) -> None:
        """Look once more with the separators taken out, and keep the hits that had separators inside."""
        squeezed, places = _squeeze(text)
        for pattern, start, end in self._matcher.find(squeezed):
            first, last = places[start], places[end - 1] + 1
            if last - first == end - start:
                continue
            for use in uses[pattern]:
                if self.rules[use.rule].split and not use.tail and not use.excludes:
                    found.setdefault(use.rule, []).append(Hit(first, last, shape=True))


class Judge(Protocol):
    """Has learned what keyword rules are worth, and finds what no keyword tells."""

    def judge(self, utterance: Utterance, tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
        """The tags of an utterance, by place, given those of the keyword rules."""
        ...


def tag_messages(
    utterances: Iterable[Utterance], lexicon: Lexicon, segmenter: Segmenter, judges: Sequence[Judge] = ()
) -> list[tuple[Tag, ...]]:
    """The tags of each utterance, in its order, each by place. Every hit that counts is one tag; hits of one rule
    never overlap. Each of the `judges` then has its say.
    """
    tagged = []
    for utterance in utterances:
        tags = _tag(utterance, lexicon, segmenter)
        for one in judges:
            tags = one.judge(utterance, tags)
        tagged.append(tags)
    return tagged


def fold(text: str) -> str:
    """Lower-case, half-width, common traditional characters made simplified. Code points keep their places."""
    return text.translate(FOLDED)


def _tag(utterance: Utterance, lexicon: Lexicon, segmenter: Segmenter) -> tuple[Tag, ...]:
    candidates = lexicon.candidates(utterance)
    if not candidates:
        return ()
    reading = Reading(utterance.text, partial(segmenter.cut, guess_words=False))
    tags = [
        Tag(
            tag=rule.tag,
            name=rule.name,
            kind=rule.kind,
            start=hit.start,
            end=hit.end,
            score=rule.score,
            rule=rule.id,
            version=rule.version,
        )
        for number, hits in candidates.items()
        for rule in (lexicon.rules[number],)
        for hit in _counting(hits, rule, reading)
    ]
    return tuple(sorted(tags, key=lambda tag: (tag.start, -tag.end, tag.rule)))


def _counting(found: Sequence[Hit], rule: KeywordRule, reading: Reading) -> Sequence[Hit]:
    """The hits that count, longest first where several begin together, without overlap."""
    if rule.whole and not reading.consists_of(found):
        return ()
    hits = [
        hit
        for hit in found
        if reading.is_word(hit)
        and (rule.questions is Questions.ANY or reading.is_asked(hit) == (rule.questions is Questions.ONLY))
        and not (rule.negation_window and reading.is_negated(hit, rule.negation_window))
    ]
    return _without_overlap(hits) if len(hits) > 1 else hits


def _without_overlap(hits: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _find_tail(text: str, start: int, tail: tuple[str, ...]) -> int | None:
    """Where the last part ends, when all parts follow within the gap and the clause."""
    for part in tail:
        place = text.find(part, start, start + GAP_LENGTH + len(part))
        if place < 0 or CLAUSE_END.search(text, start, place):
            return None
        start = place + len(part)
    return start


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The text without separators, and the place in `text` of every code point left."""
    dropped = {place for match in _SEPARATED.finditer(text) for place in range(*match.span())}
    places = [place for place in range(len(text)) if place not in dropped]
    return "".join(text[place] for place in places), places


def _canonical(rule: KeywordRule) -> str:
    return "|".join(
        ",".join(sorted(value)) if isinstance(value, frozenset) else repr(value)
        for value in (getattr(rule, name) for name in KeywordRule.__slots__)
    )


@dataclass(frozen=True, slots=True)
class _Use:
    """What a pattern of the automaton is for."""

    rule: int
    tail: tuple[str, ...] = ()
    excludes: bool = False


_TRADITIONAL = str.maketrans(
    "價錢優貴課報預約發費傳電話號碼簽單貨換請們來這個還沒無時間結帳賬買賣訂減員續試聽車學網點",
    "价钱优贵课报预约发费传电话号码签单货换请们来这个还没无时间结账账买卖订减员续试听车学网点",
)
FOLDED: dict[int, int] = {
    **_TRADITIONAL,
    **{wide: (wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    **{upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)},
    **{wide: wide - 0xFEE0 + 32 for wide in range(0xFF21, 0xFF3B)},
    0x3000: 0x20,
}
_SEPARATED = re.compile(
    "(?<=[\\w\\u4e00-\\u9fff])[\\s\\u200b\\u200c\\u200d\\ufeff*·•._~|/\\\\+-]{1,3}(?=[\\w\\u4e00-\\u9fff])"
)
