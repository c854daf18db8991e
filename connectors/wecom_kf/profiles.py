"""Learning the names of customers: KF messages carry none, so they are asked for when a customer turns up."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from connectors.wecom_kf.client import KfClient
from connectors.wecom_kf.ids import sender_of, thread_of
from connectors.wecom_platform.contacts import observation
from connectors.wecom_platform.reading import Fields, fields_at, text_at
from scrm.connector import ChannelMisconfigured, ChannelUnavailable, RawEvent

_log = logging.getLogger(__name__)
_ASK_AGAIN_AFTER = timedelta(hours=24)
_MOST_REMEMBERED = 20_000
# What identifies a profile: the address of the avatar changes without anybody changing anything.
_TELLING = ("external_userid", "nickname", "gender", "unionid")


class ProfileReader:
    """Asks for a customer once a day, when they act."""

    def __init__(self, client: KfClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._asked: dict[str, datetime] = {}

    async def of_customers_in(self, open_kfid: str, items: Sequence[Fields]) -> Sequence[RawEvent]:
        """The profiles of the customers who acted in these items. None when WeCom does not tell: names can wait."""
        wanted = [each for each in dict.fromkeys(map(sender_of, filter(_by_customer, items))) if self._is_due(each)]
        if not wanted:
            return ()
        try:
            profiles = await self._client.customers(wanted)
        except (ChannelUnavailable, ChannelMisconfigured) as error:
            _log.warning("customers' names are not known yet: %s", error)
            return ()
        self._remember(wanted)
        known = (fields_at(profile) for profile in profiles if text_at(profile, "external_userid"))
        return [_raw_event(open_kfid, profile, self._now()) for profile in known]

    def _is_due(self, external_userid: str) -> bool:
        asked = self._asked.get(external_userid)
        return bool(external_userid) and (asked is None or self._now() - asked >= _ASK_AGAIN_AFTER)

    def _remember(self, external_userids: Sequence[str]) -> None:
        if len(self._asked) + len(external_userids) > _MOST_REMEMBERED:
            self._asked.clear()
        self._asked.update(dict.fromkeys(external_userids, self._now()))


def _by_customer(item: Fields) -> bool:
    return text_at(item, "origin") == "3" or text_at(item, "event", "event_type") == "enter_session"


def _raw_event(open_kfid: str, profile: Fields, seen_at: datetime) -> RawEvent:
    external_userid = text_at(profile, "external_userid")
    content = "\n".join(text_at(profile, name) for name in _TELLING)
    return RawEvent(
        dedup_key=f"profile:{external_userid}:{hashlib.sha256(content.encode()).hexdigest()}",
        thread=thread_of(open_kfid, external_userid),
        payload=observation(profile, seen_at),
    )
