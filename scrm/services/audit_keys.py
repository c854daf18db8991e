"""The key that signs checkpoints: a file outside the database, in the form of Go's sumdb/note.

https://pkg.go.dev/golang.org/x/mod/sumdb/note
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from scrm.core.audit_notes import Checkpoint, Note, PublicKey, Signature, decoded, encoded, read_keys
from scrm.core.errors import BadInput, BadSettings
from scrm.settings import Settings

_log = structlog.get_logger()
_OPENING = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; `public.name` is the origin of the log it signs."""

    private: Ed25519PrivateKey
    public: PublicKey

    @classmethod
    def make(cls, origin: str) -> Self:
        private = Ed25519PrivateKey.generate()
        return cls(private, PublicKey(origin, private.public_key().public_bytes_raw()))

    @classmethod
    def read(cls, text: str) -> Self:
        """`ValueError` when it is not such a key."""
        name, key_id, value = text.strip().removeprefix(_OPENING).split("+", 2)
        raw = decoded(value)
        private = Ed25519PrivateKey.from_private_bytes(raw[1:])
        key = cls(private, PublicKey(name, private.public_key().public_bytes_raw()))
        if key.public.id.hex() != key_id:
            raise ValueError("its id does not fit")
        return key

    @property
    def text(self) -> str:
        secret = encoded(b"\x01" + self.private.private_bytes_raw())
        return f"{_OPENING}{self.public.name}+{self.public.id.hex()}+{secret}\n"

    def sign(self, text: str) -> bytes:
        return self.private.sign(text.encode())

    def note(self, checkpoint: Checkpoint) -> Note:
        """The checkpoint, signed."""
        signature = Signature(self.public.name, self.public.id, self.sign(checkpoint.text))
        return Note(checkpoint, (signature,))


def is_signed(note: Note, keys: Iterable[PublicKey]) -> bool:
    """Whether one of these keys signed the note, for the log that it is of."""
    known = {(key.name, key.id): key for key in keys if key.name == note.checkpoint.origin}
    return any(
        verifies(known[one.name, one.key_id], one.signature, note.checkpoint.text)
        for one in note.signatures
        if (one.name, one.key_id) in known
    )


def verifies(key: PublicKey, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Where the key is kept. Beside it: every public key there ever was, and a new key until the log knows it."""

    path: Path

    @classmethod
    def of(cls, settings: Settings) -> Self:
        if settings.audit_key is not None:
            return cls(settings.audit_key)
        file = settings.database_url.removeprefix("sqlite:///").partition("?")[0]
        if file and settings.database_url.startswith("sqlite:///"):
            return cls(Path(file).with_name(f"{Path(file).stem}-audit.key"))
        return cls(Path("scrm-audit.key"))

    @property
    def public_path(self) -> Path:
        return self.path.with_name(self.path.name + ".pub")

    @property
    def next_path(self) -> Path:
        return self.path.with_name(self.path.name + ".next")

    def open(self) -> SigningKey:
        """The key; made when there is none, which is said."""
        if not self.path.exists():
            key = SigningKey.make(f"scrm-hub/{secrets.token_hex(4)}")
            if _write_new(self.path, key.text):
                _log.warning("audit key made: keep a copy outside of this machine", file=str(self.path))
        key = _read(self.path)
        self._add_public(key.public)
        return key

    def open_next(self) -> SigningKey:
        """The key that is to follow; made when there is none."""
        if not self.next_path.exists():
            _write_new(self.next_path, SigningKey.make(self.open().public.name).text)
        return _read(self.next_path)

    def move_on(self) -> SigningKey:
        """Put the next key in the place of the key, which is gone then."""
        key = _read(self.next_path)
        self._add_public(key.public)
        self.next_path.replace(self.path)
        return key

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Every public key there ever was, the newest last; none where the log was never signed."""
        try:
            return read_keys(self.public_path.read_text("utf-8"))
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError, BadInput) as error:
            raise BadSettings(f"audit_key: {self.public_path} cannot be read: {error}") from error

    def _add_public(self, key: PublicKey) -> None:
        known = self.public_keys()
        if key not in known:
            lines = "".join(f"{one.text}\n" for one in (*known, key))
            self.public_path.write_text(lines, encoding="utf-8")


def _read(path: Path) -> SigningKey:
    try:
        return SigningKey.read(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadSettings(f"audit_key: {path} is no signing key: {error}") from error


def _write_new(path: Path, text: str) -> bool:
    """False when another process was quicker."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise BadSettings(
            f"audit_key: {path} cannot be written ({error.strerror}): let the setting name a file that can be"
        ) from error
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
    return True
