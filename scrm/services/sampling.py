"""The random sample: every day some conversations in which no rule found anything to queue go before the auditors.

Which ones is settled by their ids and the hub's secret: nobody can foresee it, and drawing again draws the same.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from scrm.core.cases import Origin
from scrm.core.ids import first_at
from scrm.core.price_book import CHINA
from scrm.hub import Hub
from scrm.services.cases import bounds, conversation_case, put_before_auditors
from scrm.settings import CaseSettings
from scrm.store.tasks import NewTask, Task

DRAW_SAMPLE = "draw_sample"
_AFTER_MIDNIGHT = timedelta(hours=2)
"""By then most of what was said late in the evening has arrived."""
_CATCH_UP_DAYS = 14


async def promise_samples(hub: Hub) -> None:
    """Promise the sample of today, to be drawn tomorrow; each promises the next day's."""
    today = hub.now().astimezone(CHINA).date()
    async with hub.db.transaction() as tx:
        await tx.tasks.add([_task(today)])


async def draw_samples(hub: Hub, tasks: Sequence[Task]) -> None:
    """Put a day's sample before the auditors, and promise the next day's. Days of a standstill are made up for."""
    for task in tasks:
        day = date.fromisoformat(str(task.payload["day"]))
        async with hub.db.transaction() as tx:
            await tx.tasks.finish([task])
            since, until = bounds(day)
            talked_to = await tx.cases.talked_to(since, until, first_id=first_at(since))
            known = await tx.cases.before_auditors(day.isoformat(), since, until)
            number = sample_size(len(talked_to), hub.settings.cases)
            drawn = draw(hub.secret, day, (one for one in talked_to if one not in known), number)
            cases = [conversation_case(hub, tx, customer_id, day, Origin.SAMPLE) for customer_id in drawn]
            await put_before_auditors(tx, None, cases)
            oldest = tx.now.astimezone(CHINA).date() - timedelta(days=_CATCH_UP_DAYS)
            await tx.tasks.add([_task(max(day + timedelta(days=1), oldest))])


def sample_size(conversations: int, settings: CaseSettings) -> int:
    """How many of a day's conversations to draw."""
    share = math.ceil(conversations * settings.sample_share)
    return min(max(share, settings.sample_at_least), settings.sample_at_most)


def draw(secret: bytes, day: date, customer_ids: Iterable[int], number: int) -> list[int]:
    """`number` of the customers, or all if there are fewer."""

    def lot(customer_id: int) -> bytes:
        return hmac.digest(secret, f"sample {day.isoformat()} {customer_id}".encode(), hashlib.sha256)

    return sorted(customer_ids, key=lot)[:number]


def _task(day: date) -> NewTask:
    _, end = bounds(day)
    payload = {"day": day.isoformat()}
    return NewTask(kind=DRAW_SAMPLE, key="sample", payload=payload, due_at=end + _AFTER_MIDNIGHT, once=DRAW_SAMPLE)
