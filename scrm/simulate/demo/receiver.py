"""An integrator's endpoint: takes the hub's webhooks, checks every signature, and keeps what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

Fields = dict[str, JsonValue]


class Fact(BaseModel):
    """One event, as delivered."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    type: str
    customer_id: str | None = None
    payload: Fields = {}


@dataclass
class Receiver:
    """`facts` are those whose signature was right, each once; `refused` counts the others."""

    tell: Callable[[Fact], None]
    url: str = ""
    facts: list[Fact] = field(default_factory=list)
    refused: int = 0
    _secret: str = ""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def trust(self, secret: str) -> None:
        """Check signatures with this endpoint's secret from now on."""
        self._secret = secret

    async def first(self, wanted: Callable[[Fact], bool], *, after: int = 0) -> Fact:
        """The first fact that is `wanted` among those after the first `after`; waits until there is one."""
        async with self._news:
            while True:
                for fact in self.facts[after:]:
                    if wanted(fact):
                        return fact
                await self._news.wait()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.text()
        try:
            Webhook(self._secret).verify(body, dict(request.headers))
            fact = Fact.model_validate_json(body)
        except (WebhookVerificationError, ValidationError, RuntimeError, ValueError) as error:
            self.refused += 1
            return web.json_response({"error": str(error)}, status=HTTPStatus.UNAUTHORIZED)
        async with self._news:
            if all(fact.id != known.id for known in self.facts):
                self.facts.append(fact)
                self.tell(fact)
            self._news.notify_all()
        return web.json_response({"taken": fact.id})

    async def show(self, _request: web.Request) -> web.Response:
        facts: JsonValue = [fact.model_dump(mode="json") for fact in self.facts]
        return web.json_response({"verified": facts, "refused": self.refused})


@asynccontextmanager
async def receiving(tell: Callable[[Fact], None]) -> AsyncIterator[Receiver]:
    """Listen on a free loopback port: POST `url` takes webhooks, GET `url` shows what was taken."""
    receiver = Receiver(tell)
    app = web.Application()
    app.router.add_post("/webhooks", receiver.take)
    app.router.add_get("/webhooks", receiver.show)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
        yield receiver
    finally:
        await runner.cleanup()
