"""What WeCom's error codes mean for us: wait, renew the token, ask the administrator, or give up.

Codes: https://developer.work.weixin.qq.com/document/path/90313
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from connectors.wecom_platform.reading import Fields, text_at
from scrm.connector import ChannelMisconfigured, ChannelUnavailable

TOKEN_CODES = frozenset({40014, 42001, 40001, 41001})
"""The token of a call is not valid (any more)."""

CREDENTIAL_CODES = frozenset({40013, 40001, 40091, 41002, 41004})
"""Answers to a request for a token: the corp id or the secret is wrong."""

GONE_CODES = frozenset({84061, 84084, 40096})
"""There is no such customer, or no member in the app's scope follows them."""

# 45009 blocks for the window that was exceeded, a minute or an hour; 45033 is too many calls at the same time.
_WAITS: Mapping[int, timedelta] = {
    45009: timedelta(minutes=1),
    45011: timedelta(minutes=1),
    45033: timedelta(seconds=5),
    -1: timedelta(seconds=5),
    6000: timedelta(seconds=5),
    # After a fresh token was refused as well: something else is wrong, and asking on costs the IP its access.
    **dict.fromkeys(TOKEN_CODES, timedelta(minutes=5)),
}

_ADMINISTRATOR: Mapping[int, str] = {
    40001: "secret 不正确或应用已停用，请在管理后台核对应用的 secret",
    40013: "corp_id 不正确，请在管理后台“我的企业”核对企业 ID",
    40091: "secret 不属于这个企业，请核对 corp_id 与 secret 是否来自同一企业",
    41002: "缺少 corp_id",
    41004: "缺少 secret",
    48002: "应用没有调用该接口的权限，请在对应模块（客户联系、微信客服）的“可调用接口的应用”中添加本应用",
    48004: "接口调用权限已被收回，请联系企业微信",
    50003: "应用已停用，请在管理后台启用",
    60011: "对象不在应用的可见范围内，请在管理后台扩大可见范围",
    60020: "服务器出口 IP 不在“企业可信IP”列表中，请在应用详情页添加",
    95011: "微信客服处于“企业微信中使用”模式，请改用企业微信自建应用的 secret",
    95012: "微信客服处于独立使用模式，请在企业微信中开启微信客服",
    95017: "微信客服的 API 开关未开启，请在管理后台“微信客服 > API”中开启",
    95023: "微信客服的 API 已授权给其他应用，请在管理后台“微信客服 > API”中切换",
    301002: "应用无权操作该应用的数据，请核对 secret 属于哪个应用",
}


class ApiRefusal(ChannelMisconfigured):
    """An answer that neither waiting nor a new token changes.

    A caller that knows what `code` means for it says so; otherwise it reaches the administrator as it is.
    """

    def __init__(self, code: int, message: str, path: str) -> None:
        meaning = _ADMINISTRATOR.get(code, "企业微信拒绝了请求，请按错误码查询原因")
        super().__init__(f"{meaning}（错误码 {code}，接口 {path}：{message[:200]}）")
        self.code = code
        self.message = message
        self.path = path

    @property
    def needs_administrator(self) -> bool:
        """Whether a setting is wrong, rather than this one request."""
        return self.code in _ADMINISTRATOR


def code_of(answer: Fields) -> int:
    """The error code of an answer. A few successful ones have none."""
    written = text_at(answer, "errcode") or "0"
    try:
        return int(written)
    except ValueError as error:
        raise ChannelUnavailable(f"企业微信返回了无法识别的错误码 {written[:40]!r}") from error


def raise_for_code(answer: Fields, path: str) -> None:
    """Return when the answer is a success; raise `ChannelUnavailable` or `ApiRefusal` otherwise."""
    code, message = code_of(answer), text_at(answer, "errmsg")
    if code in _WAITS:
        raise ChannelUnavailable(
            f"企业微信暂时无法处理（错误码 {code}，接口 {path}：{message[:200]}）", retry_after=_WAITS[code]
        )
    if code:
        raise ApiRefusal(code, message, path)
