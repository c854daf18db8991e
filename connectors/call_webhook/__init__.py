"""Calls pushed as JSON by any call platform, PBX or script that can sign a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.call_webhook import callback, normalise
from connectors.call_webhook.settings import CallWebhookSettings
from connectors.shared.settings import read_settings
from scrm.connector import Callback, CallbackRequest, ChannelEvent, Connector, ConnectorContext, Json, RawEvent


def create(channel: str, settings: Mapping[str, Json], context: ConnectorContext) -> Connector:
    """`BadSettings` when the table cannot work."""
    return CallWebhook(channel, read_settings(CallWebhookSettings, channel, settings), context)


class CallWebhook:
    """A `ReceivesCallbacks`: pushes arrive at `/callbacks/<channel>`."""

    label = "电话推送"

    def __init__(self, channel: str, settings: CallWebhookSettings, context: ConnectorContext) -> None:
        self.channel = channel
        self._settings = settings
        self._now = context.now

    def open_callback(self, request: CallbackRequest) -> Callback:
        return callback.open_callback(self._settings, request, self._now())

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        return normalise.normalise(self._settings, raw)
