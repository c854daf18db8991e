"""The price book as stored: every version of every product, who recorded it and when. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from scrm.core.timeline import Json
from scrm.store import schema
from scrm.store.work import Noun

_versions = schema.price_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceVersion:
    """A version of a product, as `scrm.core.price_book` writes it, and who recorded it when."""

    sku: str
    product: Mapping[str, Json]
    recorded_at: datetime
    recorded_by: str


class Prices(Noun):
    async def record(self, products: Sequence[tuple[str, Mapping[str, Json]]], *, by: str) -> int:
        """Record (sku, product as JSON) versions that differ from what is on file; says how many."""
        latest = await self._latest()
        changed = [(sku, product) for sku, product in products if latest.get(sku) != product]
        await self._work.insert(
            _versions,
            [
                {
                    "id": self._work.ids.next(),
                    "sku": sku,
                    "product": product,
                    "recorded_at": self._work.now,
                    "recorded_by": by,
                }
                for sku, product in changed
            ],
        )
        if changed:
            self._work.wakes.add("prices")
        return len(changed)

    async def versions(self) -> list[PriceVersion]:
        """Every version, oldest first."""
        v = _versions.c
        rows = await self._work.rows(select(v.sku, v.product, v.recorded_at, v.recorded_by).order_by(v.id))
        return [PriceVersion(**row._mapping) for row in rows]

    async def stamp(self) -> int:
        """Grows whenever a version is recorded: tells whether a copy in memory is still right."""
        row = await self._work.one(select(func.max(_versions.c.id).label("newest")))
        return (row.newest if row else None) or 0

    async def _latest(self) -> dict[str, Mapping[str, Json]]:
        v = _versions.c
        newest = select(func.max(v.id)).group_by(v.sku)
        rows = await self._work.rows(select(v.sku, v.product).where(v.id.in_(newest)))
        return {row.sku: row.product for row in rows}
