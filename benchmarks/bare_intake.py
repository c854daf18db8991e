"""The bare limit of P1: aiohttp, signature, decryption, and one insert committed for all who wait at once.

python benchmarks/bare_intake.py PORT
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
import sys
import tempfile
from pathlib import Path

from aiohttp import web
from talk import AES_KEY, TOKEN

from scrm.simulate.crypto import unseal


class Writer:
    """Inserts what came while the last commit ran, all of it in the next."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("CREATE TABLE inbox (dedup_key TEXT PRIMARY KEY, payload TEXT NOT NULL)")
        self._waiting: list[tuple[str, str, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def take(self, key: str, payload: str) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, payload, done))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        await done

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await asyncio.to_thread(self._commit, [(key, payload) for key, payload, _ in group])
            for _, _, done in group:
                done.set_result(None)
        self._running = None

    def _commit(self, rows: list[tuple[str, str]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT OR IGNORE INTO inbox VALUES (?, ?)", rows)
        self._database.execute("COMMIT")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="scrm-bench-") as folder:
        writer = Writer(Path(folder) / "bare.db")

        async def receive(request: web.Request) -> web.Response:
            body = (await request.read()).decode()
            sealed = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
            query = request.query
            parts = sorted([TOKEN, query["timestamp"], query["nonce"], sealed])
            expected = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
            if not hmac.compare_digest(expected, query["msg_signature"]):
                raise web.HTTPForbidden
            plain, _ = unseal(sealed, aes_key=AES_KEY)
            await writer.take(hashlib.sha256(plain).hexdigest(), plain.decode())
            return web.Response(body=b"success")

        async def alive(_request: web.Request) -> web.Response:
            return web.Response()

        app = web.Application()
        app.router.add_post("/callbacks/{channel}", receive)
        app.router.add_get("/health/live", alive)
        web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
