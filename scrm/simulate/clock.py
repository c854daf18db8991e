"""The simulator's clock: a given clock plus the time somebody has asked it to skip."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    return datetime.now(UTC)


class SkippingClock:
    """Tells the time of `now`, moved forward by every `advance`. Never goes back."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._skipped = timedelta()

    def now(self) -> datetime:
        return self._now() + self._skipped

    def seconds(self) -> int:
        """Unix time, as the provider writes it."""
        return int(self.now().timestamp())

    def advance(self, by: timedelta) -> datetime:
        """Skip `by`, which may not be negative, and return the new time."""
        if by < timedelta():
            raise ValueError(f"the clock only goes forward, it was asked to go by {by}")
        self._skipped += by
        return self.now()
