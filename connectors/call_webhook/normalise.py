"""From the sender's words for a call to the hub's. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from connectors.call_webhook.payload import CallPayload, read_time
from connectors.call_webhook.settings import CallWebhookSettings
from connectors.shared.storable import read_json
from connectors.shared.telephony import (
    phone_identity,
    read_direction,
    read_disposition,
    read_phone,
    transcript_lines,
    utterances,
)
from scrm.connector import Call, ChannelEvent, Direction, Json, RawEvent, Speaker, Unsupported

WITHHELD = ("", "anonymous", "unknown", "private", "restricted", "withheld", "隐藏号码", "未知号码")
"""Customer numbers that say there is none."""


def normalise(settings: CallWebhookSettings, raw: RawEvent) -> Sequence[ChannelEvent]:
    """The call, under its `call_id`: a later push of the same call is the same event with more in it."""
    envelope = read_json(raw.payload)
    if not isinstance(envelope, Mapping) or not isinstance(event := envelope.get("event"), Mapping):
        raise TypeError("not a raw event of this connector")
    sent_at = datetime.fromtimestamp(int(str(envelope["sent_at"])), UTC)
    kind = str(event.get("type", "call"))[:100]
    if kind != "call":
        return [_unsupported(raw, sent_at, kind, "只认识 type 为 call 的推送")]
    try:
        return [_call(settings, event)]
    except ValidationError as error:
        return [_unsupported(raw, sent_at, kind, _in_words(error))]
    except ValueError as error:
        return [_unsupported(raw, sent_at, kind, str(error))]


def _call(settings: CallWebhookSettings, event: Mapping[str, Json]) -> ChannelEvent:
    call = CallPayload.model_validate(event)
    direction = read_direction(call.direction)
    if direction is None:
        raise ValueError(f"direction：{call.direction!r} 应为 inbound、outbound 或 internal")
    phone = _customer_number(settings, call, direction)
    times = {name: _time(settings, call, name) for name in ("t_start", "t_ring", "t_answer", "t_end")}
    if times["t_start"] is None:
        raise ValueError("t_start：缺少此字段")
    talk_s = _seconds(times["t_answer"], times["t_end"], call.talk_s) or 0
    return ChannelEvent(
        id=call.call_id,
        thread=phone or call.call_id,
        at=times["t_start"],
        customer=phone_identity(phone) if phone else None,
        body=Call(
            phone=phone or call.customer_number,
            disposition=read_disposition(call.disposition, talk_s=talk_s),
            talk_s=talk_s,
            ring_s=_seconds(times["t_ring"], times["t_answer"] or times["t_end"], call.ring_s),
            transcript=_transcript(call),
            recording=call.recordings[0].url if call.recordings else "",
            summary=call.summary,
        ),
        direction=direction,
        speaker=Speaker.CUSTOMER if direction is Direction.INBOUND else Speaker.AGENT,
        actor=call.agent.actor,
        name=call.customer_name,
    )


def _customer_number(settings: CallWebhookSettings, call: CallPayload, direction: Direction) -> str:
    if direction is Direction.INTERNAL or call.customer_number.strip().casefold() in WITHHELD:
        return ""
    try:
        return read_phone(call.customer_number, area_code=settings.area_code)
    except ValueError as error:
        raise ValueError(f"customer_number：{error}") from error


def _time(settings: CallWebhookSettings, call: CallPayload, name: str) -> datetime | None:
    try:
        return read_time(getattr(call, name), settings.zone)
    except ValueError as error:
        raise ValueError(f"{name}：{getattr(call, name)!r} 不是 ISO 8601 时间或时间戳") from error


def _seconds(begin: datetime | None, end: datetime | None, said: float | None) -> int | None:
    # Times are trusted before durations: some platforms bill in minutes and call it a duration.
    if begin and end and end >= begin:
        return round((end - begin).total_seconds())
    return None if said is None else round(said)


def _transcript(call: CallPayload) -> str:
    if isinstance(call.transcript, str):
        return transcript_lines(call.transcript)
    return "\n".join(utterances((segment.side, segment.text) for segment in call.transcript.in_order))


def _unsupported(raw: RawEvent, at: datetime, kind: str, reason: str) -> ChannelEvent:
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=at,
        customer=None,
        body=Unsupported(provider_kind=kind, reason=reason),
        direction=Direction.INBOUND,
        speaker=Speaker.SYSTEM,
    )


def _in_words(error: ValidationError) -> str:
    return "；".join(
        f"{'.'.join(map(str, each['loc']))}：{_problem(each['type'], each['msg'])}" for each in error.errors()
    )


def _problem(kind: str, message: str) -> str:
    return "缺少此字段" if kind == "missing" else message
