"""Who a visitor is: a random id, and a proof that it was issued here; without it nobody reads the history."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor's id, and the proof to show at the next visit."""

    id: str
    proof: str


class Visitors:
    """Issues visitors and knows them again. Nothing is stored: the proof is an HMAC of the id."""

    def __init__(self, channel: str, key: bytes) -> None:
        self._key = hashlib.sha256(b"visitors of " + channel.encode() + b"\0" + key).digest()

    def issue(self) -> Visitor:
        """A visitor nobody has been: 128 random bits."""
        id_ = secrets.token_hex(16)
        return Visitor(id_, self._proof(id_))

    def recognise(self, id_: str, proof: str) -> Visitor | None:
        """The visitor, or None when the proof was not issued for this id."""
        # Bytes, because compare_digest refuses text that is not ASCII.
        known = _ID.fullmatch(id_) and hmac.compare_digest(self._proof(id_).encode(), proof.encode(errors="replace"))
        return Visitor(id_, proof) if known else None

    def _proof(self, id_: str) -> str:
        return hmac.new(self._key, id_.encode(), hashlib.sha256).hexdigest()
