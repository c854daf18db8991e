"""How well predicted intents fit those that people gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """What was found rightly, found wrongly, and missed."""

    hits: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + self.wrong) if self.hits else 0.0

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + self.missed) if self.hits else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.hits / (2 * self.hits + self.wrong + self.missed) if self.hits else 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """Over all messages: a tally per intent, and one over all intents (micro)."""

    by_intent: Mapping[str, Tally]
    micro: Tally

    @property
    def macro_f1(self) -> float:
        """The mean over the intents that somebody has or was said to have."""
        return sum(tally.f1 for tally in self.by_intent.values()) / max(1, len(self.by_intent))

    def no_worse_than(self, other: Scores) -> bool:
        """Neither over all intents nor on their average, to three digits."""
        return round(self.micro.f1, 3) >= round(other.micro.f1, 3) and round(self.macro_f1, 3) >= round(
            other.macro_f1, 3
        )


def scores(pairs: Iterable[tuple[AbstractSet[str], AbstractSet[str]]]) -> Scores:
    """`pairs`: per message the intents it has, and those predicted."""
    hits: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for truth, predicted in pairs:
        hits.update(truth & predicted)
        wrong.update(predicted - truth)
        missed.update(truth - predicted)
    by_intent = {name: Tally(hits[name], wrong[name], missed[name]) for name in sorted({*hits, *wrong, *missed})}
    return Scores(by_intent, Tally(hits.total(), wrong.total(), missed.total()))
