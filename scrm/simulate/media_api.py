"""Temporary media: `/cgi-bin/media/upload` and `/cgi-bin/media/get`. Files live three days.

https://developer.work.weixin.qq.com/document/path/90253
"""

from __future__ import annotations

import base64
from datetime import timedelta

from scrm.simulate.calls import Call
from scrm.simulate.commands import AddMedia
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import ApiError, JsonObject
from scrm.simulate.world import MediaFile

LIFETIME = timedelta(days=3)
SMALLEST = 5
LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}


def upload(call: Call) -> JsonObject:
    """Store the file of a multipart body and return its `media_id`."""
    kind = call.query.get("type", "")
    if kind not in LARGEST:
        raise ApiError(40004, f"type is one of {', '.join(LARGEST)}")
    if call.upload is None:
        raise ApiError(44001, "the body holds no file named media")
    name, content_type, content = call.upload
    if len(content) < SMALLEST:
        raise ApiError(40006, f"a file has more than {SMALLEST - 1} bytes")
    if len(content) > LARGEST[kind]:
        raise ApiError(45001, f"{kind} is at most {LARGEST[kind]} bytes")
    media_id = call.sim.new_id("media", 64)
    now = call.sim.clock.now()
    call.corp.media[media_id] = MediaFile(
        type=kind, name=name, content_type=content_type, content=content, stored_at=now
    )
    return {"type": kind, "media_id": media_id, "created_at": str(int(now.timestamp()))}


def add(sim: SimulatedWeCom, order: AddMedia) -> str:
    """Store a file as if a customer had sent it and return its `media_id`."""
    content = base64.b64decode(order.content) if order.content else sim.lot.randbytes(order.size)
    media_id = sim.new_id("media", 64)
    sim.corp(order.corp).media[media_id] = MediaFile(
        type=order.type, name=order.name, content_type=order.content_type, content=content, stored_at=sim.clock.now()
    )
    return media_id


def fetch(call: Call) -> MediaFile:
    """The stored file. `ApiError(40007)` when there is none or it is too old."""
    file = call.corp.media.get(call.query.get("media_id", ""))
    if file is None or call.sim.clock.now() - file.stored_at > LIFETIME:
        raise ApiError(40007)
    return file
