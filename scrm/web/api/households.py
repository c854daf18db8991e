"""Households."""

from __future__ import annotations

from scrm.core.access import Permission, require
from scrm.core.customers import HouseholdRole
from scrm.core.ids import row
from scrm.services import households
from scrm.services.households import Joining
from scrm.web.openapi import Call, Routes
from scrm.web.present import present_household
from scrm.web.schemas.households import HouseholdEdit, HouseholdJoin, HouseholdOut, MemberEdit

ROUTES = Routes("households")


@ROUTES.add("POST", "/customers/{id}/household", body=HouseholdJoin, answer=HouseholdOut, status=201)
async def join_household(call: Call, body: HouseholdJoin) -> HouseholdOut:
    """Put two customers into one household. What each was told is then held against the other's quotes, too."""
    joining = Joining(
        customer_id=call.row_id("id", "cus"),
        other_id=row("cus", body.other_id),
        role=_role(body.role),
        other_role=_role(body.other_role),
        name=body.name,
    )
    joined = await households.join_household(call.hub, call.actor, joining)
    return await _household(call, joined.id)


@ROUTES.add("PATCH", "/customers/{id}/household", body=MemberEdit)
async def change_member_role(call: Call, body: MemberEdit) -> None:
    """Say who a member is to the others."""
    await households.change_role(call.hub, call.actor, call.row_id("id", "cus"), _role(body.role))


@ROUTES.add("DELETE", "/customers/{id}/household")
async def leave_household(call: Call) -> None:
    """Take a customer out of their household. What was found so far stays on file."""
    await households.leave_household(call.hub, call.actor, call.row_id("id", "cus"))


@ROUTES.add("GET", "/households/{id}", answer=HouseholdOut)
async def get_household(call: Call) -> HouseholdOut:
    """A household and who belongs to it."""
    require(call.actor, Permission.READ_CUSTOMERS)
    return await _household(call, call.row_id("id", "hou"))


@ROUTES.add("PATCH", "/households/{id}", body=HouseholdEdit, answer=HouseholdOut)
async def name_household(call: Call, body: HouseholdEdit) -> HouseholdOut:
    """Give a household another name."""
    household_id = call.row_id("id", "hou")
    await households.name_household(call.hub, call.actor, household_id, body.name)
    return await _household(call, household_id)


async def _household(call: Call, household_id: int) -> HouseholdOut:
    async with call.hub.db.reading() as tx:
        return await present_household(tx, household_id)


def _role(role: str) -> HouseholdRole | None:
    return HouseholdRole(role) if role else None
