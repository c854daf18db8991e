"""The hub's words for what happens between a company and its customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | Sequence[Json] | None"


class Direction(StrEnum):
    """Seen from the company."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Speaker(StrEnum):
    """Whose words they are. Every speaker but the customer binds the company."""

    CUSTOMER = "customer"
    REP = "rep"
    AGENT = "agent"
    BOT = "bot"
    BROADCAST = "broadcast"
    SYSTEM = "system"


SELLERS = frozenset({Speaker.REP, Speaker.AGENT, Speaker.BOT, Speaker.BROADCAST})
"""Whose words bind the company."""


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """One way a person is known. `namespace` says who assigned `value`; together they are unique.

    Namespaces in use: `phone` (E.164), `wecom:<corp_id>` (external_userid), `unionid`, `webim:<channel>` (visitor id).
    """

    namespace: str
    value: str


@dataclass(frozen=True, slots=True)
class IdentityEvidence:
    """A further identity of the same person, and the fact that proves it (shown to people as the reason of a link)."""

    identity: Identity
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something said in writing. `text` is what a person would read; `media` names what cannot be shown as text.

    `form`: text, image, voice, video, file, link, location, card, menu …
    """

    text: str
    form: str = "text"
    media: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A telephone call. Durations in seconds; `disposition` is canonical (answered, no_answer, busy …)."""

    phone: str
    disposition: str
    talk_s: int = 0
    ring_s: int | None = None
    transcript: str = ""
    recording: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChange:
    """A relation began, changed or ended. `change` says how: added, edited, deleted_by_rep, deleted_by_customer,
    profile, session_entered, visit_started, contact_left …
    """

    change: str
    text: str
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A message was taken back; what it said stays on file. `target` is its event id in the same channel."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A message was changed. The earlier wording stays on file as evidence."""

    target: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailure:
    """The provider tells us later that a message we sent did not arrive. `target` is the id it was sent under."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something the connector does not understand: kept and shown, never dropped."""

    provider_kind: str
    reason: str = ""


Body: TypeAlias = Message | Call | ContactChange | Recall | Edit | DeliveryFailure | Unsupported


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEvent:
    """One happening in a provider's channel, in the hub's words. The result of `Connector.normalise`.

    `id` is stable: the same raw event always gives the same ids, and two different happenings never share one.
    `at` is the provider's time, aware, UTC. `customer` is None when the happening concerns no single customer.
    `evidence` lists strong identities this event proves for the same person (verified phone, unionid).
    `actor` is the provider's id of the company's side (userid, extension), empty when there is none.
    `name` is the customer's name as the provider tells it, empty when it does not.
    """

    id: str
    thread: str
    at: datetime
    customer: Identity | None
    body: Body
    direction: Direction
    speaker: Speaker
    actor: str = ""
    name: str = ""
    evidence: tuple[IdentityEvidence, ...] = ()

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"event {self.id!r} has a time without a zone")
        if not self.id:
            raise ValueError("an event needs an id")


class EntryState(StrEnum):
    """Where an entry stands. Received ones stay `received` unless they are taken back."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    HANDED_OVER = "handed_over"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One happening with a customer, as it stands on the timeline.

    `external_id` is the event's id in its channel. `body` holds what is special to the kind, as JSON. `origin` tells of
    a reply who wrote it in the hub, from which script, and what was acknowledged.
    """

    id: int
    customer_id: int | None
    identity_id: int | None
    channel: str
    external_id: str
    thread: str
    kind: str
    direction: Direction
    speaker: Speaker
    actor: str
    at: datetime
    received_at: datetime
    text: str
    body: Mapping[str, Json]
    state: EntryState = EntryState.RECEIVED
    state_reason: str = ""
    inbox_id: int | None = None
    origin: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """How a body stands on the timeline: its kind, the text that is read and searched, and the rest as JSON."""

    kind: str
    text: str
    body: Mapping[str, Json]


def shown(body: Message | Call | ContactChange | Unsupported) -> Shown:
    """The timeline's view of an event's body."""
    match body:
        case Message():
            return Shown("message", body.text, {"form": body.form, "media": body.media})
        case Call():
            rest = {name: getattr(body, name) for name in _CALL_FIELDS}
            return Shown("call", body.transcript or body.summary, rest)
        case ContactChange():
            return Shown("contact", body.text, {"change": body.change, "details": body.details})
        case Unsupported():
            return Shown("unsupported", "", {"provider_kind": body.provider_kind, "reason": body.reason})


_CALL_FIELDS = ("phone", "disposition", "talk_s", "ring_s", "transcript", "recording", "summary")


@dataclass(frozen=True, slots=True)
class Part:
    """What one speaker said within an entry's text: `text[start:end]`, code points."""

    start: int
    end: int
    speaker: Speaker


def parts(kind: str, text: str, speaker: Speaker) -> tuple[Part, ...]:
    """Who said what. A call's transcript has one utterance per line, opened by `坐席：` or `客户：`; anything else is
    one speaker's. `speaker` is the entry's.
    """
    if kind != "call":
        return (Part(0, len(text), speaker),)
    ours = Speaker.AGENT if speaker is Speaker.CUSTOMER else speaker
    found: list[Part] = []
    start = 0
    for line in text.splitlines(keepends=True):
        opening = 3 if line.startswith(_OPENINGS) else 0
        said_by = Speaker.CUSTOMER if line.startswith("客户") and opening else ours
        found.append(Part(start + opening, start + len(line.rstrip("\n")), said_by))
        start += len(line)
    return tuple(part for part in found if part.end > part.start)


def speaker_at(entry: Entry, place: int) -> Speaker:
    """Who speaks at this place of an entry's text: on a call one of the two, else whoever the entry is from."""
    found = parts(entry.kind, entry.text, entry.speaker)
    return next((part.speaker for part in found if part.start <= place < part.end), entry.speaker)


_OPENINGS = ("客户：", "坐席：", "客户:", "坐席:")
