"""WeChat customer service (KF): the API, `/cgi-bin/kf/…`, with the limits a hub has to live with.

https://developer.work.weixin.qq.com/document/path/94677 (sending), 94670 (pulling), 94669 (session states).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta

from pydantic import JsonValue

from scrm.simulate.calls import Call
from scrm.simulate.kf import REPLIES, WINDOW, change_code, issue_code
from scrm.simulate.wire import ApiError, JsonObject, int_of, object_of, required, text_of, texts_of
from scrm.simulate.world import EventCode, KfAccount, KfRecord, KfSent, KfSession

RETENTION = timedelta(days=3)
TOKEN_VALID = timedelta(minutes=10)
MOST_ITEMS = 1000
LONGEST_TEXT = 2048
MOST_MENU_ITEMS = 10

TRANSITIONS: Mapping[int, frozenset[int]] = {
    0: frozenset({1, 2, 3}),
    1: frozenset({2, 3}),
    2: frozenset({3}),
    3: frozenset({3, 4}),
    4: frozenset(),
}
"""The session states the API may lead to, from each state."""

_SENDABLE = {
    "text", "image", "voice", "video", "file", "link", "miniprogram", "msgmenu", "location", "business_card", "ca_link",
}  # fmt: skip
_WITH_MEDIA = {"image", "voice", "video", "file"}


def list_accounts(call: Call) -> JsonObject:
    accounts = list(call.corp.kf_accounts.values())
    offset, limit = int_of(call.body, "offset", 0), int_of(call.body, "limit", 100)
    if not 0 < limit <= 100:
        call.blame("limit-exceeded", f"account/list limit={limit}")
        raise ApiError(40058, "limit is 1 to 100")
    return {
        "account_list": [
            {"open_kfid": account.open_kfid, "name": account.name, "avatar": "", "manage_privilege": True}
            for account in accounts[offset : offset + limit]
        ]
    }


def list_servicers(call: Call) -> JsonObject:
    account = _account(call, call.query.get("open_kfid", "") or text_of(call.body, "open_kfid"))
    return {"servicer_list": [_servicer(userid, status) for userid, status in account.servicers.items()]}


def sync_msg(call: Call) -> JsonObject:
    """A page of what customers and servicers said and what happened; what the API sent is not in it."""
    account = _account(call, required(call.body, "open_kfid"))
    limit = int_of(call.body, "limit", MOST_ITEMS)
    if not 0 <= limit <= MOST_ITEMS:
        call.blame("limit-exceeded", f"sync_msg limit={limit}")
        raise ApiError(40058, f"limit is at most {MOST_ITEMS}")
    _check_pull_token(call, account, text_of(call.body, "token"))
    return _page(call, account, _position(account, text_of(call.body, "cursor")), limit or MOST_ITEMS)


def send_msg(call: Call) -> JsonObject:
    """Send to a customer who wrote in the last 48 hours, at most five times. The same msgid is sent once."""
    account = _account(call, required(call.body, "open_kfid"))
    customer = _customer(call, required(call.body, "touser"))
    msgid = _msgid(call)
    msgtype, body = _content(call, _SENDABLE)
    if msgid in account.sent:
        _check_same(call, account.sent[msgid], customer, body)
        return {"msgid": msgid}
    session = account.session(customer)
    _check_session(call, session)
    session.sent_since += 1
    _record(account, KfSent(
        msgid=msgid, external_userid=customer, msgtype=msgtype, body=body, at=call.sim.clock.now(), on_event=False
    ))  # fmt: skip
    return {"msgid": msgid}


def send_msg_on_event(call: Call) -> JsonObject:
    """Say one thing when a session begins or changes hands, with the code that its event carried."""
    value = required(call.body, "code")
    account, code = _code(call, value)
    msgid = _msgid(call)
    msgtype, body = _content(call, code.kinds)
    code.used = True
    _record(account, KfSent(
        msgid=msgid, external_userid=code.external_userid, msgtype=msgtype, body=body,
        at=call.sim.clock.now(), on_event=True,
    ))  # fmt: skip
    return {"msgid": msgid}


def get_service_state(call: Call) -> JsonObject:
    account = _account(call, required(call.body, "open_kfid"))
    session = account.session(_customer(call, required(call.body, "external_userid")))
    servicer: JsonObject = {"servicer_userid": session.servicer} if session.state == 3 else {}
    return {"service_state": session.state, **servicer}


def change_service_state(call: Call) -> JsonObject:
    account = _account(call, required(call.body, "open_kfid"))
    customer = _customer(call, required(call.body, "external_userid"))
    state, session = int_of(call.body, "service_state", -1), account.session(customer)
    if state not in TRANSITIONS[session.state]:
        raise ApiError(95016, f"from {session.state} to {state}")
    servicer = _servicer_for(call, account, session) if state == 3 else ""
    session.state, session.servicer = state, servicer
    if state not in {2, 3, 4}:
        return {}
    code = change_code(call.sim, customer, ended=state == 4)
    code.while_state = state
    return {"msg_code": issue_code(call.sim, account, code)}


def get_customers(call: Call) -> JsonObject:
    wanted = texts_of(call.body, "external_userid_list")
    if not 0 < len(wanted) <= 100:
        call.blame("limit-exceeded", f"customer/batchget with {len(wanted)} customers")
        raise ApiError(40058, "external_userid_list holds 1 to 100 ids")
    known = [userid for userid in wanted if userid in call.corp.customers]
    with_session = int_of(call.body, "need_enter_session_context", 0) == 1
    return {
        "customer_list": [_customer_fields(call, userid, with_session=with_session) for userid in known],
        "invalid_external_userid": [userid for userid in wanted if userid not in call.corp.customers],
    }


def _account(call: Call, open_kfid: str) -> KfAccount:
    if not open_kfid.startswith("wk"):
        raise ApiError(95000)
    if open_kfid not in call.corp.kf_accounts:
        raise ApiError(95004)
    return call.corp.kf_accounts[open_kfid]


def _customer(call: Call, external_userid: str) -> str:
    if external_userid not in call.corp.customers:
        raise ApiError(40096)
    return external_userid


def _servicer(userid: str, status: int) -> JsonObject:
    stopped: JsonObject = {"stop_type": 0} if status else {}
    return {"userid": userid, "status": status, **stopped}


def _check_pull_token(call: Call, account: KfAccount, token: str) -> None:
    if token:
        issued_at = account.tokens.get(token)
        if issued_at is None or call.sim.clock.now() - issued_at > TOKEN_VALID:
            raise ApiError(95007)
        return
    most = call.sim.settings.kf_pulls_without_token_per_minute
    if call.sim.count_call(f"sync:{account.open_kfid}", within=timedelta(minutes=1)) > most:
        raise ApiError(45009, "sync_msg without token")


def _page(call: Call, account: KfAccount, start: int, limit: int) -> JsonObject:
    oldest = call.sim.clock.now() - RETENTION
    while start < len(account.records) and account.records[start].stored_at < oldest:
        start += 1
    if account.empty_pages > 0 and start < len(account.records):
        account.empty_pages -= 1
        return {"next_cursor": _cursor(account, start), "has_more": 1, "msg_list": []}
    end = min(start + min(limit, account.short_page or limit), len(account.records))
    first = max(0, start - account.repeat)
    return {
        "next_cursor": _cursor(account, end),
        "has_more": int(end < len(account.records)),
        "msg_list": [_listed(call, record) for record in account.records[first:end]],
    }


def _listed(call: Call, record: KfRecord) -> JsonValue:
    unknown: JsonObject = {"unknown_to_clients": 1} if call.sim.settings.extra_fields else {}
    return {**record.item, **unknown}


def _cursor(account: KfAccount, position: int) -> str:
    return f"{_seal(account, position)}{position:x}"


def _position(account: KfAccount, cursor: str) -> int:
    if not cursor:
        return 0
    try:
        position = int(cursor[16:], 16)
    except ValueError as error:
        raise ApiError(40058, "cursor is not one that was given out") from error
    if cursor != _cursor(account, position) or position > len(account.records):
        raise ApiError(40058, "cursor is not one that was given out for this account")
    return position


def _seal(account: KfAccount, position: int) -> str:
    return hashlib.sha256(f"{account.open_kfid}:{position}".encode()).hexdigest()[:16]


def _msgid(call: Call) -> str:
    msgid = text_of(call.body, "msgid") or call.sim.new_id("api", 32)
    if not re.fullmatch(r"[0-9a-zA-Z_-]{1,32}", msgid):
        raise ApiError(40058, "msgid is 1 to 32 characters of [0-9a-zA-Z_-]")
    return msgid


def _content(call: Call, allowed: set[str] | frozenset[str]) -> tuple[str, JsonObject]:
    msgtype = required(call.body, "msgtype")
    if msgtype not in allowed:
        raise ApiError(40008, msgtype)
    body = object_of(call.body, msgtype)
    if msgtype == "text":
        _check_text(text_of(body, "content"))
    if msgtype in _WITH_MEDIA and text_of(body, "media_id") not in call.corp.media:
        raise ApiError(40007)
    items = body.get("list", [])
    if msgtype == "msgmenu" and isinstance(items, list) and len(items) > MOST_MENU_ITEMS:
        raise ApiError(95008)
    return msgtype, body


def _check_text(content: str) -> None:
    if not content:
        raise ApiError(44004)
    if len(content.encode()) > LONGEST_TEXT:
        raise ApiError(45002, f"text is at most {LONGEST_TEXT} bytes")


def _check_same(call: Call, sent: KfSent, customer: str, body: JsonObject) -> None:
    if (sent.external_userid, sent.body) != (customer, body):
        call.blame("msgid-reused", f"msgid {sent.msgid} was sent before with other content or to someone else")


def _check_session(call: Call, session: KfSession) -> None:
    if session.state not in {0, 1}:
        raise ApiError(95018, f"state {session.state}")
    last = session.last_customer_message
    if last is None or call.sim.clock.now() - last > WINDOW:
        raise ApiError(95002)
    if session.sent_since >= REPLIES:
        raise ApiError(95001)


def _record(account: KfAccount, sent: KfSent) -> None:
    account.sent[sent.msgid] = sent
    account.session(sent.external_userid).last_sent = sent.at


def _code(call: Call, value: str) -> tuple[KfAccount, EventCode]:
    for account in call.corp.kf_accounts.values():
        code = account.codes.get(value)
        if code is None:
            continue
        expired = code.valid_until is not None and call.sim.clock.now() > code.valid_until
        state = account.session(code.external_userid).state
        if code.used or expired or code.while_state not in {None, state}:
            break
        return account, code
    # The published tables name no code of their own for this; 95007 is their word for a one-time token that is over.
    raise ApiError(95007, "code is unknown, used or expired")


def _servicer_for(call: Call, account: KfAccount, session: KfSession) -> str:
    userid = required(call.body, "servicer_userid")
    if userid not in account.servicers:
        raise ApiError(95014)
    if account.servicers[userid]:
        raise ApiError(95019)
    if session.state == 3 and userid == session.servicer:
        raise ApiError(95016, "the session is with this servicer already")
    return userid


def _customer_fields(call: Call, external_userid: str, *, with_session: bool) -> JsonObject:
    customer = call.corp.customers[external_userid]
    fields: JsonObject = {
        "external_userid": external_userid,
        "nickname": customer.name,
        "avatar": customer.avatar,
        "gender": customer.gender,
    }
    if customer.unionid:
        fields["unionid"] = customer.unionid
    context = _enter_context(call, external_userid) if with_session else {}
    return {**fields, "enter_session_context": context} if context else fields


def _enter_context(call: Call, external_userid: str) -> JsonObject:
    for account in call.corp.kf_accounts.values():
        session = account.sessions.get(external_userid)
        if session and session.scene:
            return {"scene": session.scene, "scene_param": session.scene_param}
    return {}
