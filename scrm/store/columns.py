"""The types of columns, and what comparing with them needs. Times are aware UTC."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import JSON, BigInteger, ColumnElement, Dialect, Integer, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes: timestamptz on PostgreSQL, microseconds since 1970 on SQLite (exact, ordered, quick)."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())  # type: ignore[arg-type]  # an integer below, a datetime above

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: datetime | int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if isinstance(value, int):
            return _EPOCH + timedelta(microseconds=value)
        return value.astimezone(UTC) if value is not None else None


Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSON documents."""


Condition = ColumnElement[bool]


as_json: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""JSON as the store writes it: compact, Chinese readable."""


def place(of: tuple[datetime, int]) -> tuple[ColumnElement[datetime], int]:
    """A place in a list ordered by (time, id), to compare rows with."""
    at, row_id = of
    return bindparam(None, at, type_=UtcTime()), row_id


RowId = BigInteger().with_variant(Integer(), "sqlite")
"""On SQLite exactly INTEGER: the key is then the place of the row itself, and needs no index of its own."""
