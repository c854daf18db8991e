"""Opening a WeCom callback: check the signature, decrypt, read the fields.

Protocol: https://developer.work.weixin.qq.com/document/path/90930
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from connectors.wecom_platform import crypto
from connectors.wecom_platform.reading import Fields, read_fields, text_at
from scrm.connector import BadCallback, Callback, CallbackRequest, PullNotice, RawEvent, UnreadableCallback

# Required of suites, allowed for apps.
_REPLY = b"success"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackKeys:
    """What the administrator sets in the console. `receive_id` is the corp id for an app of the corp's own."""

    token: str
    aes_key: str
    receive_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A decrypted callback: its text, verbatim, and the fields read from it."""

    plaintext: str
    fields: Fields

    @property
    def kind(self) -> str:
        """`text`, `change_external_contact/add_external_contact` …"""
        return kind_of(self.fields)

    def as_raw_event(self, thread: str) -> RawEvent:
        # Events carry no id, and two may share a second; a repeated delivery repeats exactly the plaintext.
        key = hashlib.sha256(self.plaintext.encode()).hexdigest()
        return RawEvent(dedup_key=key, thread=thread or self.kind, payload=self.plaintext)


def kind_of(fields: Fields) -> str:
    """What a callback tells of. Suites write `InfoType` where apps write `MsgType` and `Event`."""
    event = text_at(fields, "Event") or text_at(fields, "InfoType")
    parts = [event, text_at(fields, "ChangeType")] if event else [text_at(fields, "MsgType") or "unknown"]
    return "/".join(filter(None, parts))


def open_callback(keys: CallbackKeys, request: CallbackRequest, read: Callable[[Notice], Callback]) -> Callback:
    """Verify and decrypt one request, and let `read` say what it holds. A GET is WeCom checking that we answer.

    `BadCallback` when the signature or the receiver is wrong; `UnreadableCallback` when what is signed cannot be read.
    """
    if request.method == "GET":
        # Some senders do not escape '+', which a query decodes to a space; base64 has no spaces.
        echo = request.query.get("echostr", "").replace(" ", "+")
        return Callback(reply=_decrypt(keys, request, echo))
    plain = _decrypt(keys, request, _ciphertext(request.body))
    return read(_notice(plain, request.body))


def acknowledged(*events: RawEvent, notices: tuple[PullNotice, ...] = ()) -> Callback:
    """A callback answered with what WeCom counts as delivered."""
    return Callback(reply=_REPLY, events=events, notices=notices)


def _ciphertext(body: bytes) -> str:
    try:
        found = text_at(read_fields(body.decode()), "Encrypt")
    except ValueError as error:
        raise BadCallback(f"the envelope cannot be read: {error}") from error
    if not found:
        raise BadCallback("the envelope has no Encrypt field")
    return found


def _decrypt(keys: CallbackKeys, request: CallbackRequest, ciphertext: str) -> bytes:
    _check_signature(keys.token, request, ciphertext)
    try:
        message, receive_id = crypto.decrypt(keys.aes_key, ciphertext)
    except ValueError as error:
        raise UnreadableCallback(f"回调签名正确，但无法解密：{error}", raw=_verbatim(request)) from error
    if receive_id != keys.receive_id.encode():
        raise BadCallback("the callback is meant for another receiver: check corp_id and receive_id")
    return message


def _check_signature(token: str, request: CallbackRequest, ciphertext: str) -> None:
    query = request.query
    parts = sorted([token, query.get("timestamp", ""), query.get("nonce", ""), ciphertext])
    expected = hashlib.sha1("".join(parts).encode(errors="replace"), usedforsecurity=False).hexdigest()
    # As bytes: compare_digest refuses text that is not ASCII with a TypeError.
    if not hmac.compare_digest(expected.encode(), query.get("msg_signature", "").encode(errors="replace")):
        raise BadCallback("the signature does not match: check callback_token against the console")


def _notice(plain: bytes, body: bytes) -> Notice:
    try:
        plaintext = plain.decode()
        return Notice(plaintext=plaintext, fields=read_fields(plaintext))
    except ValueError as error:
        raise UnreadableCallback(f"回调已解密，但内容无法识别：{error}", raw=body) from error


def _verbatim(request: CallbackRequest) -> bytes:
    return request.body or request.query_string.encode(errors="replace")
