"""Households as people work with them: put two customers together, name it, say who is who, leave.

Nobody is put into a household by the hub itself: that two customers belong together is for a person to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.customers import HouseholdRole
from scrm.core.errors import BadInput, Conflict
from scrm.core.events import Event
from scrm.core.ids import public
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.services.annotate import annotate
from scrm.store.database import Transaction
from scrm.store.households import Household


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Two customers who belong together, each with a role (None: not said), and a name for a new household."""

    customer_id: int
    other_id: int
    role: HouseholdRole | None = None
    other_role: HouseholdRole | None = None
    name: str = ""


async def join_household(hub: Hub, actor: Actor, joining: Joining) -> Household:
    """Put two customers into one household: into that of either, else into a new one. What the members were told is
    held against one another from then on, and what was said so far is checked again.

    `Conflict` when both have one already, and not the same.
    """
    require(actor, Permission.MERGE)
    async with hub.db.transaction() as tx:
        pair = [(await tx.customers.get(each)).id for each in (joining.customer_id, joining.other_id)]
        if pair[0] == pair[1]:
            raise BadInput("a household needs two customers: these are one")
        await tx.customers.lock(pair)
        one, other = [await tx.customers.get(each) for each in pair]
        known = {each.household_id for each in (one, other)} - {None}
        if len(known) > 1:
            raise Conflict("both belong to a household already: one of them has to leave theirs first")
        household_id = next(iter(known), None)
        household = (
            await tx.households.get(household_id)
            if household_id is not None
            else await tx.households.add(joining.name.strip() or f"{one.name}、{other.name}"[:200], by=actor.login)
        )
        for customer, role in ((one, joining.role), (other, joining.other_role)):
            kept = customer.household_role if customer.household_id == household.id else ""
            await tx.customers.put_into(customer.id, household.id, role.value if role else kept)
            tx.audit.record(_deed(actor, "household.joined", household, customer.id))
        members = (await tx.households.members([household.id]))[household.id]
        annotated = await annotate(hub, tx, [], united=[member.customer_id for member in members])
        await tx.publish([await _changed(tx, household, "joined", one.id), *annotated.events])
    return household


async def name_household(hub: Hub, actor: Actor, household_id: int, name: str) -> None:
    """Give a household another name."""
    require(actor, Permission.MERGE)
    async with hub.db.transaction() as tx:
        household = await tx.households.get(household_id)
        await tx.households.rename(household.id, name.strip())
        tx.audit.record(_deed(actor, "household.renamed", household, before=household.name, now=name.strip()))
        await tx.publish([await _changed(tx, await tx.households.get(household.id), "renamed")])


async def change_role(hub: Hub, actor: Actor, customer_id: int, role: HouseholdRole | None) -> None:
    """Say who a member is to the others. `BadInput` when the customer belongs to no household."""
    require(actor, Permission.MERGE)
    async with hub.db.transaction() as tx:
        customer_id, household = await _membership(tx, customer_id)
        await tx.customers.put_into(customer_id, household.id, role.value if role else "")
        tx.audit.record(_deed(actor, "household.role_changed", household, customer_id, role=role))
        await tx.publish([await _changed(tx, household, "role_changed", customer_id)])


async def leave_household(hub: Hub, actor: Actor, customer_id: int) -> None:
    """Take a customer out. What was found while they belonged together stays on file; new words are no longer compared.

    `BadInput` when the customer belongs to no household.
    """
    require(actor, Permission.MERGE)
    async with hub.db.transaction() as tx:
        customer_id, household = await _membership(tx, customer_id)
        await tx.customers.put_into(customer_id, None, "")
        tx.audit.record(_deed(actor, "household.left", household, customer_id))
        await tx.publish([await _changed(tx, household, "left", customer_id)])


async def _membership(tx: Transaction, customer_id: int) -> tuple[int, Household]:
    """The customer, locked, and their household."""
    found = await tx.customers.get(customer_id)
    await tx.customers.lock([found.id])
    customer = await tx.customers.get(found.id)
    if customer.household_id is None:
        raise BadInput("this customer belongs to no household")
    return customer.id, await tx.households.get(customer.household_id)


def _deed(actor: Actor, action: str, household: Household, customer_id: int | None = None, **payload: Json) -> Deed:
    if customer_id is not None:
        payload["customer_id"] = public("cus", customer_id)
    return Deed.by(actor, action, "household", public("hou", household.id), version=None, **payload)


async def _changed(tx: Transaction, household: Household, what: str, customer_id: int | None = None) -> Event:
    """The fact that somebody joined or left, or that name or role changed, with who belongs to it now."""
    members = (await tx.households.members([household.id])).get(household.id, [])
    payload: dict[str, Json] = {
        "household_id": public("hou", household.id),
        "name": household.name,
        "what": what,
        "members": [{"customer_id": public("cus", one.customer_id), "role": one.role} for one in members],
    }
    return Event(type="household.changed", customer_id=customer_id, payload=payload)
