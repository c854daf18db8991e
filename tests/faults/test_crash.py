"""Killed again and again while callbacks pour in, the hub loses nothing, doubles nothing and mixes nothing up."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from pydantic import JsonValue
from redis.asyncio import Redis
from sqlalchemy import or_, select, text

from scrm.bootstrap import utc_now
from scrm.simulate.commands import AddApp, AddCorp
from scrm.simulate.pusher import Patience
from scrm.simulate.setup import add_app, add_corp
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.world import App
from scrm.store import schema
from scrm.store.database import Database
from scrm.store.tasks import LEASE
from tests.conftest import Place

CUSTOMERS, EACH = 100, 50
KILLED_AT = (0.15, 0.4, 0.7)
"""Shares of the events that are acknowledged when everything is killed."""
SETTLED_WITHIN_S = 20.0
assert LEASE.total_seconds() > SETTLED_WITHIN_S, "waiting for leases to run out must not be enough"
KINDS = ("del_follow_user", "msg_audit_approved", "transfer_fail", "del_external_contact")
AS_WECOM_BUT_SOONER = Patience(attempts=300, retry_after_s=0.1, timeout_s=5.0)

Act = Callable[[], Awaitable[None]]


@pytest.fixture
async def wecom() -> AsyncIterator[SimulatedWeCom]:
    sim = SimulatedWeCom()
    add_corp(sim, AddCorp(corp_id="wwcrash0000000001"))
    await sim.pusher.start()
    yield sim
    await sim.pusher.stop()


@pytest.fixture
def app(wecom: SimulatedWeCom) -> App:
    return add_app(wecom, AddApp(name="sales"))


@pytest.fixture
async def hub_processes(app: App, place: Place, tmp_path: Path) -> AsyncIterator[Processes]:
    """All in one process on SQLite; a server and a worker on PostgreSQL. In a Redis database that may be emptied."""
    apart = replace(place, redis_url=place.redis_url and urlsplit(place.redis_url)._replace(path="/15").geturl())
    commands = [["serve"]] if place.redis_url is None else [["serve", "--workers", "0"], ["worker"]]
    processes = Processes(app, apart, tmp_path, commands)
    try:
        processes.start()
        await processes.answer()
        yield processes
    finally:
        processes.kill()


async def test_killed_three_times_the_hub_loses_doubles_and_mixes_up_nothing(
    wecom: SimulatedWeCom, app: App, hub_processes: Processes
) -> None:
    await pour_in(wecom, app, hub_processes.start_anew)

    await everything_is_on_its_timeline_once_and_in_order(hub_processes)


@pytest.mark.parametrize("place", [pytest.param("server", marks=pytest.mark.server)], indirect=True)
async def test_a_redis_that_forgets_everything_meanwhile_costs_no_event(
    wecom: SimulatedWeCom, app: App, hub_processes: Processes
) -> None:
    async def forget_and_start_anew() -> None:
        async with Redis.from_url(hub_processes.place.redis_url) as redis:
            await redis.flushdb()
        await hub_processes.start_anew()

    await pour_in(wecom, app, forget_and_start_anew)

    await everything_is_on_its_timeline_once_and_in_order(hub_processes)


async def pour_in(wecom: SimulatedWeCom, app: App, disturb: Act) -> None:
    """Send every customer's events, each until it is acknowledged and then the next, all customers side by side."""
    deliveries = wecom.pusher.log

    async def disturb_thrice() -> None:
        shares = list(KILLED_AT)
        while shares:
            if sum(one.outcome == "delivered" for one in deliveries) >= shares[0] * CUSTOMERS * EACH:
                await disturb()
                shares.pop(0)
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as group:
        group.create_task(disturb_thrice())
        for customer in range(CUSTOMERS):
            group.create_task(
                wecom.pusher.push_many(app, _events_of(customer), concurrency=1, patience=AS_WECOM_BUT_SOONER)
            )

    assert [one.outcome for one in deliveries] == ["delivered"] * CUSTOMERS * EACH
    assert any(len(one.attempts) > 1 for one in deliveries), "nothing was disturbed"


