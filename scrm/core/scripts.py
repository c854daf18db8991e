"""Scripts (approved replies): finding those that answer a customer, and filling in what they leave open."""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scrm.core.tagging import Tag, fold

PART_MARK = "---"
"""A line of a script's text that separates messages sent one after the other."""
PLACEHOLDER = re.compile(r"\{(?P<name>[a-z_]+(?::[^{}|]+)?)(?:\|(?P<fallback>[^{}]*))?\}")
"""How a variable is written in a text: `{name}`, `{kind:subject}` or `{name|fallback}`."""
PRICE_VARIABLES = frozenset({"price", "promotion", "promotion_until", "list_price"})
"""Kinds of variables that only the price book may answer: `{price:年课}`. They take no fallback."""

Resolve = Callable[[str], str | None]
"""The value of a variable, by its whole name (`customer_name`, `price:年课`); None: there is none now."""


@dataclass(frozen=True, slots=True, order=True)
class Variable:
    """What a script leaves open, to be filled in when it is used."""

    name: str
    fallback: str | None = None

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One approved reply. `ref` is its id across packs.

    triggers: what customers say when this is the answer.
    valid_from, valid_until: when it may be used, from the first moment to before the second.
    channels: where it may be used; empty means everywhere. Variables are read from `text`.
    """

    pack: str
    id: str
    title: str
    text: str
    category: str
    stage: str = ""
    intents: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    channels: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    @property
    def ref(self) -> str:
        return f"{self.pack}/{self.id}"

    @property
    def variables(self) -> tuple[Variable, ...]:
        return tuple(dict.fromkeys(_variable(match) for match in PLACEHOLDER.finditer(self.text)))

    def may_be_used(self, now: datetime, channel: str = "") -> bool:
        return (
            (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
            and (not channel or not self.channels or channel in self.channels)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptPack:
    """Scripts of one trade, made and versioned together.

    categories, stages: id to Chinese name. variables: name (or kind) to what a person should know about it.
    """

    id: str
    name: str
    trade: str
    version: str
    language: str
    categories: Mapping[str, str]
    stages: Mapping[str, str]
    variables: Mapping[str, str]
    scripts: tuple[Script, ...]


class ReasonKind(StrEnum):
    """What speaks for a suggestion."""

    TRIGGER = "trigger"
    INTENT = "intent"
    WORDS = "words"
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a script is suggested: the trigger question, intent or stage it shares, and the words it shares with it."""

    kind: ReasonKind
    subject: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        shared = f"（{'、'.join(self.words)}）" if self.words else ""
        return f"{_REASON_NAMES[self.kind]}{self.subject}{shared}"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A script ranked for what was said. `score` lies in 0–1 and compares suggestions of one ranking only."""

    script: Script
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class FilledScript:
    """A script with its variables filled in. `missing` names those without a value: such a text must not be sent."""

    script: Script
    text: str
    missing: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The messages to send, one after the other."""
        return tuple(part.strip() for part in re.split(rf"(?m)^{PART_MARK}\s*$", self.text) if part.strip())


@dataclass(frozen=True, slots=True)
class Reply:
    """A suggestion that is ready to be sent."""

    suggestion: Suggestion
    filled: FilledScript


