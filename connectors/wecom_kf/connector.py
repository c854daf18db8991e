"""The channel of WeChat customer service: notices in, messages pulled, replies sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from connectors.wecom_kf.client import KfClient
from connectors.wecom_kf.normalise import normalise
from connectors.wecom_kf.profiles import ProfileReader
from connectors.wecom_kf.pull import pages
from connectors.wecom_kf.send import send
from connectors.wecom_kf.settings import WecomKfSettings
from connectors.wecom_platform.api import WecomApi
from connectors.wecom_platform.callbacks import Notice, acknowledged, open_callback
from connectors.wecom_platform.reading import text_at
from scrm.connector import (
    Callback,
    CallbackRequest,
    ChannelEvent,
    ConnectorContext,
    OutboundMessage,
    Page,
    PullNotice,
    RawEvent,
    Receipt,
    ReplyWindow,
)


class WecomKf:
    """Receives notices, pulls messages and sends replies for the KF accounts one app may call."""

    label = "微信客服"
    # https://developer.work.weixin.qq.com/document/path/94677
    reply_window = ReplyWindow(open_for=timedelta(hours=48), messages=5)
    sends_once = True

    def __init__(self, channel: str, settings: WecomKfSettings, context: ConnectorContext) -> None:
        self.channel = channel
        self.sources: Sequence[str] = settings.open_kfids
        self.pull_every = timedelta(seconds=settings.pull_every_s)
        self._corp_id = settings.corp_id
        self._keys = settings.callback_keys
        secret = settings.secret.get_secret_value()
        self._client = KfClient(WecomApi(context, url=settings.api_url, corp_id=settings.corp_id, secret=secret))
        self._profiles = ProfileReader(self._client, context.now)

    def open_callback(self, request: CallbackRequest) -> Callback:
        return open_callback(self._keys, request, _read)

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        return normalise(self._corp_id, raw)

    def pull(self, source: str, cursor: str | None, token: str) -> AsyncIterator[Page]:
        return pages(self._client, self._profiles, source, cursor or "", token)

    async def send(self, message: OutboundMessage) -> Receipt:
        """The receipt's id is the event id that a later recall or failure of this message would name."""
        return await send(self._client, self._corp_id, message)


def _read(notice: Notice) -> Callback:
    if notice.kind != "kf_msg_or_event":
        return acknowledged(notice.as_raw_event(text_at(notice.fields, "OpenKfId")))
    source, token = text_at(notice.fields, "OpenKfId"), text_at(notice.fields, "Token")
    return acknowledged(notices=(PullNotice(source=source, token=token),) if source else ())