def _events_of(customer: int) -> list[dict[str, JsonValue]]:
    return [
        {
            "ToUserName": "wwcrash0000000001",
            "FromUserName": "sys",
            "CreateTime": 1_795_406_400 + number,
            "MsgType": "event",
            "Event": "change_external_contact",
            "ChangeType": KINDS[(customer + number) % len(KINDS)],
            "UserID": f"rep{customer % 7}",
            "ExternalUserID": f"wmCrash{customer:03}",
            "State": str(number),
        }
        for number in range(EACH)
    ]


async def everything_is_on_its_timeline_once_and_in_order(processes: Processes) -> None:
    async def wake(_topics: frozenset[str]) -> None: ...

    db = Database(processes.place.database_url, now=utc_now, wake=wake)
    try:
        assert await _open_tasks(db) == [], processes.said()
        async with db.reading() as tx:
            customers = await tx.customers.recent(query="", only="all", owner_id=0, before=None, limit=1000)
            timelines = {one.id: await tx.timeline.page(one.id, limit=1000) for one in customers}
            stored = await tx.rows(text("SELECT thread, body FROM entries ORDER BY id"))
            told = await tx.rows(text("SELECT count(*) AS number FROM events WHERE type = 'entry.added'"))
    finally:
        await db.close()

    in_order = [str(number) for number in range(EACH)]
    as_stored: dict[str, list[object]] = defaultdict(list)
    for row in stored:
        body = json.loads(row.body) if isinstance(row.body, str) else row.body
        as_stored[row.thread].append(body["details"]["state"])
    assert as_stored == {f"wmCrash{customer:03}": in_order for customer in range(CUSTOMERS)}
    assert len(timelines) == CUSTOMERS
    for entries in timelines.values():
        assert [entry.body["details"]["state"] for entry in reversed(entries)] == in_order
    assert told[0].number == CUSTOMERS * EACH


async def _open_tasks(db: Database) -> list[object]:
    """What is left to do when there has been time to do all, but for periodic work whose time has not come."""
    task = schema.tasks.c
    begun = or_(task.lease.is_not(None), task.attempts > 0, task.dead, task.once.is_(None))
    left: list[object] = []
    for _ in range(int(SETTLED_WITHIN_S / 0.1)):
        async with db.reading() as tx:
            left = list(await tx.rows(select(schema.tasks).where(or_(begun, task.due_at <= tx.now)).limit(5)))
        if not left:
            break
        await asyncio.sleep(0.1)
    return left


@dataclass
class Processes:
    """The hub's processes, as an operator would start them: each a command of `scrm`."""

    app: App
    place: Place
    folder: Path
    commands: list[list[str]]
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.app.callback = self.app.callback.model_copy(update={"url": f"{self.url}/callbacks/sales"})
        self._config = self.folder / "scrm.toml"
        self._config.write_text(
            "\n".join(
                [
                    f'database_url = "{self.place.database_url}"',
                    f'redis_url = "{self.place.redis_url}"' if self.place.redis_url else "",
                    f'port = {port}\nlog_level = "warning"\nadmin_password = "only-for-this-test"',
                    f'[channels.sales]\nkind = "wecom_app"\ncorp_id = "{self.app.corp_id}"',
                    f'secret = "{self.app.secret}"\ncallback_token = "{self.app.callback.token}"',
                    f'encoding_aes_key = "{self.app.callback.aes_key}"',
                ]
            )
        )

    def start(self) -> None:
        program = Path(sys.executable).with_name("scrm")
        for command in self.commands:
            with (self.folder / f"{command[0]}.log").open("ab") as log:
                arguments = [program, *command, "--config", self._config]
                self._running.append(subprocess.Popen(arguments, stdout=log, stderr=log, cwd=self.folder))

    async def answer(self) -> None:
        async with aiohttp.ClientSession() as http, asyncio.timeout(30):
            while all(process.poll() is None for process in self._running):
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/health/ready") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)
        pytest.fail(f"a process ended by itself:\n{self.said()}")

    def kill(self) -> None:
        """As the kernel does when memory is short: no process has a chance to say goodbye."""
        for process in self._running:
            process.send_signal(signal.SIGKILL)
        for process in self._running:
            process.wait()
        self._running.clear()

    async def start_anew(self) -> None:
        self.kill()
        self.start()

    def said(self) -> str:
        return "\n".join(log.read_text()[-3000:] for log in sorted(self.folder.glob("*.log")))
