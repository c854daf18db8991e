"""The `[channels.<name>]` table of a channel of kind `wecom_kf`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from connectors.wecom_platform.settings import WecomApiSettings


class WecomKfSettings(WecomApiSettings):
    """Which customer service accounts to reconcile, and how often."""

    open_kfids: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        min_length=1, description="要对账拉取的客服账号 ID（wk 开头）；回调提到的其他账号也会拉取。"
    )
    pull_every_s: int = Field(
        default=180, ge=30, description="多久（秒）主动拉取一次，弥补丢失的回调；不带凭证的拉取受严格限频，不宜过短。"
    )
