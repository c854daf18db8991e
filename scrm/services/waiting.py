"""Customers who wait for a first reply longer than agreed: looked for every few minutes, so that silence is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from scrm.core.compliance import Statement
from scrm.core.compliance.reply_overdue import ReplyOverdue
from scrm.core.timeline import Entry, parts
from scrm.hub import Hub
from scrm.services.annotate import Spoken, statement_of, to_store, told_of
from scrm.services.circles import Found
from scrm.store.tasks import NewTask, Task

FIND_WAITING = "find_waiting"
_EVERY = timedelta(minutes=5)
_AT_ONCE = 500
_LOOK_BACK = timedelta(days=7)


async def promise_finding_waiting(hub: Hub) -> None:
    """Promise the first look; each promises the next."""
    async with hub.db.transaction() as tx:
        await tx.tasks.add([NewTask(kind=FIND_WAITING, key="waiting", once=FIND_WAITING)])


async def find_waiting(hub: Hub, tasks: Sequence[Task]) -> None:
    """Put on file who waits too long, each message once, and promise the next look."""
    ruled = next((rule for rule in hub.understanding.rules if isinstance(rule.rule, ReplyOverdue)), None)
    async with hub.db.transaction() as tx:
        await tx.tasks.finish(tasks)
        if ruled is not None and isinstance(ruled.rule, ReplyOverdue):
            since = tx.now - _LOOK_BACK
            ids = await tx.customers.waiting(since=since, until=tx.now - ruled.rule.within, limit=_AT_ONCE)
            said: dict[tuple[int, str], list[Statement]] = {}
            for entry in await tx.timeline.between(ids, since=since, until=tx.now):
                for one in _statements(entry):
                    said.setdefault((entry.customer_id or 0, entry.channel), []).append(one)
            found = [
                Found(customer_id, ruled.in_force(ruled.rule.finding(waiting, None)))
                for (customer_id, _), talk in said.items()
                if (waiting := ruled.rule.waiting(talk)) is not None and ruled.rule.due(waiting.at) < tx.now
            ]
            await tx.customers.lock(sorted({one.customer_id for one in found}))
            await tx.publish(told_of(tx, await tx.cases.attach(to_store(found), hub.settings.deadlines)))
        await tx.tasks.add([NewTask(kind=FIND_WAITING, key="waiting", due_at=tx.now + _EVERY, once=FIND_WAITING)])


def _statements(entry: Entry) -> list[Statement]:
    return [
        statement_of(Spoken(entry, part, entry.text[part.start : part.end], ()))
        for part in parts(entry.kind, entry.text, entry.speaker)
    ]