@dataclass(frozen=True, slots=True)
class Replies:
    """Suggestions ready to be sent, best first, and better ones that had to be withheld for want of a value."""

    ready: tuple[Reply, ...]
    withheld: tuple[Reply, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankWeights:
    """How much each kind of evidence counts. They sum to 1, so that scores do too."""

    trigger: float = 0.45
    words: float = 0.25
    intent: float = 0.25
    stage: float = 0.05


DEFAULT_WEIGHTS = RankWeights()
TURN_WEIGHTS = (1.0, 0.35, 0.15)
"""The last thing the customer said, the one before, and the one before that."""
TURN_LENGTH = 300
"""So many code points of each turn are looked at, from its end."""


class ScriptIndex:
    """Scripts, made searchable by the characters and character pairs of their questions, titles and texts (BM25).

    Immutable; build a new one when scripts change. Building takes about a quarter of a millisecond per script.
    """

    def __init__(self, scripts: Iterable[Script]) -> None:
        self.scripts = tuple(scripts)
        self._by_intent: dict[str, list[int]] = defaultdict(list)
        for number, script in enumerate(self.scripts):
            for intent in script.intents:
                self._by_intent[intent].append(number)
        self._idf, self._postings = _postings(map(_weighted_terms, self.scripts))
        self._triggers = [tuple(_Question(said, self._idf) for said in script.triggers) for script in self.scripts]

    def rank(
        self,
        turns: Sequence[str],
        *,
        now: datetime,
        tags: Iterable[Tag] = (),
        stage: str = "",
        channel: str = "",
        limit: int = 5,
        weights: RankWeights = DEFAULT_WEIGHTS,
    ) -> tuple[Suggestion, ...]:
        """The scripts that best answer the customer's last `turns` (oldest first; three count), best first.

        Only scripts that may be used `now` on `channel`, and only such as something speaks for besides their stage.
        """
        query = _Query(turns, tags, self._idf)
        words = self._scores(query.terms)
        of_intents = {number for intent in query.intents for number in self._by_intent.get(intent, ())}

        def best(numbers: Iterable[int]) -> list[int]:
            usable = (number for number in numbers if self.scripts[number].may_be_used(now, channel))
            return heapq.nlargest(_CANDIDATES, usable, key=lambda number: (words.get(number, 0.0), -number))

        ranked = [
            suggestion
            for number in {*best(words), *best(of_intents)}
            if (suggestion := self._judge(number, query, words.get(number, 0.0), stage, weights))
        ]
        return tuple(heapq.nsmallest(limit, ranked, key=lambda found: (-found.score, found.script.ref)))

    def _scores(self, terms: Mapping[str, float]) -> dict[int, float]:
        """BM25 by number of script. Rare terms choose the candidates; once there are enough, frequent terms only
        add to those, so that a frequent character costs no pass over the whole library.
        """
        scores: dict[int, float] = {}
        for term, weight in sorted(terms.items(), key=lambda item: -self._idf.get(item[0], 0.0)):
            posting = self._postings.get(term)
            if posting is None:
                continue
            if len(scores) >= _ENOUGH < len(posting):
                for number in scores.keys() & posting.keys():
                    scores[number] += weight * posting[number]
            else:
                for number, impact in posting.items():
                    scores[number] = scores.get(number, 0.0) + weight * impact
        return scores

    def _judge(self, number: int, query: _Query, words: float, stage: str, weights: RankWeights) -> Suggestion | None:
        script = self.scripts[number]
        trigger, question = query.nearest(self._triggers[number])
        relevance = min(1.0, words / query.best) if query.best else 0.0
        intents = [intent for intent in script.intents if intent in query.intents]
        reasons = []
        if question and trigger >= _LIKE and (trigger >= _ALIKE or _length(query.shared(question.text)) > 2):
            reasons.append(Reason(ReasonKind.TRIGGER, question.text, query.shared(question.text)))
        reasons += [Reason(ReasonKind.INTENT, query.intents[intent].name, query.words_of(intent)) for intent in intents]
        if not reasons and relevance >= _LIKE:
            shared = query.shared(f"{script.title}\n{script.text}")
            if _length(shared) >= _TELLING:
                reasons.append(Reason(ReasonKind.WORDS, script.title, shared))
        if not reasons:
            return None
        if stage and script.stage == stage:
            reasons.append(Reason(ReasonKind.STAGE, stage))
        score = (
            weights.trigger * trigger
            + weights.words * relevance
            + weights.intent * max((query.intents[intent].score for intent in intents), default=0.0)
            + weights.stage * (bool(stage) and script.stage == stage)
        )
        return Suggestion(script, round(score, 4), tuple(reasons))


def fill(script: Script, resolve: Resolve) -> FilledScript:
    """Fill in the variables. A variable without value and fallback stays as it is and is named in `missing`."""
    missing: dict[str, None] = {}

    def value(match: re.Match[str]) -> str:
        variable = _variable(match)
        found = resolve(variable.name) or variable.fallback
        if found is None:
            missing[variable.name] = None
            return match.group()
        return found

    text = PLACEHOLDER.sub(value, script.text)
    return FilledScript(script, text, tuple(missing))


def prepare(suggestions: Iterable[Suggestion], resolve: Resolve, *, limit: int = 5) -> Replies:
    """Fill suggestions in, in order, until `limit` are ready. One whose variables have no value is withheld."""
    ready: list[Reply] = []
    withheld: list[Reply] = []
    for suggestion in suggestions:
        if len(ready) == limit:
            break
        reply = Reply(suggestion, fill(suggestion.script, resolve))
        (withheld if reply.filled.missing else ready).append(reply)
    return Replies(tuple(ready), tuple(withheld))


class _Question:
    """A trigger question, ready to be compared. `mass` is how much its terms tell, all together."""

    __slots__ = ("mass", "terms", "text")

    def __init__(self, text: str, idf: Mapping[str, float]) -> None:
        self.text = text
        self.terms = dict.fromkeys(_terms(text))
        self.mass = sum(idf[term] for term in self.terms)


class _Query:
    """What the customer said, newest first, and what was read from it."""

    def __init__(self, turns: Sequence[str], tags: Iterable[Tag], idf: Mapping[str, float]) -> None:
        self._idf = idf
        self._unknown = max(idf.values(), default=1.0)
        # A pasted article asks no more than its end does, and must not cost more.
        newest_first = zip((turn[-TURN_LENGTH:] for turn in reversed(turns)), TURN_WEIGHTS, strict=False)
        # In the order of the text, not of a set: added up in another order, a score may differ in its last digit.
        self._turns = [(fold(turn), self._telling(turn), weight) for turn, weight in newest_first]
        self.terms: dict[str, float] = {}
        for _, terms, weight in self._turns:
            for term in terms:
                self.terms[term] = max(weight, self.terms.get(term, 0.0))
        self.intents: dict[str, Tag] = {}
        self._newest = turns[-1] if turns else ""
        self._spans: dict[str, list[str]] = defaultdict(list)
        for tag in sorted(tags, key=lambda tag: tag.score):
            self.intents[tag.tag] = tag
            self._spans[tag.tag].append(self._newest[tag.start : tag.end])
        self.best = sum(self._idf.get(term, 0.0) * weight for term, weight in self.terms.items()) * (_K1 + 1)

    def nearest(self, questions: Sequence[_Question]) -> tuple[float, _Question | None]:
        """The trigger question most like one of the turns, and how like (0–1, older turns count less)."""
        best, nearest = 0.0, None
        for _, terms, weight in self._turns:
            own = sum(terms.values())
            for question in questions:
                shared = sum([terms[term] for term in question.terms if term in terms])
                if shared and (like := weight * 2 * shared / (own + question.mass)) > best:
                    best, nearest = like, question
        return best, nearest

    def words_of(self, intent: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, self._spans[intent])))

    def shared(self, text: str) -> tuple[str, ...]:
        """The longest pieces of two or more characters that a turn has in common with `text`."""
        text = fold(text)
        for turn, terms, _ in self._turns:
            if any(len(term) > 1 and term in text for term in terms) and (pieces := _pieces(turn, text)):
                return pieces
        return ()

    def _telling(self, turn: str) -> dict[str, float]:
        """The terms of a turn and how much each tells: the rarer, the more."""
        return {term: self._idf.get(term, self._unknown) for term in _terms(turn)}


