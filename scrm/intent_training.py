"""Training intent models: logistic regression over runs of characters, groups of words, and the rules that hit.

The only module that needs scikit-learn (`pip install scrm-hub[train]`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from scrm.core.intents import Intent, cues, grams
from scrm.core.tagging import Utterance
from scrm.intent_files import Example, Learned

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

FOLDS = 5
STRENGTHS = (1.0, 2.0, 4.0, 8.0)
"""Inverse regularisations to choose from."""
LEAST_PRECISION = 0.6
SEED = 7
ALIKE = 0.5
"""Sentences that share this part of their pairs of characters are put into one fold."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An example with what is read of it: its grams and cues."""

    example: Example
    grams: frozenset[str]
    cues: frozenset[str]


def sample(example: Example, rules: Iterable[str]) -> Sample:
    """`rules` are those that hit the sentence."""
    utterance = Utterance(example.text, example.speaker, previous=example.previous)
    return Sample(example, frozenset(grams(example.text)), frozenset(cues(utterance, rules)))


@dataclass(frozen=True, slots=True)
class Fitted:
    """One side, trained; what its cross-validation said of every sample, and which decision values it gives itself,
    before its weights became whole numbers (a row per sample, the intents in their order).
    """

    learned: Learned
    predicted: tuple[frozenset[str], ...]
    values: Floats
    strength: float


