"""Putting decrypted archive records into the hub's words. Pure.

Records: https://developer.work.weixin.qq.com/document/path/91774
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.wecom_archive.opening import is_encrypted
from connectors.wecom_archive.parties import Parties, parties_of
from connectors.wecom_platform.callbacks import kind_of
from connectors.wecom_platform.contacts import customer_identity
from connectors.wecom_platform.reading import (
    Fields,
    at_millisecond,
    at_second,
    fields_at,
    filled,
    list_at,
    read_fields,
    text_at,
)
from scrm.connector import (
    ChannelEvent,
    Direction,
    Message,
    Parked,
    RawEvent,
    Recall,
    Speaker,
    Unsupported,
)
from scrm.core.timeline import Body


def normalise(corp_id: str, raw: RawEvent) -> Sequence[ChannelEvent]:
    """The event in a decrypted record. `Parked` when it is still encrypted, BadInput when it has no time."""
    record = read_fields(raw.payload)
    if is_encrypted(record):
        raise Parked("存档消息尚未解密，请重放这条消息")
    if "action" not in record:
        return [_callback(raw, record)]
    parties = parties_of(text_at(record, "from"), [str(each) for each in list_at(record, "tolist")])
    return [_event(corp_id, raw, record, parties)]


def _event(corp_id: str, raw: RawEvent, record: Fields, parties: Parties) -> ChannelEvent:
    return ChannelEvent(
        id=text_at(record, "msgid") or raw.dedup_key,
        thread=text_at(record, "roomid") or parties.thread or raw.thread,
        # `switch` (a member changes the corp) writes its time as `time`.
        at=at_millisecond(record, "msgtime", "time"),
        customer=customer_identity(corp_id, parties.customer) if parties.customer else None,
        body=_body(record),
        direction=parties.direction,
        speaker=parties.speaker,
        actor=parties.actor or text_at(record, "user"),
    )


def _body(record: Fields) -> Body:
    kind = text_at(record, "msgtype") or text_at(record, "action")
    if kind == "text":
        return Message(text=text_at(record, "text", "content"))
    if kind == "image":
        return _image(fields_at(record, "image"))
    if kind == "revoke" and text_at(record, "revoke", "pre_msgid"):
        return Recall(target=text_at(record, "revoke", "pre_msgid"))
    return Unsupported(provider_kind=kind)


def _image(image: Fields) -> Message:
    media = filled(
        sdkfileid=text_at(image, "sdkfileid"), md5sum=text_at(image, "md5sum"), filesize=image.get("filesize")
    )
    return Message(text="[图片]", form="image", media=media)


def _callback(raw: RawEvent, fields: Fields) -> ChannelEvent:
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=at_second(fields, "CreateTime", "TimeStamp"),
        customer=None,
        body=Unsupported(provider_kind=kind_of(fields)),
        direction=Direction.INTERNAL,
        speaker=Speaker.SYSTEM,
    )
