"""Keyword rules over chat messages: which words earn a message a tag, and when the same words do not count."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol, Self

from scrm.core.timeline import Speaker

CUSTOMER_SIDE = frozenset({Speaker.CUSTOMER})
SELLER_SIDE = frozenset({Speaker.REP, Speaker.AGENT, Speaker.BOT, Speaker.BROADCAST})
GAP = "…"
"""In a keyword: up to `GAP_LENGTH` further code points of the same clause."""
GAP_LENGTH = 6


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

    def concerns(self, utterance: Utterance) -> bool:
        return (not self.speakers or utterance.speaker in self.speakers) and (
            not self.channels or utterance.channel in self.channels
        )


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody said, somewhere."""

    text: str
    speaker: Speaker
    channel: str = ""


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
        self._uses = list(patterns.values())
        self._matcher = matcher(list(patterns))
        self._shapes = [(number, re.compile(p)) for number, rule in enumerate(self.rules) for p in rule.patterns]
        self._finds_split = any(rule.split for rule in self.rules)

    @cached_property
    def fingerprint(self) -> str:
        """Equal for equal rules."""
        lines = sorted(f"{rule.id} {_canonical(rule)}" for rule in self.rules)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def candidates(self, utterance: Utterance) -> Mapping[int, _Candidates]:
        """Per number of a rule that concerns the utterance: where its words and its exclude words stand."""
        text = fold(utterance.text)
        found: dict[int, _Candidates] = {}
        hits = self._matcher.find(text)
        if hits:
            self._collect(text, hits, utterance, found)
        if self._finds_split and _SEPARATED.search(text):
            self._collect_split(text, utterance, found)
        for number, shape in self._shapes:
            if self.rules[number].concerns(utterance):
                for match in shape.finditer(text):
                    found.setdefault(number, _Candidates()).hits.append(_Hit(*match.span(), shape=True))
        return found

    def _collect(
        self, text: str, hits: Sequence[tuple[int, int, int]], utterance: Utterance, found: dict[int, _Candidates]
    ) -> None:
        for pattern, start, end in hits:
            for use in self._uses[pattern]:
                if not self.rules[use.rule].concerns(utterance):
                    continue
                of_rule = found.setdefault(use.rule, _Candidates())
                if use.excludes:
                    of_rule.excluded.append((start, end))
                elif not use.tail:
                    of_rule.hits.append(_Hit(start, end))
                elif (last := _find_tail(text, end, use.tail)) is not None:
                    of_rule.hits.append(_Hit(start, last, gap=True))

    def _collect_split(self, text: str, utterance: Utterance, found: dict[int, _Candidates]) -> None:
        """Look once more with the separators taken out, and keep the hits that had separators inside."""
        squeezed, places = _squeeze(text)
        for pattern, start, end in self._matcher.find(squeezed):
            first, last = places[start], places[end - 1] + 1
            if last - first == end - start:
                continue
            for use in self._uses[pattern]:
                rule = self.rules[use.rule]
                if rule.split and not use.tail and not use.excludes and rule.concerns(utterance):
                    found.setdefault(use.rule, _Candidates()).hits.append(_Hit(first, last, shape=True))


def tag_messages(utterances: Iterable[Utterance], lexicon: Lexicon, segmenter: Segmenter) -> list[tuple[Tag, ...]]:
    """The tags of each utterance, in its order, each by place. Every hit that counts is one tag; hits of one rule
    never overlap.
    """
    return [_tag(utterance, lexicon, segmenter) for utterance in utterances]


def fold(text: str) -> str:
    """Lower-case, half-width, common traditional characters made simplified. Code points keep their places."""
    return text.translate(_FOLDED)


def _tag(utterance: Utterance, lexicon: Lexicon, segmenter: Segmenter) -> tuple[Tag, ...]:
    candidates = lexicon.candidates(utterance)
    if not candidates:
        return ()
    reading = _Reading(utterance.text, segmenter)
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
        for number, of_rule in candidates.items()
        for rule in (lexicon.rules[number],)
        for hit in _counting(of_rule, rule, reading)
    ]
    return tuple(sorted(tags, key=lambda tag: (tag.start, -tag.end, tag.rule)))


