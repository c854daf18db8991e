"""The arithmetic of the audit log: salted commitments in a hash chain. Tamper-evident, never tamper-proof."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from scrm.core.access import Actor
from scrm.core.timeline import Json

GENESIS = bytes(32)
"""What the first entry has in place of an earlier one's hash."""
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who did what to which object. `payload` is JSON without floats; it can be erased later, the rest stays."""

    actor: str
    action: str
    object_type: str
    object_id: str
    actor_role: str = ""
    object_version: int | None = None
    payload: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def by(
        cls,
        actor: Actor | None,
        action: str,
        object_type: str,
        object_id: str,
        *,
        version: int | None = None,
        **payload: Json,
    ) -> Self:
        """What a person or token did; None is the operator, working on the installation itself."""
        return cls(
            actor=actor.login if actor else "operator",
            actor_role=actor.role.value if actor else "operator",
            action=action,
            object_type=object_type,
            object_id=object_id,
            object_version=version,
            payload=payload,
        )

    @classmethod
    def by_hub(
        cls, action: str, object_type: str, object_id: str, *, version: int | None = None, **payload: Json
    ) -> Self:
        """What the hub did by itself."""
        return cls(
            actor="hub",
            actor_role="hub",
            action=action,
            object_type=object_type,
            object_id=object_id,
            object_version=version,
            payload=payload,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A deed as it stands in the log. `payload` is the canonical text that was hashed, None (as `salt`) once erased."""

    seq: int
    at: datetime
    actor: str
    actor_role: str
    action: str
    object_type: str
    object_id: str
    object_version: int | None
    payload: str | None
    salt: bytes | None
    commitment: bytes
    prev: bytes
    entry: bytes


def linked(deed: Deed, *, seq: int, at: datetime, salt: bytes, prev: bytes) -> Link:
    """The deed as the entry `seq` after the one whose hash is `prev`."""
    payload = canonical(deed.payload)
    commitment = committed(salt, payload)
    return Link(
        seq=seq,
        at=at,
        actor=deed.actor,
        actor_role=deed.actor_role,
        action=deed.action,
        object_type=deed.object_type,
        object_id=deed.object_id,
        object_version=deed.object_version,
        payload=payload,
        salt=salt,
        commitment=commitment,
        prev=prev,
        entry=_hash(deed, seq, at, commitment, prev),
    )


def hashed(link: Link) -> bytes:
    """What `link.entry` has to be for what the link says."""
    return _hash(link, link.seq, link.at, link.commitment, link.prev)


def _hash(told: Deed | Link, seq: int, at: datetime, commitment: bytes, prev: bytes) -> bytes:
    fields: dict[str, Json] = {
        "v": FORMAT,
        "seq": seq,
        "at": stamp(at),
        "actor": told.actor,
        "actor_role": told.actor_role,
        "action": told.action,
        "object_type": told.object_type,
        "object_id": told.object_id,
        "object_version": told.object_version,
        "commitment": commitment.hex(),
        "prev": prev.hex(),
    }
    return hashlib.sha256(b"\x00" + canonical(fields).encode()).digest()


def line(link: Link) -> str:
    """The entry as a line of an export. The payload is a text in it: just what was hashed."""
    return _encode(
        {
            "seq": link.seq,
            "at": stamp(link.at),
            "actor": link.actor,
            "actor_role": link.actor_role,
            "action": link.action,
            "object_type": link.object_type,
            "object_id": link.object_id,
            "object_version": link.object_version,
            "payload": link.payload,
            "salt": link.salt.hex() if link.salt is not None else None,
            "commitment": link.commitment.hex(),
            "prev": link.prev.hex(),
            "entry": link.entry.hex(),
        }
    )


def read_line(text: str) -> Link:
    """The entry of an export's line. `ValueError`, `KeyError` or `TypeError` when it is none."""
    fields = json.loads(text)
    return Link(
        seq=int(fields["seq"]),
        at=datetime.fromisoformat(fields["at"]).astimezone(UTC),
        actor=fields["actor"],
        actor_role=fields["actor_role"],
        action=fields["action"],
        object_type=fields["object_type"],
        object_id=fields["object_id"],
        object_version=fields["object_version"],
        payload=fields["payload"],
        salt=bytes.fromhex(fields["salt"]) if fields["salt"] is not None else None,
        commitment=bytes.fromhex(fields["commitment"]),
        prev=bytes.fromhex(fields["prev"]),
        entry=bytes.fromhex(fields["entry"]),
    )


def committed(salt: bytes, text: str) -> bytes:
    """What the chain keeps of a text: it proves the text while text and salt exist, and tells nothing once erased."""
    return hashlib.sha256(salt + text.encode()).digest()


def canonical(document: Mapping[str, Json]) -> str:
    """One text for one document: keys sorted, no spaces, Chinese as it is (RFC 8785 for documents without floats)."""
    return _encode(document)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def stamp(at: datetime) -> str:
    """The time as it is hashed: UTC, always six digits of a second."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
