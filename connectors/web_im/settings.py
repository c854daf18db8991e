"""The `[channels.<name>]` table of a web chat."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _origin(text: str) -> str:
    if text == "*":
        return text
    parts = urlsplit(text.lower())
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError("应形如 https://www.example.com，不带路径；* 表示任何网站")
    return f"{parts.scheme}://{parts.netloc}"


Origin = Annotated[str, AfterValidator(_origin)]


class WebImSettings(BaseModel):
    """Who may show the widget, what it says, and how much a visitor may send."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="签发访客身份的密钥，至少 16 个字符。不填则由中台的密钥派生，重启不变；更换后老访客成为新访客。",
    )
    allowed_origins: tuple[Origin, ...] = Field(
        default=(),
        description="可以嵌入聊天窗口的网站，例如 https://www.example.com；本机地址总是可以，* 表示任何网站。",
    )
    title: str = Field(default="在线咨询", min_length=1, max_length=30, description="聊天窗口的标题。")
    title_en: str = Field(default="Chat with us", min_length=1, max_length=30, description="英文界面的标题。")
    greeting: str = Field(
        default="您好，请问有什么可以帮您？", max_length=300, description="打开窗口时看到的第一句话；留空则没有。"
    )
    greeting_en: str = Field(default="Hello, how can we help?", max_length=300, description="英文界面的第一句话。")
    colour: str = Field(default="#1f5f8b", pattern=r"^#[0-9a-fA-F]{6}$", description="主色，形如 #1f5f8b。")
    side: Literal["right", "left"] = Field(default="right", description="按钮在页面右下角（right）还是左下角（left）。")
    language: Literal["zh", "en"] = Field(default="zh", description="界面语言；网页可以用 data-lang 属性另选。")
    ask_contact: bool = Field(default=True, description="访客发言后，是否请他留下姓名和手机号。")
    messages_per_minute: int = Field(default=20, ge=1, le=600, description="每位访客每分钟最多发多少条消息。")
    demo: bool = Field(default=True, description="是否提供演示页 /channels/<频道>/demo。")
