"""Every expected error; the web layer gives each class one HTTP status."""

from __future__ import annotations

from datetime import timedelta


class ScrmError(Exception):
    """An expected error. Its text tells a person what happened and what to do."""


class NotAllowed(ScrmError):
    """The actor may not do this."""


class NotSignedIn(ScrmError):
    """Nobody is signed in, or the session has ended."""


class NotFound(ScrmError):
    """There is no such thing, or the actor may not know of it."""


class Conflict(ScrmError):
    """The thing has changed since the actor looked at it."""


class BadInput(ScrmError):
    """What was sent cannot be read; nothing was stored."""


class BadCallback(ScrmError):
    """A callback whose signature does not match or that cannot be authentic; nothing was stored."""


class UnreadableCallback(ScrmError):
    """An authentic callback whose content cannot be read. `raw` is kept, verbatim, for a person to look at."""

    def __init__(self, reason: str, *, raw: bytes) -> None:
        super().__init__(reason)
        self.raw = raw


class Parked(ScrmError):
    """A raw event that cannot be read yet (a key is missing): kept, and read when it is replayed."""


class SendRejected(ScrmError):
    """The provider refused this message for good; trying again does not help.

    `code` is the provider's own error code as text, or empty.
    """

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class ChannelUnavailable(ScrmError):
    """The provider cannot be reached or asks us to wait; try again after `retry_after`."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ChannelMisconfigured(ScrmError):
    """The provider refuses us because of a setting an administrator must change (secret, IP list, permission)."""


class BadSettings(ScrmError):
    """Settings that cannot work; the text names the field, what it got and what it expects."""
