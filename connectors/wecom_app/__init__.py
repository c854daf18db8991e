"""A WeCom app of the corp's own: messages from members, changes of external contacts, and the contacts' details."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.shared.settings import read_settings
from connectors.wecom_app.connector import WecomApp
from connectors.wecom_app.settings import WecomAppSettings
from scrm.connector import Connector, ConnectorContext, Json

__all__ = ["create"]


def create(channel: str, settings: Mapping[str, Json], context: ConnectorContext) -> Connector:
    """A channel for one app. `BadSettings` names what is wrong in `settings`."""
    return WecomApp(channel, read_settings(WecomAppSettings, channel, settings), context)
