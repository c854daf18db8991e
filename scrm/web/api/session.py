"""Signing in and out."""

from __future__ import annotations

from aiohttp import web

from scrm.core.access import PERMISSIONS, Actor
from scrm.core.errors import BadInput, NotSignedIn
from scrm.services import accounts
from scrm.web.middleware import SESSION_COOKIE
from scrm.web.openapi import HUB, PREFIX, Routes
from scrm.web.schemas import SessionOut, SignIn, UserOut

ROUTES = Routes("session")
PATH = f"{PREFIX}/session"


@ROUTES.add("POST", "/session", body=SignIn, answer=SessionOut, served=False)
async def sign_in(request: web.Request) -> web.Response:
    """Sign in with login and password; the answer sets the session cookie."""
    hub = request.app[HUB]
    try:
        given = SignIn.model_validate_json(await request.read())
    except ValueError as error:
        raise BadInput("send login and password as JSON") from error
    session, secret = await accounts.sign_in(hub, given.login, given.password)
    response = _answer(session.actor, session.csrf)
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        httponly=True,
        samesite="Lax",
        secure=(hub.settings.public_url or "").startswith("https://"),
        max_age=hub.settings.session_hours * 3600,
    )
    return response


@ROUTES.add("GET", "/session", answer=SessionOut, served=False)
async def get_session(request: web.Request) -> web.Response:
    """Who is signed in."""
    async with request.app[HUB].db.reading() as tx:
        session = await tx.accounts.session(request.cookies.get(SESSION_COOKIE, ""))
    if session is None:
        raise NotSignedIn("nobody is signed in, or the session has ended")
    return _answer(session.actor, session.csrf)


@ROUTES.add("DELETE", "/session", served=False)
async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    await accounts.sign_out(request.app[HUB], request.cookies.get(SESSION_COOKIE, ""))
    response = web.Response(status=204)
    response.del_cookie(SESSION_COOKIE)
    return response


def add_routes(app: web.Application) -> None:
    app.router.add_post(PATH, sign_in)
    app.router.add_get(PATH, get_session)
    app.router.add_delete(PATH, sign_out)


def user_out(actor: Actor) -> UserOut:
    permissions = sorted(permission.value for permission in PERMISSIONS[actor.role])
    return UserOut.model_validate(
        {
            "id": str(actor.id),
            "login": actor.login,
            "name": actor.name,
            "role": actor.role.value,
            "permissions": permissions,
        }
    )


def _answer(actor: Actor, csrf: str) -> web.Response:
    body = SessionOut(user=user_out(actor), csrf=csrf)
    return web.Response(body=body.model_dump_json().encode(), content_type="application/json")
