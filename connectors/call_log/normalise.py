"""From a row of a call log, or the rows of an Asterisk call, to a call in the hub's words. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connectors.call_log import asterisk
from connectors.call_log.cells import lost_digits, read_moment, read_seconds
from connectors.call_log.settings import CallLogSettings
from connectors.shared.telephony import phone_identity, read_direction, read_disposition, read_phone, transcript_lines
from scrm.connector import Call, ChannelEvent, Direction, RawEvent, Speaker, Unsupported

LONGEST_ID = 200


def normalise(settings: CallLogSettings, raw: RawEvent) -> Sequence[ChannelEvent]:
    """One call, under its call id or, without one, an id made of when, who and how long."""
    written = json.loads(raw.payload)
    if written["format"] == "row":
        return [read_row(settings, written["cells"])]
    if written["format"] == "asterisk":
        return [read_asterisk(settings, written["rows"])]
    return [_unsupported(raw, written["format"], datetime.fromisoformat(written["read_at"]))]


def read_row(settings: CallLogSettings, cells: Mapping[str, str]) -> ChannelEvent:
    """The call in a row. ValueError says, in Chinese, which cell cannot be read and why."""
    direction = _direction(settings, cells)
    phone = "" if direction is Direction.INTERNAL else _customer_number(settings, cells, direction)
    start = _start(settings, cells)
    agent = cells.get("agent", "") or _own_number(cells, direction)
    talk_s = _talk_seconds(cells)
    return ChannelEvent(
        id=_id(cells.get("call_id", ""), start, phone, direction, agent, str(talk_s)),
        thread=phone or agent or "internal",
        at=start,
        customer=phone_identity(phone) if phone else None,
        body=Call(
            phone=phone,
            disposition=read_disposition(cells.get("disposition", ""), talk_s=talk_s),
            talk_s=talk_s,
            ring_s=_seconds(cells, "ring_s", "振铃时长"),
            transcript=transcript_lines(cells.get("transcript", "")),
            recording=cells.get("recording", ""),
            summary=cells.get("summary", ""),
        ),
        direction=direction,
        speaker=_speaker(direction),
        actor=agent,
        name=cells.get("customer_name", ""),
    )


def read_asterisk(settings: CallLogSettings, rows: Sequence[Sequence[str]]) -> ChannelEvent:
    """The call behind rows of Master.csv. ValueError when they cannot be read."""
    call = asterisk.fold(settings, rows)
    return ChannelEvent(
        id=_id(asterisk.call_key(rows[0]), call.start, call.phone, call.direction, call.extension, str(call.talk_s)),
        thread=call.phone or call.extension or "unknown",
        at=call.start,
        customer=phone_identity(call.phone) if call.phone else None,
        body=Call(
            phone=call.phone,
            disposition=call.disposition,
            talk_s=call.talk_s,
            ring_s=call.ring_s,
            recording=call.recording,
        ),
        direction=call.direction,
        speaker=_speaker(call.direction),
        actor=call.extension,
    )


def _direction(settings: CallLogSettings, cells: Mapping[str, str]) -> Direction:
    word = cells.get("direction", "")
    direction = read_direction(word or settings.default_direction)
    if direction is None:
        raise ValueError(f"方向 {word!r} 看不懂，应为“呼入”“呼出”或“内部”")
    return direction


def _customer_number(settings: CallLogSettings, cells: Mapping[str, str], direction: Direction) -> str:
    inbound = direction is Direction.INBOUND
    written = cells.get("customer_number") or cells.get("caller" if inbound else "callee") or ""
    if not written:
        raise ValueError("缺少客户号码")
    try:
        return read_phone(written, area_code=settings.area_code, dial_prefixes=settings.dial_prefixes)
    except ValueError as error:
        raise ValueError(f"客户号码 {error}") from error


def _own_number(cells: Mapping[str, str], direction: Direction) -> str:
    return cells.get("callee" if direction is Direction.INBOUND else "caller") or ""


def _start(settings: CallLogSettings, cells: Mapping[str, str]) -> datetime:
    written = cells.get("start") or f"{cells.get('date', '')} {cells.get('time', '')}".strip()
    if not written:
        raise ValueError("缺少通话时间")
    try:
        return read_moment(written, settings.zone)
    except ValueError as error:
        raise ValueError(f"通话时间 {written!r} 看不懂，应形如 2026-11-23 11:57:46") from error


def _talk_seconds(cells: Mapping[str, str]) -> int:
    if cells.get("talk_min") and not cells.get("talk_s"):
        try:
            return round(float(cells["talk_min"]) * 60)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"时长（分钟） {cells['talk_min']!r} 不是数字") from error
    return _seconds(cells, "talk_s", "时长") or 0


def _seconds(cells: Mapping[str, str], field: str, title: str) -> int | None:
    try:
        return read_seconds(cells.get(field, ""))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{title} {cells[field]!r} 看不懂，应为秒数或 时：分：秒") from error


def _id(call_id: str, start: datetime, *facts: str) -> str:
    # A spreadsheet rounds long numbers: two calls would get one id.
    if call_id and not lost_digits(call_id) and len(call_id) <= LONGEST_ID:
        return call_id
    told = "|".join((start.isoformat(), *facts, call_id))
    return hashlib.sha256(told.encode()).hexdigest()[:40]


def _speaker(direction: Direction) -> Speaker:
    return Speaker.CUSTOMER if direction is Direction.INBOUND else Speaker.AGENT


def _unsupported(raw: RawEvent, kind: str, at: datetime) -> ChannelEvent:
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=at.astimezone(UTC),
        customer=None,
        body=Unsupported(provider_kind=kind, reason="这个版本的话单导入不认识这种格式"),
        direction=Direction.INBOUND,
        speaker=Speaker.SYSTEM,
    )
