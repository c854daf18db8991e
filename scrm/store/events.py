"""Published events: immutable facts, stored with the change they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from scrm.core.events import BY_NAME, Event
from scrm.core.ids import first_at, public
from scrm.core.timeline import Json
from scrm.store import schema
from scrm.store.work import Noun

_events = schema.events


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A fact with its id and time."""

    id: int
    type: str
    version: int
    at: datetime
    customer_id: int | None
    payload: Mapping[str, Json]

    def as_json(self) -> dict[str, Json]:
        """The event as integrators and the console receive it."""
        return {
            "id": public("evt", self.id),
            "type": self.type,
            "version": self.version,
            "at": self.at.isoformat(),
            "customer_id": public("cus", self.customer_id) if self.customer_id is not None else None,
            "payload": self.payload,
        }


class Events(Noun):
    async def append(self, events: Sequence[Event]) -> list[StoredEvent]:
        """Store facts in order."""
        work = self._work
        stored = [
            StoredEvent(
                id=work.ids.next(),
                type=event.type,
                version=BY_NAME[event.type].version,
                at=work.now,
                customer_id=event.customer_id,
                payload=event.payload,
            )
            for event in events
        ]
        await work.insert(
            _events,
            [
                {
                    "id": event.id,
                    "type": event.type,
                    "version": event.version,
                    "at": event.at,
                    "customer_id": event.customer_id,
                    "payload": event.payload,
                }
                for event in stored
            ],
        )
        return stored

    async def since(self, event_id: int, *, limit: int = 1000) -> list[StoredEvent]:
        """Events with an id above `event_id`, oldest first. Ids of concurrent commits may still appear below the last
        one seen: read with an overlap and drop what you have seen.
        """
        rows = await self._work.rows(select(_events).where(_events.c.id > event_id).order_by(_events.c.id).limit(limit))
        return [StoredEvent(**row._mapping) for row in rows]

    async def load(self, ids: Sequence[int]) -> dict[int, StoredEvent]:
        """The events of these ids, by id."""
        rows = await self._work.rows(select(_events).where(self._work.among(_events.c.id, ids)))
        return {row.id: StoredEvent(**row._mapping) for row in rows}

    async def last_id(self) -> int:
        """The newest id, or the id that would be made now when there is none."""
        row = await self._work.one(select(_events.c.id).order_by(_events.c.id.desc()).limit(1))
        return row.id if row else first_at(self._work.now)
