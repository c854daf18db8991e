"""A readable page of the API, made from the OpenAPI document in the browser; no foreign scripts."""

from __future__ import annotations

from importlib.resources import files

from aiohttp import web


async def page(_request: web.Request) -> web.Response:
    html = files("scrm.web").joinpath("docs.html").read_text(encoding="utf-8")
    return web.Response(text=html, content_type="text/html")
