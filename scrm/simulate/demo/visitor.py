"""A visitor of the school's web page: talks to the hub's web chat over its socket, as the widget does."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import aiohttp
from pydantic import JsonValue

Frame: TypeAlias = dict[str, JsonValue]
_PATIENCE_S = 30.0


class NotTaken(Exception):
    """The web chat refused what the visitor sent; the text is its reason."""


class Visitor:
    """One open conversation."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._heard: list[str] = []

    async def say(self, text: str) -> None:
        """Write a message; returns when the hub has it."""
        await self._socket.send_json({"type": "typing"})
        await self._send({"type": "message", "text": text})

    async def leave_contact(self, name: str, phone: str) -> None:
        await self._send({"type": "contact", "name": name, "phone": phone})

    async def hear(self, text: str) -> None:
        """Return when the company has said exactly this."""
        async with asyncio.timeout(_PATIENCE_S):
            while text not in self._heard:
                self._listen(await self._socket.receive_json())

    async def _send(self, frame: Frame) -> None:
        own = secrets.token_hex(8)
        await self._socket.send_json({**frame, "id": own})
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                answer: Frame = await self._socket.receive_json()
                self._listen(answer)
                if answer.get("id") == own and answer["type"] == "refused":
                    raise NotTaken(str(answer.get("reason")))
                if answer.get("id") == own:
                    return

    def _listen(self, frame: Frame) -> None:
        messages = frame.get("messages")
        for message in messages if isinstance(messages, list) else []:
            if isinstance(message, dict) and message.get("from") == "company":
                self._heard.append(str(message.get("text")))


@asynccontextmanager
async def visiting(hub_url: str, channel: str, *, page: str) -> AsyncIterator[Visitor]:
    """Open the chat on the page of that title; the visitor leaves at the end."""
    hello = {
        "type": "hello",
        "visitor": "",
        "proof": "",
        "last": "",
        "page": {"url": f"{hub_url}/channels/{channel}/demo", "title": page, "referrer": ""},
    }
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{hub_url}/channels/{channel}/socket") as socket,
    ):
        await socket.send_json(hello)
        await socket.receive_json(timeout=_PATIENCE_S)
        yield Visitor(socket)