def fit(samples: Sequence[Sample], names: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> Fitted:
    """Train for the intents of `names` (id → Chinese name). Equal input gives an equal model.

    Every sentence's `predicted` comes from a model, calibration and thresholds that did not see it.
    """
    intents = sorted(names)
    folds = folds_of(samples)
    by_strength = {strength: _values_across(samples, intents, groups, folds, strength) for strength in STRENGTHS}
    truth = _truth(samples, intents)
    strength = max(STRENGTHS, key=lambda one: _best_cut(by_strength[one].ravel(), truth.ravel())[1])
    values = by_strength[strength]
    machine = _Machine(samples, intents, groups, strength)
    return Fitted(
        learned=machine.learned(names, _deciders(values, truth)),
        predicted=_predicted(values, truth, folds, intents),
        values=machine.values(samples),
        strength=strength,
    )


def cross_validate(
    samples: Sequence[Sample], names: Iterable[str], groups: Mapping[str, Sequence[str]], strength: float, most: int
) -> tuple[frozenset[str], ...]:
    """What is predicted for every sample when at most `most` sentences per intent are learned from."""
    intents = sorted(names)
    folds = folds_of(samples)
    values = _values_across(samples, intents, groups, folds, strength, most)
    return _predicted(values, _truth(samples, intents), folds, intents)


def folds_of(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """The fold of each sample; sentences that are alike share one. Depends on the sentences only."""
    pairs = [{a + b for a, b in pairwise(one.example.text)} or {one.example.text} for one in samples]
    leader = list(range(len(samples)))

    def led_by(place: int) -> int:
        while leader[place] != place:
            place = leader[place]
        return place

    holders: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(pairs):
        shared = Counter(other for pair in own for other in holders[pair])
        for other, number in shared.items():
            if number >= ALIKE * len(own | pairs[other]):
                leader[led_by(place)] = led_by(other)
        for pair in own:
            holders[pair].append(place)
    together: dict[int, list[int]] = defaultdict(list)
    for place in range(len(samples)):
        together[led_by(place)].append(place)
    folds = np.zeros(len(samples), dtype=np.int64)
    clusters = sorted(together.values(), key=lambda places: min(samples[place].example.key for place in places))
    for number, places in enumerate(clusters):
        folds[places] = number % FOLDS
    return folds


@dataclass(frozen=True, slots=True)
class _Decider:
    """From a decision value to a probability, and the probability that is enough."""

    slope: float
    offset: float
    threshold: float

    def cut(self) -> float:
        return (math.log(self.threshold / (1 - self.threshold)) - self.offset) / self.slope


class _Machine:
    """One side's regressions over one set of samples."""

    def __init__(
        self, samples: Sequence[Sample], intents: Sequence[str], groups: Mapping[str, Sequence[str]], strength: float
    ) -> None:
        self._intents = intents
        counts = Counter(gram for one in samples for gram in one.grams)
        members = _members(groups)
        known = sorted({gram for gram, number in counts.items() if number > 1} | set(members))
        self._grams = {gram: place for place, gram in enumerate(known)}
        cue_counts = Counter(cue for one in samples for cue in one.cues)
        self._cues = {
            cue: place for place, cue in enumerate(sorted(c for c, number in cue_counts.items() if number > 1))
        }
        places = [(self._grams[gram], group) for gram, of in members.items() for group in of]
        self._sharing = csr_matrix(
            (np.ones(len(places)), tuple(zip(*places, strict=True)) or ((), ())), shape=(len(known), len(groups))
        )
        matrix = self._matrix(samples)
        truth = _truth(samples, intents)
        self._weights = np.zeros((matrix.shape[1], len(intents)))
        self._bias = np.full(len(intents), -5.0)
        for number in range(len(intents)):
            if truth[:, number].any() and not truth[:, number].all():
                regression = LogisticRegression(C=strength, solver="liblinear", random_state=SEED)
                regression.fit(matrix, truth[:, number])
                self._weights[:, number] = regression.coef_[0]
                self._bias[number] = regression.intercept_[0]

    def values(self, samples: Sequence[Sample]) -> Floats:
        """The decision value of every sample (row) and intent (column)."""
        return np.asarray(self._matrix(samples) @ self._weights + self._bias)

    def learned(self, names: Mapping[str, str], deciders: Sequence[_Decider]) -> Learned:
        """The weights as whole numbers; a group's weight goes to each of its words."""
        size = len(self._grams)
        own, shared = self._weights[:size], self._weights[size : size + self._sharing.shape[1]]
        by_gram = (own + self._sharing @ shared) * _GRAM
        by_cue = self._weights[size + self._sharing.shape[1] :] * _CUE
        steps = [_rounded(largest / 127) or 1.0 for largest in np.abs(by_gram).max(axis=0)]
        by_feature = np.vstack([by_gram, by_cue])
        numbers = np.clip(np.rint(by_feature / np.array(steps)), -32768, 32767).astype(int).tolist()
        return Learned(
            intents=[
                Intent(
                    id=intent,
                    name=names[intent],
                    bias=_rounded(self._bias[number]),
                    step=steps[number],
                    slope=_rounded(deciders[number].slope),
                    offset=_rounded(deciders[number].offset),
                    threshold=_rounded(deciders[number].threshold),
                )
                for number, intent in enumerate(self._intents)
            ],
            weights={
                feature: row
                for feature, row in zip((*self._grams, *self._cues), numbers, strict=True)
                if any(row) or feature in self._cues
            },
        )

    def _matrix(self, samples: Sequence[Sample]) -> csr_matrix:
        by_gram = _indicators([one.grams for one in samples], self._grams, _GRAM)
        by_cue = _indicators([one.cues for one in samples], self._cues, _CUE)
        return hstack([by_gram, by_gram @ self._sharing, by_cue]).tocsr()


def _values_across(
    samples: Sequence[Sample],
    intents: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    folds: NDArray[np.int64],
    strength: float,
    most: int | None = None,
) -> Floats:
    """Decision values, each by a machine that has not seen the sample's fold."""
    values = np.zeros((len(samples), len(intents)))
    for fold in range(FOLDS):
        seen = [one for one, own in zip(samples, folds, strict=True) if own != fold]
        machine = _Machine(_at_most(seen, most) if most else seen, intents, groups, strength)
        places = np.flatnonzero(folds == fold)
        if len(places):
            values[places] = machine.values([samples[place] for place in places])
    return values


def _at_most(samples: Sequence[Sample], most: int) -> list[Sample]:
    """So many sentences per intent, and as many without any; which ones depends on the sentences only."""
    taken: Counter[str] = Counter()
    kept = []
    for one in sorted(samples, key=lambda one: one.example.key):
        wanted = one.example.intents or {""}
        if any(taken[intent] < most for intent in wanted):
            kept.append(one)
            taken.update(wanted)
    return kept


def _predicted(
    values: Floats, truth: Flags, folds: NDArray[np.int64], intents: Sequence[str]
) -> tuple[frozenset[str], ...]:
    """The intents of each sample, by thresholds from the other folds."""
    carried = np.zeros_like(truth)
    for fold in range(FOLDS):
        seen, own = folds != fold, folds == fold
        cuts = np.array([decider.cut() for decider in _deciders(values[seen], truth[seen])])
        carried[own] = values[own] >= cuts
    return tuple(frozenset(intents[place] for place in np.flatnonzero(row)) for row in carried)


def _deciders(values: Floats, truth: Flags) -> list[_Decider]:
    """Calibration and threshold per intent, from values that were not trained on these samples.

    Few sentences say little about the best threshold, so each is drawn towards the one that is best for all intents.
    """
    scales = [_calibrated(values[:, number], truth[:, number]) for number in range(truth.shape[1])]
    odds = values * np.array([slope for slope, _ in scales]) + np.array([offset for _, offset in scales])
    common, _ = _best_cut(odds.ravel(), truth.ravel())
    deciders = []
    for number, (slope, offset) in enumerate(scales):
        own, known = odds[:, number], truth[:, number]
        weight = known.sum() / (known.sum() + 100)
        cut = weight * _best_cut(own, known)[0] + (1 - weight) * common if known.any() else common
        cut = max(cut, _precise_cut(own, known))
        deciders.append(_Decider(slope, offset, min(0.95, max(0.05, 1 / (1 + math.exp(-cut))))))
    return deciders


def _calibrated(values: Floats, truth: Flags) -> tuple[float, float]:
    """Slope and offset of Platt's sigmoid. Too few samples on one side leave the values as they are."""
    if truth.sum() < 5 or (~truth).sum() < 5:
        return 1.0, 0.0
    platt = LogisticRegression(C=1.0, solver="lbfgs").fit(values[:, None], truth)
    return max(0.2, float(platt.coef_[0, 0])), float(platt.intercept_[0])


def _best_cut(odds: Floats, truth: Flags) -> tuple[float, float]:
    """The value from which on F1 is best, and that F1."""
    order = np.argsort(-odds, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(odds) + 1) + truth.sum())
    place = int(f1.argmax())
    following = order[min(place + 1, len(order) - 1)]
    return float(odds[order[place]] + odds[following]) / 2, float(f1[place])


def _precise_cut(odds: Floats, truth: Flags) -> float:
    """The lowest value from which on at least `LEAST_PRECISION` of what is found is right."""
    order = np.argsort(-odds, kind="stable")
    precise = np.cumsum(truth[order]) >= LEAST_PRECISION * np.arange(1, len(odds) + 1)
    places = np.flatnonzero(precise)
    return float(odds[order[places[-1]]]) if len(places) else -math.inf


def _members(groups: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """The numbers of the groups each word is in; words written as grams are."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, words in enumerate(groups.values()):
        for word in dict.fromkeys(_as_gram(word) for word in words):
            members[word].append(number)
    return members


def _as_gram(word: str) -> str:
    """The longest run of characters inside the word: the word itself, when it is short enough."""
    return max((gram for gram in grams(word) if gram.isprintable()), key=lambda gram: (len(gram), gram))


def _indicators(rows: Sequence[frozenset[str]], places: Mapping[str, int], worth: float) -> csr_matrix:
    columns, ends = [], [0]
    for row in rows:
        columns += sorted(places[feature] for feature in row if feature in places)
        ends.append(len(columns))
    return csr_matrix((np.full(len(columns), worth), columns, ends), shape=(len(rows), len(places)))


def _truth(samples: Sequence[Sample], intents: Sequence[str]) -> Flags:
    return np.array([[intent in one.example.intents for intent in intents] for one in samples], dtype=bool)


def _rounded(number: float) -> float:
    return float(f"{number:.6g}")


_GRAM = 0.8
_CUE = 1.0
"""What the presence of a feature counts: the larger, the less its weight is held back."""
