"""Callbacks of providers: `/callbacks/<channel>`. Verify, store, answer; everything else happens later."""

from __future__ import annotations

import base64
import hashlib

from aiohttp import web

from scrm.connector import Callback, CallbackRequest, RawEvent, ReceivesCallbacks
from scrm.core.errors import BadCallback, NotFound, UnreadableCallback
from scrm.hub import Arrival, Hub
from scrm.services.intake import accept, keep_unreadable
from scrm.telemetry import REFUSED
from scrm.web.openapi import HUB


async def receive_callback(request: web.Request) -> web.Response:
    """One callback. 200 only when what it held is durable; 403 when it is not authentic, and nothing is stored."""
    hub = request.app[HUB]
    name = request.match_info["channel"]
    receiver = hub.channel(name).receiver
    if receiver is None:
        raise NotFound(f"the channel {name!r} receives no callbacks")
    asked = CallbackRequest(
        method=request.method,
        query=request.query,
        query_string=request.rel_url.raw_query_string,
        headers={key.lower(): value for key, value in request.headers.items()},
        body=await request.read(),
    )
    callback = await _open(hub, name, receiver, asked)
    if callback.events or callback.notices:
        await accept(hub, Arrival(channel=name, events=callback.events, notices=callback.notices))
    return web.Response(body=callback.reply, content_type=callback.content_type)


async def _open(hub: Hub, name: str, receiver: ReceivesCallbacks, asked: CallbackRequest) -> Callback:
    try:
        return receiver.open_callback(asked)
    except BadCallback as error:
        hub.health.refused(name, str(error), hub.now())
        REFUSED.labels(name, "not authentic").inc()
        raise
    except UnreadableCallback as error:
        hub.health.refused(name, str(error), hub.now())
        REFUSED.labels(name, "unreadable").inc()
        await keep_unreadable(hub, name, _verbatim(error.raw), str(error))
        raise


def _verbatim(raw: bytes) -> RawEvent:
    """Authentic bytes that cannot be read, kept for a person to look at; as text where they are text."""
    try:
        payload = raw.decode()
    except UnicodeDecodeError:
        payload = "base64:" + base64.b64encode(raw).decode()
    digest = hashlib.sha256(raw).hexdigest()
    return RawEvent(dedup_key=f"unreadable:{digest}", thread="unreadable", payload=payload.replace("\0", "\\0"))
