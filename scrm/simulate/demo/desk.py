"""A person of the school at the hub's REST API: signs in as the console does, and asks as the console does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from pydantic import JsonValue, TypeAdapter

Fields = dict[str, JsonValue]
_READ_FIELDS = TypeAdapter(Fields)


class Refused(Exception):
    """The hub did not do what was asked; the text holds its answer."""


class Desk:
    """One signed-in person. Every method raises `Refused` when the hub refuses."""

    def __init__(self, hub_url: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{hub_url}/api/v1"
        self._session = session
        self._csrf = ""

    async def sign_in(self, login: str, password: str) -> None:
        answer = await self.post("session", {"login": login, "password": password})
        self._csrf = str(answer["csrf"])

    async def get(self, path: str, **query: str) -> Fields:
        return await self._ask("GET", path, params=query)

    async def items(self, path: str, **query: str) -> list[Fields]:
        """The first page of a list."""
        return TypeAdapter(list[Fields]).validate_python((await self.get(path, **query))["items"])

    async def post(self, path: str, body: Mapping[str, JsonValue] | None = None) -> Fields:
        return await self._ask("POST", path, json=dict(body or {}))

    async def patch(self, path: str, body: Mapping[str, JsonValue]) -> Fields:
        return await self._ask("PATCH", path, json=dict(body))

    async def upload(self, path: str, *, channel: str, name: str, content: bytes) -> Fields:
        form = aiohttp.FormData(quote_fields=False)  # names of files as browsers send them
        form.add_field("channel", channel)
        form.add_field("file", content, filename=name)
        return await self._ask("POST", path, data=form)

    async def reply(self, customer_id: str, text: str, *, channel: str) -> Fields:
        """Answer a customer on a channel. The hub checks the draft as it checks everybody's."""
        await self.post(f"customers/{customer_id}/typing")
        return await self.post(f"customers/{customer_id}/messages", {"text": text, "channel": channel})

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Fields | None = None,
        data: aiohttp.FormData | None = None,
    ) -> Fields:
        headers = {"X-CSRF-Token": self._csrf, "Accept-Language": "zh-CN"}
        async with self._session.request(
            method, f"{self._url}/{path}", params=params, json=json, data=data, headers=headers
        ) as answer:
            content = await answer.read()
            if answer.status >= 400:
                raise Refused(f"{method} {path}: {answer.status} {content.decode(errors='replace')[:1000]}")
            return _READ_FIELDS.validate_json(content) if content else {}


@asynccontextmanager
async def signed_in(hub_url: str, login: str, password: str) -> AsyncIterator[Desk]:
    # An address of numbers gets its cookies only from a jar that allows it.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        desk = Desk(hub_url, session)
        await desk.sign_in(login, password)
        yield desk
