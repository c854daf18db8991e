"""Checks of texts before anybody hears them: scripts, the words of a broadcast, and whom it would contradict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from scrm.core.access import Actor, Permission, require
from scrm.core.compliance import Finding, Statement
from scrm.core.price_book import PriceBook
from scrm.core.proofreading import DRAFT, CheckedScript, check_scripts, check_words, read_text
from scrm.core.timeline import Speaker
from scrm.hub import Hub
from scrm.services.annotate import HISTORY, said_to
from scrm.services.circles import check_circle, circles_of
from scrm.services.prices import current_book
from scrm.store.customers import Audience, Customer
from scrm.store.database import Transaction

CUSTOMERS_AT_ONCE = 2000
"""So many customers of an audience are looked at in one request."""
_LOADED_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A text for many. `after` is the last customer of the part of the audience that was looked at before."""

    text: str
    channel: str
    audience: Audience
    after: int = 0
    shown: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A customer to whom the broadcast would say something else than they were told, or that they do not want."""

    customer: Customer
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBroadcast:
    """What is found in the words alone, and in part of the audience.

    `total` customers are the whole audience; `looked_at` and `affected` count those of this part, `examples` are its
    first ones with evidence. `last` is where the next part begins, None when this was the last one.
    """

    findings: tuple[Finding, ...]
    total: int
    looked_at: int
    affected: int
    examples: tuple[Affected, ...]
    last: int | None


async def checked_scripts(hub: Hub, tx: Transaction) -> dict[str, CheckedScript]:
    """The scripts of the hub, checked against its price book as it is now."""
    book = await current_book(hub, tx)
    understanding = hub.understanding
    found = await asyncio.to_thread(
        check_scripts, understanding.packs, book, understanding.rules, values=hub.settings.variables, now=tx.now
    )
    return {one.ref: one for one in found}


async def check_broadcast(hub: Hub, actor: Actor, broadcast: Broadcast) -> CheckedBroadcast:
    """What a broadcast would be objected to, and whom of the next `CUSTOMERS_AT_ONCE` of its audience it contradicts.

    Reads only. Ask again with `after` for the rest of a large audience.
    """
    require(actor, Permission.CHECK_BROADCASTS)
    now = hub.now()
    async with hub.db.reading() as tx:
        book = await current_book(hub, tx)
        total = await tx.customers.count_audience(broadcast.audience)
        ids = await tx.customers.audience(broadcast.audience, after=broadcast.after, limit=CUSTOMERS_AT_ONCE)
    said = read_text(broadcast.text, book, speaker=Speaker.BROADCAST, channel=broadcast.channel, at=now)
    found: dict[int, tuple[Finding, ...]] = {}
    for start in range(0, len(ids), _LOADED_AT_ONCE):
        found |= await _contradicted(hub, ids[start : start + _LOADED_AT_ONCE], said, book)
    async with hub.db.reading() as tx:
        shown = await tx.customers.load(sorted(found)[: broadcast.shown])
    return CheckedBroadcast(
        findings=check_words(said, book, hub.understanding.rules),
        total=total,
        looked_at=len(ids),
        affected=len(found),
        examples=tuple(Affected(customer=shown[one], findings=found[one]) for one in sorted(shown)),
        last=ids[-1] if len(ids) == CUSTOMERS_AT_ONCE else None,
    )


async def _contradicted(
    hub: Hub, customer_ids: Sequence[int], said: Statement, book: PriceBook
) -> dict[int, tuple[Finding, ...]]:
    """Findings by customer that the words alone do not give; a fixed number of statements for all of them."""
    async with hub.db.reading() as tx:
        circles = await circles_of(tx, customer_ids)
        members = {member for circle in circles for member in circle.members}
        histories = await said_to(tx, members, book, since=said.at - HISTORY)
    wanted, alone = set(customer_ids), {_what(one) for one in check_words(said, book, hub.understanding.rules)}
    # Who was told nothing cannot be contradicted.
    told = [circle for circle in circles if not histories.keys().isdisjoint(circle.members)]

    def look() -> dict[int, tuple[Finding, ...]]:
        found = {}
        for circle in told:
            for customer_id in wanted & circle.members.keys():
                heard = {member: histories.get(member, []) for member in circle.members}
                heard[customer_id] = [*heard[customer_id], said]
                result = check_circle(circle, heard, book, hub.understanding.rules, since={customer_id: said.at})
                of_text = (one.finding for one in result if one.finding.entry_id == DRAFT)
                if own := tuple(one for one in of_text if _what(one) not in alone):
                    found[customer_id] = own
        return found

    return await asyncio.to_thread(look)


def _what(finding: Finding) -> tuple[str, str | None, tuple[int, int] | None]:
    return finding.rule, finding.against, finding.span
