"""Pieces of settings that the WeCom connectors share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.wecom_platform.callbacks import CallbackKeys


def _callback_token(value: SecretStr) -> SecretStr:
    return _alphanumeric(value, least=1, most=32)


def _aes_key(value: SecretStr) -> SecretStr:
    return _alphanumeric(value, least=43, most=43)


def _alphanumeric(value: SecretStr, *, least: int, most: int) -> SecretStr:
    text = value.get_secret_value()
    if not (text.isascii() and text.isalnum() and least <= len(text) <= most):
        wanted = f"{most}" if least == most else f"{least} 到 {most}"
        raise ValueError(f"应为 {wanted} 个英文字母或数字，实际 {len(text)} 个字符")
    return value


class WecomSettings(BaseModel):
    """What every WeCom channel needs: whose it is, and how its callbacks are sealed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corp_id: str = Field(min_length=1, description="企业 ID，管理后台“我的企业 > 企业信息”底部，ww 开头。")
    callback_token: Annotated[SecretStr, AfterValidator(_callback_token)] = Field(
        description="接收消息服务器配置中的 Token，最多 32 位英文或数字。"
    )
    encoding_aes_key: Annotated[SecretStr, AfterValidator(_aes_key)] = Field(
        description="接收消息服务器配置中的 EncodingAESKey，43 位英文或数字。"
    )
    receive_id: str = Field(
        default="", description="回调的接收方 ID；留空即 corp_id，第三方应用的指令回调填 suite_id。"
    )

    @property
    def callback_keys(self) -> CallbackKeys:
        return CallbackKeys(
            token=self.callback_token.get_secret_value(),
            aes_key=self.encoding_aes_key.get_secret_value(),
            receive_id=self.receive_id or self.corp_id,
        )


class WecomApiSettings(WecomSettings):
    """What a channel needs besides, to call the server API."""

    secret: SecretStr = Field(min_length=1, description="自建应用的 Secret；该应用须列入对应模块的“可调用接口的应用”。")
    api_url: str = Field(
        default="https://qyapi.weixin.qq.com",
        pattern=r"^https?://",
        description="服务端 API 的地址；测试和演示时填模拟器的地址。",
    )
