"""The simulated WeChat Work: one object that holds the whole state."""

from __future__ import annotations

import random
import string
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pydantic import JsonValue

from scrm.simulate.clock import SkippingClock, utc_now
from scrm.simulate.commands import AppKind
from scrm.simulate.errors import Unknown
from scrm.simulate.faults import Faults
from scrm.simulate.pusher import Delivery, Pusher
from scrm.simulate.world import App, Corp, KfAccount, LoggedRequest, Settings, Violation

_ID_LETTERS = string.ascii_letters + string.digits


class SimulatedWeCom:
    """All that the simulator knows. Two with the same `seed` make up the same ids and secrets.

    `now` is the clock to start from; `clock.advance` skips ahead of it. State is only touched from one event loop.
    """

    def __init__(
        self, *, now: Callable[[], datetime] = utc_now, seed: int = 1, settings: Settings | None = None
    ) -> None:
        self.seed = seed
        self.clock = SkippingClock(now)
        self.settings = settings or Settings()
        self.lot = random.Random(seed)  # noqa: S311 - ids of a simulator must repeat, not be secret
        self.pusher = Pusher(self.clock, self.settings, self.lot)
        self.faults = Faults()
        self.corps: dict[str, Corp] = {}
        self.requests: deque[LoggedRequest] = deque(maxlen=20_000)
        self.violations: list[Violation] = []
        self.calls: dict[str, deque[datetime]] = {}
        self.refused: dict[str, datetime] = {}
        self.banned: dict[str, datetime] = {}

    def corp(self, corp_id: str = "") -> Corp:
        """The corp of this id, or the first one. `Unknown` when there is none."""
        if not corp_id and self.corps:
            return next(iter(self.corps.values()))
        if corp_id not in self.corps:
            raise Unknown(f"没有企业 {corp_id or '(一个都没有)'}")
        return self.corps[corp_id]

    def app(self, name: str, corp_id: str = "") -> App:
        """The application of this name. `Unknown` when there is none."""
        corp = self.corp(corp_id)
        if name not in corp.apps:
            raise Unknown(f"企业 {corp.corp_id} 没有应用 {name!r}，有的是：{'、'.join(corp.apps)}")
        return corp.apps[name]

    def kf_account(self, open_kfid: str, corp_id: str = "") -> KfAccount:
        """The KF account of this id, or the corp's first one. `Unknown` when there is none."""
        accounts = self.corp(corp_id).kf_accounts
        if not open_kfid and accounts:
            return next(iter(accounts.values()))
        if open_kfid not in accounts:
            raise Unknown(f"没有客服账号 {open_kfid or '(一个都没有)'}")
        return accounts[open_kfid]

    def new_id(self, prefix: str, length: int = 32) -> str:
        """An id with the provider's prefix for its kind, `length` characters in all."""
        return prefix + "".join(self.lot.choices(_ID_LETTERS, k=length - len(prefix)))

    def push(self, corp: Corp, kind: AppKind, fields: Mapping[str, JsonValue]) -> list[Delivery]:
        """Send a callback message to every application of the corp of this kind."""
        deliveries: list[Delivery] = []
        for app in corp.apps_of_kind(kind):
            deliveries += self.pusher.push(app, {**fields, "AgentID": app.agent_id} if kind == "app" else fields)
        return deliveries

    def blame(self, rule: str, detail: str, app: str = "") -> None:
        """Record that the client broke a rule of the provider."""
        self.violations.append(Violation(at=self.clock.now(), rule=rule, detail=detail, app=app))

    def count_call(self, key: str, *, within: timedelta) -> int:
        """How many calls were counted under `key` in the window that ends now, this one included."""
        now = self.clock.now()
        calls = self.calls.setdefault(key, deque())
        calls.append(now)
        while calls and calls[0] <= now - within:
            calls.popleft()
        return len(calls)

    def forget_all(self) -> None:
        """Back to an empty world; the clock and the settings stay."""
        self.pusher.forget()
        self.faults.clear()
        for kept in (self.corps, self.requests, self.violations, self.calls, self.refused, self.banned):
            kept.clear()
