"""A process of its own that appends to the audit log: python -m tests.audit.appending URL NAME NUMBER."""

from __future__ import annotations

import asyncio
import sys

from scrm.bootstrap import utc_now
from scrm.core.audit_chain import Deed
from scrm.store.database import Database


async def append(url: str, name: str, number: int) -> None:
    async def nobody(_topics: frozenset[str]) -> None:
        """Nobody is woken."""

    database = Database(url, now=utc_now, wake=nobody)
    for place in range(number):
        async with database.transaction() as tx:
            tx.audit.record(Deed(actor=name, action="appended", object_type="thing", object_id=str(place)))
    await database.close()


if __name__ == "__main__":
    asyncio.run(append(sys.argv[1], sys.argv[2], int(sys.argv[3])))
