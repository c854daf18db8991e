"""Pairs of characters of which every match of an expression holds one: a set look-up that spares most texts the search.

Reads the part of the syntax that the lexicons use: characters, groups, classes, look-arounds, quantifiers, `$` and `^`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_MOST = 1500
_QUANTIFIERS = "?*+{"
_NO_LITERAL = ".^$"


class Openings:
    """Searches for an expression of very many alternatives by trying only those that a pair in the text opens."""

    def __init__(self, pattern: str) -> None:
        by_pair: dict[tuple[str, str], list[str]] = {}
        without = []
        for alternative in _alternatives(pattern) if pattern else ():
            pairs = _pairs(alternative)
            if not pairs:
                without.append(alternative)
            for pair in pairs:
                by_pair.setdefault(pair, []).append(alternative)
        self._by_pair = {pair: "|".join(opened) for pair, opened in by_pair.items()}
        self._without = re.compile("|".join(without) or "(?!)")
        self._compiled: dict[tuple[str, str], re.Pattern[str]] = {}

    def match(self, text: str) -> bool:
        """Whether the expression matches anywhere in `text`."""
        if self._without.search(text):
            return True
        return any(self._opened(pair).search(text) for pair in self._by_pair.keys() & set(pairwise(text)))

    def _opened(self, pair: tuple[str, str]) -> re.Pattern[str]:
        found = self._compiled.get(pair)
        if found is None:
            found = self._compiled[pair] = re.compile(self._by_pair[pair])
        return found


def _pairs(alternative: str) -> set[tuple[str, str]]:
    """The fewest pairs one of which an alternative cannot do without; none when it has no such pairs."""
    runs = [run for run in _runs(alternative) if all(len(words) > 1 for words in run)]
    return {(words[0], words[1]) for words in min(runs, key=len)} if runs else set()


def _runs(expression: str) -> list[frozenset[str]]:
    """Sets of words of which every match holds one, each from a stretch without gaps."""
    runs: list[frozenset[str]] = []
    current = frozenset({""})
    for atom, quantifier in _atoms(expression):
        words = _words(atom)
        optional = quantifier.startswith(("?", "*", "{0"))
        if words is not None and optional and quantifier[0] == "?":
            words |= {""}
        elif words is not None and (optional or quantifier):
            runs += [] if optional else [words]
            words = None
        if words is None or len(current) * len(words) > _MOST:
            runs.append(current)
            current = words if words is not None else frozenset({""})
        else:
            current = frozenset(left + right for left in current for right in words)
    return [*runs, current]


def _words(atom: str) -> frozenset[str] | None:
    """All that an atom can match, None when that is no short list of words."""
    if atom.startswith(("(?!", "(?=", "(?<")):
        return frozenset({""})
    if atom.startswith("("):
        inner = atom[1:-1].removeprefix("?:")
        found: frozenset[str] = frozenset()
        for alternative in _alternatives(inner):
            runs = _runs(alternative)
            if len(runs) != 1:
                return None
            found |= runs[0]
        return found if len(found) <= _MOST else None
    if atom.startswith("["):
        listed = atom[1:-1]
        return None if listed.startswith("^") or "-" in listed or "\\" in listed else frozenset(listed)
    if atom.startswith("\\"):
        return None if atom[1].isalnum() else frozenset({atom[1]})
    return None if atom in _NO_LITERAL else frozenset({atom})


def _atoms(expression: str) -> Iterator[tuple[str, str]]:
    """Each atom with its quantifier, empty for none."""
    place = 0
    while place < len(expression):
        end = _end_of_atom(expression, place)
        atom, start = expression[place:end], end
        if end < len(expression) and expression[end] in _QUANTIFIERS:
            end = expression.index("}", end) + 1 if expression[end] == "{" else end + 1
            end += expression[end : end + 1] == "?"
        yield atom, expression[start:end]
        place = end


def _end_of_atom(expression: str, place: int) -> int:
    match expression[place]:
        case "\\":
            return place + 2
        case "[":
            return expression.index("]", place + 1) + 1
        case "(":
            depth = 0
            at = place
            while True:
                if expression[at] == "[":
                    at = expression.index("]", at + 1)
                elif expression[at] == "\\":
                    at += 1
                depth += {"(": 1, ")": -1}.get(expression[at], 0) if expression[at] in "()" else 0
                at += 1
                if depth == 0:
                    return at
        case _:
            return place + 1


def _alternatives(expression: str) -> Iterator[str]:
    """The expression split at the bars outside groups."""
    start = place = 0
    while place < len(expression):
        if expression[place] == "|":
            yield expression[start:place]
            start = place = place + 1
        else:
            place = _end_of_atom(expression, place)
    yield expression[start:]
