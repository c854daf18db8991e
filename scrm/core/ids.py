"""Row ids: 64-bit, growing with time, made by the hub itself so that a batch knows its ids before it is stored.

41 bits of milliseconds since 2024-01-01 UTC, 10 bits of process number, 12 bits of counter. Outside the hub an id is
an opaque, time-ordered string such as `msg_0c3k9x2m4q7ze`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from scrm.core.errors import NotFound

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
PROCESS_NUMBERS = 1024
_PER_MILLISECOND = 4096
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 13


class IdSource:
    """Makes ids that are unique among processes with different `process` numbers, and grow within one process."""

    def __init__(self, now: Callable[[], datetime], process: int) -> None:
        self._now = now
        self._process = process % PROCESS_NUMBERS
        self._millisecond = 0
        self._counter = 0

    def next(self) -> int:
        """The next id. When the clock goes back or a millisecond is used up, it runs ahead rather than repeat."""
        millisecond = milliseconds(self._now())
        if millisecond > self._millisecond:
            self._millisecond, self._counter = millisecond, 0
        else:
            self._counter += 1
            if self._counter >= _PER_MILLISECOND:
                self._millisecond, self._counter = self._millisecond + 1, 0
        return (self._millisecond << 22) | (self._process << 12) | self._counter


def milliseconds(at: datetime) -> int:
    """Milliseconds since the ids' epoch."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def first_at(at: datetime) -> int:
    """The smallest id that can have been made at `at`."""
    return max(0, milliseconds(at)) << 22


def made_at(row_id: int) -> datetime:
    """When an id was made, to the millisecond."""
    return EPOCH + timedelta(milliseconds=row_id >> 22)


def public(prefix: str, row_id: int) -> str:
    """The id as people outside see it."""
    pairs = _PAIRS  # written out: ids are made readable several times for every message
    return (
        f"{prefix}_{_ALPHABET[row_id >> 60]}{pairs[row_id >> 50 & 1023]}{pairs[row_id >> 40 & 1023]}"
        f"{pairs[row_id >> 30 & 1023]}{pairs[row_id >> 20 & 1023]}{pairs[row_id >> 10 & 1023]}{pairs[row_id & 1023]}"
    )


def row(prefix: str, public_id: str) -> int:
    """The row id behind a public one. `NotFound` when it is not an id of that kind."""
    start, _, letters = public_id.partition("_")
    if start != prefix or len(letters) != _LENGTH or not set(letters) <= _VALUES.keys():
        raise NotFound(f"{public_id!r} is not an id of the form {prefix}_…")
    number = 0
    for letter in letters:
        number = number * 32 + _VALUES[letter]
    if number >= 1 << 63:
        raise NotFound(f"{public_id!r} is not an id of the form {prefix}_…")
    return number
