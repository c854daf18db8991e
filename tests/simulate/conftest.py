"""A running simulator, a receiver of its callbacks, and a plain client of its API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from scrm.simulate import RunningServer, Settings, SimulatedWeCom, SimulatorControl, populate, running

CORP = "wwsim0a1b2c3d4e5f6"
ZHOU = "wmSimCustomerZhouAAAAAAAAAAAAAAAA"
SU = "wmSimCustomerSuAAAAAAAAAAAAAAAAAA"
KF = "wkSimKfSalesAAAAAAAAAAAAAAAAAAAAA"
SECRETS = {
    "sales": "sim-sales-secret-Vq3xT8mYb2NcKfLr5WzHs7",
    "kf": "sim-kf-secret-Zp6nR4wEj9QxUaGd1VtBy8Mc3",
    "archive": "sim-archive-secret-Hk2sJ7vPo5DtXiNe9RbQ4",
}
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass
class Receiver:
    """A callback address that keeps what it gets. `answers` are the statuses to give first; then 200."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    echo: bytes | None = None
    delay_s: float = 0.0


@dataclass
class Api:
    """The provider's API as a client sees it."""

    url: str
    http: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    async def token(self, app: str) -> str:
        if app not in self.tokens:
            answer = await self.get("gettoken", corpid=CORP, corpsecret=SECRETS[app])
            self.tokens[app] = answer["access_token"]
        return self.tokens[app]

    async def get(self, endpoint: str, **query: str) -> dict:
        async with self.http.get(f"{self.url}/cgi-bin/{endpoint}", params=query) as answer:
            return await answer.json()

    async def read(self, app: str, endpoint: str, **query: str) -> dict:
        return await self.get(endpoint, access_token=await self.token(app), **query)

    async def post(self, app: str, endpoint: str, body: object) -> dict:
        query = {"access_token": await self.token(app)}
        async with self.http.post(f"{self.url}/cgi-bin/{endpoint}", params=query, json=body) as answer:
            return await answer.json()

    async def finance(self, function: str, body: object) -> dict:
        async with self.http.post(f"{self.url}/_sim/finance/{function}", json=body) as answer:
            return await answer.json()


@pytest.fixture
async def server() -> AsyncIterator[RunningServer]:
    sim = SimulatedWeCom(
        now=lambda: START,
        settings=Settings(notify_interval_s=0, callback_retry_s=0, extra_fields=True),
    )
    populate(sim)
    async with running(sim) as server:
        yield server


@pytest.fixture
async def control(server: RunningServer) -> AsyncIterator[SimulatorControl]:
    async with SimulatorControl(server.url) as control:
        yield control


@pytest.fixture
async def api(server: RunningServer) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(server.url, http)


@pytest.fixture
async def receiver(control: SimulatorControl) -> AsyncIterator[Receiver]:
    """All three applications of the default world call back here, at /sales, /kf and /archive."""
    kept = Receiver()

    async def take(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(body=kept.echo or b"?")
        kept.got.append(({**request.query, "app": request.path[1:]}, await request.read()))
        await asyncio.sleep(kept.delay_s)
        return web.Response(status=kept.answers.pop(0) if kept.answers else 200)

    app = web.Application()
    app.router.add_route("*", "/{app}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    kept.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    for name in SECRETS:
        await control.set_callback(name, f"{kept.url}/{name}")
    yield kept
    await runner.cleanup()
