"""The ids of KF: WeCom's message ids are unique per account, so the hub's carry the account."""

from __future__ import annotations

import hashlib

from connectors.wecom_platform.reading import Fields, text_at


def event_id(open_kfid: str, item: Fields, payload: str) -> str:
    """The event id of an item of `sync_msg`. One without msgid is known by its content."""
    return message_id(open_kfid, text_at(item, "msgid") or hashlib.sha256(payload.encode()).hexdigest())


def message_id(open_kfid: str, msgid: str) -> str:
    """The event id of the message that WeCom knows as `msgid`: sent, received, recalled or failed."""
    return f"{open_kfid}:{msgid}"


def thread_of(open_kfid: str, external_userid: str) -> str:
    """The conversation of a customer with an account; without a customer, the account's own."""
    return f"{open_kfid}:{external_userid}" if external_userid else open_kfid


def account_of(item: Fields) -> str:
    """The account of an item. Events carry it inside."""
    return text_at(item, "open_kfid") or text_at(item, "event", "open_kfid")


def sender_of(item: Fields) -> str:
    """The customer of an item, empty when it is about none."""
    return text_at(item, "external_userid") or text_at(item, "event", "external_userid")
