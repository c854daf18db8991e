"""Conversations as connectors with open sockets see them: what was said after a point, and passing signals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from scrm.connector import ThreadMessage, ThreadSignal
from scrm.core.ids import public, row
from scrm.core.timeline import Direction, Entry, EntryState
from scrm.store.database import Database
from scrm.stream import Hint, Stream

_SHOWN = {EntryState.RECEIVED, EntryState.QUEUED, EntryState.SENDING, EntryState.SENT}
_LISTEN_S = 20.0


class StoredThreads:
    """Implements `scrm.connector.ThreadHistory` for one channel over the database and the stream."""

    def __init__(self, channel: str, db: Database, stream: Stream) -> None:
        self._channel = channel
        self._db = db
        self._stream = stream

    async def after(self, thread: str, message_id: str, *, limit: int = 200) -> Sequence[ThreadMessage]:
        after_id = row("msg", message_id) if message_id else 0
        async with self._db.reading() as tx:
            entries = await tx.timeline.thread_after(self._channel, thread, after_id, limit=limit)
        return [_message(entry) for entry in entries if entry.state in _SHOWN]

    async def signals(self, thread: str) -> AsyncIterator[ThreadSignal]:
        with self._stream.subscribe(thread_topic(self._channel, thread)) as subscription:
            while True:
                hints = await subscription.wait(_LISTEN_S if self._stream.healthy else 1.0)
                for hint in hints:
                    what, _, direction = hint.text.partition(" ")
                    yield ThreadSignal(what=what, direction=Direction(direction))
                if not hints:
                    # Hints can be lost: look at the database now and then.
                    yield ThreadSignal(what="changed", direction=Direction.OUTBOUND)

    async def signal(self, thread: str, signal: ThreadSignal) -> None:
        await self._stream.send([thread_hint(self._channel, thread, signal)])


def thread_topic(channel: str, thread: str) -> str:
    return f"thread:{channel}:{thread}"


def thread_hint(channel: str, thread: str, signal: ThreadSignal) -> Hint:
    return Hint(thread_topic(channel, thread), f"{signal.what} {signal.direction}")


def typing_thread(hint: Hint) -> tuple[str, str] | None:
    """(channel, thread) when the hint says that the customer's side is typing."""
    kind, _, rest = hint.topic.partition(":")
    if kind != "thread" or hint.text != f"typing {Direction.INBOUND}":
        return None
    channel, _, thread = rest.partition(":")
    return channel, thread


def _message(entry: Entry) -> ThreadMessage:
    inbound = entry.direction is Direction.INBOUND
    return ThreadMessage(
        id=public("msg", entry.id),
        at=entry.at,
        direction=entry.direction,
        speaker=entry.speaker,
        text=entry.text,
        own_id=entry.external_id if inbound else "",
    )