def _counting(of_rule: _Candidates, rule: KeywordRule, reading: _Reading) -> Sequence[_Hit]:
    """The hits that count, longest first where several begin together, without overlap."""
    hits = [
        hit
        for hit in of_rule.hits
        if not any(start < hit.end and hit.start < end for start, end in of_rule.excluded)
        and reading.is_word(hit)
        and reading.asked_as(hit, rule.questions)
        and not (rule.negation_window and reading.is_negated(hit, rule.negation_window))
    ]
    if rule.whole and not reading.consists_of(hits):
        return ()
    return _without_overlap(hits)


def _without_overlap(hits: list[_Hit]) -> list[_Hit]:
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _find_tail(text: str, start: int, tail: tuple[str, ...]) -> int | None:
    """Where the last part ends, when all parts follow within the gap and the clause."""
    for part in tail:
        place = text.find(part, start, start + GAP_LENGTH + len(part))
        if place < 0 or _CLAUSE_END.search(text, start, place):
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


@dataclass(frozen=True, slots=True)
class _Hit:
    """A place where a rule's word stands. `gap`: found in parts; `shape`: found by shape, so words do not matter."""

    start: int
    end: int
    gap: bool = False
    shape: bool = False


@dataclass(slots=True)
class _Candidates:
    hits: list[_Hit] = field(default_factory=list)
    excluded: list[tuple[int, int]] = field(default_factory=list)


class _Reading:
    """A message being read; what costs something is found out once, when it is first needed."""

    def __init__(self, text: str, segmenter: Segmenter) -> None:
        self.text = text
        self._segmenter = segmenter

    @cached_property
    def _word_ends(self) -> frozenset[int]:
        ends, place = [0], 0
        for word in self._segmenter.cut(self.text, guess_words=False):
            place += len(word)
            ends.append(place)
        return frozenset(ends)

    @cached_property
    def _negations(self) -> list[tuple[int, int, bool]]:
        """(start, end, whether a question lifts it)."""
        return [
            (match.start(group), match.end(group), group == "lifted")
            for match in _NEGATION.finditer(self.text)
            if (group := match.lastgroup) in {"firm", "lifted"}
        ]

    def is_word(self, hit: _Hit) -> bool:
        """Whether the hit stands for itself, and is no accident inside other words."""
        if hit.shape:
            return True
        text, length = self.text, hit.end - hit.start
        if _LATIN.fullmatch(text[hit.start]) or _LATIN.fullmatch(text[hit.end - 1]):
            before, after = text[hit.start - 1 : hit.start], text[hit.end : hit.end + 1]
            return not (
                (_LATIN.fullmatch(text[hit.start]) and _LATIN.fullmatch(before))
                or (_LATIN.fullmatch(text[hit.end - 1]) and _LATIN.fullmatch(after))
            )
        if length > 2 and not hit.gap:
            return True
        ends_kept = (hit.start in self._word_ends) + (hit.end in self._word_ends)
        return ends_kept >= (1 if length == 2 else 2)

    def asked_as(self, hit: _Hit, questions: Questions) -> bool:
        if questions is Questions.ANY:
            return True
        start, end = self._part(hit, _SENTENCE_END)
        return bool(_QUESTION.search(self.text, start, end)) == (questions is Questions.ONLY)

    def is_negated(self, hit: _Hit, window: int) -> bool:
        start, end = self._part(hit, _CLAUSE_END)
        if _TAKEN_BACK.match(self.text, hit.end, end):
            return True
        lifted = bool(_YES_NO.search(self.text, start, end))
        return any(
            start <= begins and hit.start - window <= ends <= hit.start
            for begins, ends, liftable in self._negations
            if not (liftable and lifted) and not _SCOPE_END.search(self.text, ends, hit.start)
        )

    def consists_of(self, hits: Iterable[_Hit]) -> bool:
        taken = {place for hit in hits for place in range(hit.start, hit.end)}
        rest = "".join(" " if place in taken else char for place, char in enumerate(self.text))
        return bool(taken) and _COURTESY.fullmatch(rest) is not None

    def _part(self, hit: _Hit, ends: re.Pattern[str]) -> tuple[int, int]:
        """The clause or sentence around the hit, its closing mark included."""
        start = max((match.end() for match in ends.finditer(self.text, 0, hit.start)), default=0)
        closing = ends.search(self.text, hit.end)
        return start, closing.end() if closing else len(self.text)


