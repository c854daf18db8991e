"""The SQLite driver with one visit to its thread per statement: run, read to the end and closed at once.

aiosqlite visits it four times, and every visit waits for its turn in a busy event loop: a transaction of three
statements then takes as long as thirteen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import aiosqlite

Value: TypeAlias = "str | bytes | int | float | None"


class OneVisitCursor:
    """What SQLAlchemy's adapter asks of an aiosqlite cursor, except streaming: a result is read when it is made."""

    def __init__(self, connection: OneVisitConnection) -> None:
        self._connection = connection
        self._rows: list[Sequence[Value]] = []
        self.description: Sequence[Sequence[Value]] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> OneVisitCursor:  # noqa: PYI034 - not meant to be subclassed
        return self

    async def execute(self, statement: str, values: Sequence[Value] = ()) -> None:
        await self._connection.visit(partial(self._run, statement, values))

    async def executemany(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        await self._connection.visit(partial(self._run_many, statement, rows))

    async def fetchall(self) -> Sequence[Sequence[Value]]:
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""

    def _run(self, statement: str, values: Sequence[Value], database: sqlite3.Connection) -> None:
        self._take(database.execute(statement, values))

    def _run_many(self, statement: str, rows: Sequence[Sequence[Value]], database: sqlite3.Connection) -> None:
        self._take(database.executemany(statement, rows))

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        cursor.close()


class OneVisitConnection(aiosqlite.Connection):
    def cursor(self) -> OneVisitCursor:  # type: ignore[override]  # the adapter asks for no more than this
        return OneVisitCursor(self)

    async def visit(self, run: Callable[[sqlite3.Connection], None]) -> None:
        """Run something in the thread of the connection."""
        await self._execute(run, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite leaves it untyped


async def connect(path: str) -> OneVisitConnection:
    """Open a file. Its writers wait up to 30 s for another program's lock."""
    connection = OneVisitConnection(lambda: sqlite3.connect(path, timeout=30, check_same_thread=False), 64)
    connection._thread.daemon = True  # a process that ends without closing does not wait for it
    await connection
    return connection
