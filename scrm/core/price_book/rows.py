"""Reading price books from plain mappings and from TOML, saying whose field is wrong; and writing them back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from scrm.core.errors import BadInput
from scrm.core.price_book.model import CHINA, Product, Promotion
from scrm.core.timeline import Json


def read_rows(rows: Iterable[Mapping[str, Json]]) -> tuple[Product, ...]:
    """Products as `write_rows` writes them, times in ISO 8601. `BadInput` names product and field."""
    return tuple(_product(row, number) for number, row in enumerate(rows, start=1))


def write_rows(products: Iterable[Product]) -> list[dict[str, Json]]:
    """Plain JSON-able mappings, one a product version; `read_rows` gives equal products back."""
    return [_row(product) for product in products]


def read_toml(text: str) -> tuple[Product, ...]:
    """Tables `[[product]]`, each with `[[product.promotion]]` and `[product.floors]`; `BadInput` as in `read_rows`."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The price book is not valid TOML: {error}") from error
    products = tables.get("product")
    if not isinstance(products, list) or not products:
        raise BadInput("The price book holds no [[product]] table.")
    return read_rows([_from_toml(table) for table in products])


_PRODUCT_KEYS = frozenset(
    {"sku", "name", "aliases", "list_price", "unit", "promotion", "floors", "valid_from", "valid_to", "withdrawn"}
)
_PROMOTION_KEYS = frozenset({"name", "price", "ratio", "from", "to", "condition"})


def _from_toml(table: Mapping[str, Json]) -> Mapping[str, Json]:
    owner = f"Product {table.get('sku') or '(without sku)'}"
    _refuse_unknown(table, _PRODUCT_KEYS, owner)
    row = dict(table)
    promotions = row.pop("promotion", [])
    if isinstance(promotions, list):
        for number, promotion in enumerate(promotions, start=1):
            if isinstance(promotion, Mapping):
                _refuse_unknown(promotion, _PROMOTION_KEYS, f"{owner}, promotion {number}")
    row["promotions"] = promotions
    return row


def _refuse_unknown(table: Mapping[str, Json], known: frozenset[str], owner: str) -> None:
    """A field that nobody reads is a typing error in one that somebody should have read."""
    unknown = sorted(set(table) - known)
    if unknown:
        raise BadInput(f"{owner}: there is no field {unknown[0]!r}; fields are {', '.join(sorted(known))}.")


def _product(row: Mapping[str, Json], number: int) -> Product:
    fields = _Fields(row, f"Product {row.get('sku') or f'number {number}'}")
    promotions = fields.tables("promotions")
    return Product(
        sku=fields.text("sku"),
        name=fields.text("name"),
        list_price=fields.money("list_price"),
        aliases=fields.texts("aliases"),
        unit=fields.text("unit", optional=True) or None,
        promotions=tuple(_promotion(table, f"{fields.owner}, promotion {n}") for n, table in enumerate(promotions, 1)),
        floors=MappingProxyType(fields.floors()),
        valid_from=fields.optional_time("valid_from"),
        valid_to=fields.optional_time("valid_to"),
        recorded_at=fields.optional_time("recorded_at"),
        recorded_by=fields.text("recorded_by", optional=True),
        approved_by=fields.text("approved_by", optional=True),
        withdrawn=fields.flag("withdrawn"),
    )


