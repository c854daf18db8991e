"""A school whose staff has contradicted itself twenty times: `scrm serve` as a process, filled by its own doors."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from pydantic import JsonValue

from connectors.call_webhook.callback import sign
from scrm.simulate.demo.desk import Desk, signed_in
from scrm.simulate.demo.seeding import find_customer
from scrm.simulate.demo.visitor import visiting

PASSWORD = "only-for-this-test"
SECRET = "a secret of the call platform"
CASES = 20
ON_CALLS, ON_THE_WEB = 16, 4
_PATIENCE_S = 60.0
_FAMILIES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_STAFF = {"8001": "张敏", "8006": "林晓雨", "8007": "陈昊"}
_HIGHER = ("年课现在要5980元一年了。", "您好，年课的价格是5,980元。", "年课5980，活动那个价没有了。")
_OTHER = (
    ("年课一年要6680元。", "8007"),
    ("年课我给您算4500元一年，别跟别人说。", "8006"),
    ("短期班要1980元一期。", "8007"),
)
"""Above the list price, below the floor, above the list price again."""


@dataclass(frozen=True)
class School:
    """The running hub. Everybody's password is `PASSWORD`; the auditor is shen."""

    url: str
    folder: Path
    database: Path


@asynccontextmanager
async def audited_school(folder: Path) -> AsyncIterator[School]:
    """The hub on a free port with twenty cases in its queue. It is ended in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    school = School(f"http://127.0.0.1:{port}", folder, folder / "scrm.db")
    config = folder / "scrm.toml"
    config.write_text(_settings(school, port), encoding="utf-8")
    (folder / "prices.toml").write_text(_prices(), encoding="utf-8")
    log = (folder / "serve.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("scrm")),
        *("serve", "--config", str(config)),
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("SCRM_")},
        stdout=log,
        stderr=log,
    )
    try:
        await _answers(school, process)
        await _fill(school)
        yield school
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(15):
            assert await process.wait() == 0
    except BaseException:
        sys.stderr.write(f"The hub said:\n{(folder / 'serve.log').read_text()[-5000:]}\n")
        raise
    finally:
        log.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


def _settings(school: School, port: int) -> str:
    return f"""
database_url = "sqlite:///{school.database}"
port = {port}
log_level = "warning"
admin_password = "{PASSWORD}"
audit_key = "{school.folder / "audit.key"}"
price_book = "{school.folder / "prices.toml"}"

[cases]
second_look_share = 0
sample_share = 0
sample_at_least = 0

[channels.web]
kind = "web_im"
title = "在线咨询"

[channels.phone]
kind = "call_webhook"
secret = "{SECRET}"
"""


def _prices() -> str:
    now = datetime.now(UTC)
    start, end = ((now + timedelta(days=days)).date().isoformat() for days in (-20, 10))
    return f"""
[[product]]
sku = "year"
name = "年课"
aliases = ["年卡", "全年课"]
list_price = 5980
[[product.promotion]]
name = "报名季优惠"
price = 4980
from = {start}
to = {end}
[product.floors]
rep = 4800

[[product]]
sku = "short"
name = "短期班"
list_price = 1680
"""


async def _answers(school: School, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(_PATIENCE_S):
        while process.returncode is None:
            with suppress(aiohttp.ClientError):
                async with http.get(f"{school.url}/health/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise AssertionError("the hub ended by itself")


async def _fill(school: School) -> None:
    async with signed_in(school.url, "admin", PASSWORD) as admin:
        for login, name, role, extension in (
            ("zhang", "张敏", "agent", "8001"),
            ("lin", "林晓雨", "rep", "8006"),
            ("chen", "陈昊", "rep", "8007"),
            ("shen", "沈静", "auditor", ""),
            ("gu", "顾明", "auditor", ""),
        ):
            ids: list[JsonValue] = [extension] if extension else []
            await admin.post(
                "users", {"login": login, "name": name, "role": role, "password": PASSWORD, "provider_ids": ids}
            )
        await _push(school, list(_calls()))
        async with signed_in(school.url, "zhang", PASSWORD) as agent, signed_in(school.url, "lin", PASSWORD) as rep:
            for number in range(ON_THE_WEB):
                await _web_chat(school, agent, rep, number)
        await _all_read(admin)


def _calls() -> Iterator[JsonValue]:
    """Sixteen customers: ten were first told 4,980 and then more; six were told what no price book holds."""
    now = datetime.now(UTC).replace(microsecond=0)
    for number, family in enumerate(_FAMILIES):
        late = now - timedelta(hours=3 + number)
        early = late - timedelta(days=1, minutes=number)
        if number < 10:
            yield _call(number, family, early, "8001", "年课报名季优惠价4980元一年，优惠到月底。", first=True)
            yield _call(number, family, late, ("8006", "8007")[number % 2], _HIGHER[number % 3], first=False)
        else:
            text, extension = _OTHER[number % 3]
            yield _call(number, family, late, extension, text, first=False)


def _call(number: int, family: str, at: datetime, extension: str, text: str, *, first: bool) -> JsonValue:
    said: list[tuple[str, str]] = [
        ("agent", "您好，启明英语。"),
        ("customer", "想问一下年课多少钱？" if first else "上次问过价格，想再确认一下。"),
        ("agent", text),
        ("customer", "好的，我和家里商量一下。"),
    ]
    return {
        "call_id": f"call-{number}-{'first' if first else 'later'}",
        "direction": "inbound",
        "customer_number": f"138000011{number:02d}",
        "customer_name": f"{family}女士",
        "agent": {"ext": extension, "name": _STAFF[extension]},
        "t_start": at.isoformat(),
        "t_answer": (at + timedelta(seconds=6)).isoformat(),
        "t_end": (at + timedelta(seconds=90)).isoformat(),
        "disposition": "answered",
        "transcript": {
            "segments": [
                {"side": side, "begin_ms": 1000 * index, "text": words} for index, (side, words) in enumerate(said)
            ]
        },
    }


async def _push(school: School, calls: list[JsonValue]) -> None:
    body, stamp = json.dumps({"calls": calls}).encode(), str(int(time.time()))
    headers = {"X-Timestamp": stamp, "X-Signature": sign(SECRET.encode(), stamp, body)}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{school.url}/callbacks/phone", data=body, headers=headers, raise_for_status=True) as answer,
    ):
        assert (await answer.json())["accepted"] == len(calls)


async def _web_chat(school: School, agent: Desk, rep: Desk, number: int) -> None:
    """The agent names the price; then a rep, though warned, names a higher one."""
    async with visiting(school.url, "web", page="年课") as visit:
        asked = f"我是{number + 1}号访客，请问年课多少钱？"
        await visit.say(asked)
        customer_id = await _customer(agent, asked)
        await agent.reply(customer_id, "年课报名季优惠价4,980元一年。", channel="web")
        await visit.hear("年课报名季优惠价4,980元一年。")
        higher = f"我是课程顾问林晓雨，年课是5{number + 1}80元一年。"
        await rep.post(
            f"customers/{customer_id}/messages",
            {"text": higher, "channel": "web", "acknowledged_reason": "校区通知名额已满，按原价报。"},
        )
        await visit.hear(higher)


async def _customer(agent: Desk, words: str) -> str:
    async with asyncio.timeout(_PATIENCE_S):
        return await find_customer(agent, words[:12])


async def _all_read(admin: Desk) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            found = await admin.items("cases", state="all", limit="100")
            if len(found) >= CASES:
                return
            await asyncio.sleep(0.1)
