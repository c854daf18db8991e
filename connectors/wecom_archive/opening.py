"""Opening archived records: the RSA layer with our key, the vendor's layer with the SDK."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from connectors.wecom_archive.keys import ArchiveKeys, wrong_key
from connectors.wecom_archive.sdk import FinanceSdk, SdkRefusal
from connectors.wecom_platform.reading import Fields, read_fields, text_at
from scrm.connector import BadInput, ChannelUnavailable, Parked, RawEvent
from scrm.core.errors import ScrmError

_AT_ONCE = 8
# Key or message do not fit together: with a wrong private key, RSA gives a key that opens nothing.
_DOES_NOT_OPEN = frozenset({10004, 10006, 10008})
# The SDK leaves them in, JSON forbids them.
_CONTROL = re.compile("[\x00-\x1f]")


class Opener:
    """Decrypts records, several at a time."""

    def __init__(self, keys: ArchiveKeys, sdk: FinanceSdk) -> None:
        self._keys = keys
        self._sdk = sdk
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def open_events(self, events: Sequence[RawEvent]) -> Sequence[RawEvent | Exception]:
        """One result per event; what is not encrypted stays as it is. `ChannelUnavailable` when the SDK is down."""
        secrets = await asyncio.to_thread(lambda: [self._unwrap(raw) for raw in events])
        opened = await asyncio.gather(*map(self._open, events, secrets), return_exceptions=True)
        for result in opened:
            if isinstance(result, ChannelUnavailable):
                raise result
        return [_expected(result) for result in opened]

    def _unwrap(self, raw: RawEvent) -> str | Exception | None:
        try:
            record = read_fields(raw.payload)
            if not is_encrypted(record):
                return None
            return self._keys.unwrap(_version(record), text_at(record, "encrypt_random_key"))
        except (ScrmError, ValueError) as error:
            return error

    async def _open(self, raw: RawEvent, secret: str | Exception | None) -> RawEvent | Exception:
        if secret is None:
            return raw
        if isinstance(secret, Exception):
            return secret
        record = read_fields(raw.payload)
        try:
            async with self._slots:
                text = await self._sdk.decrypt_data(secret, text_at(record, "encrypt_chat_msg"))
        except SdkRefusal as refusal:
            return Parked(wrong_key(_version(record))) if refusal.code in _DOES_NOT_OPEN else refusal
        return replace(raw, payload=_CONTROL.sub("", text))


def _expected(result: RawEvent | BaseException) -> RawEvent | Exception:
    if isinstance(result, RawEvent | Exception):
        return result
    raise result


def is_encrypted(record: Fields) -> bool:
    """Whether this is a record of the archive as it was pulled, rather than a callback."""
    return "encrypt_chat_msg" in record


def _version(record: Fields) -> int:
    written = text_at(record, "publickey_ver")
    try:
        return int(written)
    except ValueError as error:
        raise BadInput(f"存档消息的 publickey_ver 不是数字：{written[:40]!r}") from error