def _promotion(row: Mapping[str, Json], owner: str) -> Promotion:
    fields = _Fields(row, owner)
    price, ratio = fields.optional_money("price"), fields.optional_money("ratio")
    if (price is None) == (ratio is None):
        raise BadInput(f"{owner}: give either price or ratio (the share to pay, 0.85 for 85折).")
    if ratio is not None and not 0 < ratio <= 1:
        raise BadInput(f"{owner}, ratio: {ratio} is not a share between 0 and 1 (0.85 for 85折).")
    starts_at, ends_at = fields.time("from"), fields.time("to", end_of_day=True)
    if ends_at < starts_at:
        raise BadInput(f"{owner}: it ends ({ends_at.isoformat()}) before it starts ({starts_at.isoformat()}).")
    return Promotion(
        name=fields.text("name", optional=True),
        starts_at=starts_at,
        ends_at=ends_at,
        price=price,
        ratio=ratio,
        condition=fields.text("condition", optional=True),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """Reads the fields of one table, saying whose field it is when one is wrong."""

    row: Mapping[str, Json]
    owner: str

    def text(self, name: str, *, optional: bool = False) -> str:
        value = self.row.get(name)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or not (value.strip() or optional):
            raise BadInput(f"{self.owner}, {name}: expected a text, got {value!r}.")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.row.get(name) or []
        if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
            raise BadInput(f"{self.owner}, {name}: expected a list of texts, got {values!r}.")
        return tuple(str(value) for value in values)

    def tables(self, name: str) -> Sequence[Mapping[str, Json]]:
        values = self.row.get(name) or []
        if not isinstance(values, list | tuple) or not all(isinstance(value, Mapping) for value in values):
            raise BadInput(f"{self.owner}, {name}: expected a list of tables, got {values!r}.")
        return [value for value in values if isinstance(value, Mapping)]

    def flag(self, name: str) -> bool:
        value = self.row.get(name, False)
        if not isinstance(value, bool):
            raise BadInput(f"{self.owner}, {name}: expected true or false, got {value!r}.")
        return value

    def money(self, name: str) -> Decimal:
        return self._amount(name, self.row.get(name))

    def optional_money(self, name: str) -> Decimal | None:
        value = self.row.get(name)
        return None if value is None else self._amount(name, value)

    def floors(self) -> dict[str, Decimal]:
        floors = self.row.get("floors") or {}
        if not isinstance(floors, Mapping):
            raise BadInput(f"{self.owner}, floors: expected role = price, got {floors!r}.")
        return {role: self._amount(f"floors.{role}", price) for role, price in floors.items()}

    def optional_time(self, name: str) -> datetime | None:
        return None if self.row.get(name) in {None, ""} else self.time(name)

    def time(self, name: str, *, end_of_day: bool = False) -> datetime:
        """A time as UTC; a bare date means its first second, or its last one for an end."""
        value: object = self.row.get(name)
        if isinstance(value, str):
            value = self._parse_time(name, value)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(23, 59, 59) if end_of_day else time(0))
        if not isinstance(value, datetime):
            raise BadInput(f"{self.owner}, {name}: expected a time such as 2026-06-10T00:00:00+08:00, got {value!r}.")
        return (value if value.tzinfo else value.replace(tzinfo=CHINA)).astimezone(UTC)

    def _parse_time(self, name: str, value: str) -> date:
        try:
            return date.fromisoformat(value) if len(value) == len("2026-06-10") else datetime.fromisoformat(value)
        except ValueError as error:
            raise BadInput(
                f"{self.owner}, {name}: {value!r} is not a time such as 2026-06-10T00:00:00+08:00."
            ) from error

    def _amount(self, name: str, value: object) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise BadInput(f"{self.owner}, {name}: expected a number, got {value!r}.")
        try:
            amount = Decimal(str(value))
        except InvalidOperation as error:
            raise BadInput(f"{self.owner}, {name}: expected a number, got {value!r}.") from error
        if not amount.is_finite() or amount < 0:
            raise BadInput(f"{self.owner}, {name}: expected a number of 0 or more, got {value!r}.")
        return amount


def _row(product: Product) -> dict[str, Json]:
    return {
        "sku": product.sku,
        "name": product.name,
        "aliases": list(product.aliases),
        "list_price": str(product.list_price),
        "unit": product.unit,
        "promotions": [_promotion_row(promotion) for promotion in product.promotions],
        "floors": {role: str(price) for role, price in product.floors.items()},
        "valid_from": _iso(product.valid_from),
        "valid_to": _iso(product.valid_to),
        "recorded_at": _iso(product.recorded_at),
        "recorded_by": product.recorded_by,
        "approved_by": product.approved_by,
        "withdrawn": product.withdrawn,
    }


def _promotion_row(promotion: Promotion) -> dict[str, Json]:
    return {
        "name": promotion.name,
        "price": None if promotion.price is None else str(promotion.price),
        "ratio": None if promotion.ratio is None else str(promotion.ratio),
        "from": promotion.starts_at.isoformat(),
        "to": promotion.ends_at.isoformat(),
        "condition": promotion.condition,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
