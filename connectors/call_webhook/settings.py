"""The `[channels.<name>]` table of a call webhook."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.shared.settings import TimeZone


class CallWebhookSettings(BaseModel):
    """Who may push calls, and how to read what they leave open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretStr = Field(min_length=16, description="与推送方约定的签名密钥，至少 16 个字符。")
    previous_secret: SecretStr | None = Field(
        default=None, min_length=16, description="更换密钥期间仍然接受的旧密钥，推送方换好后删除。"
    )
    tolerance_s: int = Field(
        default=300, ge=10, le=86_400, description="X-Timestamp 与本机时间最多相差多少秒，超出即拒绝（防重放）。"
    )
    time_zone: TimeZone = Field(default="Asia/Shanghai", description="推送的时间没有写时区时，按哪个时区理解。")
    area_code: str = Field(
        default="", pattern=r"^(0\d{2,3})?$", description="本地固话没有区号时补上的区号，例如 010；留空则不补。"
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys a signature may be made with, the current one first."""
        return tuple(key.get_secret_value().encode() for key in (self.secret, self.previous_secret) if key)
