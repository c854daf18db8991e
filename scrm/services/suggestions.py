"""Suggestions: scripts ranked for what the customer said last, filled in, and checked before a rep sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from scrm.core.access import Actor, Permission, require
from scrm.core.price_book import PriceBook
from scrm.core.proofreading import is_blocking, price_variable
from scrm.core.scripts import PRICE_VARIABLES, Reply, prepare
from scrm.core.timeline import Direction
from scrm.hub import Hub
from scrm.services.annotate import findings_of_draft
from scrm.services.outbound import routes_to
from scrm.services.prices import current_book
from scrm.store.customers import Customer

_TURNS = 3
_CONSIDERED = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom and when script variables are filled in."""

    customer: Customer
    actor: Actor
    fixed: Mapping[str, str]
    book: PriceBook
    now: datetime


async def suggest(hub: Hub, actor: Actor, customer_id: int, *, limit: int = 5) -> list[Reply]:
    """Replies that fit what this customer said last, best first; none that contradicts what the customer was told."""
    require(actor, Permission.REPLY)
    async with hub.db.reading() as tx:
        customer = await tx.customers.get(customer_id)
        latest = await tx.timeline.page(customer.id, limit=30)
        said = [entry for entry in latest if entry.direction is Direction.INBOUND and entry.kind == "message"][:_TURNS]
        if not said:
            return []
        tags = await tx.timeline.tags([said[0].id])
        routes = await routes_to(hub, tx, customer.id)
        channel = routes[0].conversation if routes else None
        kind = hub.channels[channel.channel].kind if channel else ""
        ranked = hub.understanding.scripts.rank(
            [entry.text for entry in reversed(said)],
            now=tx.now,
            tags=tags.get(said[0].id, []),
            channel=kind,
            limit=_CONSIDERED,
        )
        asked = Asked(customer, actor, hub.settings.variables, await current_book(hub, tx), tx.now)
        ready = prepare(ranked, lambda name: resolve(asked, name), limit=_CONSIDERED).ready
        fitting = []
        for reply in ready:
            findings, _ = await findings_of_draft(
                hub,
                tx,
                customer.id,
                text=reply.filled.text,
                channel=channel.channel if channel else "",
                thread=channel.thread if channel else "",
                speaker=actor.speaks_as,
                actor=actor.login,
                now=tx.now,
            )
            if not any(is_blocking(finding) for finding in findings):
                fitting.append(reply)
            if len(fitting) == limit:
                break
    return fitting


def resolve(asked: Asked, name: str) -> str | None:
    """The value of a script variable, None when it has none now. Prices come from the price book only."""
    if name == "customer_name":
        return None if _is_made_up(asked.customer.name) else asked.customer.name
    if name == "rep_name":
        return asked.actor.name
    if name.partition(":")[0] in PRICE_VARIABLES:
        return price_variable(name, asked.book, asked.now)
    return asked.fixed.get(name)


def _is_made_up(name: str) -> bool:
    return name.startswith(("访客 ", "微信客户 ", "客户 ")) or "****" in name


def reason_of(reply: Reply) -> str:
    """Why a reply is suggested, in Chinese."""
    return ";".join(str(reason) for reason in reply.suggestion.reasons)
