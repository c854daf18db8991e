"""Reading the events of KF: sessions, recalls, failures, servicers. Pure.

Events: https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from connectors.wecom_kf.ids import message_id
from connectors.wecom_platform.reading import Fields, filled, text_at
from scrm.connector import ContactChange, DeliveryFailure, Direction, Recall, Speaker, Unsupported
from scrm.core.timeline import Body

Happening: TypeAlias = tuple[Body, Direction, Speaker, str]
"""What happened, in which direction, who did it, and who of the company."""


def happening(open_kfid: str, event: Fields) -> Happening:
    """What an event tells. A kind that is not known here is `Unsupported`."""
    kind = text_at(event, "event_type")
    read = _KINDS.get(kind)
    if read is None:
        return _notice(Unsupported(provider_kind=f"event/{kind}"))
    return read(open_kfid, event)


def _enter_session(_open_kfid: str, event: Fields) -> Happening:
    scene = text_at(event, "scene")
    details = filled(
        scene=scene,
        scene_param=text_at(event, "scene_param"),
        wechat_channels=event.get("wechat_channels"),
    )
    text = f"客户进入客服会话（场景 {scene}）" if scene else "客户进入客服会话"
    return _notice(ContactChange(change="session_entered", text=text, details=details))


def _send_fail(open_kfid: str, event: Fields) -> Happening:
    msgid, kind = text_at(event, "fail_msgid"), text_at(event, "fail_type")
    if not msgid:
        return _notice(Unsupported(provider_kind="event/msg_send_fail", reason="没有说明是哪条消息"))
    reason = _FAILURES.get(kind, f"未知原因（fail_type={kind}）")
    return _notice(DeliveryFailure(target=message_id(open_kfid, msgid), reason=reason))


def _user_recall(open_kfid: str, event: Fields) -> Happening:
    return _recall(open_kfid, event), Direction.INBOUND, Speaker.CUSTOMER, ""


def _servicer_recall(open_kfid: str, event: Fields) -> Happening:
    return _recall(open_kfid, event), Direction.OUTBOUND, Speaker.AGENT, text_at(event, "servicer_userid")


def _recall(open_kfid: str, event: Fields) -> Body:
    msgid = text_at(event, "recall_msgid")
    if not msgid:
        return Unsupported(provider_kind=f"event/{text_at(event, 'event_type')}", reason="没有说明是哪条消息")
    return Recall(target=message_id(open_kfid, msgid))


def _session_status(_open_kfid: str, event: Fields) -> Happening:
    kind = text_at(event, "change_type")
    old, new = text_at(event, "old_servicer_userid"), text_at(event, "new_servicer_userid")
    text = _SESSION_CHANGES.get(kind, "会话状态变更").format(old=old, new=new)
    details = filled(change_type=kind, old_servicer_userid=old, new_servicer_userid=new)
    return _notice(ContactChange(change="session_changed", text=text, details=details), actor=new or old)


def _servicer_status(_open_kfid: str, event: Fields) -> Happening:
    servicer, status = text_at(event, "servicer_userid"), text_at(event, "status")
    stopped = "暂时挂起" if text_at(event, "stop_type") == "1" else "停止接待"
    text = f"接待人员 {servicer} {'开始接待' if status == '1' else stopped}"
    details = filled(status=status, stop_type=text_at(event, "stop_type"))
    return _notice(ContactChange(change="servicer_status_changed", text=text, details=details), actor=servicer)


def _reject_switch(_open_kfid: str, event: Fields) -> Happening:
    servicer, rejected = text_at(event, "servicer_userid"), text_at(event, "reject_switch") == "1"
    text = f"接待人员 {servicer} {'拒收' if rejected else '恢复接收'}该客户的消息"
    change = ContactChange(change="messages_rejected" if rejected else "messages_accepted", text=text)
    return _notice(change, actor=servicer)


def _notice(body: Body, *, actor: str = "") -> Happening:
    return body, Direction.INTERNAL, Speaker.SYSTEM, actor


_KINDS: Mapping[str, Callable[[str, Fields], Happening]] = {
    "enter_session": _enter_session,
    "msg_send_fail": _send_fail,
    "user_recall_msg": _user_recall,
    "servicer_recall_msg": _servicer_recall,
    "session_status_change": _session_status,
    "servicer_status_change": _servicer_status,
    "reject_customer_msg_switch_change": _reject_switch,
}

_SESSION_CHANGES: Mapping[str, str] = {
    "1": "接待人员 {new} 从接待池接入会话",
    "2": "会话由 {old} 转接给 {new}",
    "3": "接待人员 {old} 结束会话",
    "4": "接待人员 {new} 重新接入已结束的会话",
}

_FAILURES: Mapping[str, str] = {
    "0": "未知原因",
    "1": "客服账号已删除",
    "2": "应用已关闭",
    "4": "会话已过期，超过 48 小时",
    "5": "会话已关闭",
    "6": "超过 5 条消息的限制",
    "7": "未绑定视频号",
    "8": "主体未验证",
    "9": "未绑定视频号且主体未验证",
    "10": "用户拒收",
    "11": "企业未有成员登录企业微信",
    "12": "发送的消息为客服组件禁发的消息类型",
}
