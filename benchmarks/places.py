"""Fresh databases for benchmarks: a SQLite file in a new folder, or a PostgreSQL database, dropped in the end."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from talk import CHANNELS, PRICE_BOOK

from scrm.bootstrap import open_hub, prepare_database
from scrm.hub import Hub
from scrm.settings import Settings, load_settings
from scrm.telemetry import set_up_logs

POSTGRESQL = os.environ.get("SCRM_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
REDIS = os.environ.get("SCRM_TEST_REDIS", "redis://127.0.0.1:6379/0")
KINDS = ("SQLite", "PostgreSQL")


@asynccontextmanager
async def fresh(kind: str) -> AsyncIterator[str]:
    """The URL of a new, migrated database."""
    with tempfile.TemporaryDirectory(prefix="scrm-bench-") as folder:
        name = f"scrm_bench_{secrets.token_hex(6)}"
        url = f"sqlite:///{folder}/scrm.db" if kind == "SQLite" else f"{POSTGRESQL}/{name}"
        if kind != "SQLite":
            await _administer(f'CREATE DATABASE "{name}"')
        try:
            await prepare_database(load_settings(database_url=url))
            yield url
        finally:
            if kind != "SQLite":
                await _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def settings(url: str) -> Settings:
    """Settings of a hub with the benchmark's channels and prices. Redis beside PostgreSQL only."""
    prices = Path(tempfile.gettempdir()) / "scrm-bench-prices.toml"
    prices.write_text(PRICE_BOOK, encoding="utf-8")
    return load_settings(
        database_url=url,
        redis_url=REDIS if url.startswith("postgresql") else None,
        channels=CHANNELS,
        price_book=str(prices),
        log_level="error",
    )


@asynccontextmanager
async def fresh_hub(kind: str) -> AsyncIterator[Hub]:
    set_up_logs("console", "error")
    async with fresh(kind) as url, open_hub(settings(url)) as hub:
        yield hub


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(f"{POSTGRESQL}/postgres", timeout=5)
    await connection.execute(statement)
    await connection.close()
