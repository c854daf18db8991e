"""The audit log as stored: appended at the very end of the transaction whose change it tells of."""

from __future__ import annotations

import os

from sqlalchemy import select, text

from scrm.core.audit_chain import GENESIS, Deed, Link, linked
from scrm.store import schema
from scrm.store.work import Noun, Work

_log = schema.audit_log


class AuditLog(Noun):
    def __init__(self, work: Work) -> None:
        super().__init__(work)
        self._deeds: list[Deed] = []

    def record(self, *deeds: Deed) -> None:
        """Log these deeds with this transaction: they get their place in the chain as its last act before commit."""
        self._deeds += deeds

    async def seal(self) -> None:
        """Chain what was recorded. Appends queue here, so this comes last: on PostgreSQL behind a lock, on SQLite
        writers queue anyway.
        """
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
            rows.append({name: getattr(link, name) for name in Link.__dataclass_fields__})
        self._deeds.clear()
        await self._work.insert(_log, rows)

    async def newest(self, *, limit: int) -> list[Link]:
        """The newest entries, newest first."""
        rows = await self._work.rows(select(_log).order_by(_log.c.seq.desc()).limit(limit))
        return [Link(**row._mapping) for row in rows]