_TRADITIONAL = str.maketrans(
    "價錢優貴課報預約發費傳電話號碼簽單貨換請們來這個還沒無時間結帳賬買賣訂減員續試聽車學網點",
    "价钱优贵课报预约发费传电话号码签单货换请们来这个还没无时间结账账买卖订减员续试听车学网点",
)
_FOLDED: dict[int, int] = {
    **_TRADITIONAL,
    **{wide: (wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    **{upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)},
    **{wide: wide - 0xFEE0 + 32 for wide in range(0xFF21, 0xFF3B)},
    0x3000: 0x20,
}
_LATIN = re.compile("[A-Za-zA-Za-z]")
_SEPARATED = re.compile(
    "(?<=[\\w\\u4e00-\\u9fff])[\\s\\u200b\\u200c\\u200d\\ufeff*·•._~|/\\\\+-]{1,3}(?=[\\w\\u4e00-\\u9fff])"
)
_CLAUSE_END = re.compile(r"[，,。.!！?？;；:：\n~～…]|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_SENTENCE_END = re.compile(r"[。!！?？;；\n]")
_QUESTION = re.compile(
    r"[?？]|吗|(?<![那这要多])么|呢(?=\W*$)|多少|(?<![好过这那前十没])几|什么|啥|怎么|咋|如何|哪(?!怕)|谁|何时|多久|多大|多远|多长"
    r"|(.)[不没]\1|是否|能否|可否|有没"
)
_YES_NO = re.compile(r"[?？]|吗|(?<![那这要多什怎])么(?=\W*$)")
_NEGATION = re.compile(
    # What looks like a negation and is none: set phrases, A-not-A questions, words that contain one.
    r"(?P<neutral>(?P<asked>.)[不没](?P=asked)"
    r"|不好意思|不知道|不晓得|不清楚|不太清楚|不确定|不了解|不懂|不明白|不错|不过|不仅|不但|不光|不只|不管|不论|不然|不如|不得不|不断|不久|不同|不少"
    r"|不行|不满意|不合适|不喜欢|不适应|不舒服|不方便|不一样|不想学|不想上|不想要了|不想买了|不需要了|不要了|不用了|差不多|受不了|忍不住|了不起|对不起"
    r"|说不定|没想到|没问题|没事|没关系|没收到|没人|没时间|没空|要不|特别|别人|别家|别的|别处|级别|性别|区别|分别|个别|类别|识别|告别|别墅)"
    r"|(?P<firm>不用|不需要|不必|不要|不想|不考虑|不打算|不准备|无需|无须|没必要|没打算|没说|没有说|不是说|别|勿|从不|并不)"
    r"|(?P<lifted>不是|不能|不可以|不给|不会|没有|没|未|不)"
)
_SCOPE_END = re.compile("[了就但而只才请帮]")
_TAKEN_BACK = re.compile(r"\s*(?:也|就|倒|都|先|倒是|的话就)?(?:不用|不要|不需要|算了|免了)(?!吗)|倒是?不|也?不\w?贵")
_COURTESY = re.compile(
    r"(?:\s|\[[^\]]{1,6}\]|[^\w]|_|[啊呀哦噢嗯呢哈嘿了的吧呐哒滴哟喔额呃您你亲我就先那都也]|各?位?老师|[\u4e00-\u9fff]老师|[\u4e00-\u9fff]总"
    r"|亲爱的|家人们|辛苦|顾问|小姐姐|宝子?|朋友)*"
)
