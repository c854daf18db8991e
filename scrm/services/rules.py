"""The rules in force, with how often they find something and how often they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from scrm.core.access import Actor, Permission, require
from scrm.core.compliance import RuleInForce
from scrm.core.compliance.catalogue import PACKS, RULES
from scrm.core.figures import Share
from scrm.core.price_book import CHINA
from scrm.hub import Hub
from scrm.store.case_figures import Period

COUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStanding:
    """A rule, whether it is in force, and its figures of the last `COUNTED`.

    `found` findings in `messages` that were read; `precision` is of its cases with a verdict those with a breach.
    """

    rule: RuleInForce
    pack: str
    enabled: bool
    found: int
    messages: int
    precision: Share


async def list_rules(hub: Hub, actor: Actor) -> Sequence[RuleStanding]:
    """Every rule there is: those in force as they are configured, the others as they come."""
    require(actor, Permission.READ_RULES)
    now = hub.now()
    first = (now - COUNTED).astimezone(CHINA).date().isoformat()
    async with hub.db.reading() as tx:
        days = await tx.rule_runs.since(first)
        judged = {
            one.rule: Share(one.breaches, one.settled)
            for one in await tx.case_figures.rules(Period(now - COUNTED, now))
        }
    live = {rule.id: rule for rule in hub.understanding.rules}
    packs = {rule: pack for pack, rules in PACKS.items() for rule in rules}
    messages = sum(of_day.get("", (0, 0))[0] for of_day in days.values())
    return [
        RuleStanding(
            rule=live.get(rule.id, rule),
            pack=packs[rule.id],
            enabled=rule.id in live,
            found=sum(of_day.get(rule.id, (0, 0))[1] for of_day in days.values()),
            messages=messages,
            precision=judged.get(rule.id, Share(0, 0)),
        )
        for rule in RULES
    ]
