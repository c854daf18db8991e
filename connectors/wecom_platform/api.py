"""Calling WeCom's server API as one app: a token that is fetched once, errors in the hub's words.

Tokens: https://developer.work.weixin.qq.com/document/path/91039
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.wecom_platform.errors import (
    CREDENTIAL_CODES,
    TOKEN_CODES,
    ApiRefusal,
    code_of,
    raise_for_code,
)
from connectors.wecom_platform.reading import Fields, read_object, text_at
from scrm.connector import ChannelUnavailable, ConnectorContext, Json

_TOKEN_PATH = "/cgi-bin/gettoken"  # noqa: S105 - an address, no secret
# Tokens are renewed a little early, so that none expires on its way.
_MARGIN = timedelta(minutes=5)
# Many wrong secrets in a short time get the IP blocked for an hour.
_REFUSED_FOR = timedelta(minutes=1)


class WecomApi:
    """The API as seen by one app. `url` is the host, without a path."""

    def __init__(self, context: ConnectorContext, *, url: str, corp_id: str, secret: str) -> None:
        self._context = context
        self._url = url.rstrip("/")
        self._token = _AccessToken(self, context, {"corpid": corp_id, "corpsecret": secret})

    async def get(self, path: str, params: Mapping[str, str]) -> Fields:
        """The answer of a successful call. `ChannelUnavailable` when it may succeed later, else `ApiRefusal`."""
        return await self._call("GET", path, params, None)

    async def post(self, path: str, body: Json) -> Fields:
        """As `get`."""
        return await self._call("POST", path, {}, body)

    async def ask(self, method: str, path: str, params: Mapping[str, str], body: Json = None) -> Fields:
        """The answer whatever its error code. `ChannelUnavailable` when there is none that can be read."""
        response = await self._context.http.request(method, self._url + path, params=params, json=body)
        if response.status != 200:
            raise ChannelUnavailable(f"企业微信接口 {path} 返回 HTTP {response.status}，稍后重试")
        try:
            return read_object(response.body)
        except ValueError as error:
            raise ChannelUnavailable(f"企业微信接口 {path} 的返回不是 JSON，稍后重试") from error

    async def _call(self, method: str, path: str, params: Mapping[str, str], body: Json) -> Fields:
        token = await self._token.current()
        answer = await self.ask(method, path, {**params, "access_token": token}, body)
        if code_of(answer) in TOKEN_CODES:
            token = await self._token.renewed(token)
            answer = await self.ask(method, path, {**params, "access_token": token}, body)
        raise_for_code(answer, path)
        return answer


class _AccessToken:
    """The token of one app: however many calls need one, one request fetches it."""

    def __init__(self, api: WecomApi, context: ConnectorContext, credentials: Mapping[str, str]) -> None:
        self._api = api
        self._now = context.now
        self._credentials = credentials
        self._lock = asyncio.Lock()
        self._value = ""
        self._renew_at: datetime | None = None
        self._refused: tuple[ApiRefusal, datetime] | None = None

    async def current(self) -> str:
        async with self._lock:
            if self._renew_at is None or self._now() >= self._renew_at:
                await self._fetch()
            return self._value

    async def renewed(self, refused: str) -> str:
        """Another token than the refused one; whoever comes second gets the one that the first has fetched."""
        async with self._lock:
            if self._value == refused:
                await self._fetch()
            return self._value

    async def _fetch(self) -> None:
        self._raise_recent_refusal()
        answer = await self._api.ask("GET", _TOKEN_PATH, self._credentials)
        if (code := code_of(answer)) in CREDENTIAL_CODES:
            refusal = ApiRefusal(code, text_at(answer, "errmsg"), _TOKEN_PATH)
            self._refused = (refusal, self._now() + _REFUSED_FOR)
            raise refusal
        raise_for_code(answer, _TOKEN_PATH)
        self._value = text_at(answer, "access_token")
        self._renew_at = self._now() + _lifetime(answer)

    def _raise_recent_refusal(self) -> None:
        if self._refused and self._now() < self._refused[1]:
            refusal, _ = self._refused
            raise ApiRefusal(refusal.code, refusal.message, refusal.path)


def _lifetime(answer: Fields) -> timedelta:
    seconds = text_at(answer, "expires_in")
    lifetime = timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 7 else timedelta(hours=2)
    return max(lifetime - _MARGIN, lifetime / 2)
