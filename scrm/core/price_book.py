"""Which price was valid when, and for whom: products, promotions and floors, each version kept."""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from scrm.core.errors import BadInput
from scrm.core.timeline import Json

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China's one zone. It has had no summer time since 1991 (https://data.iana.org/time-zones/tzdb/asia)."""

_LAST = "\U0010ffff"
_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A lower price for a while. `price` in CNY, or `ratio` of the list price to pay; exactly one of them is set.

    Runs from `starts_at` to `ends_at`, both included. `condition` (会员, 到店) is empty when everybody gets it.
    """

    name: str
    starts_at: datetime
    ends_at: datetime
    price: Decimal | None = None
    ratio: Decimal | None = None
    condition: str = ""

    def runs_at(self, instant: datetime) -> bool:
        return self.starts_at <= instant <= self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One version of a product's prices: valid in [`valid_from`, `valid_to`), known since `recorded_at`.

    `floors` maps a role (rep, lead …) to the lowest price it may give. `unit` is what `list_price` is per, None for
    the whole thing.
    """

    sku: str
    name: str
    list_price: Decimal
    aliases: tuple[str, ...] = ()
    unit: str | None = None
    promotions: tuple[Promotion, ...] = ()
    floors: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    recorded_at: datetime | None = None
    recorded_by: str = ""
    approved_by: str = ""

    def promotion_price(self, promotion: Promotion) -> Decimal:
        """CNY to pay under one of its promotions."""
        if promotion.price is not None:
            return promotion.price
        return (self.list_price * (promotion.ratio or Decimal(1))).quantize(Decimal("0.01"))

    def running(self, instant: datetime) -> tuple[Promotion, ...]:
        """Its promotions that run at `instant`."""
        return tuple(promotion for promotion in self.promotions if promotion.runs_at(instant))

    def valid_at(self, instant: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= instant) and (
            self.valid_to is None or instant < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Mention:
    """A product named in a text, by code points. `skus` are several when products share an alias."""

    start: int
    end: int
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceBook:
    """All versions of all products. Look-ups are by instant; nothing in it ever changes."""

    products: tuple[Product, ...] = ()
    _versions: Mapping[str, tuple[Product, ...]] = field(init=False, repr=False, compare=False)
    _prices: Sequence[tuple[Decimal, str]] = field(init=False, repr=False, compare=False)
    _names: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_versions", _by_sku(self.products))
        object.__setattr__(self, "_prices", _by_price(self.products))
        object.__setattr__(self, "_names", _by_opening(self.products))

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Json]]) -> PriceBook:
        """Read mappings as `to_rows` writes them, times in ISO 8601. `BadInput` names product and field."""
        return cls(tuple(_product(row, number) for number, row in enumerate(rows, start=1)))

    def to_rows(self) -> list[dict[str, Json]]:
        """Plain JSON-able mappings, one a product version; `from_rows` gives an equal book back."""
        return [_row(product) for product in self.products]

    def product(self, sku: str, at: datetime, *, known_at: datetime | None = None) -> Product | None:
        """The version of `sku` valid at `at`, as the book stood at `known_at` (None: as it stands now)."""
        versions = [
            product
            for product in self._versions.get(sku, ())
            if product.valid_at(at)
            and (known_at is None or product.recorded_at is None or product.recorded_at <= known_at)
        ]
        return versions[-1] if versions else None

    def at(self, instant: datetime, *, known_at: datetime | None = None) -> Iterator[Product]:
        """Every product's version valid at `instant`."""
        for sku in self._versions:
            product = self.product(sku, instant, known_at=known_at)
            if product is not None:
                yield product

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """Products named in `text`, left to right; the longest name wins, letters in any case."""
        return tuple(_mentions(text.casefold() if text.isascii() else _fold_case(text), self._names))

    def priced(self, amount: Decimal, at: datetime) -> tuple[str, ...]:
        """Skus whose list price or running promotion is `amount` (within CNY 1 or 0.5 %, whichever is more)."""
        tolerance = max(Decimal(1), amount * Decimal("0.005")) if amount >= 100 else Decimal(0)
        first = bisect_left(self._prices, (amount - tolerance, ""))
        last = bisect_right(self._prices, (amount + tolerance, _LAST))
        skus = dict.fromkeys(sku for _, sku in self._prices[first:last])
        return tuple(sku for sku in skus if self._costs(sku, amount, tolerance, at))

    def _costs(self, sku: str, amount: Decimal, tolerance: Decimal, at: datetime) -> bool:
        product = self.product(sku, at)
        return product is not None and any(abs(price - amount) <= tolerance for price in _standing_prices(product, at))


def read_price_book(text: str) -> PriceBook:
    """Read a TOML price book: tables `[[product]]`, each with `[[product.promotion]]` and `[product.floors]`.

    Times without a zone are China's. `BadInput` says which product and field cannot be read.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The price book is not valid TOML: {error}") from error
    products = tables.get("product")
    if not isinstance(products, list) or not products:
        raise BadInput("The price book holds no [[product]] table.")
    return PriceBook.from_rows([_from_toml(table) for table in products])


def _by_sku(products: Sequence[Product]) -> Mapping[str, tuple[Product, ...]]:
    versions: dict[str, list[Product]] = {}
    for product in sorted(products, key=lambda product: product.recorded_at or _ALWAYS):
        versions.setdefault(product.sku, []).append(product)
    return MappingProxyType({sku: tuple(found) for sku, found in versions.items()})


def _by_opening(products: Sequence[Product]) -> Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    owners: dict[str, dict[str, None]] = {}
    for product in products:
        for name in (product.sku, product.name, *product.aliases):
            if name.strip():
                owners.setdefault(_fold_case(name.strip()), {})[product.sku] = None
    openings: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for name in sorted(owners, key=len, reverse=True):
        openings.setdefault(name[0], []).append((name, tuple(owners[name])))
    return MappingProxyType({opening: tuple(names) for opening, names in openings.items()})


def _fold_case(text: str) -> str:
    folded = text.lower()
    # A few capitals grow when lowered (İ); offsets matter more than they do.
    return folded if len(folded) == len(text) else text


def _mentions(text: str, names: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]) -> Iterator[Mention]:
    position = 0
    while position < len(text):
        for name, skus in names.get(text[position], ()):
            if text.startswith(name, position) and _stands_alone(text, position, position + len(name)):
                yield Mention(position, position + len(name), skus)
                position += len(name) - 1
                break
        position += 1


def _stands_alone(text: str, start: int, end: int) -> bool:
    """A Latin or digit edge must not cut a longer word: alias X3 is not in X30, 1702 not in 21702."""
    return not (start and _joins(text[start - 1], text[start])) and not (
        end < len(text) and _joins(text[end - 1], text[end])
    )


def _joins(left: str, right: str) -> bool:
    if not (left.isascii() and right.isascii()):
        return False
    return (
        (left.isdigit() and right.isdigit())
        or (left.isalpha() and right.isalnum())
        or (left.isdigit() and right.isalpha())
    )


def _by_price(products: Sequence[Product]) -> Sequence[tuple[Decimal, str]]:
    prices = {(product.list_price, product.sku) for product in products}
    prices |= {(product.promotion_price(p), product.sku) for product in products for p in product.promotions}
    return sorted(prices)


def _standing_prices(product: Product, at: datetime) -> Iterator[Decimal]:
    yield product.list_price
    for promotion in product.running(at):
        yield product.promotion_price(promotion)


def _from_toml(table: Mapping[str, Json]) -> Mapping[str, Json]:
    row = dict(table)
    row["promotions"] = row.pop("promotion", row.get("promotions", []))
    return row


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
