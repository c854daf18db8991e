"""Pulling a KF account's messages page by page, with the profiles of the customers who turn up in them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from connectors.wecom_kf.client import KfClient
from connectors.wecom_kf.ids import account_of, event_id, sender_of, thread_of
from connectors.wecom_kf.profiles import ProfileReader
from connectors.wecom_platform.reading import Fields, fields_at, list_at, text_at
from scrm.connector import Page, RawEvent


async def pages(
    client: KfClient, profiles: ProfileReader, open_kfid: str, cursor: str, token: str
) -> AsyncIterator[Page]:
    """Pages from `cursor` until WeCom says that there is no more: a page without messages is not the last one."""
    while True:
        answer = await client.sync(open_kfid, cursor, token)
        items = [fields_at(item) for item in list_at(answer, "msg_list")]
        after = text_at(answer, "next_cursor") or cursor
        events = [_raw_event(open_kfid, item) for item in items]
        yield Page(events=(*events, *await profiles.of_customers_in(open_kfid, items)), cursor=after)
        more = text_at(answer, "has_more") == "1"
        # A cursor that stands still would be asked for ever.
        if not more or (after == cursor and not items):
            return
        cursor = after


def _raw_event(open_kfid: str, item: Fields) -> RawEvent:
    account = account_of(item) or open_kfid
    payload = json.dumps(item, ensure_ascii=False)
    return RawEvent(
        dedup_key=event_id(account, item, payload), thread=thread_of(account, sender_of(item)), payload=payload
    )
