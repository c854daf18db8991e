"""The inbox: raw events as they were sent, kept verbatim before anything reads them; equal ones are taken once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from scrm.connector import RawEvent
from scrm.store import schema
from scrm.store.work import Noun

_inbox = schema.inbox
_aside = schema.set_aside


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A raw event in the inbox."""

    id: int
    channel: str
    raw: RawEvent
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A raw event that is kept but not on a timeline. `why`: parked (waits for a key) or unreadable."""

    inbox_id: int
    channel: str
    why: str
    reason: str


class Inbox(Noun):
    async def take(self, events: Sequence[tuple[str, RawEvent]]) -> list[StoredEvent]:
        """Store (channel, raw event) pairs; give back those that are new, in order."""
        work = self._work
        stored = [
            StoredEvent(id=work.ids.next(), channel=channel, raw=raw, received_at=work.now) for channel, raw in events
        ]
        rows = [
            {
                "id": event.id,
                "channel": event.channel,
                "dedup_key": event.raw.dedup_key,
                "thread": event.raw.thread,
                "payload": event.raw.payload,
                "received_at": event.received_at,
            }
            for event in stored
        ]
        if await work.insert_new(_inbox, rows, unique=["channel", "dedup_key"]) == len(rows):
            return stored
        taken = {
            row.id
            for row in await work.rows(select(_inbox.c.id).where(work.among(_inbox.c.id, [e.id for e in stored])))
        }
        return [event for event in stored if event.id in taken]

    async def load(self, ids: Sequence[int]) -> list[StoredEvent]:
        """The raw events of these ids, in the order of the ids given."""
        rows = await self._work.rows(select(_inbox).where(self._work.among(_inbox.c.id, ids)))
        by_id = {
            row.id: StoredEvent(
                id=row.id,
                channel=row.channel,
                raw=RawEvent(dedup_key=row.dedup_key, thread=row.thread, payload=row.payload),
                received_at=row.received_at,
            )
            for row in rows
        }
        return [by_id[inbox_id] for inbox_id in ids if inbox_id in by_id]

    async def payload(self, inbox_id: int) -> str | None:
        """What was sent, verbatim."""
        row = await self._work.one(select(_inbox.c.payload).where(_inbox.c.id == inbox_id))
        return row.payload if row else None

    async def set_aside(self, events: Sequence[SetAside]) -> None:
        """Keep raw events apart, with the reason. Setting one aside again replaces the reason."""
        if not events:
            return
        await self._work.run(delete(_aside).where(_aside.c.inbox_id.in_([event.inbox_id for event in events])))
        await self._work.insert(
            _aside,
            [
                {
                    "inbox_id": event.inbox_id,
                    "channel": event.channel,
                    "why": event.why,
                    "reason": event.reason,
                    "at": self._work.now,
                }
                for event in events
            ],
        )

    async def take_parked(self, channel: str, limit: int = 1000) -> list[tuple[int, str]]:
        """Take the channel's oldest parked events out: (inbox id, thread), to be read again."""
        rows = await self._work.rows(
            select(_aside.c.inbox_id, _inbox.c.thread)
            .join(_inbox, _inbox.c.id == _aside.c.inbox_id)
            .where(_aside.c.channel == channel, _aside.c.why == "parked")
            .order_by(_aside.c.inbox_id)
            .limit(limit)
        )
        await self._work.run(delete(_aside).where(_aside.c.inbox_id.in_([row.inbox_id for row in rows])))
        return [(row.inbox_id, row.thread) for row in rows]

    async def count_set_aside(self) -> dict[tuple[str, str], int]:
        """(channel, why) → how many."""
        rows = await self._work.rows(
            select(_aside.c.channel, _aside.c.why, func.count().label("number")).group_by(
                _aside.c.channel, _aside.c.why
            )
        )
        return {(row.channel, row.why): row.number for row in rows}
