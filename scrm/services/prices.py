"""The price book as checks and scripts use it: loaded once, again when a version is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from scrm.core.errors import BadInput
from scrm.core.price_book import PriceBook, read_price_book
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.store.database import Transaction


async def current_book(hub: Hub, tx: Transaction) -> PriceBook:
    """Every version of every product, as the database has it now."""
    stamp = await tx.prices.stamp()
    if stamp != hub.shelf.stamp:
        rows = [
            {
                **version.product,
                "recorded_at": version.recorded_at.isoformat(),
                "recorded_by": version.recorded_by,
            }
            for version in await tx.prices.versions()
        ]
        hub.shelf.book = PriceBook.from_rows(rows)
        hub.shelf.stamp = stamp
    return hub.shelf.book


async def load_price_book(hub: Hub, path: Path, *, by: str) -> int:
    """Record the products of a TOML file that differ from what is on file; says how many."""
    try:
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The price book {path} cannot be read: {error}") from error
    book = read_price_book(text)
    rows = [_timeless(row) for row in book.to_rows()]
    async with hub.db.transaction() as tx:
        return await tx.prices.record([(str(row["sku"]), row) for row in rows], by=by)


def _timeless(row: Mapping[str, Json]) -> dict[str, Json]:
    """Who recorded it and when are the store's to say."""
    return {name: value for name, value in row.items() if name not in {"recorded_at", "recorded_by"}}
