"""Two hubs for every service test: SQLite in one process, and PostgreSQL with Redis. Real ones both."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from scrm.bootstrap import migrate, open_hub
from scrm.core.access import Actor, Role
from scrm.hub import Hub
from scrm.services.accounts import add_user
from scrm.services.tasks import LANES
from scrm.settings import load_settings
from scrm.worker import run_due

POSTGRESQL = os.environ.get("SCRM_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
REDIS = os.environ.get("SCRM_TEST_REDIS", "redis://127.0.0.1:6379/0")
REQUIRED = os.environ.get("SCRM_TEST_REQUIRE_SERVICES") == "1"
"""Set where nothing may be skipped: a missing service is then a failure."""


@dataclass
class Clock:
    """A clock that tests move."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def advance(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass(frozen=True)
class Place:
    """Where a hub keeps its things: a fresh database, ready and migrated."""

    database_url: str
    redis_url: str | None


def skip_or_fail(reason: str) -> None:
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied: migrating once is enough."""
    path = tmp_path_factory.mktemp("migrated") / "scrm.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_name() -> Iterator[str]:
    """A migrated PostgreSQL database, to be copied."""
    name = f"scrm_template_{secrets.token_hex(6)}"
    # In a thread of its own: the fixture may be asked for while a test's event loop runs.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _on_postgresql(f'CREATE DATABASE "{name}"')).result()
        thread.submit(migrate, f"{POSTGRESQL}/{name}").result()
        yield name
        thread.submit(asyncio.run, _on_postgresql(f'DROP DATABASE "{name}" WITH (FORCE)')).result()


@pytest.fixture(params=["sqlite", pytest.param("server", marks=pytest.mark.server)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "sqlite":
        copy = tmp_path / "scrm.db"
        copy.write_bytes(request.getfixturevalue("migrated_file").read_bytes())
        yield Place(f"sqlite:///{copy}", None)
        return
    await _redis_answers()
    name = f"scrm_test_{secrets.token_hex(6)}"
    template = request.getfixturevalue("migrated_name")
    await _on_postgresql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield Place(f"{POSTGRESQL}/{name}", REDIS)
    await _on_postgresql(f'DROP DATABASE "{name}" WITH (FORCE)')


async def _on_postgresql(statement: str) -> None:
    try:
        admin = await asyncpg.connect(f"{POSTGRESQL}/postgres", timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        skip_or_fail(f"PostgreSQL does not answer at 127.0.0.1:5432: {error}")
        raise
    await admin.execute(statement)
    await admin.close()


async def _redis_answers() -> None:
    redis = Redis.from_url(REDIS)
    try:
        await redis.ping()
    except (OSError, RedisError) as error:
        skip_or_fail(f"Redis does not answer at 127.0.0.1:6379: {error}")
    finally:
        await redis.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channels() -> dict[str, dict[str, object]]:
    """The `[channels.…]` tables of the hub under test; override it in a test module."""
    return {
        "web": {"kind": "web_im"},
        "calls": {"kind": "call_log"},
    }


@pytest.fixture
async def hub(place: Place, clock: Clock, channels: dict[str, dict[str, object]], tmp_path: Path) -> AsyncIterator[Hub]:
    settings = load_settings(
        database_url=place.database_url,
        audit_key=str(tmp_path / "audit.key"),
        redis_url=place.redis_url,
        channels=channels,
        cases={"second_look_share": 0},  # tests that want second looks draw them all
        webhook_private_targets=True,
    )
    async with open_hub(settings, now=clock) as opened:
        yield opened


@pytest.fixture
async def rep(hub: Hub) -> Actor:
    return await add_user(
        hub, None, login="lin", name="林晓雨", role=Role.REP, password="a-long-password", provider_ids=("LinXiaoYu",)
    )


@pytest.fixture
async def auditor(hub: Hub) -> Actor:
    return await add_user(hub, None, login="shen", name="沈静", role=Role.AUDITOR, password="a-long-password")


async def run_workers(hub: Hub) -> None:
    """Do everything that is due now, as a worker would, until nothing is."""
    kinds = [kind for lane in LANES for kind in lane]
    while await run_due(hub, kinds):
        pass


@pytest.fixture
def work() -> Callable[[Hub], object]:
    return run_workers


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own shell reaches a test."""
    for name in list(os.environ):
        if name.startswith("SCRM_") and not name.startswith("SCRM_TEST_"):
            monkeypatch.delenv(name)
