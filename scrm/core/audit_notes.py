"""Checkpoints of the audit log as signed notes: text that a person can read and any C2SP verifier can check.

https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md and signed-note.md. Signing itself is done elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from scrm.core.audit_chain import stamp
from scrm.core.errors import BadInput

_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What is signed: the log called `origin` had `size` entries at `at`, with this tree root."""

    origin: str
    size: int
    root: bytes
    at: datetime

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n{stamp(self.at)}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note: whose key, its 4-byte id, and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {encoded(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with its signatures."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    @property
    def text(self) -> str:
        return self.checkpoint.text + "\n" + "".join(one.line for one in self.signatures)

    @classmethod
    def read(cls, text: str) -> Self:
        """`BadInput` when it is not a checkpoint."""
        body, _, below = text.replace("\r\n", "\n").partition("\n\n")
        lines = body.split("\n")
        try:
            origin, size, root, at = lines[:4]
            checkpoint = Checkpoint(
                origin=origin, size=int(size), root=decoded(root), at=datetime.fromisoformat(at).astimezone(UTC)
            )
            note = cls(checkpoint, tuple(_signature(line) for line in below.splitlines() if line.startswith("— ")))
        except ValueError as error:
            raise BadInput(f"this is not a checkpoint of an audit log: {error}") from error
        if checkpoint.text != body + "\n" or len(checkpoint.root) != 32:
            raise BadInput("this is not a checkpoint of an audit log: its lines are not origin, size, root, time")
        return note


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key that checkpoints are signed with. `name` is the log's origin."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    @property
    def text(self) -> str:
        """`name+id+key`, as signed-note verifiers take it."""
        return f"{self.name}+{self.id.hex()}+{encoded(_ED25519 + self.key)}"

    @classmethod
    def read(cls, text: str) -> Self:
        """`BadInput` when it is not such a key."""
        try:
            name, key_id, key = text.strip().split("+", 2)
            raw = decoded(key)
            read = cls(name, raw[1:])
            if raw[:1] != _ED25519 or len(raw) != 33 or read.id.hex() != key_id:
                raise ValueError("type, length or id do not fit")
        except ValueError as error:
            raise BadInput(f"{text.strip()[:80]!r} is not a key of an audit log (name+id+key): {error}") from error
        return read


def read_keys(text: str) -> tuple[PublicKey, ...]:
    """A file of keys, one a line, the newest last."""
    return tuple(PublicKey.read(line) for line in text.splitlines() if line.strip())


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def decoded(text: str) -> bytes:
    """`ValueError` when it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text[:80]!r} is not base64") from error


def _signature(line: str) -> Signature:
    _, name, value = line.split(" ")
    raw = decoded(value)
    return Signature(name, raw[:4], raw[4:])
