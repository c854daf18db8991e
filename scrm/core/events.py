"""The catalogue of published events: stored with the change they tell of, sent live and by webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scrm.core.timeline import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A kind of fact that integrators can subscribe to. `internal` ones only refresh the console."""

    name: str
    version: int
    description: str
    internal: bool = False


CATALOGUE: tuple[EventType, ...] = (
    EventType(name="entry.added", version=1, description="Something happened with a customer: it is on the timeline."),
    EventType(name="entry.changed", version=1, description="An entry was edited, recalled, completed or delivered."),
    EventType(name="customer.added", version=1, description="A person is known for the first time."),
    EventType(name="customer.changed", version=1, description="A customer's name, owner or reading state changed."),
    EventType(name="customers.merged", version=1, description="Two customers turned out to be one person."),
    EventType(name="customers.merge_undone", version=1, description="A merge was taken back."),
    EventType(
        name="household.changed", version=1, description="Somebody joined or left a household, or its names changed."
    ),
    EventType(name="message.queued", version=1, description="A reply was accepted and waits to be carried."),
    EventType(name="message.sent", version=1, description="The provider took a reply."),
    EventType(name="message.failed", version=1, description="A reply will not arrive; the reason is in the payload."),
    EventType(name="case.opened", version=1, description="A compliance rule found something an auditor should judge."),
    EventType(
        name="case.changed", version=1, description="More evidence joined a case, or somebody took or closed it."
    ),
    EventType(name="case.decided", version=1, description="The verdict on a case is final."),
    EventType(
        name="case.overdue", version=1, description="A case was not judged in time; the payload says whom to tell."
    ),
    EventType(name="case.remedied", version=1, description="It is on file what was done about a breach."),
    EventType(name="case.reopened", version=1, description="A case that was decided is to be judged again."),
    EventType(name="prices.changed", version=1, description="Products of the price book have new versions."),
    EventType(
        name="prices.proposed",
        version=1,
        description="Changes of prices were proposed, rejected or withdrawn.",
        internal=True,
    ),
    EventType(name="import.progressed", version=1, description="A file import moved on.", internal=True),
    EventType(name="import.finished", version=1, description="A file import ended; the payload has its figures."),
    EventType(name="audit.checkpoint", version=1, description="The audit log was signed; keep the note elsewhere."),
    EventType(name="audit.tampered", version=1, description="The audit log, or a message it tells of, was changed."),
    EventType(name="dry_run.progressed", version=1, description="A dry run of rules moved on.", internal=True),
    EventType(name="dry_run.finished", version=1, description="A dry run of rules ended.", internal=True),
    EventType(name="endpoint.tested", version=1, description="Sent on request, to try a webhook endpoint."),
)

BY_NAME: Mapping[str, EventType] = {event_type.name: event_type for event_type in CATALOGUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An immutable fact. `payload` is JSON with public ids. `customer_id` orders deliveries; None: no customer."""

    type: str
    customer_id: int | None
    payload: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.type not in BY_NAME:
            raise ValueError(f"{self.type!r} is not in the event catalogue")
