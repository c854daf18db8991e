"""Households: customers who decide together. What one member was told stands for the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from scrm.core.errors import NotFound
from scrm.store import schema
from scrm.store.work import Noun

_households, _customers = schema.households, schema.customers
_own, _other = _customers.alias("own"), _customers.alias("other")  # made once: an alias copies every column


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    id: int
    name: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A customer as part of a household; `role` is empty where nobody has said it."""

    customer_id: int
    household_id: int
    name: str
    role: str


class Households(Noun):
    async def add(self, name: str, *, by: str) -> Household:
        """A household that has no member yet."""
        household = Household(id=self._work.ids.next(), name=name, created_at=self._work.now, created_by=by)
        values = {field: getattr(household, field) for field in Household.__dataclass_fields__}
        await self._work.insert(_households, [values])
        return household

    async def get(self, household_id: int) -> Household:
        row = await self._work.one(select(_households).where(_households.c.id == household_id))
        if row is None:
            raise NotFound("there is no such household")
        return Household(**row._mapping)

    async def rename(self, household_id: int, name: str) -> None:
        await self._work.run(update(_households).where(_households.c.id == household_id).values(name=name))

    async def members(self, household_ids: Iterable[int]) -> dict[int, list[Member]]:
        """Members by household, those known longest first. Who was merged into another is no member."""
        c = _customers.c
        rows = await self._work.rows(
            select(c.id, c.household_id, c.name, c.household_role)
            .where(self._work.among(c.household_id, set(household_ids)), c.merged_into.is_(None))
            .order_by(c.id)
        )
        found: dict[int, list[Member]] = {}
        for row in rows:
            found.setdefault(row.household_id, []).append(_member(row))
        return found

    async def companions(self, customer_ids: Iterable[int]) -> Mapping[int, tuple[Member, ...]]:
        """For each of these customers that has a household, all its members, the customer among them. One statement
        for any number; customers without a household are missing.
        """
        own, other = _own.c, _other.c
        rows = await self._work.rows(
            select(own.id.label("of"), other.id, other.household_id, other.name, other.household_role)
            .join(_other, other.household_id == own.household_id)
            .where(self._work.among(own.id, set(customer_ids)), other.merged_into.is_(None))
            .order_by(own.id, other.id)
        )
        found: dict[int, tuple[Member, ...]] = {}
        for row in rows:
            found[row.of] = (*found.get(row.of, ()), _member(row))
        return found


def _member(row: Row[Any]) -> Member:
    return Member(customer_id=row.id, household_id=row.household_id, name=row.name, role=row.household_role)
