"""Alembic's environment: one connection, batch mode for SQLite."""

from alembic import context
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url

from scrm.store.schema import metadata

url = make_url(context.config.attributes["database_url"])
if url.drivername == "sqlite":
    engine = create_engine(url, connect_args={"timeout": 15})

    @event.listens_for(engine, "connect")
    def connected(connection, _record):
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def began(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
else:
    engine = None


def migrate(connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Several processes may start at once: one migrates, the others wait and find it done.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('scrm:migrate'))")
        context.run_migrations()


if engine is not None:
    with engine.connect() as connection:
        migrate(connection)
    engine.dispose()
else:
    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def migrate_postgresql() -> None:
        postgresql = create_async_engine(url.set(drivername="postgresql+asyncpg"), connect_args={"timeout": 10})
        async with postgresql.connect() as connection:
            await connection.run_sync(migrate)
        await postgresql.dispose()

    asyncio.run(migrate_postgresql())
