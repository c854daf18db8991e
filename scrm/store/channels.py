"""What the hub remembers of its channels: cursors, and how each is doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from scrm.store import schema
from scrm.store.work import Noun

_cursors, _health, _settings = schema.cursors, schema.channel_health, schema.settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Counts since the channel was first used. `last_error` is empty when there was none."""

    channel: str
    received: int = 0
    refused: int = 0
    last_received_at: datetime | None = None
    last_error: str = ""
    last_error_at: datetime | None = None


class Channels(Noun):
    async def cursor(self, channel: str, source: str) -> str | None:
        """Where reading of a source stands; None when it has never been read."""
        c = _cursors.c
        row = await self._work.one(select(c.cursor).where(c.channel == channel, c.source == source))
        return row.cursor if row else None

    async def move_cursor(self, channel: str, source: str, cursor: str) -> None:
        values = {"channel": channel, "source": source, "cursor": cursor, "read_at": self._work.now}
        await self._work.run(
            self._work.upserting(_cursors)
            .values(**values)
            .on_conflict_do_update(
                index_elements=["channel", "source"], set_={"cursor": cursor, "read_at": values["read_at"]}
            )
        )

    async def cursors(self) -> dict[str, dict[str, datetime]]:
        """When each source of each channel was last read."""
        c = _cursors.c
        found: dict[str, dict[str, datetime]] = {}
        for row in await self._work.rows(select(c.channel, c.source, c.read_at)):
            found.setdefault(row.channel, {})[row.source] = row.read_at
        return found

    async def add_health(self, news: Sequence[Health]) -> None:
        """Add what happened since the last call to the channels' counts."""
        for health in news:
            insert = self._work.upserting(_health).values(
                channel=health.channel,
                received=health.received,
                refused=health.refused,
                last_received_at=health.last_received_at,
                last_error=health.last_error,
                last_error_at=health.last_error_at,
            )
            changed: dict[str, object] = {
                "received": _health.c.received + health.received,
                "refused": _health.c.refused + health.refused,
            }
            if health.last_received_at is not None:
                changed["last_received_at"] = health.last_received_at
            if health.last_error_at is not None:
                changed |= {"last_error": health.last_error, "last_error_at": health.last_error_at}
            await self._work.run(insert.on_conflict_do_update(index_elements=["channel"], set_=changed))

    async def health(self) -> Mapping[str, Health]:
        rows = await self._work.rows(select(_health))
        return {row.channel: Health(**row._mapping) for row in rows}

    async def remembered(self, name: str, make: str) -> str:
        """A value of the installation (its secret, its process counter): stored as `make` the first time."""
        await self._work.insert_new(_settings, [{"name": name, "value": make}], unique=["name"])
        row = await self._work.one(select(_settings.c.value).where(_settings.c.name == name))
        return str(row.value) if row else make

    async def next_process_number(self) -> int:
        """A number that no process started recently has."""
        await self._work.insert_new(_settings, [{"name": "process_number", "value": "0"}], unique=["name"])
        row = await self._work.one(
            select(_settings.c.value).where(_settings.c.name == "process_number").with_for_update()
        )
        number = int(row.value) + 1 if row else 1
        await self._work.run(_settings.update().where(_settings.c.name == "process_number").values(value=str(number)))
        return number
