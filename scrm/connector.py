"""The SDK: all that a connector may import from the hub, besides `scrm.core`.

A connector is a folder with a function `create(channel, settings, context) -> Connector`, registered as an entry point
of the group `scrm.connectors`. `normalise` is the only duty; every capability is an optional protocol found by
`isinstance`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol, runtime_checkable

from aiohttp import web

from scrm.core.errors import (
    BadCallback,
    BadInput,
    BadSettings,
    ChannelMisconfigured,
    ChannelUnavailable,
    Parked,
    SendRejected,
    UnreadableCallback,
)
from scrm.core.timeline import (
    Call,
    ChannelEvent,
    ContactChange,
    DeliveryFailure,
    Direction,
    Edit,
    Identity,
    IdentityEvidence,
    Json,
    Message,
    Recall,
    Speaker,
    Unsupported,
)

__all__ = [
    "BadCallback",
    "BadInput",
    "BadRow",
    "BadSettings",
    "Call",
    "Callback",
    "CallbackRequest",
    "ChannelEvent",
    "ChannelMisconfigured",
    "ChannelUnavailable",
    "Connector",
    "ConnectorContext",
    "ContactChange",
    "Contributes",
    "DeliveryFailure",
    "Direction",
    "Edit",
    "HandsOver",
    "HttpClient",
    "HttpResponse",
    "Identity",
    "IdentityEvidence",
    "Intake",
    "Json",
    "Message",
    "Opens",
    "OutboundMessage",
    "Page",
    "Parked",
    "PullNotice",
    "Pulls",
    "RawEvent",
    "ReadsFiles",
    "Recall",
    "Receipt",
    "ReceivesCallbacks",
    "ReplyWindow",
    "SendRejected",
    "Sends",
    "ServesPages",
    "Speaker",
    "ThreadHistory",
    "ThreadMessage",
    "ThreadSignal",
    "UnreadableCallback",
    "Unsupported",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent:
    """What a provider sent, verbatim. `dedup_key` is unique in the channel: equal keys are the same happening delivered
    again. `thread` is the conversation: raw events of one thread are read in the order they were taken.
    """

    dedup_key: str
    thread: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullNotice:
    """The provider says there is something to fetch from `source`. `token` is what it gave us to fetch it with."""

    source: str
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """An HTTP request at the channel's callback address. `query_string` is raw: some senders do not escape '+'."""

    method: str
    query: Mapping[str, str]
    query_string: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What a callback held: raw events to take, sources to pull, and what to answer once they are safely stored."""

    reply: bytes = b""
    content_type: str = "text/plain"
    events: tuple[RawEvent, ...] = ()
    notices: tuple[PullNotice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Raw events fetched together, and the cursor that becomes valid with them (committed in the same transaction)."""

    events: tuple[RawEvent, ...]
    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row of a file that cannot be read. `row` counts from 1, the header being row 1."""

    row: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A reply to carry. `id` is ours, 1–32 characters of `[0-9a-zA-Z_-]`, the same for every attempt."""

    id: str
    thread: str
    customer: Identity
    text: str
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The provider took the message. `provider_id` is the event id that a copy, recall or failure of it will carry."""

    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWindow:
    """How long and how often a channel lets us answer after the customer's last message. None: no limit."""

    open_for: timedelta | None = None
    messages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer with its body read. `headers` keys are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient(Protocol):
    """The hub's outbound HTTP client: time-outs, connection limits and tracing are its business."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Json = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> HttpResponse:
        """Raise `ChannelUnavailable` when no answer came; an answer of any status is returned."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """A message on a conversation, as the person at the other end may see it. `id` grows with time, as text too.

    `own_id` is the `dedup_key` under which the visitor's own message was taken, empty for messages of the company.
    """

    id: str
    at: datetime
    direction: Direction
    speaker: Speaker
    text: str
    own_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadSignal:
    """Something passing on a conversation, not kept. `what`: `changed` (read the history again) or `typing`.

    `direction` says who it comes from: INBOUND the customer's side, OUTBOUND the company's.
    """

    what: str
    direction: Direction


class ThreadHistory(Protocol):
    """What a connector that holds open sockets needs in order to lose nothing between two connections."""

    async def after(self, thread: str, message_id: str, *, limit: int = 200) -> Sequence[ThreadMessage]:
        """Messages of the thread after `message_id` (empty: the newest `limit`), oldest first."""
        ...

    def signals(self, thread: str) -> AsyncIterator[ThreadSignal]:
        """Signals on the thread from now on. May end; hints only: after each, read `after`."""
        ...

    async def signal(self, thread: str, signal: ThreadSignal) -> None:
        """Tell the other side (typing)."""
        ...


Intake = Callable[[Sequence[RawEvent]], Awaitable[None]]
"""Take raw events into the hub. When it returns, they are durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorContext:
    """What the hub lends a connector. `now` gives aware UTC time; connectors read no other clock.

    `secret` is the channel's own, the same over restarts and in every process, for signing what it gives out.
    """

    http: HttpClient
    now: Callable[[], datetime]
    intake: Intake
    history: ThreadHistory
    secret: str = ""


