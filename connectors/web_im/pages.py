"""What the channel serves at `/channels/<channel>/`: the widget's script, its socket, and a page to try it on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web

from connectors.web_im.conversation import LARGEST_FRAME, Desk, serve
from connectors.web_im.limits import LONGEST_MESSAGE
from connectors.web_im.settings import WebImSettings

PING_EVERY_S = 30.0
_STATIC = Path(__file__).parent / "static"


def application(settings: WebImSettings, desk: Desk) -> web.Application:
    """GET `widget.js`, `socket` (WebSocket), and with the setting `demo`: `demo`, `demo.css`."""
    app = web.Application()
    door = _Door(settings, desk)
    app.router.add_get("/widget.js", _file(_widget(settings), "text/javascript"))
    app.router.add_get("/socket", door.open_socket)
    app.on_shutdown.append(door.close_sockets)
    if settings.demo:
        app.router.add_get("/demo", _file((_STATIC / "demo.html").read_bytes(), "text/html"))
        app.router.add_get("/demo.css", _file((_STATIC / "demo.css").read_bytes(), "text/css"))
    return app


def may_embed(settings: WebImSettings, origin: str | None, host: str) -> bool:
    """Whether a page of `origin` may talk to us. A client without origin is no browser, so no page is behind it."""
    if origin is None or "*" in settings.allowed_origins:
        return True
    return origin.lower() in settings.allowed_origins or urlsplit(origin).netloc.lower() == host.lower()


class _Door:
    """Lets widgets of allowed sites in, and closes their sockets when the hub stops."""

    def __init__(self, settings: WebImSettings, desk: Desk) -> None:
        self._settings = settings
        self._desk = desk
        self._open: set[web.WebSocketResponse] = set()

    async def open_socket(self, request: web.Request) -> web.WebSocketResponse:
        origin = request.headers.get("Origin")
        if not may_embed(self._settings, origin, request.host):
            raise web.HTTPForbidden(text=f"{origin} 不在这个频道的 allowed_origins 里，不能嵌入聊天窗口")
        socket = web.WebSocketResponse(heartbeat=PING_EVERY_S, max_msg_size=LARGEST_FRAME)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            await serve(self._desk, socket)
        finally:
            self._open.discard(socket)
        return socket

    async def close_sockets(self, _: web.Application) -> None:
        for socket in list(self._open):
            await socket.close(code=WSCloseCode.GOING_AWAY)


def _widget(settings: WebImSettings) -> bytes:
    told = {
        "title": {"zh": settings.title, "en": settings.title_en},
        "greeting": {"zh": settings.greeting, "en": settings.greeting_en},
        "colour": settings.colour,
        "side": settings.side,
        "language": settings.language,
        "askContact": settings.ask_contact,
        "longest": LONGEST_MESSAGE,
    }
    script = (_STATIC / "widget.js").read_text("utf-8")
    style = (_STATIC / "widget.css").read_text("utf-8")
    return script.replace('"SETTINGS"', json.dumps(told)).replace('"STYLE"', json.dumps(style)).encode()


def _file(content: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    tag = hashlib.sha256(content).hexdigest()[:20]

    async def send(request: web.Request) -> web.Response:
        known = request.if_none_match or ()
        response = web.Response(status=304) if any(each.value == tag for each in known) else web.Response(body=content)
        response.content_type = kind
        response.charset = "utf-8"
        response.etag = tag
        # The script runs on other sites: asked again each time, answered with 304 until the settings change.
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return send
