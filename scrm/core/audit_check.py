"""Checking the audit log: entry after entry from the first one on, then against what was signed and kept elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from scrm.core.audit_chain import GENESIS, Link, committed, hashed
from scrm.core.audit_notes import Checkpoint
from scrm.core.audit_tree import Tree

_NEARBY = 1000
"""How far from its place an entry is looked for that was put somewhere else."""


class Kind(StrEnum):
    """How a log shows that somebody has been at it."""

    MISSING_FIRST = "missing_first"
    GAP = "gap"
    REORDERED = "reordered"
    CONTENT_MISMATCH = "content_mismatch"
    ENTRY_MISMATCH = "entry_mismatch"
    PREV_MISMATCH = "prev_mismatch"
    FORGED = "forged"
    TRUNCATED = "truncated"
    ROOT_MISMATCH = "root_mismatch"
    BAD_CHECKPOINT = "bad_checkpoint"
    WORDING_MISMATCH = "wording_mismatch"
    WORDING_UNLOGGED = "wording_unlogged"
    WORDING_MISSING = "wording_missing"


@dataclass(frozen=True, slots=True)
class Trouble:
    """The first bad entry, and how it is bad. `about` names the object where that is not the entry itself."""

    seq: int
    kind: Kind
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check came to. `anchored` entries are covered by a signed checkpoint, taken at `anchored_at`; the oldest
    of the others is of `open_since`.
    """

    size: int
    head: bytes
    erased: int
    trouble: Trouble | None
    anchored: int = 0
    anchored_at: datetime | None = None
    open_since: datetime | None = None

    @property
    def unanchored(self) -> int:
        return self.size - self.anchored

    @property
    def intact(self) -> bool:
        return self.trouble is None


class Anchor(Protocol):
    """A checkpoint and whether the signature under it is good."""

    @property
    def checkpoint(self) -> Checkpoint: ...

    @property
    def genuine(self) -> bool: ...


@dataclass(slots=True)
class ChainCheck:
    """Takes entries in the order they are stored, in batches. Starts at the first, or where an earlier check ended."""

    tree: Tree = field(default_factory=Tree)
    head: bytes = GENESIS
    erased: int = 0
    trouble: Trouble | None = None
    watched: frozenset[int] = frozenset()
    roots: dict[int, bytes] = field(default_factory=dict)
    times: dict[int, datetime] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Entries that were checked and found good."""
        return self.tree.size

    def watch(self, sizes: Iterable[int]) -> None:
        """Note the root at these sizes, and the time of the entry that follows."""
        self.watched = frozenset(sizes)
        self._note_root()

    def take(self, links: Sequence[Link]) -> bool:
        """Check the entries that come next. False once there is trouble: what follows cannot be judged."""
        if self.trouble is None:
            for place, link in enumerate(links):
                if not self._follows(link):
                    self.trouble = self._trouble(link, links[place + 1 :])
                    break
                self._step(link)
        return self.trouble is None

    def _step(self, link: Link) -> None:
        if self.size in self.watched:
            self.times[self.size] = link.at
        self.tree.add(link.entry)
        self.head = link.entry
        self.erased += link.payload is None
        self._note_root()

    def _note_root(self) -> None:
        if self.size in self.watched:
            self.roots[self.size] = self.tree.root()

    def _follows(self, link: Link) -> bool:
        return link.seq == self.size + 1 and link.prev == self.head and _holds(link) and hashed(link) == link.entry

    def _trouble(self, link: Link, following: Sequence[Link]) -> Trouble:
        due = self.size + 1
        if link.seq != due:
            if link.seq < due or any(one.seq == due for one in following):
                return Trouble(due, Kind.REORDERED)
            return Trouble(due, Kind.MISSING_FIRST if due == 1 else Kind.GAP)
        if not _holds(link):
            return Trouble(due, Kind.CONTENT_MISMATCH)
        if hashed(link) != link.entry:
            return self._misplaced(link, following)
        return self._unlinked(link, following)

    def _misplaced(self, link: Link, following: Sequence[Link]) -> Trouble:
        """An entry whose hash is not that of its fields: was it another entry's place, or was it changed?"""
        due = link.seq
        moved = _moved(link)
        if moved is None:
            return Trouble(due, Kind.ENTRY_MISMATCH if link.prev == self.head else Kind.PREV_MISMATCH)
        if moved < 0:
            return Trouble(due - 1, Kind.FORGED)
        if following and _moved(following[0]) == moved:
            return Trouble(due, Kind.MISSING_FIRST if due == 1 else Kind.GAP)
        return Trouble(due, Kind.REORDERED)

    def _unlinked(self, link: Link, following: Sequence[Link]) -> Trouble:
        """An entry that fits itself and not the one before: which of the two was made anew tells the one after."""
        if not following:
            return Trouble(link.seq, Kind.PREV_MISMATCH)
        if following[0].prev == link.entry and link.seq > 1:
            return Trouble(link.seq - 1, Kind.FORGED)
        return Trouble(link.seq, Kind.FORGED)


