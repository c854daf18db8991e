"""What every noun of the store works with: one connection, the hub's ids, and the time of the transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    CursorResult,
    Executable,
    Row,
    String,
    Subquery,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from scrm.core.ids import IdSource
from scrm.store import bulk, columns


class Work:
    """One unit of work. `now` is its time; `wakes` the topics to wake after its commit."""

    def __init__(self, connection: AsyncConnection, ids: IdSource, now: Callable[[], datetime]) -> None:
        self.connection = connection
        self.ids = ids
        self.now = now()
        self.wakes: set[str] = set()

    @property
    def is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    async def rows(self, statement: Executable, values: Mapping[str, object] | None = None) -> Sequence[Row[Any]]:
        """All rows a statement gives. (`Any`: the edge where columns become fields.)"""
        return (await self.connection.execute(statement, values)).all()

    async def one(self, statement: Executable) -> Row[Any] | None:
        """The first row, if any."""
        return (await self.connection.execute(statement)).first()

    async def run(
        self, statement: Executable, values: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None
    ) -> CursorResult[Any]:
        """Run a statement, or a statement over many rows of values."""
        return await self.connection.execute(statement, values)

    async def insert(self, table: Table, values: Sequence[Mapping[str, object]]) -> None:
        """Insert rows, all with the same columns; none is fine."""
        await bulk.insert(self.connection, table, values)

    async def insert_new(self, table: Table, values: Sequence[Mapping[str, object]], *, unique: Sequence[str]) -> int:
        """Insert the rows whose `unique` columns are not there yet, and say how many; leave the others as they are."""
        return await bulk.insert(self.connection, table, values, unique=unique)

    def among(self, column: Column[Any], values: Iterable[object]) -> columns.Condition:
        """Whether the column has one of many values. One parameter whatever their number: one text, planned once."""
        if self.is_sqlite:
            return column.in_(select(text("value")).select_from(func.json_each(columns.as_json(list(values)))))
        return column == any_(_array(column, list(values)))

    def pairs_among(
        self, one: Column[Any], other: Column[Any], pairs: Iterable[tuple[object, object]]
    ) -> columns.Condition:
        """As `among`, for two columns at once."""
        return tuple_(one, other).in_(select(self.pairs(one, other, pairs)))

    def pairs(self, one: Column[Any], other: Column[Any], pairs: Iterable[tuple[object, object]]) -> Subquery:
        """A table of the pairs given, with columns named as the two they are like."""
        wanted = list(pairs)
        if self.is_sqlite:
            each = func.json_each(columns.as_json(wanted)).table_valued("value")
            asked = [func.json_extract(each.c.value, f"$[{n}]").label(c.name) for n, c in enumerate((one, other))]
        else:
            asked = [func.unnest(_array(c, [p[n] for p in wanted])).label(c.name) for n, c in enumerate((one, other))]
        return select(*asked).subquery("pairs")

    def upserting(self, table: Table) -> Any:  # two dialects' inserts with one interface, without a common type
        """An insert that knows `on_conflict_…`."""
        return sqlite_insert(table) if self.is_sqlite else postgres_insert(table)


def _array(column: Column[Any], values: list[object]) -> BindParameter[Any]:
    # As text, not as VARCHAR(n): a cast to that would cut what is too long, and find what is not there.
    return bindparam(None, values, type_=ARRAY(Text() if isinstance(column.type, String) else column.type))


class Noun:
    """A class per noun, each over one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work
