"""P1: callback intake. Encrypted WeCom POSTs over 64 connections, all different, durable before they are answered.

    python benchmarks/p1_intake.py [--events 20000] [--connections 64] [--rounds 3] [--json]

The server has one core, the load the other. The bare limit is an aiohttp server that checks the signature, decrypts,
and inserts into one table, committing for all who wait at once, as durably (WAL, synchronous=FULL).
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from figures import Figure, arguments, percentile, show, stay_on
from serving import LOAD_CORE, free_port, running, served
from talk import AES_KEY, APP, CORP, TOKEN, contact_xml

from scrm.simulate.crypto import seal, sign

# Callbacks after which the hub fetches nothing.
CHANGES = ("del_follow_user", "del_external_contact", "transfer_fail", "msg_audit_approved")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to: events per second, and the milliseconds of each."""

    rate: float
    times: list[float]


def main() -> None:
    given = arguments(__doc__, events=20_000, connections=64, rounds=3)
    stay_on(LOAD_CORE)
    requests = [request_bytes(number) for number in range(given.events)]
    show(asyncio.run(_measure(requests, given.connections, given.rounds)), as_json=given.json)


async def _measure(requests: Sequence[bytes], connections: int, rounds: int) -> list[Figure]:
    hub, bare = [], []
    for _ in range(rounds):
        async with served("SQLite", ["serve", "--workers", "0"]) as address:
            hub.append(await _load(address, requests, connections))
        port = free_port()
        limit = [sys.executable, str(Path(__file__).with_name("bare_intake.py")), str(port)]
        async with running([limit], port) as address:
            bare.append(await _load(address, requests, connections))
    return [
        Figure(
            name="P1 callbacks taken",
            value=statistics.median(run.rate for run in hub),
            unit="events/s",
            limit=statistics.median(run.rate for run in bare),
            target="0.6 of the limit",
        ),
        Figure(
            name=f"P1 p50 of one callback, {connections} connections busy",
            value=statistics.median(percentile(run.times, 50) for run in hub),
            unit="ms",
            limit=statistics.median(percentile(run.times, 50) for run in bare),
        ),
        Figure(
            name=f"P1 p99 of one callback, {connections} connections busy",
            value=statistics.median(percentile(run.times, 99) for run in hub),
            unit="ms",
            limit=statistics.median(percentile(run.times, 99) for run in bare),
            target="25 ms",
        ),
    ]


async def _load(address: str, requests: Sequence[bytes], connections: int) -> Run:
    """Every request once: each connection sends the next when its last is answered."""
    place = urlsplit(address)
    waiting = iter(requests)
    times: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for request in waiting:
            started = time.perf_counter()
            await _exchange(reader, writer, request)
            times.append((time.perf_counter() - started) * 1000)
        writer.close()
        await writer.wait_closed()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(connections)))
    return Run(len(times) / (time.perf_counter() - started), times)


async def post(address: str, request: bytes) -> None:
    """Send one request over a connection of its own."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    await _exchange(reader, writer, request)
    writer.close()
    await writer.wait_closed()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0]))
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"a callback was refused: {head[:80]!r}")


def request_bytes(number: int) -> bytes:
    """One callback as it goes over the wire."""
    dice = random.Random(number)
    plain = contact_xml(number, f"wmBench{number % 997:07}", 1_795_406_400 + number // 100, dice.choice(CHANGES))
    sealed = seal(plain.encode(), aes_key=AES_KEY, receive_id=CORP, random=dice.randbytes(16))
    timestamp, nonce = str(1_795_406_400 + number // 100), str(dice.randrange(10**9, 10**10))
    signature = sign(TOKEN, timestamp, nonce, sealed)
    query = urlencode({"msg_signature": signature, "timestamp": timestamp, "nonce": nonce})
    body = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    head = (
        f"POST /callbacks/{APP}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main()
