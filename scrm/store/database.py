"""Transactions: the only unit of work, and the only place that commits. After a commit, and only then, workers wake."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cached_property, partial

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from scrm.core.errors import ChannelUnavailable
from scrm.core.events import Event
from scrm.core.ids import IdSource
from scrm.store import sqlite_driver
from scrm.store.accounts import Accounts
from scrm.store.alive import Alive
from scrm.store.audit_log import AuditLog
from scrm.store.case_figures import CaseFigures
from scrm.store.case_queue import CaseQueue
from scrm.store.cases import Cases
from scrm.store.channels import Channels
from scrm.store.claims import Claims
from scrm.store.columns import as_json
from scrm.store.customers import Customers
from scrm.store.dry_runs import DryRuns
from scrm.store.events import Events
from scrm.store.households import Households
from scrm.store.imports import Imports
from scrm.store.inbox import Inbox
from scrm.store.prices import Prices
from scrm.store.resolving import Resolving
from scrm.store.rule_runs import RuleRuns
from scrm.store.search import Search
from scrm.store.tasks import Tasks
from scrm.store.timeline import Timeline
from scrm.store.webhooks import Webhooks
from scrm.store.work import Work

Wake = Callable[[frozenset[str]], Awaitable[None]]


class DatabaseUnavailable(ChannelUnavailable):
    """The database cannot be reached, or stays locked by another program."""


class Database:
    """Opens transactions. `wake` is called after each commit with the topics the transaction touched."""

    def __init__(self, url: str, *, now: Callable[[], datetime], wake: Wake) -> None:
        self.url = url
        self._now = now
        self._wake = wake
        self._writer, self._reader = _engines(url)
        self._ids = IdSource(now, 0)
        self.alive = Alive(self._writer, 0)

    async def open(self) -> None:
        """Connect, and take a process number so that ids of several processes never meet."""
        async with self.transaction() as tx:
            number = await tx.channels.next_process_number()
        self._ids = IdSource(self._now, number)
        self.alive = Alive(self._writer, number)

    @property
    def is_sqlite(self) -> bool:
        return self._writer.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """All of it or none. On SQLite writers queue; on PostgreSQL it is READ COMMITTED."""
        async with self._connected(self._writer) as connection:
            tx = Transaction(connection, self._ids, self._now)
            yield tx
            await tx.audit.seal()
            await connection.commit()
        if tx.wakes:
            await self._wake(frozenset(tx.wakes))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A consistent view for reading; nothing done in it is kept."""
        async with self._connected(self._reader) as connection:
            yield Transaction(connection, self._ids, self._now)

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection with a transaction begun; what keeps us from the database is said in one line."""
        try:
            connection = await engine.connect()
        except (DBAPIError, OSError) as error:
            raise in_words(self.url, error) from error
        try:
            await connection.begin()
            yield connection
        except DBAPIError as error:
            raise in_words(self.url, error) from error
        finally:
            await connection.close()

    async def close(self) -> None:
        await self.alive.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def in_words(url: str, error: Exception) -> Exception:
    """The error as one clear line where the database cannot be used; any other error as it is."""
    text = str(getattr(error, "orig", None) or error).strip()
    if "database is locked" in text:
        text = "another program keeps the SQLite file locked; end it, or use PostgreSQL for several processes"
    elif isinstance(error, OSError):
        text = f"it cannot be reached ({text})"
    elif not isinstance(error, DBAPIError) or (
        not isinstance(error, OperationalError | InterfaceError) and not _LOST.search(text)
    ):
        return error
    shown = make_url(url).render_as_string(hide_password=True)
    return DatabaseUnavailable(f"database {shown}: {text}", retry_after=timedelta(seconds=5))


_LOST = re.compile("connection|shutting down|starting up|does not exist|authentication failed", re.IGNORECASE)


class Transaction(Work):
    """One unit of work, with a property per noun."""

    async def publish(self, events: Sequence[Event]) -> None:
        """Store facts, and promise their delivery to every subscribed webhook endpoint."""
        if not events:
            return
        stored = await self.events.append(events)
        self.wakes.add("events")
        for_endpoints = await self.webhooks.add_deliveries(stored)
        await self.tasks.add(for_endpoints)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self)

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self)

    @cached_property
    def case_figures(self) -> CaseFigures:
        return CaseFigures(self)

    @cached_property
    def case_queue(self) -> CaseQueue:
        return CaseQueue(self)

    @cached_property
    def cases(self) -> Cases:
        return Cases(self)

    @cached_property
    def channels(self) -> Channels:
        return Channels(self)

    @cached_property
    def rule_runs(self) -> RuleRuns:
        return RuleRuns(self)

    @cached_property
    def claims(self) -> Claims:
        return Claims(self)

    @cached_property
    def customers(self) -> Customers:
        return Customers(self)

    @cached_property
    def dry_runs(self) -> DryRuns:
        return DryRuns(self)

    @cached_property
    def events(self) -> Events:
        return Events(self)

    @cached_property
    def households(self) -> Households:
        return Households(self)

    @cached_property
    def imports(self) -> Imports:
        return Imports(self)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self)

    @cached_property
    def prices(self) -> Prices:
        return Prices(self)

    @cached_property
    def resolving(self) -> Resolving:
        return Resolving(self, self.customers)

    @cached_property
    def search(self) -> Search:
        return Search(self)

    @cached_property
    def tasks(self) -> Tasks:
        return Tasks(self)

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(self, self.audit)

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(self)


def _engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    """(for writing, for reading)."""
    address = make_url(url)
    if address.drivername == "sqlite":
        return _sqlite(address)
    engine = create_async_engine(
        address.set(drivername="postgresql+asyncpg"),
        json_serializer=as_json,
        pool_size=12,
        max_overflow=8,
        connect_args={"timeout": 10},
    )
    return engine, engine


def _sqlite(address: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """One writer, so that writers of this process queue in order instead of meeting a lock; readers beside it (WAL)."""
    address = address.set(drivername="sqlite+aiosqlite")

    def engine_of(size: int, more: int) -> AsyncEngine:
        return create_async_engine(
            address,
            json_serializer=as_json,
            pool_size=size,
            max_overflow=more,
            pool_timeout=60,
            # Closing a connection ends its transaction; the pool need not do it once more.
            pool_reset_on_return=None,
            async_creator=partial(sqlite_driver.connect, address.database or ""),
            poolclass=AsyncAdaptedQueuePool,
        )

    writer, reader = engine_of(1, 0), engine_of(4, 4)
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        _prepare_sqlite(engine, begin)
    return writer, reader


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    """WAL lets readers go on beside the writer; FULL makes an answered callback survive a power cut."""

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we begin ourselves
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32000", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
