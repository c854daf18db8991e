"""The callback pusher: signs, encrypts and posts, tries again, and keeps a log of every attempt."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
from pydantic import JsonValue

from scrm.simulate import crypto
from scrm.simulate.clock import SkippingClock
from scrm.simulate.commands import Mischief
from scrm.simulate.wire import callback_xml, encode_json
from scrm.simulate.world import App, Settings

_LOG_LENGTH = 50_000


@dataclass(slots=True, kw_only=True)
class Attempt:
    """`status` is None when no answer came; `error` says why."""

    at: datetime
    status: int | None
    error: str
    milliseconds: int
    timestamp: str
    nonce: str


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One callback message on its way. `outcome`: waiting, delivered, failed or dropped."""

    id: int
    app: App
    label: str
    plaintext: str
    outcome: str = "waiting"
    wrong_signature: bool = False
    wrong_receive_id: bool = False
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long one delivery is tried, in real seconds."""

    attempts: int
    retry_after_s: float
    timeout_s: float


class Pusher:
    """Posts callbacks in the background, many at a time; the order of arrival is nobody's promise.

    Messages given to it before `run` wait. What it draws by lot comes from `lot`.
    """

    def __init__(self, clock: SkippingClock, settings: Settings, lot: random.Random) -> None:
        self._clock = clock
        self._settings = settings
        self._lot = lot
        self._count = 0
        self._waiting: deque[Delivery] = deque()
        self._held: dict[int, list[Delivery]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.log: deque[Delivery] = deque(maxlen=_LOG_LENGTH)

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._pump()

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._session = None

    def forget(self) -> None:
        """Drop what waits and the log; deliveries under way end as they end."""
        self._waiting.clear()
        self._held.clear()
        self.log.clear()

    def push(self, app: App, fields: Mapping[str, JsonValue]) -> list[Delivery]:
        """Send a callback message, or what the application's mischief makes of it."""
        return self.push_text(app, _plaintext(app, fields), label=_label(fields))

    def push_text(self, app: App, plaintext: str, *, label: str) -> list[Delivery]:
        """Send `plaintext` as it is. The answer lists the deliveries made of it, none when the URL is not set."""
        if not app.callback.url:
            return []
        if self._is_dropped(app.mischief):
            return [self._record(app, plaintext, label, outcome="dropped")]
        copies = [self._record(app, plaintext, label) for _ in range(1 + app.mischief.duplicates)]
        for delivery in copies:
            self._spoil(delivery)
            self._admit(delivery)
        self._pump()
        return copies

    async def settled(self) -> None:
        """Return when nothing waits or is under way; callbacks held back for reordering are sent first."""
        for key in list(self._held):
            self._release(key)
        self._pump()
        while self._running:
            await asyncio.wait(set(self._running))
            await asyncio.sleep(0)

    async def push_many(
        self, app: App, messages: Iterable[Mapping[str, JsonValue]], *, concurrency: int, patience: Patience
    ) -> list[Delivery]:
        """Send all messages, `concurrency` at a time, and return their deliveries, in order, when all have ended."""
        queue = deque(self._record(app, _plaintext(app, fields), _label(fields)) for fields in messages)
        deliveries = list(queue)

        async def work() -> None:
            while queue:
                await self._deliver(queue.popleft(), patience)

        await asyncio.gather(*(work() for _ in range(min(concurrency, len(deliveries)))))
        return deliveries

    async def verify_url(self, app: App) -> tuple[int | None, str]:
        """Ask the callback URL to echo a decrypted text, as the console does when one saves it.

        The status and, when the answer is wrong, what is wrong with it.
        """
        expected = str(self._lot.randrange(10**18, 10**19))
        query = self._signed_query(app, self._seal(app, expected), "echostr")
        try:
            async with self._http().get(app.callback.url, params=query, timeout=_timeout(5.0)) as answer:
                answered = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            return None, f"没有收到应答：{error or type(error).__name__}"
        if status != 200:
            return status, f"应答状态是 {status}，应为 200"
        if answered != expected.encode():
            return status, f"应答内容是 {answered[:80]!r}，应为解密后的 {expected}，不带引号、换行或 BOM"
        return status, ""

    def _record(self, app: App, plaintext: str, label: str, outcome: str = "waiting") -> Delivery:
        self._count += 1
        delivery = Delivery(id=self._count, app=app, label=label, plaintext=plaintext, outcome=outcome)
        self.log.append(delivery)
        return delivery

    def _is_dropped(self, mischief: Mischief) -> bool:
        if mischief.drop_next > 0:
            mischief.drop_next -= 1
            return True
        return mischief.drop_rate > 0 and self._lot.random() < mischief.drop_rate

    def _spoil(self, delivery: Delivery) -> None:
        mischief = delivery.app.mischief
        if mischief.wrong_signature_next > 0:
            mischief.wrong_signature_next -= 1
            delivery.wrong_signature = True
        if mischief.wrong_receive_id_next > 0:
            mischief.wrong_receive_id_next -= 1
            delivery.wrong_receive_id = True

    def _admit(self, delivery: Delivery) -> None:
        window = delivery.app.mischief.reorder
        if window < 2:
            self._waiting.append(delivery)
            return
        held = self._held.setdefault(id(delivery.app), [])
        held.append(delivery)
        if len(held) >= window:
            self._release(id(delivery.app))

    def _release(self, key: int) -> None:
        self._waiting.extend(reversed(self._held.pop(key, [])))

    def _pump(self) -> None:
        if self._session is None:
            return
        while self._waiting and len(self._running) < self._settings.callback_concurrency:
            task = asyncio.get_running_loop().create_task(self._run(self._waiting.popleft()))
            self._running.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._pump()

    async def _run(self, delivery: Delivery) -> None:
        if delivery.app.mischief.delay_s:
            await asyncio.sleep(delivery.app.mischief.delay_s)
        settings = self._settings
        await self._deliver(
            delivery,
            Patience(
                attempts=settings.callback_attempts,
                retry_after_s=settings.callback_retry_s,
                timeout_s=settings.callback_timeout_s,
            ),
        )

    async def _deliver(self, delivery: Delivery, patience: Patience) -> None:
        for number in range(patience.attempts):
            if number:
                await asyncio.sleep(patience.retry_after_s)
            attempt = await self._attempt(delivery, patience.timeout_s)
            delivery.attempts.append(attempt)
            if attempt.status == 200:
                delivery.outcome = "delivered"
                return
        delivery.outcome = "failed"

    async def _attempt(self, delivery: Delivery, timeout_s: float) -> Attempt:
        app = delivery.app
        ciphertext = self._seal(app, delivery.plaintext, wrong_receive_id=delivery.wrong_receive_id)
        query = self._signed_query(app, ciphertext, "", wrong_signature=delivery.wrong_signature)
        status, error = None, ""
        started = time.perf_counter()
        try:
            status = await self._post(app, query, ciphertext, timeout_s)
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            error = str(failure) or type(failure).__name__
        return Attempt(
            at=self._clock.now(),
            status=status,
            error=error,
            milliseconds=round((time.perf_counter() - started) * 1000),
            timestamp=query["timestamp"],
            nonce=query["nonce"],
        )

    async def _post(self, app: App, query: dict[str, str], ciphertext: str, timeout_s: float) -> int:
        body, content_type = _envelope(app, ciphertext)
        async with self._http().post(
            app.callback.url,
            params=query,
            data=body,
            headers={"Content-Type": content_type},
            timeout=_timeout(timeout_s),
            allow_redirects=False,
        ) as answer:
            await answer.read()
            return answer.status

    def _seal(self, app: App, plaintext: str, *, wrong_receive_id: bool = False) -> str:
        receive_id = app.callback.receive_id or app.corp_id
        return crypto.seal(
            plaintext.encode(),
            aes_key=app.callback.aes_key,
            receive_id=f"{receive_id}x" if wrong_receive_id else receive_id,
            random=self._lot.randbytes(16),
        )

    def _signed_query(self, app: App, ciphertext: str, echo: str, *, wrong_signature: bool = False) -> dict[str, str]:
        timestamp, nonce = str(self._clock.seconds()), str(self._lot.randrange(10**9, 10**10))
        signature = crypto.sign(app.callback.token, timestamp, nonce, ciphertext)
        query = {
            "msg_signature": signature[::-1] if wrong_signature else signature,
            "timestamp": timestamp,
            "nonce": nonce,
        }
        return {**query, echo: ciphertext} if echo else query

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the simulator is not running: callbacks need `running(sim)`")
        return self._session


def _plaintext(app: App, fields: Mapping[str, JsonValue]) -> str:
    return encode_json(dict(fields)).decode() if app.callback.format == "json" else callback_xml(fields)


def _label(fields: Mapping[str, JsonValue]) -> str:
    parts = (str(fields.get(name, "")) for name in ("MsgType", "Event", "ChangeType"))
    return "/".join(part for part in parts if part)


def _envelope(app: App, ciphertext: str) -> tuple[bytes, str]:
    fields: dict[str, JsonValue] = {
        "ToUserName": app.corp_id,
        "AgentID": str(app.agent_id),
        "Encrypt": ciphertext,
    }
    if app.callback.format == "json":
        return encode_json(fields), "application/json"
    return callback_xml(fields).encode(), "text/xml"


def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)
