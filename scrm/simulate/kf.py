"""WeChat customer service (KF): what happens on the customer's and the servicer's side.

What the hub may do over the API is in `kf_api.py`. https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import JsonValue

from scrm.simulate.commands import (
    AnswerInKf,
    EnterKfSession,
    FailKfSend,
    PutKfItem,
    RecallInKf,
    SayInKf,
    SayManyInKf,
    SetKfPaging,
    SetKfSession,
)
from scrm.simulate.errors import Unknown
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import JsonObject
from scrm.simulate.world import EventCode, KfAccount, KfRecord, KfSession

WINDOW = timedelta(hours=48)
WELCOME_VALID = timedelta(seconds=20)
REPLIES = 5

CUSTOMER, SYSTEM, SERVICER = 3, 4, 5


def customer_says(sim: SimulatedWeCom, order: SayInKf) -> str:
    """A customer's message arrives: the reply window opens anew. The answer is the msgid."""
    account = sim.kf_account(order.open_kfid, order.corp)
    _check_customer(sim, order.corp, order.external_userid)
    now, session = sim.clock.now(), account.session(order.external_userid)
    if session.state == 4 or (session.last_customer_message and now - session.last_customer_message > WINDOW):
        session.state, session.servicer = 0, ""
    session.last_customer_message, session.sent_since = now, 0
    body: JsonObject = dict(order.body) or {"content": order.text}
    msgid = _put(sim, account, _item(sim, account, order.external_userid, CUSTOMER, order.msgid, order.msgtype, body))
    if order.notify:
        notify(sim, account, order.corp)
    return msgid


def customers_say_many(sim: SimulatedWeCom, order: SayManyInKf) -> list[str]:
    """Many text messages, spread over the customers in turn."""
    people = order.external_userids
    msgids = [
        customer_says(
            sim,
            SayInKf(
                corp=order.corp,
                open_kfid=order.open_kfid,
                external_userid=people[number % len(people)],
                text=order.text.replace("{n}", str(number + 1)),
                notify=order.notify == "each",
            ),
        )
        for number in range(order.count)
    ]
    if order.notify == "once":
        notify(sim, sim.kf_account(order.open_kfid, order.corp), order.corp)
    return msgids


def servicer_answers(sim: SimulatedWeCom, order: AnswerInKf) -> str:
    """A servicer writes in the WeCom client. An ended session comes back to them (change type 4)."""
    account = sim.kf_account(order.open_kfid, order.corp)
    session = account.session(order.external_userid)
    if session.state == 4:
        _change_session(sim, account, order.external_userid, change=4, servicer=order.servicer_userid)
    session.state, session.servicer = 3, order.servicer_userid
    body: JsonObject = dict(order.body) or {"content": order.text}
    item = _item(sim, account, order.external_userid, SERVICER, order.msgid, order.msgtype, body)
    item["servicer_userid"] = order.servicer_userid
    msgid = _put(sim, account, item)
    if order.notify:
        notify(sim, account, order.corp)
    return msgid


def recall(sim: SimulatedWeCom, order: RecallInKf) -> str:
    """A message is taken back by the customer or the servicer: an event that names it."""
    account = sim.kf_account(order.open_kfid, order.corp)
    record = _record(account, order.msgid)
    fields: JsonObject = {"recall_msgid": order.msgid}
    if order.by == "servicer":
        fields["servicer_userid"] = record.item.get("servicer_userid", "")
    account.recalled.add(order.msgid)
    kind = "user_recall_msg" if order.by == "customer" else "servicer_recall_msg"
    return _event(sim, account, record.external_userid, kind, fields, corp=order.corp if order.notify else None)


def enter_session(sim: SimulatedWeCom, order: EnterKfSession) -> str:
    """A customer opens the conversation. A welcome code comes along when nothing was said for 48 hours."""
    account = sim.kf_account(order.open_kfid, order.corp)
    _check_customer(sim, order.corp, order.external_userid)
    session = account.session(order.external_userid)
    session.scene, session.scene_param = order.scene, order.scene_param
    fields: JsonObject = {"scene": order.scene, "scene_param": order.scene_param}
    if _is_quiet(sim, session):
        valid_until = sim.clock.now() + WELCOME_VALID
        fields["welcome_code"] = issue_code(
            sim,
            account,
            EventCode(
                external_userid=order.external_userid,
                kinds=frozenset({"text", "msgmenu"}),
                valid_until=valid_until,
                while_state=None,
            ),
        )
    return _event(
        sim, account, order.external_userid, "enter_session", fields, corp=order.corp if order.notify else None
    )


def fail_send(sim: SimulatedWeCom, order: FailKfSend) -> str:
    """Report, after the fact, that a message sent through the API did not arrive."""
    account = sim.kf_account(order.open_kfid, order.corp)
    if order.msgid not in account.sent:
        raise Unknown(f"客服账号 {account.open_kfid} 没有发过消息 {order.msgid}")
    sent = account.sent[order.msgid]
    sent.failed = True
    fields: JsonObject = {"fail_msgid": order.msgid, "fail_type": order.fail_type}
    corp = order.corp if order.notify else None
    return _event(sim, account, sent.external_userid, "msg_send_fail", fields, corp=corp)


