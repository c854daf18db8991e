"""The `[channels.<name>]` table of a channel of kind `wecom_archive`."""

from __future__ import annotations

from pydantic import Field, SecretStr

from connectors.wecom_platform.settings import WecomSettings


class WecomArchiveSettings(WecomSettings):
    """Where the vendor's SDK listens, and the private keys of all versions there have ever been."""

    sdk_url: str = Field(
        pattern=r"^https?://",
        description="会话存档 SDK 旁车服务的地址，不含末尾的接口名；演示和测试时填模拟器的 /_sim/finance。",
    )
    private_keys: dict[int, SecretStr] = Field(
        min_length=1,
        description="消息加密私钥：版本号对应 PEM 文本或 PEM 文件的路径；旧版本的私钥要一直保留，否则旧消息无法解密。",
    )
    batch_size: int = Field(default=500, ge=1, le=1000, description="一次拉取的消息条数，接口上限 1000。")
    pull_every_s: int = Field(default=60, ge=5, description="多久（秒）主动拉取一次，弥补丢失的回调。")
