"""The conversation archive: what the vendor's native SDK would fetch and decrypt, offered over HTTP.

https://developer.work.weixin.qq.com/document/path/91774
"""

from __future__ import annotations

import base64
import binascii
import bisect
import json
import re
import uuid
from datetime import datetime, timedelta

from pydantic import JsonValue

from scrm.simulate import crypto
from scrm.simulate.commands import AddArchiveMedia, ArchiveMany, ArchiveMessage, OfCorp, RecallInArchive
from scrm.simulate.errors import Impossible, Unknown
from scrm.simulate.keys import private_key
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import ApiError, JsonObject, int_of, required, text_of
from scrm.simulate.world import ArchiveFile, ArchiveRecord, Corp

RETENTION = timedelta(days=5)
CHUNK = 512 * 1024
MOST_RECORDS = 1000
CALLS_PER_MINUTE = 600


def add_key(sim: SimulatedWeCom, corp: Corp) -> int:
    """Make a new key pair the current one and return its version. Older versions stay with what they encrypted."""
    version = max(corp.archive.keys, default=0) + 1
    corp.archive.keys[version] = private_key(f"{sim.seed}:{corp.corp_id}:{version}")
    return version


def add_message(sim: SimulatedWeCom, order: ArchiveMessage) -> ArchiveRecord:
    """Archive a message as if it had been sent in the WeCom client."""
    corp = sim.corp(order.corp)
    record = _store(sim, corp, _message(sim, order), order)
    if order.notify:
        notify(sim, corp)
    return record


def add_many(sim: SimulatedWeCom, order: ArchiveMany) -> list[str]:
    """Archive many text messages, with one notice at the end."""
    msgids = [
        add_message(
            sim,
            ArchiveMessage(
                corp=order.corp,
                sender=order.sender,
                to=order.to,
                text=order.text.replace("{n}", str(number)),
                notify=False,
            ),
        ).msgid
        for number in range(1, order.count + 1)
    ]
    if order.notify:
        notify(sim, sim.corp(order.corp))
    return msgids


def recall(sim: SimulatedWeCom, order: RecallInArchive) -> ArchiveRecord:
    """Archive the recall of a message, by the one who sent it to those who got it."""
    recalled = _record(sim.corp(order.corp), order.msgid).message
    to = recalled.get("tolist", [])
    return add_message(
        sim,
        ArchiveMessage(
            corp=order.corp,
            sender=str(recalled["from"]),
            to=[str(userid) for userid in to] if isinstance(to, list) else [],
            roomid=str(recalled.get("roomid", "")),
            action="recall",
            msgtype="revoke",
            body={"pre_msgid": order.msgid},
            notify=order.notify,
        ),
    )


def add_media(sim: SimulatedWeCom, order: AddArchiveMedia) -> str:
    """Store a file and return its `sdkfileid`."""
    content = base64.b64decode(order.content) if order.content else sim.lot.randbytes(order.size)
    sdkfileid = base64.b64encode(sim.new_id("", 96).encode()).decode()
    sim.corp(order.corp).archive.files[sdkfileid] = ArchiveFile(content=content, stored_at=sim.clock.now())
    return sdkfileid


def notify(sim: SimulatedWeCom, corp: Corp) -> None:
    """Tell the archive applications that there is something new; notices closer than the interval become one."""
    archive = corp.archive
    if archive.notice_due is None:
        now = sim.clock.now()
        interval = timedelta(seconds=sim.settings.notify_interval_s)
        archive.notice_due = max(now, archive.last_notice + interval) if archive.last_notice else now
    send_due_notices(sim)


def notify_now(sim: SimulatedWeCom, order: OfCorp) -> None:
    """Send a notice regardless of the interval."""
    corp = sim.corp(order.corp)
    corp.archive.notice_due = sim.clock.now()
    send_due_notices(sim)


def send_due_notices(sim: SimulatedWeCom) -> datetime | None:
    """Send the notices that are due and return when the next one is."""
    now = sim.clock.now()
    for corp in sim.corps.values():
        if corp.archive.notice_due is not None and corp.archive.notice_due <= now:
            corp.archive.notice_due = None
            corp.archive.last_notice = now
            _send_notice(sim, corp)
    return min((corp.archive.notice_due for corp in sim.corps.values() if corp.archive.notice_due), default=None)


def get_chat_data(sim: SimulatedWeCom, query: JsonObject) -> JsonObject:
    """`GetChatData`: encrypted records after `seq`, at most `limit`, the oldest first. `ApiError` with an SDK code."""
    corp = _initialised(sim, query)
    limit = int_of(query, "limit", MOST_RECORDS)
    if not 0 < limit <= MOST_RECORDS:
        sim.blame("limit-exceeded", f"GetChatData limit={limit}", "archive")
        raise ApiError(10000, f"limit is 1 to {MOST_RECORDS}")
    if sim.count_call(f"finance:{corp.corp_id}", within=timedelta(minutes=1)) == CALLS_PER_MINUTE + 1:
        sim.blame("too-many-calls", f"GetChatData more than {CALLS_PER_MINUTE} times a minute", "archive")
    after, oldest = int_of(query, "seq", 0), sim.clock.now() - RETENTION
    records = corp.archive.records
    start = max(
        bisect.bisect_right(records, after, key=lambda record: record.seq),
        bisect.bisect_left(records, oldest, key=lambda record: record.stored_at),
    )
    return {"chatdata": [_envelope(record) for record in records[start : start + limit]]}


