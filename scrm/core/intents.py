"""Intents by learned weights: what a message's characters, and the keyword rules that hit, say about its purpose."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from operator import add, ge
from struct import Struct

from scrm.core.clauses import CLAUSE_END
from scrm.core.tagging import FOLDED, KeywordMatcher, Tag, TagKind, Utterance
from scrm.core.timeline import SELLERS, Speaker

SHORT = 8
"""Replies of at most so many characters are read together with what the other side said before them."""
LONGEST = 600
"""Characters of a message that are read; what somebody wants stands in fewer."""


def grams(text: str) -> set[str]:
    """The runs of 1–4 characters of a message, folded, with its beginning and end marked and every digit a 0."""
    return _runs(_marked(text))


def cues(utterance: Utterance, rules: Iterable[str] = ()) -> set[str]:
    """What else is known of a message: its length, whether it asks, the `rules` that hit, and, when it is a short
    reply, what it replies to.
    """
    text = utterance.text.strip()
    found = {_LONG[min(len(text), 40).bit_length()]}
    if _ASKS.search(text):
        found.add("asking")
    found.update(_RULE + rule for rule in rules)
    if utterance.previous and len(text) <= SHORT:
        previous = _plain(utterance.previous[-60:])
        found.update(f"before {run}" for run in map(add, previous, previous[1:]))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a model knows of an intent besides its weights.

    `step`: what one unit of its whole-number weights is worth. The probability of a decision value v is
    1 / (1 + exp(-(slope * v + offset))); a message carries the intent from probability `threshold` on.
    """

    id: str
    name: str
    bias: float
    step: float
    slope: float
    offset: float
    threshold: float

    def probability(self, value: float) -> float:
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.slope * value + self.offset))))

    @property
    def cut(self) -> float:
        """The decision value from which on a message carries the intent."""
        return (math.log(self.threshold / (1 - self.threshold)) - self.offset) / self.slope


class Scorer:
    """One side's intents. `weights` maps a gram or cue to a weight of -32768–32767 for each intent; `matcher` finds
    grams faster than they can be made.
    """

    def __init__(
        self,
        intents: Sequence[Intent],
        weights: Mapping[str, Sequence[int]],
        matcher: Callable[[Sequence[str]], KeywordMatcher],
    ) -> None:
        self.intents = tuple(intents)
        self.rules = frozenset(cue.removeprefix(_RULE) for cue in weights if cue.startswith(_RULE))
        # All weights of a feature are one long whole number, a lane of 32 bits each: one addition adds them all.
        # A sum is raised by `_ZERO` in every lane before it is taken apart: lanes cannot be negative.
        self._lanes = Struct(f"<{len(intents)}I")
        self._zero = sum(_ZERO << 32 * lane for lane in range(len(intents)))
        packed = {
            feature: sum(weight << 32 * lane for lane, weight in enumerate(row)) for feature, row in weights.items()
        }
        self._cues = {feature: weight for feature, weight in packed.items() if len(feature) > _LONGEST_GRAM}
        runs = [feature for feature in packed if len(feature) <= _LONGEST_GRAM]
        self._grams = [packed[run] for run in runs]
        self._matcher = matcher(runs)
        self._cuts = tuple(math.ceil((intent.cut - intent.bias) / intent.step) + _ZERO for intent in intents)

    def values(self, utterance: Utterance, rules: Iterable[str] = ()) -> list[float]:
        """The decision value of each intent, in their order."""
        sums = self._summed(utterance.text, cues(utterance, rules))
        return [(told - _ZERO) * one.step + one.bias for told, one in zip(sums, self.intents, strict=True)]

    def carried(self, utterance: Utterance, rules: Iterable[str] = ()) -> dict[str, float]:
        """The intents the message carries, with their probability."""
        sums = self._summed(utterance.text, cues(utterance, rules))
        return {
            intent.id: intent.probability((told - _ZERO) * intent.step + intent.bias)
            for intent, told in compress(zip(self.intents, sums, strict=True), map(ge, sums, self._cuts))
        }

    def telling(self, texts: Iterable[str], intent: str) -> list[int]:
        """How much the characters of each of the texts say for an intent."""
        lane = next(place for place, known in enumerate(self.intents) if known.id == intent)
        return [self._summed(text)[lane] for text in texts]

    def _summed(self, text: str, cues: Iterable[str] = ()) -> tuple[int, ...]:
        found = {run for run, _, _ in self._matcher.find(_marked(text))}
        hinted = sum(filter(None, map(self._cues.get, cues)), self._zero)
        total = sum(map(self._grams.__getitem__, found), hinted)
        return self._lanes.unpack(total.to_bytes(self._lanes.size, "little"))