def _pieces(turn: str, text: str) -> tuple[str, ...]:
    pieces, start = [], 0
    while start < len(turn) - 1:
        end = start + 1
        while end < len(turn) and turn[start : end + 1] in text and not _BLANK.search(turn, start, end + 1):
            end += 1
        if end - start >= 2:
            pieces.append(turn[start:end])
        start = max(end, start + 1)
    return tuple(dict.fromkeys(pieces))


def _terms(text: str) -> Iterable[str]:
    """Characters and pairs of neighbours; latin words and numbers whole."""
    previous = ""
    for match in _TERM.finditer(fold(PLACEHOLDER.sub(" ", text))):
        term = match.group()
        if term.isspace() or term in _PUNCTUATION:
            previous = ""
            continue
        yield term
        if previous:
            yield previous + term
        previous = term


def _weighted_terms(script: Script) -> Counter[str]:
    """How often each term stands in the script; a trigger question counts three times as much as the reply's text."""
    weighted: Counter[str] = Counter()
    for text, weight in (*((trigger, 3) for trigger in script.triggers), (script.title, 2), (script.text, 1)):
        for term in _terms(text):
            weighted[term] += weight
    return weighted


def _postings(documents: Iterable[Counter[str]]) -> tuple[dict[str, float], dict[str, dict[int, float]]]:
    """Per term its rarity, and per term and document what the term adds to the document's BM25 score."""
    counted = list(documents)
    lengths = [sum(terms.values()) for terms in counted]
    mean = sum(lengths) / max(1, len(lengths)) or 1.0
    frequency = Counter(term for terms in counted for term in terms)
    idf = {term: math.log(1 + (len(counted) - n + 0.5) / (n + 0.5)) for term, n in frequency.items()}
    postings: dict[str, dict[int, float]] = defaultdict(dict)
    for number, terms in enumerate(counted):
        norm = _K1 * (1 - _B + _B * lengths[number] / mean)
        for term, count in terms.items():
            postings[term][number] = idf[term] * count * (_K1 + 1) / (count + norm)
    return idf, dict(postings)


def _variable(match: re.Match[str]) -> Variable:
    return Variable(match["name"], match["fallback"])


_K1, _B = 1.2, 0.75
_CANDIDATES = 40
_ENOUGH = 400


def _length(shared: Iterable[str]) -> int:
    return sum(map(len, shared))


_TELLING = 4
"""So many characters must be shared with a script's title and text before they count as a reason."""
_ALIKE = 0.5
"""From this likeness on, a trigger question counts even if it shares no more than one word."""
_LIKE = 0.2
"""From this likeness on, a trigger question or shared words count as a reason."""
_TERM = re.compile(r"[a-z]+|[0-9]+|.", re.DOTALL)
_BLANK = re.compile(r"[\s\W]")
_PUNCTUATION = frozenset("，。！？、；：“”‘’（）《》【】…—～·,.!?;:'\"()<>[]{}~-_/\\|@#%&*+=^`$￥")
_REASON_NAMES = {
    ReasonKind.TRIGGER: "客户常问：",
    ReasonKind.INTENT: "意图：",
    ReasonKind.WORDS: "内容相关：",
    ReasonKind.STAGE: "阶段相符：",
}
