"""The timeline: entries in source-time order; what was edited or recalled stays on file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, any_, bindparam, case, delete, func, select, tuple_, update

from scrm.core.audit_chain import Deed
from scrm.core.errors import NotFound
from scrm.core.ids import public
from scrm.core.tagging import Tag
from scrm.core.timeline import Direction, Entry, EntryState, Speaker
from scrm.store import columns, schema
from scrm.store.audit_log import AuditLog
from scrm.store.work import Noun, Work

_entries, _versions, _awaited, _tags = schema.entries, schema.entry_versions, schema.awaited_changes, schema.tags
_own = _entries.alias("own")  # made once: an alias copies every column


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened to an entry after it was said. `what`: edited, recalled, failed."""

    channel: str
    target: str
    what: str
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An earlier wording of an entry."""

    entry_id: int
    at: datetime
    change: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What has passed on a conversation: for reply windows and quotas."""

    channel: str
    thread: str
    identity_id: int | None
    last_inbound_at: datetime | None
    last_at: datetime
    sent_since: int


@dataclass(frozen=True, slots=True)
class Turned:
    """Something said on a conversation."""

    channel: str
    thread: str
    speaker: Speaker
    text: str


@dataclass(slots=True)
class _Wording:
    """The wording of an entry that stands: the how manieth, and the salt of its commitment."""

    number: int
    salt: bytes | None


