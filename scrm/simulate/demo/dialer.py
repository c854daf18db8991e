"""The school's call platform: pushes calls to the hub, signed as `call_webhook` asks for."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """An utterance of a call. `side`: agent or customer; `begin_ms` since the call was answered."""

    side: str
    begin_ms: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCall:
    """A call that a rep made. The transcript may come with a later push under the same id."""

    id: str
    number: str
    extension: str
    started_at: datetime
    answered_at: datetime
    ended_at: datetime
    transcript: Sequence[Spoken] = ()
    summary: str = ""


async def push(hub_url: str, channel: str, secret: str, call: FinishedCall, *, now: datetime) -> None:
    """Tell the hub of a call; raises `aiohttp.ClientResponseError` when the hub does not take it."""
    body = json.dumps(_payload(call), ensure_ascii=False).encode()
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Timestamp": timestamp,
        "X-Signature": f"sha256={signature}",
    }
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.post(f"{hub_url}/callbacks/{channel}", data=body, headers=headers),
    ):
        pass


def _payload(call: FinishedCall) -> dict[str, JsonValue]:
    segments: list[JsonValue] = [
        {"side": one.side, "begin_ms": one.begin_ms, "text": one.text} for one in call.transcript
    ]
    payload: dict[str, JsonValue] = {
        "type": "call",
        "call_id": call.id,
        "direction": "outbound",
        "customer_number": call.number,
        "agent": {"ext": call.extension},
        "t_start": call.started_at.isoformat(),
        "t_answer": call.answered_at.isoformat(),
        "t_end": call.ended_at.isoformat(),
        "disposition": "answered",
        "summary": call.summary,
    }
    return {**payload, "transcript": {"segments": segments}} if segments else payload
