"""What happens around every request: who asks, problems as RFC 9457 documents, protection against forged requests."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from scrm.core.errors import (
    BadCallback,
    BadInput,
    BadSettings,
    ChannelMisconfigured,
    ChannelUnavailable,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ScrmError,
    SendRejected,
    UnreadableCallback,
)
from scrm.core.price_book.table import RowsRefused
from scrm.services.accounts import token_actor
from scrm.services.outbound import DraftBlocked
from scrm.store.database import DatabaseUnavailable
from scrm.web.openapi import ACTOR, HUB, LANGUAGE, PREFIX
from scrm.web.present import Presenting
from scrm.web.price_views import refused_rows
from scrm.web.schemas import Problem

_log = structlog.get_logger()
SESSION_COOKIE = "scrm_session"
_OPEN_PATHS = {f"{PREFIX}/session"}
_SAFE = {"GET", "HEAD", "OPTIONS"}
Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS: Mapping[type[ScrmError], int] = {
    NotSignedIn: 401,
    NotAllowed: 403,
    BadCallback: 403,
    NotFound: 404,
    Conflict: 409,
    DraftBlocked: 409,
    BadInput: 422,
    UnreadableCallback: 400,
    BadSettings: 500,
    SendRejected: 422,
    ChannelMisconfigured: 502,
    DatabaseUnavailable: 503,
    ChannelUnavailable: 503,
}
"""One HTTP status per class of error; a subclass without a line has its parent's."""


@web.middleware
async def identify(request: web.Request, handler: Next) -> web.StreamResponse:
    """Say who asks. The API is closed to strangers; changes by cookie need the session's CSRF token."""
    language = request.headers.get("Accept-Language", "")
    request[LANGUAGE] = "en" if language.lower().startswith("en") else "zh-CN"
    if not request.path.startswith(PREFIX) or (request.path in _OPEN_PATHS and request.method != "DELETE"):
        return await handler(request)
    hub = request.app[HUB]
    authorization = request.headers.get("Authorization", "")
    if authorization.startswith("Bearer "):
        request[ACTOR] = await token_actor(hub, authorization.removeprefix("Bearer ").strip())
        return await handler(request)
    async with hub.db.reading() as tx:
        session = await tx.accounts.session(request.cookies.get(SESSION_COOKIE, ""))
    if session is None:
        raise NotSignedIn("nobody is signed in, or the session has ended")
    if request.method not in _SAFE and not hmac.compare_digest(
        session.csrf.encode(), request.headers.get("X-CSRF-Token", "").encode()
    ):
        raise NotAllowed("the X-CSRF-Token header is missing or not this session's: sign in again")
    request[ACTOR] = session.actor
    return await handler(request)


@web.middleware
async def answer_problems(request: web.Request, handler: Next) -> web.StreamResponse:
    """Turn every error into a problem document. What is not expected is a bug: logged, and 500."""
    request_id = secrets.token_hex(6)
    with structlog.contextvars.bound_contextvars(request=request_id):
        try:
            response = await handler(request)
        except DraftBlocked as blocked:
            presenting = await Presenting.open(request.app[HUB], request[LANGUAGE])
            findings = await presenting.draft_findings(blocked.findings)
            return problem(409, "DraftBlocked", str(blocked), findings=findings)
        except RowsRefused as refused:
            return problem(422, "RowsRefused", str(refused), rows=refused_rows(refused.lines, request[LANGUAGE]))
        except ScrmError as error:
            return problem(status_of(error), type(error).__name__, str(error))
        except web.HTTPException as error:
            if error.status < 400 or isinstance(error, web.HTTPNotModified):
                raise
            return problem(error.status, "HttpError", error.text or error.reason)
        except Exception as error:
            _log.exception("unexpected error", method=request.method, path=request.path, error=str(error))
            return problem(500, "InternalError", f"an unexpected error; it is in the log under request {request_id}")
        response.headers.setdefault("X-Request-Id", request_id)
        return response


def status_of(error: ScrmError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(status: int, kind: str, detail: str, **more: object) -> web.Response:
    """A problem document as an answer."""
    body = Problem.model_validate(
        {"type": f"urn:scrm:problem:{kind}", "title": kind, "status": status, "detail": detail, **more}
    )
    without = {name for name in ("findings", "rows") if getattr(body, name) is None}
    return web.Response(
        status=status, body=body.model_dump_json(exclude=without).encode(), content_type="application/problem+json"
    )
