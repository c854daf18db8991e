"""WeChat customer service (微信客服): customers write from WeChat, servicers and the hub answer."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.shared.settings import read_settings
from connectors.wecom_kf.connector import WecomKf
from connectors.wecom_kf.settings import WecomKfSettings
from scrm.connector import Connector, ConnectorContext, Json

__all__ = ["create"]


def create(channel: str, settings: Mapping[str, Json], context: ConnectorContext) -> Connector:
    """A channel for the KF accounts one app may call. `BadSettings` names what is wrong in `settings`."""
    return WecomKf(channel, read_settings(WecomKfSettings, channel, settings), context)
