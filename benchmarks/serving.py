"""`scrm serve` and `scrm worker` as processes of a benchmark, each on the core it is told to stay on."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from places import REDIS, fresh
from talk import AES_KEY, APP, CORP, TOKEN

PASSWORD = "only-for-this-benchmark"
SERVER_CORE, LOAD_CORE = 0, 1


@asynccontextmanager
async def served(kind: str, *commands: Sequence[str]) -> AsyncIterator[str]:
    """The address of a hub with a WeCom channel `sales`, on a fresh database; its processes share one core."""
    async with fresh(kind) as url, processes(_settings(url), commands) as address:
        yield address


@asynccontextmanager
async def processes(config: str, commands: Sequence[Sequence[str]]) -> AsyncIterator[str]:
    """Commands of `scrm` with these settings, ended in the end; the address of the server among them."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="scrm-bench-") as folder:
        file = Path(folder) / "scrm.toml"
        file.write_text(f"port = {port}\n{config}", encoding="utf-8")
        program = str(Path(sys.executable).with_name("scrm"))
        async with running([[program, *command, "--config", str(file)] for command in commands], port) as address:
            yield address


@asynccontextmanager
async def running(commands: Sequence[Sequence[str]], port: int) -> AsyncIterator[str]:
    """Processes on the server's core; the address, once the port answers."""
    started = []
    try:
        for command in commands:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - a short call, once
            started.append(process)
            if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
                os.sched_setaffinity(process.pid, {SERVER_CORE})
        await _answers(f"http://127.0.0.1:{port}/health/live", started)
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _settings(url: str) -> str:
    redis = f'redis_url = "{REDIS}"\n' if url.startswith("postgresql") else ""
    return (
        f'database_url = "{url}"\n{redis}log_level = "error"\nadmin_password = "{PASSWORD}"\n'
        f'[channels.{APP}]\nkind = "wecom_app"\ncorp_id = "{CORP}"\ncallback_token = "{TOKEN}"\n'
        f'encoding_aes_key = "{AES_KEY}"\nsecret = "bench"\napi_url = "http://127.0.0.1:9"\n'
    )


async def _answers(url: str, started: Sequence[subprocess.Popen[bytes]]) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(30):
        while all(process.poll() is None for process in started):
            try:
                async with http.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    raise RuntimeError("a process of the benchmark ended by itself")
