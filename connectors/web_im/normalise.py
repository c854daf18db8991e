"""From what the socket took to the hub's words, and the raw events it takes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.shared.storable import json_text
from connectors.shared.telephony import NotAPhone, phone_evidence, read_phone
from connectors.web_im.frames import LeaveContact, Page, Say
from scrm.connector import (
    ChannelEvent,
    ContactChange,
    Direction,
    Identity,
    IdentityEvidence,
    Json,
    Message,
    RawEvent,
    Speaker,
    Unsupported,
)
from scrm.core.customers import mask_phone
from scrm.core.timeline import Body

PHONE_REASON = "网页聊天留下的手机号"


def own_key(visitor: str, client_id: str) -> str:
    """The dedup key, and event id, of what a visitor sent under `client_id`. No visitor can take another's."""
    return f"{visitor}:{client_id}"


def message_event(visitor: str, said: Say, page: Page, at: datetime) -> RawEvent:
    return _raw(visitor, said.id, at, kind="message", text=said.text, page=_page(page))


def contact_event(visitor: str, left: LeaveContact, at: datetime) -> RawEvent:
    return _raw(visitor, left.id, at, kind="contact", name=left.name, phone=left.phone)


def visit_event(visitor: str, page: Page, at: datetime) -> RawEvent:
    """The beginning of the acquaintance. Its key is the visitor's: however often it is taken, it happens once."""
    return _raw(visitor, "visit", at, kind="visit", page=_page(page))


def normalise(channel: str, raw: RawEvent) -> Sequence[ChannelEvent]:
    """One event. Namespace of visitors: `webim:<channel>`."""
    taken = json.loads(raw.payload)
    body, name, evidence = _understood(taken)
    return [
        ChannelEvent(
            id=raw.dedup_key,
            thread=raw.thread,
            at=datetime.fromisoformat(taken["at"]),
            customer=Identity(f"webim:{channel}", raw.thread),
            body=body,
            direction=Direction.INBOUND,
            speaker=Speaker.CUSTOMER if taken["kind"] == "message" else Speaker.SYSTEM,
            name=name,
            evidence=evidence,
        )
    ]


def _understood(taken: Mapping[str, Json]) -> tuple[Body, str, tuple[IdentityEvidence, ...]]:
    match taken["kind"]:
        case "message":
            return Message(text=str(taken["text"])), "", ()
        case "contact":
            return _contact(str(taken["name"]), str(taken["phone"]))
        case "visit":
            return _visit(taken["page"]), "", ()
        case kind:
            return Unsupported(provider_kind=str(kind)), "", ()


def _contact(name: str, phone: str) -> tuple[Body, str, tuple[IdentityEvidence, ...]]:
    try:
        number = read_phone(phone)
    except NotAPhone as error:
        return Unsupported(provider_kind="contact", reason=str(error)), "", ()
    text = f"留下联系方式：{' '.join(filter(None, (name, mask_phone(number))))}"
    change = ContactChange(change="contact_left", text=text, details={"name": name, "phone": number})
    return change, name, (phone_evidence(number, PHONE_REASON),)


def _visit(page: Json) -> ContactChange:
    details = {name: str(value) for name, value in page.items()} if isinstance(page, Mapping) else {}
    where = details.get("title") or details.get("url")
    return ContactChange(
        change="visit_started", text=f"从网页发起咨询：{where}" if where else "从网页发起咨询", details=details
    )


def _page(page: Page) -> Json:
    return {"url": page.url, "title": page.title, "referrer": page.referrer}


def _raw(visitor: str, client_id: str, at: datetime, **payload: Json) -> RawEvent:
    written = json_text({**payload, "at": at.isoformat()})
    return RawEvent(dedup_key=own_key(visitor, client_id), thread=visitor, payload=written)
