"""Migrations make just the tables that the code speaks to."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from scrm.hub import Hub
from scrm.store.schema import metadata


async def test_the_migrated_database_has_the_schema_of_the_code(hub: Hub) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return [found for found in compare_metadata(context, metadata) if not _is_of_search(repr(found))]

    async with hub.db.reading() as tx:
        assert await tx.connection.run_sync(differences) == []


def _is_of_search(difference: str) -> bool:
    """The full-text index is made by hand, differently on each database."""
    return "entries_search" in difference or "ix_entries_said" in difference
