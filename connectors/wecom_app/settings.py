"""The `[channels.<name>]` table of a channel of kind `wecom_app`."""

from __future__ import annotations

from connectors.wecom_platform.settings import WecomApiSettings


class WecomAppSettings(WecomApiSettings):
    """An app needs nothing beyond what all WeCom channels with API access need."""
