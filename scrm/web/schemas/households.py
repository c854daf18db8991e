"""Households: customers who decide together."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from scrm.web.schemas.shapes import Shape

MemberRole = Literal["", "self", "spouse", "parent", "child", "friend", "colleague", "other"]


class HouseholdJoin(Shape):
    other_id: str = Field(description="The customer to share a household with.")
    role: MemberRole = Field(default="", description="Who this customer is to the others; empty: not said.")
    other_role: MemberRole = ""
    name: str = Field(default="", max_length=200, description="Of a new household; empty: made from both names.")


class HouseholdEdit(Shape):
    name: str = Field(min_length=1, max_length=200)


class MemberEdit(Shape):
    role: MemberRole


class MemberOut(Shape):
    customer_id: str
    name: str
    role: MemberRole


class HouseholdOut(Shape):
    """A household. A price told to one member stands for the others."""

    id: str
    name: str
    created_at: datetime
    members: list[MemberOut]
