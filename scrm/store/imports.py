"""File imports: the file until it is read, how far it got, and the rows that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from scrm.connector import BadRow
from scrm.core.errors import NotFound
from scrm.store import schema
from scrm.store.work import Noun

_imports, _bad = schema.imports, schema.bad_rows
_COLUMNS = [column for column in _imports.c if column.name != "content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`state`: waiting, running, finished, failed. Rows are added, repeated (known already) or rejected."""

    id: int
    channel: str
    file_name: str
    state: str
    total: int
    done: int
    added: int
    repeated: int
    rejected: int
    reason: str
    started_by: str
    created_at: datetime
    finished_at: datetime | None


class Imports(Noun):
    async def add(self, *, channel: str, file_name: str, content: bytes, total: int, started_by: str) -> Import:
        import_id = self._work.ids.next()
        await self._work.insert(
            _imports,
            [
                {
                    "id": import_id,
                    "channel": channel,
                    "file_name": file_name[:300],
                    "content": content,
                    "state": "waiting",
                    "total": total,
                    "started_by": started_by,
                    "created_at": self._work.now,
                }
            ],
        )
        return await self.get(import_id)

    async def get(self, import_id: int) -> Import:
        row = await self._work.one(select(*_COLUMNS).where(_imports.c.id == import_id))
        if row is None:
            raise NotFound("there is no such import")
        return _import(row)

    async def content(self, import_id: int) -> bytes:
        """The file. `NotFound` when it has been read to its end and let go."""
        row = await self._work.one(select(_imports.c.content).where(_imports.c.id == import_id))
        if row is None or row.content is None:
            raise NotFound("the file of this import is no longer kept")
        return bytes(row.content)

    async def recent(self, limit: int = 50) -> list[Import]:
        rows = await self._work.rows(select(*_COLUMNS).order_by(_imports.c.id.desc()).limit(limit))
        return [_import(row) for row in rows]

    async def progress(
        self, import_id: int, *, done: int, added: int, repeated: int, rejected: Sequence[BadRow]
    ) -> None:
        """Add what a batch of rows came to. `done` is the number of the last row read."""
        c = _imports.c
        await self._work.run(
            update(_imports)
            .where(c.id == import_id)
            .values(
                state="running",
                done=done,
                added=c.added + added,
                repeated=c.repeated + repeated,
                rejected=c.rejected + len(rejected),
            )
        )
        await self._work.insert_new(
            _bad,
            [
                {"import_id": import_id, "row": bad.row, "reason": bad.reason, "text": bad.text[:2000]}
                for bad in rejected
            ],
            unique=["import_id", "row"],
        )

    async def finish(self, import_id: int, *, state: str, reason: str = "") -> None:
        """Close an import and let its file go."""
        await self._work.run(
            update(_imports)
            .where(_imports.c.id == import_id)
            .values(state=state, reason=reason, finished_at=self._work.now, content=None)
        )

    async def bad_rows(self, import_id: int, *, after: int, limit: int) -> list[BadRow]:
        rows = await self._work.rows(
            select(_bad).where(_bad.c.import_id == import_id, _bad.c.row > after).order_by(_bad.c.row).limit(limit)
        )
        return [BadRow(row=row.row, reason=row.reason, text=row.text) for row in rows]


def _import(row: Row[Any]) -> Import:
    return Import(**row._mapping)
