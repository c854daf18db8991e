"""Opening a push: check its signature and age, split it into calls. Pure but for the time it is given."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.call_webhook.settings import CallWebhookSettings
from connectors.shared.storable import json_text, read_json
from scrm.connector import BadCallback, Callback, CallbackRequest, Json, RawEvent, UnreadableCallback


def open_callback(settings: CallWebhookSettings, request: CallbackRequest, now: datetime) -> Callback:
    """The calls of an authentic request, one raw event each. A call pushed again unchanged has the same key."""
    sent_at = _authentic_time(settings, request, now)
    try:
        pushed = _pushed(read_json(request.body))
    except ValueError as error:
        raise UnreadableCallback(f"推送的正文读不懂：{error}", raw=request.body) from error
    return Callback(
        reply=json_text({"accepted": len(pushed)}).encode(),
        content_type="application/json",
        events=tuple(_raw_event(event, sent_at) for event in pushed),
    )


def sign(key: bytes, timestamp: str, body: bytes) -> str:
    """The value of `X-Signature` for a body sent with `X-Timestamp: timestamp`."""
    return "sha256=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _authentic_time(settings: CallWebhookSettings, request: CallbackRequest, now: datetime) -> int:
    headers = {name.lower(): value for name, value in request.headers.items()}
    timestamp, signature = headers.get("x-timestamp", ""), headers.get("x-signature", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and signature):
        raise BadCallback("缺少 X-Signature 或 X-Timestamp（秒级时间戳）")
    # Bytes, because compare_digest refuses text that is not ASCII.
    given = signature.encode(errors="replace")
    if not any(hmac.compare_digest(sign(key, timestamp, request.body).encode(), given) for key in settings.keys):
        raise BadCallback("签名不符：请核对密钥，以及是否对“时间戳.原始正文”计算了 HMAC-SHA256")
    if abs(now.timestamp() - int(timestamp)) > settings.tolerance_s:
        raise BadCallback(f"X-Timestamp 与本机时间相差超过 {settings.tolerance_s} 秒：请校准时钟")
    return int(timestamp)


def _pushed(document: Json) -> Sequence[Mapping[str, Json]]:
    calls = document.get("calls", document) if isinstance(document, Mapping) else document
    listed = [calls] if isinstance(calls, Mapping) else calls
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise ValueError('应为一个对象、对象的列表或 {"calls": [...]}')  # noqa: TRY004 - it is the sender's value
    objects = [each for each in listed if isinstance(each, Mapping)]
    if len(objects) != len(listed):
        raise ValueError("列表里应当都是对象")
    return objects


def _raw_event(event: Mapping[str, Json], sent_at: int) -> RawEvent:
    digest = hashlib.sha256(json_text(event).encode()).hexdigest()[:32]
    call_id = event.get("call_id")
    # One lane per call: what arrives later about a call is read later.
    thread = str(call_id) if isinstance(call_id, str | int) and 0 < len(str(call_id)) <= 200 else digest
    return RawEvent(
        dedup_key=f"{thread[:120]}:{digest}",
        thread=thread,
        payload=json_text({"sent_at": sent_at, "event": event}),
    )
