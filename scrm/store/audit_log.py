"""The audit log as stored: appended at the very end of the transaction whose change it tells of, never changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text, update

from scrm.core.audit_chain import GENESIS, Deed, Link, committed, linked
from scrm.core.ids import EPOCH, first_at, public
from scrm.core.timeline import Json
from scrm.store import schema
from scrm.store.work import Noun, Work

_log, _checkpoints = schema.audit_log, schema.audit_checkpoints
_BATCHES_TAKE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A signed checkpoint, with the peaks of the tree from which it can go on growing."""

    size: int
    at: datetime
    root: bytes
    peaks: bytes
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries of the log to show; an empty field is no condition. `before` is a seq."""

    actor: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


class AuditLog(Noun):
    def __init__(self, work: Work) -> None:
        super().__init__(work)
        self._deeds: list[Deed] = []
        self._stored: list[tuple[int, bytes]] = []

    def record(self, *deeds: Deed) -> None:
        """Log these deeds with this transaction: they get their place in the chain as its last act before commit."""
        self._deeds += deeds

    def commit_to(self, texts: Sequence[tuple[int, str]]) -> list[bytes]:
        """Commit to the first wordings of entries, (entry id, text): gives the salts to store beside them."""
        random = os.urandom(16 * len(texts))
        salts = [random[at : at + 16] for at in range(0, len(random), 16)]
        self._stored += [(entry_id, committed(salt, said)) for (entry_id, said), salt in zip(texts, salts, strict=True)]
        return salts

    def commit_again(self, entry_id: int, said: str, *, number: int) -> bytes:
        """Commit to wording `number` of an entry that was there already: gives the salt to store beside it."""
        salt = os.urandom(16)
        entry = public("msg", entry_id)
        wording: Json = [entry, number, committed(salt, said).hex()]
        self.record(Deed.by_hub("entries.stored", "entries", entry, entries=[wording]))
        return salt

    async def seal(self) -> None:
        """Chain what was recorded. Appends queue here, so this comes last: on PostgreSQL behind a lock, on SQLite
        writers queue anyway.
        """
        if self._stored:
            stored: Json = [[public("msg", entry_id), 1, commitment.hex()] for entry_id, commitment in self._stored]
            first = public("msg", min(entry_id for entry_id, _ in self._stored))
            # First in the log as in time: what is recorded of an entry comes after its arrival.
            self._deeds.insert(0, Deed.by_hub("entries.stored", "entries", first, entries=stored))
            self._stored.clear()
        if not self._deeds:
            return
        if not self._work.is_sqlite:
            await self._work.run(text("SELECT pg_advisory_xact_lock(hashtext('scrm:audit'))"))
        head = await self._work.one(select(_log.c.seq, _log.c.entry).order_by(_log.c.seq.desc()).limit(1))
        seq, prev = (head.seq, head.entry) if head else (0, GENESIS)
        rows = []
        for deed in self._deeds:
            seq += 1
            link = linked(deed, seq=seq, at=self._work.now, salt=os.urandom(16), prev=prev)
            prev = link.entry
            rows.append({name: getattr(link, name) for name in _COLUMNS})
        self._deeds.clear()
        await self._work.insert(_log, rows)

    async def newest(self, *, limit: int) -> list[Link]:
        """The newest entries, newest first."""
        return await self.page(Wanted(), limit=limit)

    async def page(self, wanted: Wanted, *, limit: int) -> list[Link]:
        """Entries newest first."""
        c = _log.c
        statement = select(_log)
        for column, value in (
            (c.actor, wanted.actor),
            (c.action, wanted.action),
            (c.object_type, wanted.object_type),
            (c.object_id, wanted.object_id),
        ):
            if value:
                statement = statement.where(column == value)
        if wanted.since is not None:
            statement = statement.where(c.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(c.at < wanted.until)
        if wanted.before is not None:
            statement = statement.where(c.seq < wanted.before)
        rows = await self._work.rows(statement.order_by(c.seq.desc()).limit(limit))
        return [_link(row) for row in rows]

    async def about(self, object_type: str, object_ids: Iterable[str]) -> list[Link]:
        """Every entry about these objects, oldest first."""
        c = _log.c
        rows = await self._work.rows(
            select(_log)
            .where(c.object_type == object_type, self._work.among(c.object_id, list(object_ids)))
            .order_by(c.seq)
        )
        return [_link(row) for row in rows]

    async def arrival_of(self, entry_id: int) -> Link | None:
        """The `entries.stored` entry that a message came in with. It is named after the first of its batch, and ids
        grow with time: it is one of those just before the message.
        """
        c, wanted = _log.c, public("msg", entry_id)
        near = (
            select(c.seq)
            .where(c.object_type == "entries", c.object_id <= wanted, c.action == "entries.stored")
            .order_by(c.object_id.desc(), c.seq)
            .limit(200)
        )
        row = await self._work.one(
            select(_log).where(c.seq.in_(near.subquery().select()), c.payload.contains(f'"{wanted}",1,')).limit(1)
        )
        return _link(row) if row else None

    async def last(self, object_type: str, object_id: str, *, action: str | None = None) -> Link | None:
        """The newest entry about an object."""
        c = _log.c
        statement = select(_log).where(c.object_type == object_type, c.object_id == object_id)
        if action is not None:
            statement = statement.where(c.action == action)
        row = await self._work.one(statement.order_by(c.seq.desc()).limit(1))
        return _link(row) if row else None

    async def links(self, *, after: int, limit: int, until: int | None = None) -> list[Link]:
        """Entries in their order, from the one after `after` to `until`, if given."""
        c = _log.c
        statement = select(_log).where(c.seq > after)
        if until is not None:
            statement = statement.where(c.seq <= until)
        return [_link(row) for row in await self._work.rows(statement.order_by(c.seq).limit(limit))]

    async def head(self) -> tuple[int, bytes]:
        """(number, hash) of the newest entry; (0, what stands in place of a hash) when there is none."""
        row = await self._work.one(select(_log.c.seq, _log.c.entry).order_by(_log.c.seq.desc()).limit(1))
        return (row.seq, row.entry) if row else (0, GENESIS)

    async def hash_at(self, seq: int) -> bytes:
        """The stored hash of an entry; of entry 0, what stands in its place. Empty when it is not there."""
        row = await self._work.one(select(_log.c.entry).where(_log.c.seq == seq))
        return GENESIS if seq == 0 else row.entry if row else b""

    async def hashes(self, *, after: int, limit: int, until: int) -> list[bytes]:
        """Entry hashes in their order."""
        c = _log.c
        rows = await self._work.rows(select(c.entry).where(c.seq > after, c.seq <= until).order_by(c.seq).limit(limit))
        return [row.entry for row in rows]

    async def erase(self, seqs: Iterable[int]) -> int:
        """Forget payloads, with their salts; the chain holds without them. Says how many had one."""
        c = _log.c
        done = await self._work.run(
            update(_log).where(c.seq.in_(set(seqs)), c.payload.is_not(None)).values(payload=None, salt=None)
        )
        return done.rowcount

    # --- checkpoints ---------------------------------------------------------------------------------------------

    async def add_checkpoint(self, checkpoint: StoredCheckpoint) -> bool:
        """Keep a checkpoint; False when somebody else made one of this size."""
        row = {name: getattr(checkpoint, name) for name in StoredCheckpoint.__dataclass_fields__}
        return await self._work.insert_new(_checkpoints, [row], unique=["size"]) == 1

    async def checkpoint(self, *, at_most: int | None = None) -> StoredCheckpoint | None:
        """The newest one, or the newest that covers no more than `at_most` entries."""
        c = _checkpoints.c
        statement = select(_checkpoints)
        if at_most is not None:
            statement = statement.where(c.size <= at_most)
        row = await self._work.one(statement.order_by(c.size.desc()).limit(1))
        return StoredCheckpoint(**row._mapping) if row else None

    async def checkpoints(self, *, after: int = -1, limit: int | None = None) -> list[StoredCheckpoint]:
        """Checkpoints of more than `after` entries, smallest first."""
        c = _checkpoints.c
        rows = await self._work.rows(select(_checkpoints).where(c.size > after).order_by(c.size).limit(limit))
        return [StoredCheckpoint(**row._mapping) for row in rows]

    async def wordings(self, entry_ids: Iterable[int]) -> dict[int, list[tuple[str, bytes | None]]]:
        """Each message's wordings with the salts of their commitments, oldest first, the one that stands last."""
        e, v = schema.entries.c, schema.entry_versions.c
        wanted = list(entry_ids)
        found: dict[int, list[tuple[str, bytes | None]]] = {}
        earlier = (
            select(v.entry_id, v.text, v.salt)
            .where(self._work.among(v.entry_id, wanted), v.change != "recalled")
            .order_by(v.id)
        )
        for statement in (
            earlier,
            select(e.id.label("entry_id"), e.text, e.salt).where(self._work.among(e.id, wanted)),
        ):
            for row in await self._work.rows(statement):
                found.setdefault(row.entry_id, []).append((row.text, row.salt))
        return found

    async def erased_among(self, entry_ids: Iterable[str]) -> set[str]:
        """Which of these messages (public ids) were erased on record."""
        c = _log.c
        rows = await self._work.rows(
            select(c.object_id).where(
                c.object_type == "entry", c.action == "entry.erased", self._work.among(c.object_id, list(entry_ids))
            )
        )
        return {row.object_id for row in rows}

    async def logged_among(self, entry_ids: Sequence[int]) -> set[str]:
        """Which of these messages, in the order of their ids, have a wording committed to (public ids). Batches are
        named after their first message, and none takes a minute; where a batch's entry was erased, all are taken to be
        logged.
        """
        c = _log.c
        first = public("msg", max(0, entry_ids[0] - first_at(EPOCH + _BATCHES_TAKE)))
        last = public("msg", entry_ids[-1])
        rows = await self._work.rows(
            select(c.payload).where(
                c.object_type == "entries",
                c.object_id >= first,
                c.object_id <= last,
                c.action == "entries.stored",
            )
        )
        if any(row.payload is None for row in rows):
            return {public("msg", entry_id) for entry_id in entry_ids}
        return {one[0] for row in rows for one in json.loads(row.payload)["entries"]}

    async def messages(self, *, after: int, limit: int) -> list[int]:
        """Ids of messages on file, in their order."""
        e = schema.entries.c
        return [row.id for row in await self._work.rows(select(e.id).where(e.id > after).order_by(e.id).limit(limit))]


_COLUMNS = tuple(Link.__dataclass_fields__)


def _link(row: Row[Any]) -> Link:
    return Link(**row._mapping)
