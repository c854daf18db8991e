"""The web application over a school's hub, and a browser that is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import TestServer

from scrm.core.access import Role
from scrm.services.accounts import add_user
from scrm.web.app import create_app
from tests.services.conftest import School, school

__all__ = ["school"]
PASSWORD = "a-long-password"


@dataclass
class Browser:
    """Somebody's browser: a cookie jar, and the CSRF token of the session."""

    session: ClientSession
    address: str
    csrf: str = ""

    async def sign_in(self, login: str, password: str = PASSWORD) -> int:
        async with self.session.post(
            f"{self.address}/api/v1/session", json={"login": login, "password": password}
        ) as answer:
            if answer.status == 200:
                self.csrf = (await answer.json())["csrf"]
            return answer.status

    async def ask(self, method: str, path: str, **more: object) -> tuple[int, dict[str, object]]:
        answer = await self.raw(method, path, **more)
        body = await answer.json() if answer.content_type.endswith("json") else {}
        return answer.status, body

    async def raw(self, method: str, path: str, **more: object) -> ClientResponse:
        headers = {"X-CSRF-Token": self.csrf, **more.pop("headers", {})}  # type: ignore[dict-item]
        answer = await self.session.request(method, f"{self.address}{path}", headers=headers, **more)
        await answer.read()
        return answer


@pytest.fixture
async def address(school: School) -> AsyncIterator[str]:
    async with TestServer(create_app(school.hub)) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def stranger(address: str) -> AsyncIterator[Browser]:
    import aiohttp

    async with ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(session, address)


@pytest.fixture
async def browser(school: School, stranger: Browser) -> Browser:
    """Signed in as an administrator."""
    await add_user(school.hub, None, login="root", name="管理员", role=Role.ADMIN, password=PASSWORD)
    assert await stranger.sign_in("root") == 200
    return stranger
