"""Fetching the details of an external contact.

API: https://developer.work.weixin.qq.com/document/path/92114
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.wecom_platform.api import WecomApi
from connectors.wecom_platform.errors import GONE_CODES, ApiRefusal
from connectors.wecom_platform.reading import Fields, text_at

# Each page tells of 500 followers; a contact with more than this many pages is a loop.
_MOST_PAGES = 40


class ContactClient:
    """The external-contact part of the API."""

    def __init__(self, api: WecomApi) -> None:
        self._api = api

    async def details(self, external_userid: str) -> Sequence[Fields]:
        """What the API tells of a contact, page by page of its followers. Empty when nobody follows it any more."""
        pages: list[Fields] = []
        cursor = ""
        while len(pages) < _MOST_PAGES:
            try:
                pages.append(await self._page(external_userid, cursor))
            except ApiRefusal as refusal:
                if refusal.code in GONE_CODES:
                    return ()
                raise
            cursor = text_at(pages[-1], "next_cursor")
            if not cursor:
                break
        return pages

    async def _page(self, external_userid: str, cursor: str) -> Fields:
        params = {"external_userid": external_userid} | ({"cursor": cursor} if cursor else {})
        return await self._api.get("/cgi-bin/externalcontact/get", params)
