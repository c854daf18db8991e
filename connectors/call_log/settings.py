"""The `[channels.<name>]` table of a call log."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from connectors.shared.settings import TimeZone


class CallLogSettings(BaseModel):
    """How to read what a file leaves open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: TimeZone = Field(default="Asia/Shanghai", description="文件中的时间没有写时区时，按哪个时区理解。")
    area_code: str = Field(
        default="", pattern=r"^(0\d{2,3})?$", description="本地固话没有区号时补上的区号，例如 010；留空则不补。"
    )
    dial_prefixes: tuple[str, ...] = Field(default=(), description="拨外线时加拨的数字，例如 9；读号码时去掉。")
    default_direction: Literal["inbound", "outbound"] = Field(
        default="outbound", description="文件没有“方向”一列时，通话算呼入（inbound）还是呼出（outbound）。"
    )
    extension_pattern: str = Field(
        default=r"\d{2,6}", description="Asterisk 分机号的样子（正则表达式），用来分清坐席与中继。"
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
