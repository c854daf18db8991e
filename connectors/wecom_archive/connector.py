"""The channel of the conversation archive: notices in, encrypted records pulled, opened, and read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from connectors.wecom_archive.keys import ArchiveKeys
from connectors.wecom_archive.normalise import normalise
from connectors.wecom_archive.opening import Opener
from connectors.wecom_archive.sdk import FinanceSdk, SidecarSdk
from connectors.wecom_archive.settings import WecomArchiveSettings
from connectors.wecom_platform.callbacks import Notice, acknowledged, open_callback
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

_SOURCE = "chat"


class WecomArchive:
    """Receives notices, pulls records and opens them. What reps answer, they answer in the WeCom client."""

    label = "企业微信会话存档"
    sources: Sequence[str] = (_SOURCE,)
    handover_hint = "企业微信不允许代替成员发消息：请在企业微信侧边栏或会话中粘贴这条回复，由您本人点击发送。"

    def __init__(self, channel: str, settings: WecomArchiveSettings, context: ConnectorContext) -> None:
        self.channel = channel
        self.pull_every = timedelta(seconds=settings.pull_every_s)
        self._corp_id = settings.corp_id
        self._keys = settings.callback_keys
        self._batch_size = settings.batch_size
        self._sdk: FinanceSdk = SidecarSdk(context.http, settings.sdk_url)
        self._opener = Opener(ArchiveKeys.read(channel, settings.private_keys), self._sdk)

    def open_callback(self, request: CallbackRequest) -> Callback:
        return open_callback(self._keys, request, _read)

    async def pull(self, source: str, cursor: str | None, token: str) -> AsyncIterator[Page]:  # noqa: ARG002 - the SDK's signature
        """Pages of encrypted records. The cursor is the last record's number in the archive; gaps in it are normal."""
        if source != _SOURCE:
            raise BadInput(f"频道 {self.channel} 没有名为 {source!r} 的数据来源")
        seq = int(cursor or 0)
        while records := await self._sdk.get_chat_data(seq, self._batch_size):
            reached = max(seq, *(_seq(record) for record in records))
            yield Page(events=tuple(map(_raw_event, records)), cursor=str(reached))
            if reached == seq:
                return
            seq = reached

    async def open_events(self, events: Sequence[RawEvent]) -> Sequence[RawEvent | Exception]:
        return await self._opener.open_events(events)

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        return normalise(self._corp_id, raw)


def _read(notice: Notice) -> Callback:
    if notice.kind == "msgaudit_notify":
        return acknowledged(notices=(PullNotice(source=_SOURCE),))
    return acknowledged(notice.as_raw_event(text_at(notice.fields, "FromUserName")))


def _raw_event(record: Fields) -> RawEvent:
    # Whose conversation it is stands inside the encrypted part. One lane for all keeps the archive's order.
    return RawEvent(
        dedup_key=text_at(record, "msgid") or f"seq:{_seq(record)}",
        thread=_SOURCE,
        payload=json.dumps(record, ensure_ascii=False),
    )


def _seq(record: Fields) -> int:
    written = text_at(record, "seq")
    return int(written) if written.isdecimal() else 0
