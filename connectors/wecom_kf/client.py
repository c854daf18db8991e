"""The KF part of WeCom's API.

API: https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.wecom_platform.api import WecomApi
from connectors.wecom_platform.errors import ApiRefusal
from connectors.wecom_platform.reading import Fields, filled, list_at, text_at
from scrm.connector import Json

# Refusals that are cured by leaving a field out.
_REMEDIES = {95007: "token", 40058: "cursor"}
_MOST_MESSAGES = 1000
_MOST_CUSTOMERS = 100


class KfClient:
    """Pulling messages and customers, sending messages."""

    def __init__(self, api: WecomApi) -> None:
        self._api = api

    async def sync(self, open_kfid: str, cursor: str, token: str) -> Fields:
        """The messages after `cursor`, or the oldest there are when WeCom does not know the cursor (any more).

        A token that is too old is left out: then WeCom limits the rate.
        """
        body: dict[str, Json] = {"open_kfid": open_kfid, "limit": _MOST_MESSAGES, "voice_format": 0}
        body |= filled(cursor=cursor, token=token)
        while True:
            try:
                return await self._api.post("/cgi-bin/kf/sync_msg", body)
            except ApiRefusal as refusal:
                # What was taken before comes again from the oldest on, and is known by its key.
                if body.pop(_REMEDIES.get(refusal.code, ""), None) is None:
                    raise

    async def customers(self, external_userids: Sequence[str]) -> Sequence[Json]:
        """What the API tells of these customers; those it does not know are left out."""
        found: list[Json] = []
        for start in range(0, len(external_userids), _MOST_CUSTOMERS):
            body: Mapping[str, Json] = {
                "external_userid_list": list(external_userids[start : start + _MOST_CUSTOMERS]),
                "need_enter_session_context": 0,
            }
            found.extend(list_at(await self._api.post("/cgi-bin/kf/customer/batchget", body), "customer_list"))
        return found

    async def send_text(self, open_kfid: str, external_userid: str, text: str, msgid: str) -> str:
        """The message's id at WeCom, which is `msgid`."""
        answer = await self._api.post(
            "/cgi-bin/kf/send_msg",
            {
                "touser": external_userid,
                "open_kfid": open_kfid,
                "msgid": msgid,
                "msgtype": "text",
                "text": {"content": text},
            },
        )
        return text_at(answer, "msgid") or msgid
