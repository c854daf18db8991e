"""The Merkle tree over the audit log's entry hashes, by RFC 9162 §2.1 (https://www.rfc-editor.org/rfc/rfc9162)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Self

Range = tuple[int, int]
"""Leaves [start, end), counted from 0."""


class Tree:
    """A tree that grows at its right edge. It holds the hashes of its complete subtrees only: `peaks`, largest first.

    Of the ranges named in `keep` the hashes are kept as they come to be: what proofs are made of.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = (), *, keep: Iterable[Range] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}")
        self.size = size
        self.peaks = list(peaks)
        self._wanted = frozenset(keep)
        self._kept: dict[Range, bytes] = {}

    @classmethod
    def packed(cls, size: int, peaks: bytes) -> Self:
        """The tree as `pack` wrote it. `ValueError` when that cannot be."""
        return cls(size, [peaks[at : at + 32] for at in range(0, len(peaks), 32)])

    def pack(self) -> bytes:
        return b"".join(self.peaks)

    def add(self, leaf: bytes) -> None:
        """One more leaf, here an entry's hash."""
        node, start, end = hashlib.sha256(b"\x00" + leaf).digest(), self.size, self.size + 1
        self._keep((start, end), node)
        while self.size & (end - start):
            node = _parent(self.peaks.pop(), node)
            start -= end - start
            self._keep((start, end), node)
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        return _joined(self.peaks) if self.peaks else hashlib.sha256(b"").digest()

    def hashes(self, ranges: Iterable[Range]) -> list[bytes]:
        """The hashes of ranges named in `keep`."""
        return [self._kept[one] if one in self._kept else self._right_edge(one) for one in ranges]

    def _keep(self, leaves: Range, node: bytes) -> None:
        if leaves in self._wanted:
            self._kept[leaves] = node

    def _right_edge(self, leaves: Range) -> bytes:
        """The hash of an incomplete subtree: it ends where the tree does, and is made of its last peaks."""
        start, end = leaves
        if end != self.size:
            raise KeyError(leaves)
        return _joined(self.peaks[-(end - start).bit_count() :])


def inclusion(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that leaf `index` (from 0) is in the tree of `size` leaves, leaf upwards."""
    start, end = 0, size
    found: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def includes(root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that `leaf` is leaf `index` of the tree with this root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, node = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = _parent(sibling, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = _parent(node, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


def consistency(earlier: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of `earlier` leaves is the beginning of the tree of `size`."""
    start, end, found, whole = 0, size, list[Range](), True
    while earlier < end:
        middle = start + _split(end - start)
        if earlier <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start, whole = middle, False
    return ([] if whole else [(start, end)]) + found[::-1]


def is_beginning(earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the smaller tree is the beginning of the larger one (RFC 9162 §2.1.4.2)."""
    if earlier == size:
        return not proof and earlier_root == root
    if not 0 < earlier < size:
        return False
    nodes = [earlier_root, *proof] if earlier & (earlier - 1) == 0 else list(proof)
    if not nodes:
        return False
    first, last = earlier - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old, new = _parent(node, old), _parent(node, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = _parent(new, node)
        first, last = first >> 1, last >> 1
    return last == 0 and old == earlier_root and new == root


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _joined(peaks: Sequence[bytes]) -> bytes:
    node = peaks[-1]
    for peak in reversed(peaks[:-1]):
        node = _parent(peak, node)
    return node


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
