"""Sending a reply through KF, and saying in Chinese why one did not go.

API: https://developer.work.weixin.qq.com/document/path/94677
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.wecom_kf.client import KfClient
from connectors.wecom_kf.ids import message_id
from connectors.wecom_platform.contacts import customer_identity
from connectors.wecom_platform.errors import ApiRefusal
from scrm.connector import OutboundMessage, Receipt, SendRejected

MOST_BYTES = 2048
"""The longest text WeCom takes, in bytes of UTF-8."""

_REASONS: Mapping[int, str] = {
    95000: "客服账号 ID 不正确，请检查该会话所属的客服账号",
    95001: "客户最近一条消息之后已回复 5 条，需等客户再次发来消息才能继续回复",
    95002: "距客户最近一条消息已超过 48 小时，需等客户再次发来消息才能回复",
    95003: "企业未认证，可接待的客户数已达上限，请先认证企业",
    95004: "客服账号不存在或已被删除",
    95013: "会话已经结束，需等客户再次发来消息才能回复",
    95018: "会话当前的状态不允许通过接口发送：可能由人工接待或在排队，请接待人员在企业微信中回复",
    40096: "客户 ID 不正确，或客户已不可联系",
    84061: "客户不存在，或与企业已无联系",
    40003: "客户 ID 不正确",
    40058: "消息内容不符合接口要求",
    45002: "消息太长",
    40201: "消息含有敏感内容，被企业微信拦截",
}


async def send(client: KfClient, corp_id: str, message: OutboundMessage) -> Receipt:
    """Send a text. `SendRejected` tells the rep why it never goes; other errors are those of the API."""
    open_kfid = _checked_account(corp_id, message)
    _check_text(message.text)
    try:
        msgid = await client.send_text(open_kfid, message.customer.value, message.text, message.id)
    except ApiRefusal as refusal:
        if refusal.needs_administrator:
            raise
        raise SendRejected(_reason(refusal), code=str(refusal.code)) from refusal
    return Receipt(provider_id=message_id(open_kfid, msgid))


def _checked_account(corp_id: str, message: OutboundMessage) -> str:
    open_kfid, _, _ = message.thread.partition(":")
    if message.customer != customer_identity(corp_id, message.customer.value):
        raise SendRejected("该客户不是本企业微信的客户，无法通过微信客服回复")
    if not open_kfid or not message.thread.endswith(f":{message.customer.value}"):
        raise SendRejected("找不到与该客户的微信客服会话，需等客户先发来消息")
    return open_kfid


def _check_text(text: str) -> None:
    size = len(text.encode())
    if not text.strip():
        raise SendRejected("消息没有内容")
    if size > MOST_BYTES:
        raise SendRejected(
            f"消息太长：{size} 字节，微信客服每条最多 {MOST_BYTES} 字节（约 {MOST_BYTES // 3} 个汉字），请分成几条发送"
        )


def _reason(refusal: ApiRefusal) -> str:
    told = _REASONS.get(refusal.code, f"微信客服拒绝了这条消息：{refusal.message[:200]}")
    return f"{told}（错误码 {refusal.code}）"