class Timeline(Noun):
    def __init__(self, work: Work, audit: AuditLog) -> None:
        super().__init__(work)
        self._audit = audit

    async def find(self, ids: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Entry]:
        """Entries by (channel, external id)."""
        wanted = list(set(ids))
        if not wanted:
            return {}
        c = _entries.c
        rows = await self._work.rows(select(*_COLUMNS).where(self._work.pairs_among(c.channel, c.external_id, wanted)))
        return {(row.channel, row.external_id): _entry(row) for row in rows}

    async def append(self, entries: Sequence[Entry]) -> None:
        """Add entries that are not there yet (see `find`). Their wordings are committed in the audit log."""
        salts = self._audit.commit_to([(entry.id, entry.text) for entry in entries])
        rows = [{**_row(entry), "salt": salt} for entry, salt in zip(entries, salts, strict=True)]
        await self._work.insert(_entries, rows)

    async def complete(self, completed: Sequence[tuple[Entry, Entry]]) -> None:
        """Replace text and body, (before, after): a call whose recording or transcript has arrived. What was read
        before stays on file.
        """
        if not completed:
            return
        wordings = await self._wordings([before.id for before, _ in completed])
        rows, earlier = [], []
        for before, after in completed:
            wording = wordings[after.id]
            if after.text != before.text:
                earlier.append(self._earlier(before, wording, at=self._work.now, what="completed"))
                self._reword(wording, after.id, after.text)
            rows.append({"b_id": after.id, "b_text": after.text, "b_body": after.body, "b_salt": wording.salt})
        await self._work.insert(_versions, earlier)
        await self._work.run(
            update(_entries)
            .where(_entries.c.id == bindparam("b_id"))
            .values(text=bindparam("b_text"), body=bindparam("b_body"), salt=bindparam("b_salt")),
            rows,
        )

    async def change(self, changes: Sequence[tuple[Entry, Change]]) -> None:
        """Edit or recall entries; their earlier wording is kept. A failure flips the state of one we sent."""
        if not changes:
            return
        wordings = await self._wordings([entry.id for entry, _ in changes])
        earlier, rows = [], []
        for entry, change in changes:
            wording = wordings[entry.id]
            if change.what != "failed":
                earlier.append(self._earlier(entry, wording, at=change.at, what=change.what))
            if change.what == "edited":
                self._reword(wording, entry.id, change.text)
            elif change.what == "recalled":
                self._audit.record(Deed.by_hub("entry.recalled", "entry", public("msg", entry.id)))
            rows.append(
                {
                    "b_id": entry.id,
                    "b_text": change.text if change.what == "edited" else entry.text,
                    "b_state": _STATES.get(change.what, entry.state),
                    "b_reason": change.text if change.what == "failed" else entry.state_reason,
                    "b_salt": wording.salt,
                }
            )
        await self._work.insert(_versions, earlier)
        await self._work.run(
            update(_entries)
            .where(_entries.c.id == bindparam("b_id"))
            .values(
                text=bindparam("b_text"),
                state=bindparam("b_state"),
                state_reason=bindparam("b_reason"),
                salt=bindparam("b_salt"),
            ),
            rows,
        )

    async def await_target(self, changes: Sequence[Change]) -> None:
        """Keep changes whose entry has not arrived yet."""
        await self._work.insert(
            _awaited,
            [
                {
                    "id": self._work.ids.next(),
                    "channel": change.channel,
                    "target": change.target,
                    "change": change.what,
                    "text": change.text,
                    "at": change.at,
                }
                for change in changes
            ],
        )

    async def _wordings(self, entry_ids: Sequence[int]) -> dict[int, _Wording]:
        """How often entries have been worded, and the salt of the wording that stands."""
        e, v = _entries.c, _versions.c
        rows = await self._work.rows(
            select(e.id, e.salt, func.count(v.id).label("reworded"))
            .outerjoin_from(_entries, _versions, and_(v.entry_id == e.id, v.change != "recalled"))
            .where(self._work.among(e.id, entry_ids))
            .group_by(e.id, e.salt)
        )
        return {row.id: _Wording(row.reworded + 1, row.salt) for row in rows}

    def _reword(self, wording: _Wording, entry_id: int, text: str) -> None:
        wording.number += 1
        wording.salt = self._audit.commit_again(entry_id, text, number=wording.number)

    def _earlier(self, entry: Entry, wording: _Wording, *, at: datetime, what: str) -> dict[str, object]:
        return {
            "id": self._work.ids.next(),
            "entry_id": entry.id,
            "at": at,
            "change": what,
            "text": entry.text,
            "salt": wording.salt,
        }

    async def take_awaited(self, ids: Sequence[tuple[str, str]]) -> list[Change]:
        """Changes that waited for these (channel, external id), oldest first; they wait no longer."""
        c = _awaited.c
        if not ids:
            return []
        rows = await self._work.rows(
            select(_awaited).where(self._work.pairs_among(c.channel, c.target, ids)).order_by(c.id)
        )
        if rows:
            await self._work.run(delete(_awaited).where(c.id.in_([row.id for row in rows])))
        return [
            Change(channel=row.channel, target=row.target, what=row.change, at=row.at, text=row.text) for row in rows
        ]

    async def tag(self, tags: Sequence[tuple[int, Tag]]) -> None:
        """Attach tags to entries: (entry id, tag). The entries have none yet, or they were cleared."""
        await self._work.insert(
            _tags,
            [
                {
                    "entry_id": entry_id,
                    "tag": tag.tag,
                    "name": tag.name,
                    "kind": tag.kind,
                    "start": tag.start,
                    "end": tag.end,
                    "score": tag.score,
                    "rule": tag.rule,
                    "version": tag.version,
                }
                for entry_id, tag in tags
            ],
        )

    async def clear_reading(self, entry_ids: Sequence[int]) -> None:
        """Forget tags of entries whose text has changed, before they are read again."""
        if entry_ids:
            await self._work.run(delete(_tags).where(_tags.c.entry_id.in_(entry_ids)))

    async def set_state(
        self, entry_ids: Sequence[int], state: EntryState, *, reason: str = "", external_id: str | None = None
    ) -> None:
        values: dict[str, object] = {"state": state, "state_reason": reason}
        if external_id is not None:
            values["external_id"] = external_id
        await self._work.run(update(_entries).where(_entries.c.id.in_(entry_ids)).values(**values))

    async def set_sent(self, sent: Sequence[tuple[int, str]]) -> None:
        """(entry id, provider's id) of replies the provider took."""
        if sent:
            await self._work.run(
                update(_entries)
                .where(_entries.c.id == bindparam("b_id"))
                .values(state=EntryState.SENT, state_reason="", external_id=bindparam("b_external")),
                [{"b_id": entry_id, "b_external": external_id} for entry_id, external_id in sent],
            )

    # --- reading -------------------------------------------------------------------------------------------------

    async def page(
        self,
        customer_id: int,
        *,
        before: tuple[datetime, int] | None = None,
        limit: int = 50,
        channel: str | None = None,
        kind: str | None = None,
    ) -> list[Entry]:
        """Entries of a customer by source time, newest first, before the key (at, id)."""
        c = _entries.c
        wanted = select(*_COLUMNS).where(c.customer_id == customer_id)
        if channel:
            wanted = wanted.where(c.channel == channel)
        if kind:
            wanted = wanted.where(c.kind == kind)
        if before is not None:
            wanted = wanted.where(tuple_(c.at, c.id) < tuple_(*columns.place(before)))
        rows = await self._work.rows(wanted.order_by(c.at.desc(), c.id.desc()).limit(limit))
        return [_entry(row) for row in rows]

    async def between(self, customer_ids: Iterable[int], *, since: datetime, until: datetime) -> list[Entry]:
        """Everything that happened with these customers in that time, oldest first for each."""
        c = _entries.c
        rows = await self._work.rows(
            select(*_COLUMNS)
            .where(self._work.among(c.customer_id, set(customer_ids)), c.at >= since, c.at < until)
            .order_by(c.customer_id, c.at, c.id)
        )
        return [_entry(row) for row in rows]

    async def around(self, entry: Entry, number: int = 5) -> list[Entry]:
        """Up to `number` entries of the same customer on each side of an entry, and the entry, oldest first."""
        before = await self.page(entry.customer_id or 0, before=(entry.at, entry.id), limit=number)
        c = _entries.c
        rows = await self._work.rows(
            select(*_COLUMNS)
            .where(
                c.customer_id == entry.customer_id, tuple_(c.at, c.id) > tuple_(*columns.place((entry.at, entry.id)))
            )
            .order_by(c.at, c.id)
            .limit(number)
        )
        return [*reversed(before), entry, *(_entry(row) for row in rows)]

    async def load(self, ids: Iterable[int]) -> dict[int, Entry]:
        """Entries by id; unknown ids are missing."""
        rows = await self._work.rows(select(*_COLUMNS).where(_entries.c.id.in_(set(ids))))
        return {row.id: _entry(row) for row in rows}

    async def get(self, entry_id: int) -> Entry:
        found = (await self.load([entry_id])).get(entry_id)
        if found is None:
            raise NotFound("there is no such entry")
        return found

    async def thread_after(self, channel: str, thread: str, after_id: int, *, limit: int) -> list[Entry]:
        """Messages of a conversation in the order they were stored, after an id; 0: the newest `limit`."""
        c = _entries.c
        wanted = select(*_COLUMNS).where(c.channel == channel, c.thread == thread, c.kind == "message")
        if after_id:
            rows = await self._work.rows(wanted.where(c.id > after_id).order_by(c.id).limit(limit))
        else:
            rows = list(reversed(await self._work.rows(wanted.order_by(c.id.desc()).limit(limit))))
        return [_entry(row) for row in rows]

    async def turns(self, threads: Iterable[tuple[str, str]], *, since: int, before: int, limit: int) -> list[Turned]:
        """The last `limit` messages of each (channel, thread) with ids in [`since`, `before`), oldest first."""
        wanted = list(threads)
        if not wanted:
            return []
        c = _entries.c
        work, asked, own = self._work, self._work.pairs(c.channel, c.thread, wanted), _own
        last = (
            select(own.c.id)
            .where(own.c.channel == asked.c.channel, own.c.thread == asked.c.thread, own.c.kind == "message")
            .where(own.c.id >= since, own.c.id < before)
            .order_by(own.c.id.desc())
            .limit(limit)
            .correlate(asked)
            .scalar_subquery()
        )
        rows = await work.rows(
            select(c.id, c.channel, c.thread, c.speaker, c.text)
            .join_from(asked, _entries, c.id.in_(last) if work.is_sqlite else c.id == any_(func.array(last)))
            .order_by(c.id)
        )
        return [Turned(row.channel, row.thread, Speaker(row.speaker), row.text) for row in rows]

    async def tags(self, entry_ids: Iterable[int]) -> dict[int, list[Tag]]:
        """Tags by entry, in the order of the text."""
        rows = await self._work.rows(
            select(_tags).where(_tags.c.entry_id.in_(set(entry_ids))).order_by(_tags.c.entry_id, _tags.c.start)
        )
        found: dict[int, list[Tag]] = {}
        for row in rows:
            fields = {key: value for key, value in row._mapping.items() if key != "entry_id"}
            found.setdefault(row.entry_id, []).append(Tag(**fields))
        return found

    async def versions(self, entry_ids: Iterable[int]) -> dict[int, list[Version]]:
        """Earlier wordings by entry, oldest first."""
        rows = await self._work.rows(
            select(_versions).where(_versions.c.entry_id.in_(set(entry_ids))).order_by(_versions.c.id)
        )
        found: dict[int, list[Version]] = {}
        for row in rows:
            version = Version(entry_id=row.entry_id, at=row.at, change=row.change, text=row.text)
            found.setdefault(row.entry_id, []).append(version)
        return found

    async def passed(self, customer_id: int) -> list[Passed]:
        """What has passed on each conversation of a customer."""
        c = _entries.c
        inbound = and_(c.direction == Direction.INBOUND, c.kind == "message")
        per_thread = (
            select(
                c.channel,
                c.thread,
                func.max(c.identity_id).label("identity_id"),
                func.max(case((inbound, c.at))).label("last_inbound_at"),
                func.max(c.at).label("last_at"),
            )
            .where(c.customer_id == customer_id)
            .group_by(c.channel, c.thread)
            .subquery()
        )
        own = _entries.alias("own")
        sent = (
            select(func.count())
            .where(
                own.c.customer_id == customer_id,
                own.c.channel == per_thread.c.channel,
                own.c.thread == per_thread.c.thread,
                own.c.direction == Direction.OUTBOUND,
                own.c.kind == "message",
                own.c.state.in_([EntryState.QUEUED, EntryState.SENDING, EntryState.SENT, EntryState.RECEIVED]),
                own.c.at > func.coalesce(per_thread.c.last_inbound_at, own.c.at),
            )
            .scalar_subquery()
        )
        rows = await self._work.rows(select(per_thread, sent.label("sent_since")))
        return [Passed(**row._mapping) for row in rows]

    async def channels_of(self, customer_ids: Iterable[int]) -> dict[int, list[str]]:
        """Channels each customer was met on."""
        c = _entries.c
        rows = await self._work.rows(
            select(c.customer_id, c.channel).where(c.customer_id.in_(set(customer_ids))).distinct()
        )
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row.customer_id, []).append(row.channel)
        return found

    async def count_by_channel(self, kind: str) -> dict[str, int]:
        c = _entries.c
        rows = await self._work.rows(
            select(c.channel, func.count().label("number")).where(c.kind == kind).group_by(c.channel)
        )
        return {row.channel: row.number for row in rows}

    async def estimate(self) -> int:
        """How many entries there are (an estimate on PostgreSQL)."""
        row = await self._work.one(select(func.count().label("number")).select_from(_entries))
        return row.number if row else 0


_STATES: Mapping[str, EntryState] = {"recalled": EntryState.RECALLED, "failed": EntryState.FAILED}


def _row(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in _FIELDS}


_FIELDS = tuple(Entry.__dataclass_fields__)
_COLUMNS = tuple(_entries.c[name] for name in _FIELDS)


def _entry(row: Row[Any]) -> Entry:
    enums = {
        "direction": Direction(row.direction),
        "speaker": Speaker(row.speaker),
        "state": EntryState(row.state),
    }
    return Entry(**dict(row._mapping) | enums)
