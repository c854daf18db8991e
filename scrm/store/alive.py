"""Which processes are at work: what a dead one had leased is taken over at once, not when its lease ends.

On PostgreSQL a process that works holds an advisory lock on its number, over a connection kept for that alone: the
database gives it up the moment the process is gone. On SQLite one process works on a file; when it starts, all leases
are those of its past. A process that is taken for dead by mistake (it lost that connection) only loses its leases.
"""

from __future__ import annotations

import contextlib
import secrets

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_LOCKS = 7_327_001
"""The name space of the advisory locks, apart from those on claims."""

ON_SQLITE = text("UPDATE tasks SET due_at = :now WHERE lease IS NOT NULL AND due_at > :now AND lease NOT LIKE :own")
ON_POSTGRESQL = text(f"""
UPDATE tasks SET due_at = :now WHERE lease IS NOT NULL AND due_at > :now AND split_part(lease, '.', 1) NOT IN (
  SELECT objid::text FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
  WHERE locktype = 'advisory' AND classid = {_LOCKS} AND granted AND datname = current_database())
""")  # noqa: S608 - a number of our own


class Alive:
    """One process's sign of life, for as long as it is open."""

    def __init__(self, engine: AsyncEngine, number: int) -> None:
        self.number = number
        self._engine = engine
        self._connection: AsyncConnection | None = None

    def new_lease(self) -> str:
        """A name for a lease that tells whose it is."""
        return f"{self.number}.{secrets.token_hex(8)}"

    async def show(self) -> None:
        """Be seen by the other processes; called again, be seen again where the database had lost sight of us."""
        if self._engine.dialect.name == "sqlite":
            return
        try:
            await self._lock()
        except (DBAPIError, OSError):
            await self.close()
            await self._lock()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError, OSError):
                await connection.invalidate()
            await connection.close()

    async def _lock(self) -> None:
        if self._connection is None:
            self._connection = await self._engine.connect()
            await self._connection.execution_options(isolation_level="AUTOCOMMIT")
            await self._connection.execute(text(f"SELECT pg_advisory_lock({_LOCKS}, {self.number})"))
        else:
            await self._connection.execute(text("SELECT 1"))
