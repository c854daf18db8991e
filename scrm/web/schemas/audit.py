"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from scrm.web.schemas.shapes import Paging, Shape


class AuditQuery(Paging):
    """Newest first."""

    actor: str = Field(default="", max_length=100, description="A login; `hub` and `operator` are the hub itself.")
    action: str = Field(default="", max_length=40)
    object_type: str = Field(default="", max_length=30)
    object_id: str = Field(default="", max_length=200)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(default=None, description="Before this time.")


class AuditEntryOut(Shape):
    """Who did what to which object, with its place in the chain."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
    actor_role: str
    action: str
    object_type: str
    object_id: str
    object_version: int | None
    payload: dict[str, object] | None = Field(description="What it says in particular; null once erased.")
    commitment: str = Field(description="Hex; so are `prev` and `hash`.")
    prev: str
    hash: str


class AuditCheckpointOut(Shape):
    size: int = Field(description="Entries it covers.")
    at: datetime
    root: str = Field(description="Base64 of the Merkle root.")
    note: str = Field(description="The signed text, as it is kept elsewhere.")


class AuditVerificationOut(Shape):
    at: datetime
    intact: bool
    seq: int | None = Field(description="The first bad entry; null where it is intact.")
    kind: str | None = Field(description="How it is bad; see the reference of the audit log.")
    about: str = Field(description="The message whose wording is not the one committed to.")


class AuditState(Shape):
    status: Literal["intact", "tampered", "unsigned"] = Field(
        description="unsigned: nothing was signed for longer than a day, or ever."
    )
    size: int
    unsigned: int = Field(description="Entries since the last checkpoint.")
    checkpoint: AuditCheckpointOut | None
    verification: AuditVerificationOut | None
