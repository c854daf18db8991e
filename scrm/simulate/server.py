"""The simulator as a web server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from scrm.simulate import api, archive, control_api
from scrm.simulate.wecom import SimulatedWeCom

_LARGEST_BODY = 128 << 20


@dataclass(frozen=True, slots=True)
class RunningServer:
    """`url` has no slash at its end; it is the address to give to connectors and to `SimulatorControl`."""

    sim: SimulatedWeCom
    url: str


def create_app(sim: SimulatedWeCom) -> web.Application:
    """The provider's API, the control API and the page to play by hand."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    app[api.SIM] = sim
    app.router.add_get("/", _page)
    api.add_routes(app)
    control_api.add_routes(app)
    app.cleanup_ctx.append(_callbacks)
    return app


@contextlib.asynccontextmanager
async def running(sim: SimulatedWeCom, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[RunningServer]:
    """Serve the simulator while the context lasts; port 0 takes a free one."""
    runner = web.AppRunner(create_app(sim), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        yield RunningServer(sim, f"http://{host}:{bound}")
    finally:
        await runner.cleanup()


async def _page(_request: web.Request) -> web.Response:
    text = files("scrm.simulate").joinpath("page.html").read_text("utf-8")
    return web.Response(text=text, content_type="text/html")


async def _callbacks(app: web.Application) -> AsyncIterator[None]:
    sim = app[api.SIM]
    await sim.pusher.start()
    notices = asyncio.get_running_loop().create_task(_send_notices(sim))
    yield
    notices.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await notices
    await sim.pusher.stop()


async def _send_notices(sim: SimulatedWeCom) -> None:
    # The clock can be moved at any time, so a due time is looked at again rather than slept for.
    while True:
        archive.send_due_notices(sim)
        await asyncio.sleep(0.25)