def set_session(sim: SimulatedWeCom, order: SetKfSession) -> None:
    """Put a session into a state. With a change type the event a servicer's action causes is recorded."""
    account = sim.kf_account(order.open_kfid, order.corp)
    session = account.session(order.external_userid)
    if order.change_type is not None:
        _change_session(sim, account, order.external_userid, change=order.change_type, servicer=order.servicer_userid)
        if order.notify:
            notify(sim, account, order.corp)
    session.state, session.servicer = order.service_state, order.servicer_userid


def put_item(sim: SimulatedWeCom, order: PutKfItem) -> str:
    """Put any item into the account's log, also one that nobody knows yet."""
    account = sim.kf_account(order.open_kfid, order.corp)
    item: JsonObject = {
        "msgid": sim.new_id("kfmsg", 32),
        "send_time": sim.clock.seconds(),
        "origin": SYSTEM,
        **order.item,
    }
    msgid = _put(sim, account, item)
    if order.notify:
        notify(sim, account, order.corp)
    return msgid


def set_paging(sim: SimulatedWeCom, order: SetKfPaging) -> None:
    account = sim.kf_account(order.open_kfid, order.corp)
    account.empty_pages, account.repeat, account.short_page = order.empty_pages, order.repeat, order.short_page


def notify(sim: SimulatedWeCom, account: KfAccount, corp_id: str) -> None:
    """Tell the KF applications that there is something to pull, with a fresh token."""
    corp, token = sim.corp(corp_id), sim.new_id("ENC", 48)
    account.tokens[token] = sim.clock.now()
    sim.push(
        corp,
        "kf",
        {
            "ToUserName": corp.corp_id,
            "CreateTime": sim.clock.seconds(),
            "MsgType": "event",
            "Event": "kf_msg_or_event",
            "Token": token,
            "OpenKfId": account.open_kfid,
        },
    )


def issue_code(sim: SimulatedWeCom, account: KfAccount, code: EventCode) -> str:
    value = sim.new_id("CODE", 40)
    account.codes[value] = code
    return value


def readable(msgtype: str, body: JsonValue) -> str:
    """A message body as a person would read it in a list."""
    if isinstance(body, dict):
        for name in ("content", "head_content", "title", "name", "event_type"):
            value = body.get(name)
            if isinstance(value, str) and value:
                return value
    return f"[{msgtype}]"


def _check_customer(sim: SimulatedWeCom, corp_id: str, external_userid: str) -> None:
    if external_userid not in sim.corp(corp_id).customers:
        raise Unknown(f"没有客户 {external_userid}")


def _is_quiet(sim: SimulatedWeCom, session: KfSession) -> bool:
    moments = [moment for moment in (session.last_customer_message, session.last_sent) if moment]
    return all(sim.clock.now() - moment > WINDOW for moment in moments)


def _item(
    sim: SimulatedWeCom,
    account: KfAccount,
    external_userid: str,
    origin: int,
    msgid: str,
    msgtype: str,
    body: JsonObject,
) -> JsonObject:
    return {
        "msgid": msgid or sim.new_id("kfmsg", 32),
        "open_kfid": account.open_kfid,
        "external_userid": external_userid,
        "send_time": sim.clock.seconds(),
        "origin": origin,
        "msgtype": msgtype,
        msgtype: body,
    }


def _event(
    sim: SimulatedWeCom, account: KfAccount, external_userid: str, kind: str, fields: JsonObject, *, corp: str | None
) -> str:
    # The ids of an event stand inside it, not on the item.
    event: JsonObject = {
        "event_type": kind,
        "open_kfid": account.open_kfid,
        "external_userid": external_userid,
        **fields,
    }
    item: JsonObject = {
        "msgid": sim.new_id("kfevt", 32),
        "send_time": sim.clock.seconds(),
        "origin": SYSTEM,
        "msgtype": "event",
        "event": event,
    }
    msgid = _put(sim, account, item)
    if corp is not None:
        notify(sim, account, corp)
    return msgid


def _put(sim: SimulatedWeCom, account: KfAccount, item: JsonObject) -> str:
    event = item.get("event")
    owner = event.get("external_userid", "") if isinstance(event, dict) else item.get("external_userid", "")
    account.records.append(KfRecord(item=item, external_userid=str(owner), stored_at=sim.clock.now()))
    return str(item["msgid"])


def _record(account: KfAccount, msgid: str) -> KfRecord:
    for record in reversed(account.records):
        if record.item["msgid"] == msgid:
            return record
    raise Unknown(f"客服账号 {account.open_kfid} 没有消息 {msgid}")


def _change_session(
    sim: SimulatedWeCom, account: KfAccount, external_userid: str, *, change: int, servicer: str
) -> None:
    session = account.session(external_userid)
    fields: JsonObject = {"change_type": change}
    if change in {2, 3, 4}:
        fields["old_servicer_userid"] = session.servicer
    if change in {1, 2, 4}:
        fields["new_servicer_userid"] = servicer
    if change in {1, 3}:
        fields["msg_code"] = issue_code(sim, account, change_code(sim, external_userid, ended=change == 3))
    _event(sim, account, external_userid, "session_status_change", fields, corp=None)


def change_code(sim: SimulatedWeCom, external_userid: str, *, ended: bool) -> EventCode:
    """The code that comes with a session that was picked up (while it is with a person) or has ended (20 seconds)."""
    return EventCode(
        external_userid=external_userid,
        kinds=frozenset({"text", "msgmenu"}) if ended else frozenset({"text"}),
        valid_until=sim.clock.now() + WELCOME_VALID if ended else None,
        while_state=4 if ended else 3,
    )
