"""The composition root: settings become a `Hub`; connectors, packs and rules are found by entry point."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

import structlog
from alembic import command
from alembic.config import Config

from scrm.connector import Connector, ConnectorContext, Intake, RawEvent
from scrm.core.compliance import RULES, RuleInForce
from scrm.core.errors import BadSettings
from scrm.core.scripts import ScriptIndex
from scrm.http import Http
from scrm.hub import Arrival, Channel, Hub, Understanding
from scrm.intent_files import load_intents
from scrm.script_packs import load_lexicon, load_packs, load_words, package_folders
from scrm.services.intake import accept, store_arrivals
from scrm.services.prices import load_price_book
from scrm.services.threads import StoredThreads
from scrm.settings import ChannelSettings, Settings
from scrm.store.database import Database, in_words
from scrm.store.group_commit import GroupCommit
from scrm.stream import Hint, LocalStream, RedisStream, Stream
from scrm.text import segmenter

_log = structlog.get_logger()
CONNECTORS = "scrm.connectors"
SCRIPT_PACKS = "scrm.script_packs"


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_hub(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> AsyncIterator[Hub]:
    """Everything a process needs, connected; closed in the end. `BadSettings` says what cannot work.

    The database must be migrated (`migrate`).
    """
    async with AsyncExitStack() as stack:
        stream = _stream(settings)
        await stream.open()
        stack.push_async_callback(stream.close)

        async def wake(topics: frozenset[str]) -> None:
            await stream.send([Hint(topic) for topic in sorted(topics)])

        db = Database(settings.database_url, now=now, wake=wake)
        stack.push_async_callback(db.close)
        await db.open()
        async with db.transaction() as tx:
            secret = bytes.fromhex(await tx.channels.remembered("secret", secrets.token_hex(32)))
        hub = Hub(
            settings=settings,
            now=now,
            db=db,
            stream=stream,
            http=await stack.enter_async_context(Http()),
            webhook_http=await stack.enter_async_context(Http(public_only=not settings.webhook_private_targets)),
            channels={},
            understanding=load_understanding(settings.script_packs, settings.rules, packs=settings.packs),
            arrivals=GroupCommit(db, store_arrivals),
            secret=secret,
        )
        object.__setattr__(hub, "channels", load_channels(hub))
        if settings.price_book is not None:
            recorded = await load_price_book(hub, settings.price_book, by="settings")
            _log.info("price book loaded", file=str(settings.price_book), changed=recorded)
        yield hub


def spare_the_collector() -> None:
    """Tell the garbage collector, once a process is set up, that what is there stays: dictionaries and scripts are
    hundreds of thousands of objects, and looking through them again and again costs a tenth of the pipeline.
    """
    gc.collect()
    gc.freeze()


def migrate(database_url: str) -> None:
    """Bring the database to the newest schema. Safe to call at every start."""
    config = Config()
    config.set_main_option("script_location", "scrm:store/migrations")
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")


def load_understanding(
    script_packs: Sequence[str], rules: tuple[RuleInForce, ...] = RULES, *, packs: Sequence[str] = ()
) -> Understanding:
    """Lexicon, dictionary and scripts of what the named entry points offer; of their packs those with the ids `packs`,
    if any are named. `BadSettings` names what is not installed.
    """
    known = {point.name: point.value for point in entry_points(group=SCRIPT_PACKS)}
    missing = [name for name in script_packs if name not in known]
    if missing:
        raise BadSettings(f"script_packs: got {missing[0]!r}; installed are {', '.join(sorted(known)) or 'none'}")
    return _understanding(tuple(known[name] for name in script_packs), rules, tuple(packs))


@lru_cache(maxsize=2)
def _understanding(packages: tuple[str, ...], rules: tuple[RuleInForce, ...], packs: tuple[str, ...]) -> Understanding:
    """It takes a second to load and never changes: hubs of one process with the same settings share it."""
    loaded = load_packs(packages, packs)
    return Understanding(
        lexicon=load_lexicon(packages, packs),
        segmenter=segmenter(words=load_words(packages, packs)),
        intents=load_intents(package_folders(packages)),
        rules=rules,
        packs=loaded,
        scripts=ScriptIndex(script for pack in loaded for script in pack.scripts),
    )


def load_channels(hub: Hub) -> dict[str, Channel]:
    """A connector per configured channel. `BadSettings` says what is wrong with which channel."""
    points = {point.name: point for point in entry_points(group=CONNECTORS)}
    return {name: _channel(hub, name, settings, points) for name, settings in hub.settings.channels.items()}


def _channel(hub: Hub, name: str, settings: ChannelSettings, points: Mapping[str, EntryPoint]) -> Channel:
    point = points.get(settings.kind)
    if point is None:
        known = ", ".join(sorted(points))
        raise BadSettings(f"channels.{name}.kind: got {settings.kind!r}; installed connectors are {known}")
    context = ConnectorContext(
        http=hub.http,
        now=hub.now,
        intake=_intake(hub, name),
        history=StoredThreads(name, hub.db, hub.stream),
        secret=hmac.new(hub.secret, f"channel:{name}".encode(), hashlib.sha256).hexdigest(),
    )
    connector: Connector = point.load()(name, settings.own, context)
    return Channel(name, settings.kind, connector, settings.silent_after_minutes)


def _intake(hub: Hub, channel: str) -> Intake:
    async def take(events: Sequence[RawEvent]) -> None:
        await accept(hub, Arrival(channel=channel, events=tuple(events)))

    return take


def _stream(settings: Settings) -> Stream:
    return RedisStream(settings.redis_url) if settings.redis_url else LocalStream()


async def prepare_database(settings: Settings) -> None:
    """Migrate outside the event loop: the migration tool is blocking. `DatabaseUnavailable` in one clear line."""
    try:
        await asyncio.to_thread(migrate, settings.database_url)
    except Exception as error:
        raise in_words(settings.database_url, error) from error
