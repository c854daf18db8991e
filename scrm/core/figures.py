"""The statistics of the auditors' figures: pure, small, and right for small numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_Z95 = 1.959963984540054
"""The standard normal quantile that leaves 2.5 % on each side."""


@dataclass(frozen=True, slots=True)
class Share:
    """`number` of `of`, both counts."""

    number: int
    of: int

    @property
    def share(self) -> float | None:
        """None for 0 of 0."""
        return self.number / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % Wilson score interval; None for 0 of 0.

        With 0 of n its upper end is close to the rule of three's 3/n (z² / (n + z²)), and it never leaves 0 to 1.
        """
        if not self.of:
            return None
        n, p, z2 = self.of, self.number / self.of, _Z95**2
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        low = 0.0 if self.number == 0 else max(0.0, middle - half)
        high = 1.0 if self.number == self.of else min(1.0, middle + half)
        return low, high


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two people's judgements of the same things went together."""

    pairs: int
    agreed: int
    kappa: float | None


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Cohen's kappa of (one's, the other's) judgements; None without pairs, and where chance alone explains all."""
    number = len(pairs)
    agreed = sum(one == other for one, other in pairs)
    if not number:
        return Agreement(0, 0, None)
    firsts, seconds = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(firsts[kind] * seconds[kind] for kind in firsts) / number**2
    if by_chance == 1:
        return Agreement(number, agreed, None)
    return Agreement(number, agreed, (agreed / number - by_chance) / (1 - by_chance))


def quantile(values: Sequence[float], at: float) -> float | None:
    """The value below which the share `at` lies, between neighbours in proportion; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    place = at * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def per_thousand(number: int, of: int) -> float | None:
    """None of nothing."""
    return 1000 * number / of if of else None
