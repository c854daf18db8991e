"""Circles: customers who are checked together. One alone, or the members of a household, who tell each other prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scrm.core.compliance import Finding, Rule, Statement, check, stands_for_household
from scrm.core.ids import public
from scrm.core.price_book import PriceBook
from scrm.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Circle:
    """Names of the members by customer id."""

    members: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and the customer it is about."""

    customer_id: int
    finding: Finding


async def circles_of(tx: Transaction, customer_ids: Iterable[int]) -> list[Circle]:
    """The circles of these customers, each once."""
    wanted = sorted(set(customer_ids))
    companions = await tx.households.companions(wanted)
    circles: dict[int, Circle] = {}
    for customer_id in wanted:
        members = companions.get(customer_id, ())
        key = -members[0].household_id if members else customer_id
        circles.setdefault(key, Circle({m.customer_id: m.name for m in members} or {customer_id: ""}))
    return list(circles.values())


def check_circle(
    circle: Circle,
    said: Mapping[int, Sequence[Statement]],
    book: PriceBook,
    rules: Sequence[Rule],
    *,
    since: Mapping[int, datetime],
) -> list[Found]:
    """Findings about what was `said` to each member, from the times in `since` on (see `check`).

    A quote to one member stands for all. Whatever else was agreed, asked for or refused is between us and that one.
    """
    if len(circle.members) == 1:
        ((customer_id, start),) = since.items()
        return [
            Found(customer_id, one)
            for one in check(said.get(customer_id, ()), book, rules, since=start, everything=False)
        ]
    owners = {statement.entry_id: customer_id for customer_id, of_one in said.items() for statement in of_one}
    shared = [rule for rule in rules if stands_for_household(rule)]
    together = [statement for of_one in said.values() for statement in of_one]
    found = [
        Found(owners[one.entry_id], _told_to(one, owners, circle))
        for one in check(together, book, shared, since=min(since.values()), everything=False)
    ]
    own = [rule for rule in rules if not stands_for_household(rule)]
    for customer_id, start in sorted(since.items()):
        alone = check(said.get(customer_id, ()), book, own, since=start, everything=False)
        found += [Found(customer_id, one) for one in alone]
    return found


def _told_to(finding: Finding, owners: Mapping[str, int], circle: Circle) -> Finding:
    """With the member who was told the earlier word, where it was another one."""
    told = owners.get(finding.against or "")
    if told is None or told == owners[finding.entry_id]:
        return finding
    member = {"told_to": circle.members[told], "told_to_id": public("cus", told)}
    return replace(finding, facts={**finding.facts, **member})
