"""The provider's side of its encryption: sealing callbacks, wrapping archive keys, locking archived messages.

Written from the published rules, apart from what the connectors use, so that each checks the other:
callbacks https://developer.work.weixin.qq.com/document/path/90968, archive https://developer.work.weixin.qq.com/document/path/91774.
"""

from __future__ import annotations

import base64
import hashlib
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_BLOCK = 32
"""WeCom pads callbacks to 32 bytes, twice the block of AES."""


def sign(token: str, timestamp: str, nonce: str, ciphertext: str) -> str:
    """The `msg_signature` of a callback."""
    joined = "".join(sorted([token, timestamp, nonce, ciphertext]))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def seal(plain: bytes, *, aes_key: str, receive_id: str, random: bytes) -> str:
    """Encrypt a callback's plaintext; `random` is 16 bytes, `aes_key` the 43 characters of the console."""
    key = decode_aes_key(aes_key)
    content = random + struct.pack(">I", len(plain)) + plain + receive_id.encode()
    return base64.b64encode(_encrypt(key, key[:16], content, _BLOCK)).decode()


def unseal(ciphertext: str, *, aes_key: str) -> tuple[bytes, str]:
    """The plaintext and the receive id. `ValueError` when it was not sealed with this key."""
    key = decode_aes_key(aes_key)
    content = _decrypt(key, key[:16], base64.b64decode(ciphertext, validate=True), _BLOCK)
    if len(content) < 20:
        raise ValueError("the decrypted content is too short to hold a message")
    (length,) = struct.unpack(">I", content[16:20])
    return content[20 : 20 + length], content[20 + length :].decode()


def decode_aes_key(aes_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey. `ValueError` when it is not 43 characters of base64."""
    if len(aes_key) != 43:
        raise ValueError(f"an EncodingAESKey has 43 characters, this one has {len(aes_key)}")
    return base64.b64decode(aes_key + "=")


def new_private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    encryption = serialization.NoEncryption()
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return encoded.decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def wrap(key: rsa.RSAPrivateKey, secret: str) -> str:
    """RSA with PKCS#1 v1.5 padding, base64: the archive's `encrypt_random_key`."""
    return base64.b64encode(key.public_key().encrypt(secret.encode(), rsa_padding.PKCS1v15())).decode()


def lock(secret: str, text: str, *, random: bytes) -> str:
    """The archive's `encrypt_chat_msg`. The vendor's own cipher is not published; this one stands in for it."""
    return base64.b64encode(random + _encrypt(_stretch(secret), random, text.encode(), 16)).decode()


def unlock(secret: str, ciphertext: str) -> str:
    """Undo `lock`. `ValueError` when it was locked with another secret."""
    content = base64.b64decode(ciphertext, validate=True)
    return _decrypt(_stretch(secret), content[:16], content[16:], 16).decode()


def _stretch(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _encrypt(key: bytes, vector: bytes, content: bytes, block: int) -> bytes:
    padder = PKCS7(block * 8).padder()
    padded = padder.update(content) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(padded) + encryptor.finalize()


def _decrypt(key: bytes, vector: bytes, content: bytes, block: int) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    padded = decryptor.update(content) + decryptor.finalize()
    unpadder = PKCS7(block * 8).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
