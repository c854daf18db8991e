"""Putting app callbacks and contact details into the hub's words. Pure.

Messages: https://developer.work.weixin.qq.com/document/path/90239
Contact changes: https://developer.work.weixin.qq.com/document/path/92277
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from connectors.wecom_app.details import profile
from connectors.wecom_platform.callbacks import kind_of
from connectors.wecom_platform.contacts import customer_identity, observed
from connectors.wecom_platform.reading import Fields, at_second, filled, read_fields, text_at
from scrm.connector import (
    ChannelEvent,
    ContactChange,
    Direction,
    Message,
    RawEvent,
    Speaker,
    Unsupported,
)
from scrm.core.timeline import Body


def normalise(corp_id: str, raw: RawEvent) -> Sequence[ChannelEvent]:
    """The events in a raw event of this channel. BadInput when it has no time."""
    fields = read_fields(raw.payload)
    if detail := observed(fields):
        return [profile(corp_id, raw, *detail)]
    if text_at(fields, "MsgType") in _MESSAGES:
        return [_member_message(raw, fields)]
    return [_notification(corp_id, raw, fields)]


def subject_of(fields: Fields) -> str:
    """Whom a callback is about: the order of callbacks matters for each of them."""
    names = ("ExternalUserID", "ChatId", "FromUserName")
    return next(filter(None, (text_at(fields, name) for name in names)), "")


def _member_message(raw: RawEvent, fields: Fields) -> ChannelEvent:
    # A member writing to an app of the corp: no customer has a part in it.
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=at_second(fields, "CreateTime"),
        customer=None,
        body=_MESSAGES[text_at(fields, "MsgType")](fields),
        direction=Direction.INTERNAL,
        speaker=Speaker.REP,
        actor=text_at(fields, "FromUserName"),
    )


def _notification(corp_id: str, raw: RawEvent, fields: Fields) -> ChannelEvent:
    external_userid = text_at(fields, "ExternalUserID")
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=at_second(fields, "CreateTime", "TimeStamp"),
        customer=customer_identity(corp_id, external_userid) if external_userid else None,
        body=_notified(fields),
        direction=Direction.INTERNAL,
        speaker=Speaker.SYSTEM,
        actor=text_at(fields, "UserID"),
    )


def _notified(fields: Fields) -> Body:
    kind = kind_of(fields)
    change = _CONTACT_CHANGES.get(kind.removeprefix("change_external_contact/"))
    if change is None or not text_at(fields, "ExternalUserID"):
        return Unsupported(provider_kind=kind)
    name, told = change
    details = filled(
        userid=text_at(fields, "UserID"),
        state=text_at(fields, "State"),
        source=text_at(fields, "Source"),
        fail_reason=text_at(fields, "FailReason"),
    )
    return ContactChange(change=name, text=told.format(rep=text_at(fields, "UserID")), details=details)


def _text(fields: Fields) -> Message:
    return Message(text=text_at(fields, "Content"))


def _image(fields: Fields) -> Message:
    media = filled(media_id=text_at(fields, "MediaId"), url=text_at(fields, "PicUrl"))
    return Message(text="[图片]", form="image", media=media)


def _voice(fields: Fields) -> Message:
    media = filled(media_id=text_at(fields, "MediaId"), format=text_at(fields, "Format"))
    return Message(text="[语音]", form="voice", media=media)


def _video(fields: Fields) -> Message:
    media = filled(media_id=text_at(fields, "MediaId"), thumb_media_id=text_at(fields, "ThumbMediaId"))
    return Message(text="[视频]", form="video", media=media)


def _location(fields: Fields) -> Message:
    media = filled(latitude=text_at(fields, "Location_X"), longitude=text_at(fields, "Location_Y"))
    return Message(text=f"[位置] {text_at(fields, 'Label')}".rstrip(), form="location", media=media)


def _link(fields: Fields) -> Message:
    parts = (text_at(fields, name) for name in ("Title", "Description", "Url"))
    return Message(
        text="[链接] " + "\n".join(filter(None, parts)), form="link", media=filled(url=text_at(fields, "Url"))
    )


_MESSAGES: Mapping[str, Callable[[Fields], Message]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
}

# change, and how a person is told
_CONTACT_CHANGES: Mapping[str, tuple[str, str]] = {
    "add_external_contact": ("added", "成员 {rep} 与客户成为好友"),
    "add_half_external_contact": ("half_added", "客户添加了成员 {rep}，成员尚未确认"),
    "edit_external_contact": ("edited", "成员 {rep} 修改了客户的备注或标签"),
    "del_external_contact": ("deleted_by_rep", "成员 {rep} 删除了客户"),
    "del_follow_user": ("deleted_by_customer", "客户删除了成员 {rep}"),
    "transfer_fail": ("transfer_failed", "客户转接给成员 {rep} 失败"),
    "msg_audit_approved": ("archive_agreed", "客户同意存档与成员 {rep} 的会话"),
}
