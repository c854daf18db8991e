"""Customers as people work with them: read, name, assign, merge and undo, reveal a phone number."""

from __future__ import annotations

from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.events import Event
from scrm.core.ids import public
from scrm.hub import Hub
from scrm.services.annotate import annotate
from scrm.services.timeline import customer_changed, merged_event
from scrm.store.customers import BY_HAND, Merge


async def mark_read(hub: Hub, actor: Actor, customer_id: int) -> None:
    """Everything up to now has been read."""
    require(actor, Permission.READ_CUSTOMERS)
    async with hub.db.transaction() as tx:
        customer = await tx.customers.get(customer_id)
        if await tx.customers.mark_read(customer.id):
            await tx.publish([customer_changed(customer.id)])


async def edit_customer(hub: Hub, actor: Actor, customer_id: int, *, name: str | None, owner_id: int | None) -> None:
    """Give a customer a name or an owner; a name given by a person is not replaced by a provider's."""
    require(actor, Permission.REPLY)
    async with hub.db.transaction() as tx:
        customer = await tx.customers.get(customer_id)
        if name is not None:
            await tx.customers.name({customer.id: name}, rank=BY_HAND)
        if owner_id is not None:
            await tx.customers.assign(customer.id, owner_id)
        tx.audit.record(
            Deed.by(
                actor,
                "customer.edited",
                "customer",
                public("cus", customer.id),
                name=name,
                owner_id=str(owner_id) if owner_id is not None else None,
            )
        )
        await tx.publish([customer_changed(customer.id)])


async def merge_customers(hub: Hub, actor: Actor, customer_id: int, other_id: int, reason: str) -> Merge:
    """Two customers are one person, somebody says. Can be undone."""
    require(actor, Permission.MERGE)
    async with hub.db.transaction() as tx:
        merge = await tx.customers.merge_by_hand(customer_id, other_id, reason=reason, actor=actor.login)
        tx.audit.record(Deed.by(actor, "customers.merged", "customer", public("cus", merge.kept_id), reason=reason))
        annotated = await annotate(hub, tx, [], united=[merge.kept_id])
        await tx.publish([merged_event(merge), *annotated.events])
    return merge


async def undo_merge(hub: Hub, actor: Actor, merge_id: int) -> None:
    """The two were not one person after all: each gets back what was theirs."""
    require(actor, Permission.MERGE)
    async with hub.db.transaction() as tx:
        merge = await tx.customers.undo_merge(merge_id, actor=actor.login)
        tx.audit.record(Deed.by(actor, "customers.merge_undone", "customer", public("cus", merge.kept_id)))
        await tx.publish(
            [
                Event(
                    type="customers.merge_undone",
                    customer_id=merge.kept_id,
                    payload={
                        "merge_id": public("mrg", merge.id),
                        "kept_id": public("cus", merge.kept_id),
                        "merged_id": public("cus", merge.merged_id),
                    },
                )
            ]
        )


async def reveal_phone(hub: Hub, actor: Actor, customer_id: int, identity_id: int) -> str:
    """A phone number in full. Who looked is logged."""
    require(actor, Permission.REVEAL_PHONES)
    async with hub.db.transaction() as tx:
        customer = await tx.customers.get(customer_id)
        known = await tx.customers.identity(identity_id)
        tx.audit.record(
            Deed.by(
                actor, "phone.revealed", "customer", public("cus", customer.id), identity=public("idn", identity_id)
            )
        )
    return known.identity.value
