"""The console's built files, and a plain page that says what to do when they have not been built."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

DIST = Path(__file__).parent.parent / "console" / "dist"
_NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>SCRM Hub</title>
<body style="font-family:sans-serif;max-width:40rem;margin:4rem auto;line-height:1.6">
<h1>控制台尚未构建</h1>
<p>服务已经在运行,接口可用。要使用网页控制台,请在项目目录运行 <code>make console</code>,然后刷新本页。</p>
<p>The console has not been built. The API works; run <code>make console</code> in the project folder and reload.</p>
<p><a href="/api/docs">API</a></p></body></html>"""


async def page(request: web.Request) -> web.StreamResponse:
    """The single-page console, for every path that is not something else's."""
    if request.path.startswith(("/api/", "/callbacks/", "/channels/", "/assets/")):
        raise web.HTTPNotFound(text="there is nothing at this address")
    index = DIST / "index.html"
    if not index.is_file():
        return web.Response(text=_NOT_BUILT, content_type="text/html")
    wanted = (DIST / request.path.lstrip("/")).resolve()
    if wanted.is_file() and wanted.is_relative_to(DIST.resolve()) and wanted != index.resolve():
        return web.FileResponse(wanted)
    return web.FileResponse(
        index, headers={"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY, "X-Frame-Options": "DENY"}
    )


async def _keep(request: web.Request, response: web.StreamResponse) -> None:
    """Built assets carry a hash in their name: a browser never has to ask again."""
    if request.path.startswith("/assets/") and response.status == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"


def add_routes(app: web.Application) -> None:
    assets = DIST / "assets"
    if assets.is_dir():
        app.router.add_static("/assets/", assets)
        app.on_response_prepare.append(_keep)
    app.router.add_get("/{path:.*}", page)


_POLICY = (
    "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'"
)
