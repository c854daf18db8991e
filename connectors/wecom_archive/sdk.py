"""The vendor's SDK as the connector sees it: a protocol, and the adapter for a sidecar process that speaks HTTP.

The native library blocks and may crash, so it never runs inside the hub. Functions and codes:
https://developer.work.weixin.qq.com/document/path/91774
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from connectors.wecom_platform.errors import code_of
from connectors.wecom_platform.reading import Fields, fields_at, list_at, read_object, text_at
from scrm.connector import ChannelMisconfigured, ChannelUnavailable, HttpClient, Json

_TRANSIENT = frozenset({10001, 10002, 10003})
_MEANINGS: Mapping[int, str] = {
    10000: "参数错误或 SDK 未初始化，请核对旁车服务的 corp_id 与存档 secret",
    10004: "密钥解密失败",
    10005: "文件 ID 无效",
    10006: "消息解密失败",
    10007: "找不到消息加密版本对应的私钥",
    10008: "无法解析加密密钥",
    10009: "IP 不在会话存档的可信 IP 列表中，请在管理后台添加旁车服务的出口 IP",
    10010: "数据已过期，会话存档只保留 5 天",
    10011: "证书错误",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPiece:
    """A piece of a file, at most 512 KiB. `next_index` asks for the next one, None after the last."""

    content: bytes
    next_index: str | None


class FinanceSdk(Protocol):
    """What the connector needs of the SDK. All raise `ChannelUnavailable` or `SdkRefusal`."""

    async def get_chat_data(self, seq: int, limit: int) -> Sequence[Fields]:
        """Encrypted records after `seq`, oldest first."""
        ...

    async def decrypt_data(self, encrypt_key: str, encrypt_msg: str) -> str:
        """The JSON text of a message."""
        ...

    async def get_media(self, sdkfileid: str, index: str = "") -> MediaPiece:
        """A piece of a file, the first one for an empty index."""
        ...


class SdkRefusal(ChannelMisconfigured):
    """The SDK answered with a code that trying again does not change."""

    def __init__(self, code: int, call: str) -> None:
        super().__init__(f"会话存档 SDK {call} 失败：{_MEANINGS.get(code, '未知错误')}（错误码 {code}）")
        self.code = code


class SidecarSdk:
    """The SDK behind HTTP: `POST <url>/<function>` with JSON, `errcode` in every answer."""

    def __init__(self, http: HttpClient, url: str) -> None:
        self._http = http
        self._url = url.rstrip("/")

    async def get_chat_data(self, seq: int, limit: int) -> Sequence[Fields]:
        answer = await self._call("get_chat_data", {"seq": seq, "limit": limit})
        return [fields_at(record) for record in list_at(answer, "chatdata")]

    async def decrypt_data(self, encrypt_key: str, encrypt_msg: str) -> str:
        return text_at(
            await self._call("decrypt_data", {"encrypt_key": encrypt_key, "encrypt_msg": encrypt_msg}), "message"
        )

    async def get_media(self, sdkfileid: str, index: str = "") -> MediaPiece:
        answer = await self._call("get_media", {"sdkfileid": sdkfileid, "indexbuf": index})
        finished = text_at(answer, "is_finish") == "1"
        try:
            content = base64.b64decode(text_at(answer, "data"), validate=True)
        except ValueError as error:
            raise ChannelUnavailable("会话存档 SDK 旁车服务返回的文件内容不是 base64，稍后重试") from error
        return MediaPiece(content=content, next_index=None if finished else text_at(answer, "outindexbuf"))

    async def _call(self, function: str, arguments: Json) -> Fields:
        # GetChatData of a thousand records takes the vendor several seconds.
        response = await self._http.request("POST", f"{self._url}/{function}", json=arguments, timeout_s=30.0)
        if response.status != 200:
            raise ChannelUnavailable(f"会话存档 SDK 旁车服务返回 HTTP {response.status}，请检查旁车服务是否正常")
        try:
            answer = read_object(response.body)
        except ValueError as error:
            raise ChannelUnavailable("会话存档 SDK 旁车服务的返回不是 JSON，请检查 sdk_url") from error
        _raise_for_code(code_of(answer), function)
        return answer


def _raise_for_code(code: int, function: str) -> None:
    if code in _TRANSIENT:
        raise ChannelUnavailable(f"会话存档 SDK {function} 暂时失败（错误码 {code}）", retry_after=timedelta(seconds=5))
    if code:
        raise SdkRefusal(code, function)
