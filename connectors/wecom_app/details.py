"""Reading the details of an external contact: name, followers, and the further identities they prove. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import phonenumbers

from connectors.shared.telephony import NotAPhone, phone_evidence, read_phone
from connectors.wecom_platform.contacts import customer_identity, unionid_evidence
from connectors.wecom_platform.reading import Fields, fields_at, filled, list_at, text_at
from scrm.connector import (
    ChannelEvent,
    ContactChange,
    Direction,
    IdentityEvidence,
    Json,
    RawEvent,
    Speaker,
)

_MOBILE = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})


def profile(corp_id: str, raw: RawEvent, detail: Fields, seen_at: datetime) -> ChannelEvent:
    """What the API tells of a contact, as seen at that time."""
    contact = fields_at(detail, "external_contact")
    name = text_at(contact, "name")
    return ChannelEvent(
        id=raw.dedup_key,
        thread=raw.thread,
        at=seen_at,
        customer=customer_identity(corp_id, text_at(contact, "external_userid") or raw.thread),
        body=ContactChange(change="profile", text=_summary(detail), details=_details(detail)),
        direction=Direction.INTERNAL,
        speaker=Speaker.SYSTEM,
        name=name,
        evidence=(*unionid_evidence(text_at(contact, "unionid")), *_phones(detail)),
    )


def _summary(detail: Fields) -> str:
    contact = fields_at(detail, "external_contact")
    reps = "、".join(text_at(each, "userid") for each in list_at(detail, "follow_user"))
    lines = [f"客户资料：{text_at(contact, 'name') or '（无昵称）'}"]
    lines += [f"企业：{corp}"] if (corp := text_at(contact, "corp_name")) else []
    lines += [f"跟进人：{reps}"] if reps else []
    return ";".join(lines)


def _details(detail: Fields) -> dict[str, Json]:
    contact = fields_at(detail, "external_contact")
    return filled(
        corp_name=text_at(contact, "corp_name"),
        position=text_at(contact, "position"),
        gender=text_at(contact, "gender"),
        followers=[_follower(each) for each in list_at(detail, "follow_user")],
    )


def _follower(follow_user: Json) -> Json:
    return filled(
        userid=text_at(follow_user, "userid"),
        remark=text_at(follow_user, "remark"),
        description=text_at(follow_user, "description"),
        state=text_at(follow_user, "state"),
        add_way=text_at(follow_user, "add_way"),
        tags=[text_at(tag, "tag_name") for tag in list_at(follow_user, "tags")],
    )


def _phones(detail: Fields) -> Iterator[IdentityEvidence]:
    seen: set[str] = set()
    for follow_user in list_at(detail, "follow_user"):
        for written in list_at(follow_user, "remark_mobiles"):
            number = _mobile(written)
            if number and number not in seen:
                seen.add(number)
                reason = f"企业微信备注手机号（跟进人 {text_at(follow_user, 'userid')}）"
                yield phone_evidence(number, reason)


def _mobile(written: Json) -> str:
    """A mobile number as E.164, else empty: a landline is shared by a family or a whole company and proves nobody."""
    try:
        number = read_phone(str(written))
    except NotAPhone:
        return ""
    return number if phonenumbers.number_type(phonenumbers.parse(number)) in _MOBILE else ""
