"""A running simulator, and the hub's side of it: a server for callbacks, a context on the simulator's clock."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from scrm.connector import (
    BadCallback,
    Callback,
    CallbackRequest,
    ChannelEvent,
    Connector,
    ConnectorContext,
    Json,
    Page,
    Pulls,
    RawEvent,
    ReceivesCallbacks,
    UnreadableCallback,
)
from scrm.simulate import RunningServer, SimulatedWeCom, SimulatorControl, populate, running
from scrm.testing.context import NOON, connector_context


@dataclass(frozen=True, slots=True)
class Simulated:
    """The simulator with the world it ships with, its control client, and a context that shares its clock."""

    server: RunningServer
    control: SimulatorControl
    context: ConnectorContext

    @property
    def sim(self) -> SimulatedWeCom:
        return self.server.sim

    def settings(self, app: str) -> dict[str, Json]:
        """The settings every WeCom channel has, as an operator would copy them from the console."""
        found = self.sim.app(app)
        return {
            "corp_id": found.corp_id,
            "callback_token": found.callback.token,
            "encoding_aes_key": found.callback.aes_key,
        }

    def api_settings(self, app: str) -> dict[str, Json]:
        return {**self.settings(app), "secret": self.sim.app(app).secret, "api_url": self.server.url}

    def calls(self, endpoint: str) -> int:
        return sum(request.endpoint == endpoint for request in self.sim.requests)

    def broken_rules(self) -> list[str]:
        return [f"{violation.rule}: {violation.detail}" for violation in self.sim.violations]


@contextlib.asynccontextmanager
async def simulated() -> AsyncIterator[Simulated]:
    sim = SimulatedWeCom(now=lambda: NOON)
    populate(sim)
    async with running(sim) as server, SimulatorControl(server.url) as control:
        yield Simulated(server, control, connector_context(now=sim.clock.now))


@dataclass(slots=True)
class CallbackServer:
    """What the hub's callback address took: 200 with the reply, 4xx for what is refused."""

    url: str = ""
    taken: list[Callback] = field(default_factory=list)
    refused: list[Exception] = field(default_factory=list)

    @property
    def events(self) -> list[RawEvent]:
        return [raw for callback in self.taken for raw in callback.events]


@contextlib.asynccontextmanager
async def receiving(connector: ReceivesCallbacks) -> AsyncIterator[CallbackServer]:
    """Serve `connector` at an address of its own."""
    server = CallbackServer()

    async def take(request: web.Request) -> web.Response:
        try:
            callback = connector.open_callback(
                CallbackRequest(
                    method=request.method,
                    query=dict(request.query),
                    query_string=request.query_string,
                    headers={name.lower(): value for name, value in request.headers.items()},
                    body=await request.read(),
                )
            )
        except (BadCallback, UnreadableCallback) as refused:
            server.refused.append(refused)
            return web.Response(status=403 if isinstance(refused, BadCallback) else 400)
        server.taken.append(callback)
        return web.Response(body=callback.reply, content_type=callback.content_type)

    app = web.Application()
    app.router.add_route("*", "/callbacks/wecom", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks/wecom"
        yield server
    finally:
        await runner.cleanup()


async def pulled(connector: Pulls, source: str, cursor: str | None = None, token: str = "") -> list[Page]:
    return [page async for page in connector.pull(source, cursor, token)]


def events_of(connector: Connector, pages: Sequence[Page]) -> list[ChannelEvent]:
    return [event for page in pages for raw in page.events for event in connector.normalise(raw)]
