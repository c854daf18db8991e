"""The web application: routes and middleware over one hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from scrm.connector import ServesPages
from scrm.hub import Hub
from scrm.services.audit import standing
from scrm.web import callbacks, console, docs
from scrm.web.api import (
    audit,
    cases,
    channels,
    checks,
    customers,
    households,
    library,
    prices,
    rules,
    session,
    webhooks,
)
from scrm.web.live import LIVE, LiveFeed, stream_events
from scrm.web.middleware import answer_problems, identify
from scrm.web.openapi import HUB, PREFIX, document, mount

GROUPS = (
    session.ROUTES,
    customers.ROUTES,
    households.ROUTES,
    cases.ROUTES,
    audit.ROUTES,
    checks.ROUTES,
    rules.ROUTES,
    channels.ROUTES,
    webhooks.ROUTES,
    prices.ROUTES,
    library.ROUTES,
)
_LARGEST_BODY = 210 * 1024 * 1024


def create_app(hub: Hub) -> web.Application:
    """The application of one process. Its live feed runs while the application does."""
    app = web.Application(middlewares=[answer_problems, identify], client_max_size=_LARGEST_BODY)
    app[HUB] = hub
    app[LIVE] = LiveFeed(hub)
    app.cleanup_ctx.append(_live)
    app.on_shutdown.append(_end_streams)
    app.router.add_route("*", "/callbacks/{channel}", callbacks.receive_callback)
    for name, channel in hub.channels.items():
        if isinstance(channel.connector, ServesPages):
            app.add_subapp(f"/channels/{name}/", channel.connector.application())
    session.add_routes(app)
    app.router.add_get(f"{PREFIX}/events", stream_events)
    mount(app, GROUPS)
    app.router.add_get("/api/openapi.json", _openapi)
    app.router.add_get("/api/docs", docs.page)
    app.router.add_get("/health/live", _alive)
    app.router.add_get("/health/ready", _ready)
    app.router.add_get("/metrics", _metrics)
    console.add_routes(app)
    return app


async def _live(app: web.Application) -> AsyncIterator[None]:
    running = asyncio.create_task(app[LIVE].run(), name="live feed")
    yield
    app[LIVE].stop()
    await running


async def _end_streams(app: web.Application) -> None:
    app[LIVE].stop()


async def _openapi(_request: web.Request) -> web.Response:
    return web.json_response(document(GROUPS))


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


async def _ready(request: web.Request) -> web.Response:
    """Whether the database answers; the stream and the audit log are reported but not needed."""
    hub = request.app[HUB]
    async with hub.db.reading() as tx:
        waiting, _ = await tx.tasks.waiting()
    stands = (await standing(hub)).status(hub.now())
    return web.json_response(
        {"status": "ready", "waiting_tasks": waiting, "stream": hub.stream.healthy, "audit": stands}
    )


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
