"""Proofreading: texts that nobody has sent yet, with the prices of the day filled in, checked as words of a seller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from scrm.core.claims import find_claims, find_products
from scrm.core.compliance import Finding, Rule, Severity, Statement, check
from scrm.core.price_book import CHINA, PriceBook, Product
from scrm.core.scripts import ScriptPack, fill
from scrm.core.timeline import Speaker

DRAFT = "draft"
"""The id of a statement that is on no timeline."""
BLOCKING = Severity.S2
"""Findings of this severity and above hold a draft back until they are acknowledged."""


@dataclass(frozen=True, slots=True)
class CheckedScript:
    """A script as it would be sent now, and what is found in its words alone."""

    ref: str
    text: str
    findings: tuple[Finding, ...]


def read_text(text: str, book: PriceBook, *, speaker: Speaker, channel: str = "", at: datetime) -> Statement:
    """A text that nobody has sent, with what it claims."""
    return Statement(
        entry_id=DRAFT,
        at=at,
        channel=channel,
        speaker=speaker,
        actor="",
        text=text,
        claims=find_claims(text, speaker, at, book),
        products=find_products(text, book),
    )


def is_blocking(finding: Finding) -> bool:
    return finding.severity >= BLOCKING


def check_words(said: Statement, book: PriceBook, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """What would be objected to whoever heard it: the price book and the words, no history."""
    return check([said], book, rules)


def check_scripts(
    packs: Iterable[ScriptPack], book: PriceBook, rules: Sequence[Rule], *, values: Mapping[str, str], now: datetime
) -> list[CheckedScript]:
    """Every script, filled in with the prices of the book and fixed `values`, as a seller's own words."""
    checked = []
    for pack in packs:
        for script in pack.scripts:
            filled = fill(script, lambda name: price_variable(name, book, now) or values.get(name))
            said = read_text(filled.text, book, speaker=Speaker.REP, at=now)
            checked.append(CheckedScript(script.ref, filled.text, check_words(said, book, rules)))
    return checked


def price_variable(name: str, book: PriceBook, now: datetime) -> str | None:
    """The value of a variable that the price book answers (`price:年课`), None when it has none or is no such one."""
    kind, _, argument = name.partition(":")
    product = _product(book, argument, now) if kind in _PRICES else None
    return _PRICES[kind](product, now) if product else None


def price_now(product: Product, now: datetime) -> str:
    """What everybody pays now: the lowest running promotion without a condition, else the list price."""
    open_to_all = [product.promotion_price(p) for p in product.running(now) if not p.condition]
    return _yuan(min([product.list_price, *open_to_all]), product.unit)


def _promotion(product: Product, now: datetime) -> str | None:
    names = [f"{p.name} {_yuan(product.promotion_price(p), product.unit)}".strip() for p in product.running(now)]
    return "、".join(names) or None


def _promotion_until(product: Product, now: datetime) -> str | None:
    running = product.running(now)
    if not running:
        return None
    last = min(promotion.ends_at for promotion in running).astimezone(CHINA)
    return f"{last.month}月{last.day}日"


def _list_price(product: Product, now: datetime) -> str:  # noqa: ARG001  # one signature for all price variables
    return _yuan(product.list_price, product.unit)


_PRICES = {
    "price": price_now,
    "promotion": _promotion,
    "promotion_until": _promotion_until,
    "list_price": _list_price,
}


def _yuan(amount: Decimal, unit: str | None) -> str:
    shown = f"{amount:,.2f}".removesuffix(".00")
    return f"{shown}元" + (f"/{unit}" if unit else "")


def _product(book: PriceBook, name: str, now: datetime) -> Product | None:
    for product in book.at(now):
        if name in {product.sku, product.name, *product.aliases}:
            return product
    return None
