"""The timeline and what was read from its entries."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from scrm.web.schemas.checks import FindingOut
from scrm.web.schemas.shapes import Money, Paging, Shape


class TimelineQuery(Paging):
    channel: str | None = None
    kind: Literal["message", "call", "contact", "unsupported"] | None = None


class TagOut(Shape):
    tag: str
    name: str
    kind: Literal["keyword", "intent"]
    start: int
    end: int
    score: float
    rule: str
    version: str


class ClaimOut(Shape):
    kind: str
    value: Money | None
    value_max: Money | None
    unit: str | None
    stance: str
    approx: str | None
    start: int
    end: int
    sku: str | None
    product: str | None
    valid_until: datetime | None


class EntryVersionOut(Shape):
    """An earlier wording of an entry, kept as evidence."""

    at: datetime
    text: str
    change: Literal["edited", "recalled"]


class EntryOut(Shape):
    """One happening with a customer. `body` holds what is special to its kind:

    message: form, media; call: phone (masked), disposition, talk_s, ring_s, transcript, recording, summary;
    contact: change, details; unsupported: provider_kind, reason.
    """

    id: str
    customer_id: str | None
    channel: str
    channel_kind: str
    channel_label: str
    thread: str
    kind: Literal["message", "call", "contact", "unsupported"]
    direction: Literal["inbound", "outbound", "internal"]
    speaker: Literal["customer", "rep", "agent", "bot", "broadcast", "system"]
    actor: str
    actor_name: str
    at: datetime
    received_at: datetime
    text: str
    body: dict[str, object]
    state: Literal["received", "queued", "sending", "sent", "failed", "uncertain", "handed_over", "recalled"]
    state_reason: str
    tags: list[TagOut]
    claims: list[ClaimOut]
    versions: list[EntryVersionOut]
    findings: list[FindingOut]
