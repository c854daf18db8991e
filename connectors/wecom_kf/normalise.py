"""Putting items of `sync_msg` into the hub's words. Pure.

Items: https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.wecom_kf.events import happening
from connectors.wecom_kf.ids import account_of, sender_of
from connectors.wecom_kf.messages import message
from connectors.wecom_platform.callbacks import kind_of
from connectors.wecom_platform.contacts import customer_identity, observed, unionid_evidence
from connectors.wecom_platform.reading import Fields, at_second, fields_at, filled, read_fields, text_at
from scrm.connector import (
    ChannelEvent,
    ContactChange,
    Direction,
    RawEvent,
    Speaker,
    Unsupported,
)
from scrm.core.timeline import Body

_SPOKEN_BY = {
    "3": (Direction.INBOUND, Speaker.CUSTOMER),
    "4": (Direction.OUTBOUND, Speaker.SYSTEM),
    "5": (Direction.OUTBOUND, Speaker.AGENT),
}


def normalise(corp_id: str, raw: RawEvent) -> Sequence[ChannelEvent]:
    """The events in a raw event of this channel. BadInput when it has no time."""
    item = read_fields(raw.payload)
    if profile := observed(item):
        return [_profile(corp_id, raw, *profile)]
    if "msgtype" not in item:
        return [_callback(raw, item)]
    if text_at(item, "msgtype") == "event":
        return [_event(corp_id, raw, item)]
    return [_message(corp_id, raw, item)]


def _message(corp_id: str, raw: RawEvent, item: Fields) -> ChannelEvent:
    origin = text_at(item, "origin")
    kind = text_at(item, "msgtype")
    direction, speaker = _SPOKEN_BY.get(origin, (Direction.INTERNAL, Speaker.SYSTEM))
    body: Body = message(item)
    if origin not in _SPOKEN_BY:
        body = Unsupported(provider_kind=kind, reason=f"未知的消息来源 origin={origin or '(空)'}")
    return _of(corp_id, raw, item, body, direction, speaker, actor=text_at(item, "servicer_userid"))


def _event(corp_id: str, raw: RawEvent, item: Fields) -> ChannelEvent:
    event = fields_at(item, "event")
    body, direction, speaker, actor = happening(account_of(item), event)
    return _of(corp_id, raw, item, body, direction, speaker, actor=actor)


def _of(
    corp_id: str, raw: RawEvent, item: Fields, body: Body, direction: Direction, speaker: Speaker, *, actor: str
) -> ChannelEvent:
    external_userid = sender_of(item)
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=at_second(item, "send_time"),
        customer=customer_identity(corp_id, external_userid) if external_userid else None,
        body=body,
        direction=direction,
        speaker=speaker,
        actor=actor,
    )


def _profile(corp_id: str, raw: RawEvent, profile: Fields, seen_at: datetime) -> ChannelEvent:
    name = text_at(profile, "nickname")
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=seen_at,
        customer=customer_identity(corp_id, text_at(profile, "external_userid")),
        body=ContactChange(
            change="profile",
            text=f"客户资料：{name or '（无昵称）'}",
            details=filled(gender=text_at(profile, "gender"), avatar=text_at(profile, "avatar")),
        ),
        direction=Direction.INTERNAL,
        speaker=Speaker.SYSTEM,
        name=name,
        evidence=unionid_evidence(text_at(profile, "unionid")),
    )


def _callback(raw: RawEvent, fields: Fields) -> ChannelEvent:
    # A callback other than kf_msg_or_event, such as a change of the accounts the app may call.
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=at_second(fields, "CreateTime", "TimeStamp"),
        customer=None,
        body=Unsupported(provider_kind=kind_of(fields)),
        direction=Direction.INTERNAL,
        speaker=Speaker.SYSTEM,
    )
