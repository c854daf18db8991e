"""The private keys of the archive, by version: what opens the key of each message.

https://developer.work.weixin.qq.com/document/path/91774
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from scrm.connector import BadSettings, Parked


class ArchiveKeys:
    """The keys there are. Messages keep the version they were encrypted with for ever."""

    def __init__(self, keys: Mapping[int, RSAPrivateKey]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, channel: str, written: Mapping[int, SecretStr]) -> ArchiveKeys:
        """Keys from PEM texts or paths to PEM files. `BadSettings` names the version that is neither."""
        return cls({version: _read_key(channel, version, each) for version, each in written.items()})

    def unwrap(self, version: int, encrypted: str) -> str:
        """The message key in `encrypt_random_key`. `Parked` when the version's private key is missing or wrong."""
        key = self._keys.get(version)
        if key is None:
            known = "、".join(map(str, sorted(self._keys)))
            raise Parked(
                f"缺少会话存档私钥版本 {version}（现有版本 {known}）："
                "请在 private_keys 中补上该版本的私钥，再重放这条消息"
            )
        try:
            # The SDK takes the decrypted bytes as text.
            return key.decrypt(base64.b64decode(encrypted), PKCS1v15()).decode()
        except ValueError as error:
            raise Parked(wrong_key(version)) from error


def wrong_key(version: int) -> str:
    """What to tell when a message does not open: OpenSSL gives random bytes for a wrong key rather than an error."""
    return f"会话存档私钥版本 {version} 打不开这条消息：请核对该版本的私钥是否与管理后台的公钥成对，再重放这条消息"


def _read_key(channel: str, version: int, written: SecretStr) -> RSAPrivateKey:
    text = written.get_secret_value()
    try:
        pem = text.encode() if "-----BEGIN" in text else Path(text).expanduser().read_bytes()
        key = load_pem_private_key(pem, password=None)
    except (OSError, ValueError, TypeError) as error:
        reason = f"既不是 PEM 文本，也不是可读的 PEM 文件（{type(error).__name__}）"
        raise BadSettings(f"频道 {channel} 的设置有误：private_keys.{version}：{reason}") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadSettings(f"频道 {channel} 的设置有误：private_keys.{version}：应为 RSA 私钥")
    return key