class IntentModel:
    """What was learned for each side. Immutable; another training is another model.

    The version of every tag it gives or confirms ends with its `fingerprint`.
    """

    def __init__(self, customer: Scorer | None, seller: Scorer | None, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.customer = customer
        self.seller = seller
        self._names = {
            scorer: {intent.id: intent.name for intent in scorer.intents} for scorer in (customer, seller) if scorer
        }

    def scorer(self, speaker: Speaker) -> Scorer | None:
        if speaker is Speaker.CUSTOMER:
            return self.customer
        return self.seller if speaker in SELLERS else None

    def judge(self, utterance: Utterance, tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
        """The tags of a message, given those the keyword rules gave it.

        Rules the model has learned with are evidence: their intents stay when the model agrees. All other tags stay as
        they are. An intent without a word that a rule knows stands on the clause that says most for it.
        """
        scorer = self.scorer(utterance.speaker)
        if scorer is None or not utterance.text.strip():
            return tags
        weighed = {tag.rule for tag in tags if tag.kind is TagKind.INTENT} & scorer.rules
        carried = scorer.carried(utterance, weighed)
        names = self._names[scorer]
        kept = [
            self._confirmed(tag, carried[tag.tag]) if tag.rule in weighed and tag.tag in names else tag
            for tag in tags
            if tag.rule not in weighed or tag.tag not in names or tag.tag in carried
        ]
        tagged = {tag.tag for tag in kept}
        found = [
            self._found(utterance, scorer, intent, names[intent], probability)
            for intent, probability in carried.items()
            if intent not in tagged
        ]
        if not found:
            return tuple(kept)
        return tuple(sorted([*kept, *found], key=lambda tag: (tag.start, -tag.end, tag.rule)))

    def _confirmed(self, tag: Tag, probability: float) -> Tag:
        return replace(tag, score=round(probability, 3), version=f"{tag.version}+{self.fingerprint}")

    def _found(self, utterance: Utterance, scorer: Scorer, intent: str, name: str, probability: float) -> Tag:
        start, end = _telling_clause(utterance, scorer, intent)
        return Tag(
            tag=intent,
            name=name,
            kind=TagKind.INTENT,
            start=start,
            end=end,
            score=round(probability, 3),
            rule=f"model:{intent}",
            version=self.fingerprint,
        )


def _telling_clause(utterance: Utterance, scorer: Scorer, intent: str) -> tuple[int, int]:
    """The clause that, alone, says most for the intent; without the white space and the marks around it."""
    text = utterance.text
    ends = [match.end() for match in CLAUSE_END.finditer(text)]
    clauses = [
        stretch
        for start, end in zip([0, *ends], [*ends, len(text)], strict=True)
        if (stretch := _trimmed(text, start, end))
    ]
    if len(clauses) < 2:
        return clauses[0] if clauses else (0, len(text))
    told = scorer.telling((text[start:end] for start, end in clauses), intent)
    return clauses[told.index(max(told))]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    found = _CONTENT.search(text, start, end)
    return found.span() if found else None


def _marked(text: str) -> str:
    return f"\x02{_plain(text)}\x03"


def _plain(text: str) -> str:
    return "".join(text[:LONGEST].split()).translate(_PLAIN)


def _runs(text: str) -> set[str]:
    pairs = [*map(add, text, text[1:])]
    triples = [*map(add, pairs, text[2:])]
    return {*text, *pairs, *triples, *map(add, triples, text[3:])}


_ZERO = 1 << 31
_RULE = "rule "
_LONG = tuple(f"long {size}" for size in range(7))
_LONGEST_GRAM = 4
"""The names of cues are longer."""
_PLAIN = {**FOLDED, **{ord(digit): ord("0") for digit in "123456789１２３４５６７８９"}}
_CONTENT = re.compile(r"\w(?:.*\w)?", re.DOTALL)
_ASKS = re.compile(r"[?？吗么呢]|什么|啥|怎么|咋|如何|多少|多久|几|哪|谁|(.)[不没]\1")
