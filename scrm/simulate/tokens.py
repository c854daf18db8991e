"""Access tokens: one per application, the same until it expires; https://developer.work.weixin.qq.com/document/path/91039."""

from __future__ import annotations

import math
from datetime import timedelta

from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import ApiError, JsonObject
from scrm.simulate.world import AccessToken, App, Corp

STORM = 5
WRONG_SECRETS_PER_MINUTE = 20
_BAN = timedelta(hours=1)


def get_token(sim: SimulatedWeCom, query: dict[str, str], remote: str) -> JsonObject:
    """Answer `gettoken`. Asking over and over while the token is good is a violation; wrong secrets ban the address."""
    if not query.get("corpid"):
        raise ApiError(41002)
    if not query.get("corpsecret"):
        raise ApiError(41004)
    if remote in sim.banned and sim.clock.now() < sim.banned[remote]:
        raise ApiError(45009, "too many wrong secrets, the address is blocked for an hour")
    corp = sim.corps.get(query["corpid"])
    if corp is None:
        raise ApiError(40013)
    app = _app_with(sim, corp, query["corpsecret"], remote)
    _watch_for_storm(sim, app)
    token = _valid_token(sim, app) or _new_token(sim, app)
    left = token.issued_at + timedelta(seconds=sim.settings.token_ttl_s) - sim.clock.now()
    return {"access_token": token.value, "expires_in": math.ceil(left.total_seconds())}


def app_of(sim: SimulatedWeCom, value: str) -> tuple[Corp, App]:
    """Whose token this is. `ApiError` 41001 when none was given, 42001 when it has expired, 40014 when invalid."""
    if not value:
        raise ApiError(41001)
    for corp in sim.corps.values():
        for app in corp.apps.values():
            if app.token is not None and app.token.value == value and not app.token.revoked:
                if _valid_token(sim, app) is None:
                    raise ApiError(42001)
                return corp, app
    raise ApiError(40014)


def revoke(app: App) -> None:
    """Make the application's token invalid before its time."""
    if app.token is not None:
        app.token.revoked = True


def _app_with(sim: SimulatedWeCom, corp: Corp, secret: str, remote: str) -> App:
    for app in corp.apps.values():
        if app.secret == secret:
            return app
    if sim.count_call(f"wrong-secret:{remote}", within=timedelta(minutes=1)) > WRONG_SECRETS_PER_MINUTE:
        sim.banned[remote] = sim.clock.now() + _BAN
        sim.blame("wrong-secrets", f"more than {WRONG_SECRETS_PER_MINUTE} wrong secrets in a minute from {remote}")
    raise ApiError(40001)


def _watch_for_storm(sim: SimulatedWeCom, app: App) -> None:
    calls = sim.count_call(f"gettoken:{app.corp_id}:{app.name}", within=timedelta(minutes=1))
    if calls == STORM + 1 and _valid_token(sim, app):
        sim.blame("token-storm", f"gettoken was called more than {STORM} times in a minute", app.name)


def _valid_token(sim: SimulatedWeCom, app: App) -> AccessToken | None:
    token = app.token
    if token is None or token.revoked:
        return None
    lifetime = timedelta(seconds=sim.settings.token_ttl_s)
    return token if sim.clock.now() < token.issued_at + lifetime else None


def _new_token(sim: SimulatedWeCom, app: App) -> AccessToken:
    app.token = AccessToken(value=sim.new_id("", 180), issued_at=sim.clock.now())
    return app.token
