"""Group commit: concurrent callers of one process share a transaction; each goes on when its own share is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from scrm.store.database import Database, Transaction

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class GroupCommit(Generic[ItemT, ResultT]):
    """`apply` stores a group of items in one transaction and gives one result each, in order.

    An idle hub commits at once; while a commit runs, callers gather for the next. When a group fails, its members are
    tried one by one, so that none pays for another.
    """

    def __init__(
        self,
        db: Database,
        apply: Callable[[Transaction, Sequence[ItemT]], Awaitable[Sequence[ResultT]]],
        *,
        largest: int = 512,
    ) -> None:
        self._db = db
        self._apply = apply
        self._largest = largest
        self._waiting: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: ItemT) -> ResultT:
        """Store one item; when this returns, it is committed."""
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="group commit")
        return await result

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
                await self._commit(group)
        finally:
            self._running = None

    async def _commit(self, group: Sequence[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        try:
            async with self._db.transaction() as tx:
                results = await self._apply(tx, [item for item, _ in group])
        except Exception as error:
            if len(group) == 1:
                _settle(group[0][1], error)
                return
            for member in group:
                await self._commit([member])
            return
        for (_, future), result in zip(group, results, strict=True):
            if not future.done():
                future.set_result(result)


def _settle(future: asyncio.Future[ResultT], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
