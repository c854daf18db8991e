"""The hub's own web chat: a widget for any site, talking to the hub over a WebSocket."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from aiohttp import web

from connectors.shared.settings import read_settings
from connectors.web_im import pages
from connectors.web_im.conversation import Desk
from connectors.web_im.limits import Allowance
from connectors.web_im.normalise import normalise
from connectors.web_im.settings import WebImSettings
from connectors.web_im.visitors import Visitors
from scrm.connector import (
    ChannelEvent,
    Connector,
    ConnectorContext,
    Direction,
    Json,
    OutboundMessage,
    RawEvent,
    Receipt,
    ReplyWindow,
    ThreadSignal,
)


def create(channel: str, settings: Mapping[str, Json], context: ConnectorContext) -> Connector:
    """`BadSettings` when the table cannot work."""
    return WebIm(channel, read_settings(WebImSettings, channel, settings), context)


class WebIm:
    """`ServesPages` and `Sends`. A reply is delivered by the history that the visitor's socket reads."""

    label = "网页聊天"
    reply_window = ReplyWindow()
    sends_once = True

    def __init__(self, channel: str, settings: WebImSettings, context: ConnectorContext) -> None:
        self.channel = channel
        self._settings = settings
        self._history = context.history
        key = (
            settings.secret.get_secret_value() if settings.secret else context.secret or secrets.token_hex(32)
        ).encode()
        self._desk = Desk(
            context=context,
            visitors=Visitors(channel, key),
            allowance=Allowance(settings.messages_per_minute, context.now),
        )

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        return normalise(self.channel, raw)

    async def send(self, message: OutboundMessage) -> Receipt:
        await self._history.signal(message.thread, ThreadSignal(what="changed", direction=Direction.OUTBOUND))
        return Receipt(provider_id=message.id)

    def application(self) -> web.Application:
        return pages.application(self._settings, self._desk)
