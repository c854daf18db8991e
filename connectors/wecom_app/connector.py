"""The channel of a WeCom app: callbacks in, details of the contacts they name fetched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from connectors.wecom_app.client import ContactClient
from connectors.wecom_app.normalise import normalise, subject_of
from connectors.wecom_app.settings import WecomAppSettings
from connectors.wecom_platform.api import WecomApi
from connectors.wecom_platform.callbacks import Notice, acknowledged, open_callback
from connectors.wecom_platform.contacts import observation
from connectors.wecom_platform.reading import Fields, text_at
from scrm.connector import (
    BadInput,
    Callback,
    CallbackRequest,
    ChannelEvent,
    ConnectorContext,
    Page,
    PullNotice,
    RawEvent,
)

_CONTACT = "contact:"
# After these the details of a contact may have changed; the callback does not carry them.
_FETCH_AFTER = frozenset({"add_external_contact", "add_half_external_contact", "edit_external_contact"})


class WecomApp:
    """Receives callbacks and pulls the contacts they name."""

    label = "企业微信应用"
    sources: Sequence[str] = ()
    pull_every = timedelta(days=1)

    def __init__(self, channel: str, settings: WecomAppSettings, context: ConnectorContext) -> None:
        self.channel = channel
        self._corp_id = settings.corp_id
        self._keys = settings.callback_keys
        self._now = context.now
        secret = settings.secret.get_secret_value()
        self._contacts = ContactClient(WecomApi(context, url=settings.api_url, corp_id=settings.corp_id, secret=secret))

    def open_callback(self, request: CallbackRequest) -> Callback:
        return open_callback(self._keys, request, _read)

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        return normalise(self._corp_id, raw)

    async def pull(self, source: str, cursor: str | None, token: str) -> AsyncIterator[Page]:  # noqa: ARG002 - the SDK's signature
        """One page with a contact's details, when they differ from those at `cursor`, which is their hash."""
        kind, _, external_userid = source.partition(":")
        if f"{kind}:" != _CONTACT or not external_userid:
            raise BadInput(f"频道 {self.channel} 没有名为 {source!r} 的数据来源")
        details = await self._contacts.details(external_userid)
        content = hashlib.sha256(json.dumps(details, sort_keys=True).encode()).hexdigest()
        if details and content != cursor:
            events = tuple(self._raw_event(external_userid, content, part, each) for part, each in enumerate(details))
            yield Page(events=events, cursor=content)

    def _raw_event(self, external_userid: str, content: str, part: int, detail: Fields) -> RawEvent:
        seen_at = self._now()
        return RawEvent(
            # With the time: details that change and change back are three happenings, not two.
            dedup_key=f"{_CONTACT}{external_userid}:{content}:{part}:{seen_at.isoformat()}",
            thread=external_userid,
            payload=observation(detail, seen_at),
        )


def _read(notice: Notice) -> Callback:
    raw = notice.as_raw_event(subject_of(notice.fields))
    external_userid = text_at(notice.fields, "ExternalUserID")
    fetch = external_userid and text_at(notice.fields, "ChangeType") in _FETCH_AFTER
    notices = (PullNotice(source=_CONTACT + external_userid),) if fetch else ()
    return acknowledged(raw, notices=notices)