def judged(check: ChainCheck, anchors: Sequence[Anchor]) -> Verdict:
    """The verdict on a log that was read to its end, with the sizes of all `anchors` watched. Any genuine checkpoint
    that does not fit convicts it; a bad signature is trouble where there is no other.
    """
    genuine = [one.checkpoint for one in anchors if one.genuine]
    verdict = Verdict(size=check.size, head=check.head, erased=check.erased, trouble=check.trouble)
    if verdict.trouble is not None:
        return verdict
    for one in sorted(genuine, key=lambda one: one.size):
        if one.size > check.size:
            return replace(verdict, trouble=Trouble(check.size + 1, Kind.TRUNCATED))
        if check.roots.get(one.size) != one.root:
            return replace(verdict, trouble=Trouble(one.size, Kind.ROOT_MISMATCH))
    if len(genuine) < len(anchors):
        bad = min(one.checkpoint.size for one in anchors if not one.genuine)
        return replace(verdict, trouble=Trouble(bad, Kind.BAD_CHECKPOINT))
    newest = max(genuine, key=lambda one: (one.size, one.at), default=None)
    if newest is None:
        return replace(verdict, open_since=check.times.get(0))
    return replace(verdict, anchored=newest.size, anchored_at=newest.at, open_since=check.times.get(newest.size))


@dataclass(frozen=True, slots=True)
class Committed:
    """What the entry `seq` of the log committed to: wording `number` (from 1) of a message."""

    seq: int
    entry_id: str
    number: int
    commitment: bytes


def commitments(link: Link) -> list[Committed]:
    """What an entry committed to; nothing where it is about something else, or erased."""
    if link.action != "entries.stored" or link.payload is None:
        return []
    return [
        Committed(link.seq, entry_id, number, bytes.fromhex(commitment))
        for entry_id, number, commitment in json.loads(link.payload)["entries"]
    ]


def wording_trouble(one: Committed, wordings: Sequence[tuple[str, bytes | None]], *, erased: bool) -> Trouble | None:
    """Whether a message's wordings on file, oldest first, hold the one committed to. `erased`: that is on record."""
    if one.number > len(wordings):
        return Trouble(one.seq, Kind.WORDING_MISSING, one.entry_id)
    text, salt = wordings[one.number - 1]
    good = (erased and not text) if salt is None else committed(salt, text) == one.commitment
    return None if good else Trouble(one.seq, Kind.WORDING_MISMATCH, one.entry_id)


def _holds(link: Link) -> bool:
    """Whether the payload is the one committed to, or was erased together with its salt."""
    if link.payload is None or link.salt is None:
        return link.payload is None and link.salt is None
    return committed(link.salt, link.payload) == link.commitment


def _moved(link: Link) -> int | None:
    """How far from its place an entry has been put; None when its hash is that of no place nearby."""
    for distance in range(1, _NEARBY):
        for by in (distance, -distance):
            if link.seq + by > 0 and hashed(replace(link, seq=link.seq + by)) == link.entry:
                return by
    return None
