"""The AES layer of WeCom callbacks: the only module that knows wechatpy.

Format: https://developer.work.weixin.qq.com/document/path/96211
"""

from __future__ import annotations

import base64

from wechatpy.work.crypto import PrpCrypto

# 16 random bytes, 4 bytes length, then the message and the receiver's id.
_LENGTH_AT, _MESSAGE_AT = 16, 20


def decrypt(aes_key: str, ciphertext: str) -> tuple[bytes, bytes]:
    """The message and the id of the receiver it was written for. ValueError when the text is not in WeCom's format."""
    sealed = base64.b64decode(ciphertext, validate=True)
    # PrpCrypto.decrypt checks neither padding nor length; its cipher is used and the frame is checked here.
    padded: bytes = PrpCrypto(base64.b64decode(aes_key + "=")).cipher.decrypt(sealed)
    return _unframe(_unpad(padded))


def _unpad(padded: bytes) -> bytes:
    # PKCS#7, but with blocks of 32 bytes: the pad is 1 to 32 bytes long although AES has blocks of 16.
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= 32 or not padded.endswith(bytes([pad]) * pad):
        raise ValueError("the padding is not PKCS#7 with blocks of 32 bytes")
    return padded[:-pad]


def _unframe(frame: bytes) -> tuple[bytes, bytes]:
    end = _MESSAGE_AT + int.from_bytes(frame[_LENGTH_AT:_MESSAGE_AT], "big")
    if len(frame) < _MESSAGE_AT or end > len(frame):
        raise ValueError("the message is shorter than it says")
    return frame[_MESSAGE_AT:end], frame[end:]
