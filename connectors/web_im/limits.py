"""How much a visitor may send."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

LONGEST_MESSAGE = 2_000
"""Characters of a message."""

_MINUTE = timedelta(minutes=1)
_REMEMBERED_VISITORS = 20_000


class Allowance:
    """So many messages per minute and visitor, whatever number of sockets they come through."""

    def __init__(self, per_minute: int, now: Callable[[], datetime]) -> None:
        self._per_minute = per_minute
        self._now = now
        self._sent: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait_s(self, visitor: str) -> int:
        """0 and one message fewer, or how many seconds to wait for the next."""
        now = self._now()
        sent = self._sent.setdefault(visitor, deque())
        self._sent.move_to_end(visitor)
        while len(self._sent) > _REMEMBERED_VISITORS:
            self._sent.popitem(last=False)
        while sent and now - sent[0] >= _MINUTE:
            sent.popleft()
        if len(sent) < self._per_minute:
            sent.append(now)
            return 0
        return max(1, round((sent[0] + _MINUTE - now).total_seconds()))
