"""Which channel may carry a reply now, and which should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scrm.core.errors import BadInput


class Carriage(StrEnum):
    """How a reply leaves: the hub sends it, or it is handed to the rep's own client."""

    SEND = "send"
    HAND_OVER = "hand_over"


class Closed(StrEnum):
    """Why a channel cannot carry a reply now."""

    NEVER_WROTE = "never_wrote"
    WINDOW_OVER = "window_over"
    QUOTA_USED = "quota_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A thread with a customer on a channel that could carry a reply, and what has passed on it.

    `open_for` and `messages` are the channel's limits after the customer's last message (None: no limit);
    `sent_since` counts our messages after it.
    """

    channel: str
    thread: str
    carriage: Carriage
    identity_id: int | None
    last_inbound_at: datetime | None
    last_at: datetime
    sent_since: int
    open_for: timedelta | None = None
    messages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A conversation judged: `closed` is None when it may carry a reply now."""

    conversation: Conversation
    closed: Closed | None
    closes_at: datetime | None
    remaining: int | None


def judge(conversation: Conversation, now: datetime) -> Route:
    """Apply the channel's window and quota at `now`."""
    closed: Closed | None = None
    closes_at: datetime | None = None
    remaining: int | None = None
    if conversation.messages is not None:
        remaining = max(0, conversation.messages - conversation.sent_since)
        closed = Closed.QUOTA_USED if remaining == 0 else closed
    if conversation.open_for is not None:
        if conversation.last_inbound_at is None:
            closed = Closed.NEVER_WROTE
        else:
            closes_at = conversation.last_inbound_at + conversation.open_for
            closed = Closed.WINDOW_OVER if now >= closes_at else closed
    return Route(conversation=conversation, closed=closed, closes_at=closes_at, remaining=remaining)


def best_first(conversations: Sequence[Conversation], now: datetime) -> list[Route]:
    """Open before closed, sending before handing over, then where the customer wrote last."""
    routes = [judge(conversation, now) for conversation in conversations]
    return sorted(routes, key=_rank, reverse=True)


def choose(routes: Sequence[Route], wanted: str | None) -> Route:
    """The wanted channel's route, or the best open one. `BadInput` tells why there is none."""
    if wanted is not None:
        routes = [route for route in routes if route.conversation.channel == wanted]
        if not routes:
            raise BadInput(f"this customer has never been reached on the channel {wanted!r}")
    for route in routes:
        if route.closed is None:
            return route
    if not routes:
        raise BadInput("there is no channel on which this customer can be answered")
    raise BadInput(REASONS[routes[0].closed or Closed.NEVER_WROTE])


REASONS = {
    Closed.NEVER_WROTE: "the customer has not written on this channel yet, so it cannot carry a reply",
    Closed.WINDOW_OVER: "the reply window is over: the customer has to write again first",
    Closed.QUOTA_USED: "the provider's quota of messages is used up until the customer writes again",
}


def _rank(route: Route) -> tuple[bool, bool, datetime]:
    conversation = route.conversation
    latest = conversation.last_inbound_at or conversation.last_at
    return route.closed is None, conversation.carriage is Carriage.SEND, latest
