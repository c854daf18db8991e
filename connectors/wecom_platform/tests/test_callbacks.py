"""Opening callbacks: what is authentic and well formed opens, everything else is refused by the right error."""

from __future__ import annotations

import base64
import dataclasses
import random
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.wecom_platform.callbacks import Notice, acknowledged, open_callback
from connectors.wecom_platform.tests.sealing import (
    KEYS,
    asked_to_echo,
    posted,
    posted_ciphertext,
    sealed,
)
from scrm.connector import BadCallback, Callback, CallbackRequest, UnreadableCallback

PLAIN = "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content></xml>"


def opened(request: CallbackRequest) -> Notice:
    notices: list[Notice] = []

    def keep(notice: Notice) -> Callback:
        notices.append(notice)
        return acknowledged()

    open_callback(KEYS, request, keep)
    return notices[0]


def encrypted(frame: bytes) -> str:
    """A frame that is not checked for anything, encrypted with the right key."""
    key = base64.b64decode(KEYS.aes_key + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(frame) + encryptor.finalize()).decode()


@pytest.mark.parametrize("as_json", [False, True])
def test_an_envelope_in_xml_or_json_opens_to_the_plaintext_verbatim(as_json: bool) -> None:
    notice = opened(posted(PLAIN, as_json=as_json))

    assert notice.plaintext == PLAIN
    assert notice.fields == {"MsgType": "text", "Content": "你好"}


def test_a_json_plaintext_gives_the_same_fields() -> None:
    assert opened(posted('{"MsgType":"text","Content":"你好"}')).fields == opened(posted(PLAIN)).fields


@pytest.mark.parametrize("escaped", [True, False])
def test_the_address_is_confirmed_by_the_decrypted_text_alone(escaped: bool) -> None:
    plain = next(text for text in map(str, range(10**18, 10**18 + 99)) if "+" in sealed(text.encode()))

    callback = open_callback(KEYS, asked_to_echo(plain, escaped=escaped), lambda _: Callback())

    assert callback == Callback(reply=plain.encode())


def test_another_receiver_is_refused() -> None:
    with pytest.raises(BadCallback, match="receiver"):
        opened(posted(PLAIN, receive_id="wwsomebodyelse"))


@pytest.mark.parametrize("field", ["msg_signature", "timestamp", "nonce"])
@pytest.mark.parametrize("wrong", ["", "0", "é", "\udc80"])
def test_a_query_that_was_not_signed_is_refused(field: str, wrong: str) -> None:
    request = posted(PLAIN)

    with pytest.raises(BadCallback):
        opened(dataclasses.replace(request, query={**request.query, field: wrong}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plainly not xml",
        b"\xff\xfe",
        b"<xml/>",
        b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
        b'{"Encrypt": 7}',
        b'{"Encrypt": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'<!DOCTYPE x [<!ENTITY a "1">]><xml><Encrypt>&a;</Encrypt></xml>',
    ],
)
def test_an_envelope_that_holds_nothing_signed_is_refused(body: bytes) -> None:
    with pytest.raises(BadCallback):
        opened(dataclasses.replace(posted(PLAIN), body=body))


@pytest.mark.parametrize(
    "frame",
    [
        bytes(16),
        bytes(15) + b"\x01",
        b"r" * 16 + b"\x00\x00\xff\xff" + b"short" + b"\x07" * 7,
        b"r" * 16 + b"\x00\x00\x00\x01" + b"x" * 11 + b"\x21",
        b"r" * 12 + b"\x04" * 4,
    ],
)
def test_a_signed_frame_in_another_format_is_kept_for_a_person_to_read(frame: bytes) -> None:
    request = posted_ciphertext(encrypted(frame))

    with pytest.raises(UnreadableCallback) as caught:
        opened(request)

    assert caught.value.raw == request.body


@pytest.mark.parametrize(
    "plain",
    [
        b"\xff\xff",
        b"",
        b"neither",
        b"<xml>",
        b"<xml>text</xml>",
        b"[1]",
        b'{"a": NaN}',
        b'{"a":' * 50_000,
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><xml><b>&a;</b></xml>',
        b'<!-- <a --><!DOCTYPE x [<!ENTITY a "aaaa">]><xml><b>&a;</b></xml>',
    ],
)
def test_a_signed_text_that_cannot_be_read_is_kept_for_a_person_to_read(plain: bytes) -> None:
    request = posted(plain)

    with pytest.raises(UnreadableCallback) as caught:
        opened(request)

    assert caught.value.raw == request.body


def test_somebody_writing_about_document_types_is_read() -> None:
    plain = "<xml><Content><![CDATA[<!DOCTYPE html> 是什么?]]></Content></xml>"

    assert opened(posted(plain)).fields == {"Content": "<!DOCTYPE html> 是什么?"}


def test_an_echo_that_is_signed_but_not_encrypted_is_unreadable() -> None:
    request = posted_ciphertext("bm90IGVuY3J5cHRlZA==")
    echo = dataclasses.replace(
        request, method="GET", query={**request.query, "echostr": "bm90IGVuY3J5cHRlZA=="}, body=b""
    )

    with pytest.raises(UnreadableCallback):
        open_callback(KEYS, echo, lambda _: Callback())


def test_deliveries_of_one_plaintext_share_a_key_and_two_of_one_second_do_not() -> None:
    again = posted_ciphertext(sealed(PLAIN.encode()))

    assert opened(again).as_raw_event("t") == opened(posted(PLAIN)).as_raw_event("t")
    assert opened(posted(PLAIN + " ")).as_raw_event("t").dedup_key != opened(again).as_raw_event("t").dedup_key


@given(st.binary(max_size=300))
@example(b"<xml><a>1</a></xml>")
def test_any_signed_plaintext_opens_or_is_unreadable(plain: bytes) -> None:
    _open_or_refuse(posted(plain))


@given(st.text(max_size=200))
@example("{}")
@example("<a b='1'/>")
@example('{"MsgType": {"deep": [1, 2]}}')
def test_any_signed_text_opens_or_is_unreadable(plain: str) -> None:
    _open_or_refuse(posted(plain.encode(errors="replace")))


@given(st.binary(max_size=160).map(lambda content: content[: len(content) // 16 * 16]))
def test_any_signed_frame_opens_or_is_refused(frame: bytes) -> None:
    _open_or_refuse(posted_ciphertext(encrypted(frame)))


@given(st.text(st.characters(codec="ascii", exclude_characters="]<&"), max_size=80))
def test_any_signed_ciphertext_opens_or_is_refused(ciphertext: str) -> None:
    _open_or_refuse(posted_ciphertext(ciphertext))
    _open_or_refuse(posted_ciphertext(ciphertext, as_json=True))


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_whatever_a_stranger_posts_is_refused(body: bytes, query: dict[str, str]) -> None:
    request = CallbackRequest(method="POST", query=query, query_string="", headers={}, body=body)

    with pytest.raises(BadCallback):
        opened(request)


def test_a_damaged_body_is_refused_wherever_the_damage_is() -> None:
    request = posted(PLAIN)
    start, end = request.body.index(b"CDATA[") + 6, request.body.index(b"]]>")
    for place in random.Random(1).sample(range(start, end), 60):
        damaged = bytearray(request.body)
        damaged[place] ^= 1
        with pytest.raises(BadCallback):
            opened(dataclasses.replace(request, body=bytes(damaged)))


def _open_or_refuse(request: CallbackRequest) -> None:
    with suppress(BadCallback, UnreadableCallback):
        opened(request)