def decrypt_data(_sim: SimulatedWeCom, query: JsonObject) -> JsonObject:
    """`DecryptData`: the message text of `encrypt_msg`. `encrypt_key` is what RSA gave for `encrypt_random_key`."""
    key = text_of(query, "encrypt_key")
    if not key:
        raise ApiError(10008, "encrypt_key is empty")
    try:
        return {"message": crypto.unlock(key, text_of(query, "encrypt_msg"))}
    except (ValueError, binascii.Error) as error:
        raise ApiError(10006, "the message was not encrypted with this key") from error


def get_media(sim: SimulatedWeCom, query: JsonObject) -> JsonObject:
    """`GetMediaData`: a piece of a file in base64, and the index of the next piece."""
    corp = _initialised(sim, query)
    file = corp.archive.files.get(required(query, "sdkfileid"))
    if file is None:
        raise ApiError(10005, "no such sdkfileid")
    if file.stored_at < sim.clock.now() - RETENTION:
        raise ApiError(10010, "the file is older than five days")
    start = _start_of(text_of(query, "indexbuf"))
    end = min(start + CHUNK, len(file.content))
    following = f"Range:bytes={end}-{min(end + CHUNK, len(file.content)) - 1}"
    finished = end >= len(file.content)
    return {
        "data": base64.b64encode(file.content[start:end]).decode(),
        "outindexbuf": "" if finished else following,
        "is_finish": 1 if finished else 0,
    }


def _message(sim: SimulatedWeCom, order: ArchiveMessage) -> JsonObject:
    sent_at = order.msgtime or int(sim.clock.now().timestamp() * 1000)
    outside = any(person.startswith(("wm", "wo")) for person in [order.sender, *order.to])
    msgid = order.msgid or uuid.UUID(bytes=sim.lot.randbytes(16)).hex + ("_external" if outside else "")
    if order.action == "switch":
        return {"msgid": msgid, "action": "switch", "time": sent_at, "user": order.sender, **order.fields}
    body: JsonObject = dict(order.body) or ({"content": order.text} if order.text else {})
    return {
        "msgid": msgid,
        "action": order.action,
        "from": order.sender,
        "tolist": list[JsonValue](order.to),
        "roomid": order.roomid,
        "msgtime": sent_at,
        "msgtype": order.msgtype,
        **({order.body_key or order.msgtype: body} if body else {}),
        **order.fields,
    }


def _store(sim: SimulatedWeCom, corp: Corp, message: JsonObject, order: ArchiveMessage) -> ArchiveRecord:
    archive = corp.archive
    version = order.publickey_ver or max(archive.keys, default=0) or add_key(sim, corp)
    if version not in archive.keys:
        raise Impossible(f"没有版本 {version} 的公钥")
    secret = sim.new_id("", 32)
    text = json.dumps(message, ensure_ascii=False)
    if order.control_characters:
        text = text[:1] + "\x01" + text[1:-1] + "\x1f}"
    record = ArchiveRecord(
        seq=(archive.records[-1].seq if archive.records else 0) + 1 + order.skip_seq,
        msgid=str(message["msgid"]),
        publickey_ver=version,
        message=message,
        wrapped_key=crypto.wrap(archive.keys[version], secret),
        locked=crypto.lock(secret, text, random=sim.lot.randbytes(16)),
        stored_at=sim.clock.now(),
    )
    archive.records.append(record)
    return record


def _record(corp: Corp, msgid: str) -> ArchiveRecord:
    for record in corp.archive.records:
        if record.msgid == msgid:
            return record
    raise Unknown(f"存档里没有消息 {msgid}")


def _envelope(record: ArchiveRecord) -> JsonObject:
    return {
        "seq": record.seq,
        "msgid": record.msgid,
        "publickey_ver": record.publickey_ver,
        "encrypt_random_key": record.wrapped_key,
        "encrypt_chat_msg": record.locked,
    }


def _initialised(sim: SimulatedWeCom, query: JsonObject) -> Corp:
    corp_id, secret = text_of(query, "corpid"), text_of(query, "secret")
    if corp_id and corp_id not in sim.corps:
        raise ApiError(10000, "no such corpid")
    corp = sim.corp(corp_id)
    if secret and secret not in {app.secret for app in corp.apps_of_kind("archive")}:
        raise ApiError(10000, "the secret is not the archive's")
    return corp


def _start_of(index: str) -> int:
    if not index:
        return 0
    found = re.fullmatch(r"Range:bytes=(\d+)-\d+", index)
    if not found:
        raise ApiError(10000, f"indexbuf {index!r} is not one that was given out")
    return int(found[1])


def _send_notice(sim: SimulatedWeCom, corp: Corp) -> None:
    for app in corp.apps_of_kind("archive"):
        sim.pusher.push(
            app,
            {
                "ToUserName": corp.corp_id,
                "FromUserName": "sys",
                "CreateTime": sim.clock.seconds(),
                "MsgType": "event",
                "AgentID": app.agent_id,
                "Event": "msgaudit_notify",
            },
        )
