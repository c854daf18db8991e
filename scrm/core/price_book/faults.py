"""What cannot be in a price book, and what a person should look at twice before it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from scrm.core.price_book.book import PriceBook
from scrm.core.price_book.model import CHINA, Product, Promotion

ALIAS_SEPARATORS = "、，,;；|\n"
"""What stands between the aliases of one cell; so it cannot stand in an alias."""
ROLES: Mapping[str, str] = MappingProxyType(
    {"rep": "销售", "agent": "客服", "lead": "组长", "manager": "主管", "bot": "机器人", "broadcast": "群发"}
)
"""Roles a floor is usually for. Others are possible, with a warning."""
_TAKEN = frozenset({"export", "import", "template"})
"""Words that stand where a sku does in addresses of the API."""
_LARGEST = Decimal(999_999_999)
_DECIMALS = 4
_TEXTS = (("sku", 100), ("name", 200), ("unit", 50))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong or doubtful about a field. `promotion` is the place of the promotion it is about, from 0."""

    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    code: str
    field: str
    promotion: int | None = None


def faults_of(product: Product) -> tuple[Fault, ...]:
    """Everything that keeps a product out of the book; none: it can be recorded."""
    return (*_texts(product), *_amounts(product), *_validity(product), *_promotions(product))


def doubts_about(product: Product, book: PriceBook, now: datetime) -> tuple[Fault, ...]:
    """What may be right but is worth a look: names that are another product's too, a past that changes."""
    return (*_shared_names(product, book, now), *_effects(product, book, now), *_low_promotions(product))


def _texts(product: Product) -> Iterator[Fault]:
    if product.sku.casefold() in _TAKEN:
        yield Fault(code="taken_sku", field="sku", facts={"text": product.sku})
    for name, longest in _TEXTS:
        text = getattr(product, name) or ""
        if not text.strip() and name != "unit":
            yield Fault(code="missing", field=name)
        yield from _text_faults(name, text, longest)
    for alias in product.aliases:
        if any(separator in alias for separator in ALIAS_SEPARATORS):
            yield Fault(code="alias_separator", field="aliases", facts={"text": alias})
        yield from _text_faults("aliases", alias, 100)


def _text_faults(name: str, text: str, longest: int, promotion: int | None = None) -> Iterator[Fault]:
    if len(text) > longest:
        yield Fault(code="too_long", field=name, promotion=promotion, facts={"longest": str(longest)})
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text.replace("\n", "")):
        yield Fault(code="control_characters", field=name, promotion=promotion)


def _amounts(product: Product) -> Iterator[Fault]:
    yield from _amount_faults("list_price", product.list_price)
    for role, floor in product.floors.items():
        name = f"floors.{role}"
        yield from _amount_faults(name, floor)
        if floor > product.list_price:
            facts = {"floor": money(floor), "list_price": money(product.list_price)}
            yield Fault(code="floor_above_list", field=name, facts=facts)


def _amount_faults(name: str, amount: Decimal, promotion: int | None = None) -> Iterator[Fault]:
    if amount < 0:
        yield Fault(code="negative", field=name, promotion=promotion, facts={"value": money(amount)})
    elif amount > _LARGEST:
        yield Fault(code="too_large", field=name, promotion=promotion, facts={"value": money(amount)})
    elif amount != round(amount, _DECIMALS):
        yield Fault(code="too_precise", field=name, promotion=promotion, facts={"value": money(amount)})


def _validity(product: Product) -> Iterator[Fault]:
    if product.valid_from and product.valid_to and product.valid_to <= product.valid_from:
        facts = {"from": moment(product.valid_from), "to": moment(product.valid_to)}
        yield Fault(code="ends_before_start", field="valid_to", facts=facts)


def _promotions(product: Product) -> Iterator[Fault]:
    for number, promotion in enumerate(product.promotions):
        yield from _promotion(product, promotion, number)
        for earlier in product.promotions[:number]:
            if _overlap(earlier, promotion):
                facts = {"name": earlier.name, "from": moment(earlier.starts_at), "to": moment(earlier.ends_at)}
                yield Fault(code="overlapping", field="starts_at", promotion=number, facts=facts)


def _promotion(product: Product, promotion: Promotion, number: int) -> Iterator[Fault]:
    for name, text, longest in (("name", promotion.name, 100), ("condition", promotion.condition, 200)):
        yield from _text_faults(name, text, longest, number)
    if (promotion.price is None) == (promotion.ratio is None):
        yield Fault(code="price_or_ratio", field="price", promotion=number)
    if promotion.price is not None:
        yield from _amount_faults("price", promotion.price, number)
        if promotion.price > product.list_price:
            facts = {"price": money(promotion.price), "list_price": money(product.list_price)}
            yield Fault(code="promotion_above_list", field="price", promotion=number, facts=facts)
    if promotion.ratio is not None and not 0 < promotion.ratio <= 1:
        yield Fault(code="not_a_ratio", field="ratio", promotion=number, facts={"value": money(promotion.ratio)})
    if promotion.ends_at < promotion.starts_at:
        facts = {"from": moment(promotion.starts_at), "to": moment(promotion.ends_at)}
        yield Fault(code="ends_before_start", field="ends_at", promotion=number, facts=facts)


def _overlap(one: Promotion, other: Promotion) -> bool:
    """Two promotions for the same people at the same time leave open which price is right."""
    same_people = one.condition == other.condition
    return same_people and one.starts_at <= other.ends_at and other.starts_at <= one.ends_at


def _shared_names(product: Product, book: PriceBook, now: datetime) -> Iterator[Fault]:
    owners: dict[str, Product] = {}
    for other in book.at(now):
        if other.sku != product.sku:
            owners |= dict.fromkeys(_names(other), other)
    for name in product.aliases:
        other_owner = owners.get(name.casefold())
        if other_owner is not None:
            facts = {"text": name, "product": other_owner.name, "sku": other_owner.sku}
            yield Fault(code="shared_alias", field="aliases", facts=facts)


def _names(product: Product) -> Iterable[str]:
    return (name.casefold() for name in (product.sku, product.name, *product.aliases))


def _effects(product: Product, book: PriceBook, now: datetime) -> Iterator[Fault]:
    start = product.valid_from or now
    if product.valid_from is not None and product.valid_from < now:
        yield Fault(code="corrects_past", field="valid_from", facts={"from": moment(start)})
    follows = book.until(product.sku, start)
    if follows is not None and product.valid_to is not None and product.valid_to > follows:
        yield Fault(code="covers_later", field="valid_to", facts={"from": moment(follows)})


def _low_promotions(product: Product) -> Iterator[Fault]:
    for role, floor in product.floors.items():
        if role not in ROLES:
            yield Fault(code="unknown_role", field=f"floors.{role}", facts={"role": role})
        for number, promotion in enumerate(product.promotions):
            if (promotion.price is None) != (promotion.ratio is None) and product.promotion_price(promotion) < floor:
                facts = {"price": money(product.promotion_price(promotion)), "floor": money(floor)}
                yield Fault(code="promotion_below_floor", field="price", promotion=number, facts=facts)


def money(amount: Decimal) -> str:
    """An amount as people read it: 3999, 99.5."""
    return format(amount.normalize() if amount else Decimal(0), "f")


def moment(at: datetime) -> str:
    """A time as people in China read it: to the minute, whose last second ends it; else to the second."""
    local = at.astimezone(CHINA)
    return local.strftime("%Y-%m-%d %H:%M" if local.second in {0, 59} else "%Y-%m-%d %H:%M:%S")
