"""A running web chat for tests: a real server, a history in memory, and a worker that puts on it what was taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from aiohttp import ClientSession, ClientWebSocketResponse, web
from aiohttp.test_utils import TestServer

from connectors.web_im import WebIm, create
from scrm.connector import Direction, Json, Message, RawEvent, Speaker, ThreadMessage
from scrm.testing.context import NOON, ListIntake, MemoryHistory, connector_context

SECRET = "a secret for tests only"
Frame = dict[str, Json]


class TestIntake(ListIntake):
    """Keeps what is taken, and puts messages on the history as the hub's worker does. Can be made to fail."""

    __test__ = False

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.failing = False

    async def __call__(self, events: Sequence[RawEvent]) -> None:
        if self.failing:
            raise OSError("the database is away")
        known = len(self.events)
        await super().__call__(events)
        for raw in self.events[known:]:
            await self.site.read(raw)


@dataclass
class Site:
    """`channel` is made by `running_site`; `now` may be moved."""

    now: object = NOON
    history: MemoryHistory = field(default_factory=MemoryHistory)
    ids: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.intake = TestIntake(self)
        self.channel: WebIm
        self.server: TestServer
        self.session: ClientSession

    async def read(self, raw: RawEvent) -> None:
        for event in self.channel.normalise(raw):
            if isinstance(event.body, Message):
                await self._put(raw.thread, Direction.INBOUND, event.body.text, event.id)

    async def answer(self, visitor: str, text: str) -> str:
        return await self._put(visitor, Direction.OUTBOUND, text, "")

    async def _put(self, thread: str, direction: Direction, text: str, own_id: str) -> str:
        number = next(self.ids)
        message = ThreadMessage(
            id=f"msg_{number:06d}",
            at=NOON + timedelta(seconds=number),
            direction=direction,
            speaker=Speaker.CUSTOMER if direction is Direction.INBOUND else Speaker.REP,
            text=text,
            own_id=own_id,
        )
        await self.history.add(thread, message)
        return message.id

    def url(self, path: str) -> str:
        return str(self.server.make_url(f"/channels/web/{path}"))

    async def connect(self, origin: str | None = None) -> ClientWebSocketResponse:
        headers = {"Origin": origin} if origin else {}
        return await self.session.ws_connect(self.url("socket"), headers=headers)

    async def hello(self, last: str = "", **known: Json) -> tuple[ClientWebSocketResponse, Frame]:
        socket = await self.connect()
        page = {"url": "https://www.example.cn/courses", "title": "课程", "referrer": ""}
        await socket.send_json({"type": "hello", "last": last, "page": page, **known})
        return socket, await socket.receive_json(timeout=5)


@asynccontextmanager
async def running_site(**settings: Json) -> AsyncIterator[Site]:
    site = Site()
    context = connector_context(now=lambda: site.now, intake=site.intake, history=site.history)
    made = create("web", {"secret": SECRET, **settings}, context)
    assert isinstance(made, WebIm)
    site.channel = made
    app = web.Application()
    app.add_subapp("/channels/web", made.application())
    async with TestServer(app, host="127.0.0.1") as server, ClientSession() as session:
        site.server, site.session = server, session
        yield site