class Connector(Protocol):
    """One channel. `label` is the Chinese name of the kind of channel, shown to people."""

    @property
    def channel(self) -> str: ...

    @property
    def label(self) -> str: ...

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        """Put a raw event into the hub's words. Pure and deterministic. `Parked` when it cannot be read yet; any other
        exception makes it an `Unsupported` entry with the exception's text as reason.
        """
        ...


@runtime_checkable
class ReceivesCallbacks(Connector, Protocol):
    """The provider calls us at `/callbacks/<channel>`."""

    def open_callback(self, request: CallbackRequest) -> Callback:
        """Verify and open a request. `BadCallback` when it is not authentic, `UnreadableCallback` when it is but
        cannot be read.
        """
        ...


@runtime_checkable
class Opens(Connector, Protocol):
    """Raw events need I/O before they can be normalised (decryption in a vendor's native library)."""

    async def open_events(self, events: Sequence[RawEvent]) -> Sequence[RawEvent | Exception]:
        """One result per event, in order: the event with readable payload, or why it has none."""
        ...


@runtime_checkable
class Pulls(Connector, Protocol):
    """We fetch from the provider, page by page, from a cursor the hub keeps per source."""

    @property
    def sources(self) -> Sequence[str]:
        """The sources to reconcile every `pull_every`, besides those named by notices."""
        ...

    @property
    def pull_every(self) -> timedelta: ...

    def pull(self, source: str, cursor: str | None, token: str) -> AsyncIterator[Page]:
        """Pages from `cursor` until there is no more. Each page is stored before the next is asked for."""
        ...


@runtime_checkable
class ReadsFiles(Connector, Protocol):
    """A person hands us files."""

    @property
    def file_suffixes(self) -> Sequence[str]: ...

    def count_rows(self, file: BinaryIO, name: str) -> int:
        """Rows without the header, for the progress bar. `BadInput` when the file as a whole cannot be read."""
        ...

    def read_file(self, file: BinaryIO, name: str) -> Iterable[tuple[int, RawEvent | BadRow]]:
        """(row number, raw event or why there is none), lazily. `BadInput` as above."""
        ...


@runtime_checkable
class Sends(Connector, Protocol):
    """We can answer on this channel."""

    @property
    def reply_window(self) -> ReplyWindow: ...

    @property
    def sends_once(self) -> bool:
        """Whether the provider drops a second message with the same id: then a send may be repeated after a crash."""
        ...

    async def send(self, message: OutboundMessage) -> Receipt:
        """`SendRejected` when it will never go; `ChannelUnavailable` when it may go later."""
        ...


@runtime_checkable
class HandsOver(Connector, Protocol):
    """No API speaks as a rep here: the rep presses send in the provider's client."""

    @property
    def handover_hint(self) -> str:
        """What the rep has to do, in Chinese."""
        ...


@runtime_checkable
class ServesPages(Connector, Protocol):
    """The channel has pages or sockets of its own, mounted at `/channels/<channel>/`."""

    def application(self) -> web.Application: ...


@runtime_checkable
class Contributes(Connector, Protocol):
    """The channel can say how it is doing, beyond what the hub sees (lag, quota). Keys are shown as they are."""

    async def health(self) -> Mapping[str, Json]: ...
