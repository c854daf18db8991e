"""Callback requests as WeCom would send them, for tests of the connectors. Sealed by the simulator's own code."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from connectors.wecom_platform.callbacks import CallbackKeys
from scrm.connector import CallbackRequest
from scrm.simulate import crypto

TIMESTAMP, NONCE = "1795406400", "847201936"
KEYS = CallbackKeys(
    token="TestToken2049", aes_key="TestAesKeyQ7d9Qw3Er5Ty7Ui9Op1As3Df5Gh7Jk8AE", receive_id="wwtest0a1b2c3d4e5f"
)
CALLBACK_SETTINGS = {
    "corp_id": KEYS.receive_id,
    "callback_token": KEYS.token,
    "encoding_aes_key": KEYS.aes_key,
}


def sealed(plain: bytes, keys: CallbackKeys = KEYS, *, receive_id: str = "") -> str:
    return crypto.seal(
        plain, aes_key=keys.aes_key, receive_id=receive_id or keys.receive_id, random=b"0123456789abcdef"
    )


def posted(plaintext: str | bytes, *, receive_id: str = "", as_json: bool = False) -> CallbackRequest:
    """A callback that carries `plaintext`."""
    plain = plaintext.encode() if isinstance(plaintext, str) else plaintext
    return posted_ciphertext(sealed(plain, receive_id=receive_id), as_json=as_json)


def posted_ciphertext(ciphertext: str, *, as_json: bool = False) -> CallbackRequest:
    """A callback with an authentic signature over any ciphertext."""
    envelope = f"<xml><ToUserName>{KEYS.receive_id}</ToUserName><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>"
    body = json.dumps({"ToUserName": KEYS.receive_id, "Encrypt": ciphertext}) if as_json else envelope
    return _request("POST", _query(ciphertext), body.encode())


def asked_to_echo(plain: str, *, escaped: bool = True) -> CallbackRequest:
    """WeCom checking the address. Not `escaped`, the query arrives as some senders write it: '+' became a space."""
    ciphertext = sealed(plain.encode())
    echo = ciphertext if escaped else ciphertext.replace("+", " ")
    return _request("GET", {**_query(ciphertext), "echostr": echo}, b"")


def _query(ciphertext: str) -> dict[str, str]:
    signature = crypto.sign(KEYS.token, TIMESTAMP, NONCE, ciphertext)
    return {"msg_signature": signature, "timestamp": TIMESTAMP, "nonce": NONCE}


def _request(method: str, query: dict[str, str], body: bytes) -> CallbackRequest:
    return CallbackRequest(method=method, query=query, query_string=urlencode(query), headers={}, body=body)
