"""The conversation archive (会话内容存档): what reps and customers write in the WeCom client."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.shared.settings import read_settings
from connectors.wecom_archive.connector import WecomArchive
from connectors.wecom_archive.settings import WecomArchiveSettings
from scrm.connector import Connector, ConnectorContext, Json

__all__ = ["create"]


def create(channel: str, settings: Mapping[str, Json], context: ConnectorContext) -> Connector:
    """A channel for one corp's archive. `BadSettings` names what is wrong in `settings`, also a key that is none."""
    return WecomArchive(channel, read_settings(WecomArchiveSettings, channel, settings), context)
