"""Looking prices up: which version of a product was valid when, which products a text names, what costs just that."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from scrm.core.price_book.model import Product
from scrm.core.price_book.rows import read_rows, read_toml, write_rows
from scrm.core.timeline import Json

_LONG_NUMBER = re.compile("[0-9]{3}")
_ROUND_NUMBER = re.compile(r"(?<![0-9A-Za-z.-])[0-9]{1,2}(?![0-9A-Za-z.])")
_ONES = "零一二三四五六七八九"
_SPOKEN = tuple(str.maketrans("0123456789", digits) for digits in ("零一二三四五六七八九", "零幺二三四五六七八九"))
_LAST = "\U0010ffff"
_ALWAYS = datetime.min.replace(tzinfo=UTC)


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
    _opening: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_versions", _by_sku(self.products))
        object.__setattr__(self, "_prices", _by_price(self.products))
        object.__setattr__(self, "_names", _by_opening(self.products))
        openings = "".join(map(re.escape, sorted(self._names)))
        object.__setattr__(self, "_opening", re.compile(f"[{openings}]" if openings else "(?!)"))

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Json]]) -> PriceBook:
        """Read mappings as `to_rows` writes them, times in ISO 8601. `BadInput` names product and field."""
        return cls(read_rows(rows))

    def to_rows(self) -> list[dict[str, Json]]:
        """Plain JSON-able mappings, one a product version; `from_rows` gives an equal book back."""
        return write_rows(self.products)

    def product(self, sku: str, at: datetime, *, known_at: datetime | None = None) -> Product | None:
        """The version of `sku` valid at `at`, as the book stood at `known_at` (None: as it stands now).

        Where several versions are valid, the one recorded last is right: that is how the past is corrected. None when
        the product was unknown or withdrawn.
        """
        found = self.version(sku, at, known_at=known_at)
        return None if found is None or found.withdrawn else found

    def version(self, sku: str, at: datetime, *, known_at: datetime | None = None) -> Product | None:
        """As `product`, but a version that says the product is withdrawn is given too."""
        for version in reversed(self._versions.get(sku, ())):
            known = known_at is None or version.recorded_at is None or version.recorded_at <= known_at
            if known and version.valid_at(at):
                return version
        return None

    def at(self, instant: datetime, *, known_at: datetime | None = None) -> Iterator[Product]:
        """Every product's version valid at `instant`."""
        for sku in self._versions:
            product = self.product(sku, instant, known_at=known_at)
            if product is not None:
                yield product

    def until(self, sku: str, at: datetime) -> datetime | None:
        """When what is valid at `at` is followed by something else, as far as is known now; None: never."""
        versions = self._versions.get(sku, ())
        bounds = {bound for version in versions for bound in (version.valid_from, version.valid_to)}
        here = self.version(sku, at)
        later = sorted(bound for bound in bounds if bound is not None and bound > at)
        return next((bound for bound in later if self.version(sku, bound) is not here), None)

    def history(self, sku: str) -> tuple[Product, ...]:
        """All versions of a product in the order they were recorded."""
        return self._versions.get(sku, ())

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """Products named in `text`, left to right; the longest name wins, letters in any case."""
        return tuple(_mentions(_fold_case(text), self._opening, self._names))

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
    return PriceBook(read_toml(text))


def _by_sku(products: Sequence[Product]) -> Mapping[str, tuple[Product, ...]]:
    versions: dict[str, list[Product]] = {}
    for product in sorted(products, key=lambda product: product.recorded_at or _ALWAYS):
        versions.setdefault(product.sku, []).append(product)
    return MappingProxyType({sku: tuple(found) for sku, found in versions.items()})


def _by_opening(products: Sequence[Product]) -> Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    owners: dict[str, dict[str, None]] = {}
    for product in products:
        for name in (product.sku, product.name, *product.aliases):
            for spelt in _spellings(name.strip()):
                owners.setdefault(_fold_case(spelt), {})[product.sku] = None
    openings: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for name in sorted(owners, key=len, reverse=True):
        openings.setdefault(name[0], []).append((name, tuple(owners[name])))
    return MappingProxyType({opening: tuple(names) for opening, names in openings.items()})


def _spellings(name: str) -> Iterator[str]:
    """A name as it is written and as its numbers are spoken: digit by digit from three digits on (一二零二, 幺二零二),
    shorter ones counted (七十五).
    """
    if name:
        yield name
    if _LONG_NUMBER.search(name):
        yield from (name.translate(digits) for digits in _SPOKEN)
    if _ROUND_NUMBER.search(name) and not name.isascii():
        yield _ROUND_NUMBER.sub(lambda number: _counted(int(number[0])), name)


def _counted(number: int) -> str:
    """A number below a hundred as it is said: 七十五."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_ONES[tens]}十") + (_ONES[ones] if ones or not tens else "")


def _fold_case(text: str) -> str:
    folded = text.lower()
    # A few capitals grow when lowered (İ); offsets matter more than they do.
    return folded if len(folded) == len(text) else text


def _mentions(
    text: str, opening: re.Pattern[str], names: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
) -> Iterator[Mention]:
    taken = 0
    for match in opening.finditer(text):
        start = match.start()
        if start < taken:
            continue
        for name, skus in names[text[start]]:
            if text.startswith(name, start) and _stands_alone(text, start, start + len(name)):
                taken = start + len(name)
                yield Mention(start, taken, skus)
                break


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
