"""The discount and the price in one statement do not fit the list price."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from scrm.core.claims import COMMITMENTS, Approx, Claim, Kind, Quote
from scrm.core.compliance.comparing import book_offers, is_above
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.price_book import Product

_REDUCTIONS = frozenset({Kind.DISCOUNT_RATIO, Kind.AMOUNT_OFF, Kind.THRESHOLD_OFF})
_OF_PIECES = frozenset({Kind.THRESHOLD_OFF, Kind.THRESHOLD_RATIO})
_PIECES = re.compile("([0-9]+)[件个双套张盒瓶箱份人位]")
_PRICES = frozenset({Kind.PRICE, Kind.UNIT_PRICE})
_STARTS = _PRICES | {Kind.REF_PRICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceArithmetic:
    """S2. Ground: SAMR order 56 art. 19(3), (4); rounding is allowed, art. 21(3)."""

    ground: ClassVar[str] = "samr-56-19"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-arithmetic"
    effective_from: date = date(2022, 7, 1)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding where a product's only price is not what its only discount makes of any likely start."""
        for product, price, expected in (*_sums_of_one(said, history), *_sums_of_several(said, history)):
            value = price.quote.value
            if value is not None and not any(_agree(one, value) for one in expected):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S2,
                    entry_id=said.entry_id,
                    span=(price.quote.start, price.quote.end),
                    facts={"sku": product.sku, "price": str(value), "expected": str(expected[0])},
                )


def _sums_of_one(said: Statement, history: History) -> Iterator[tuple[Product, Claim, Sequence[Decimal]]]:
    for product, price, reductions in _sums(said, history):
        yield product, price, [_reduced(start, reductions, said.text) for start in _starts(said, product, price)]


def _sums_of_several(said: Statement, history: History) -> Iterator[tuple[Product, Claim, Sequence[Decimal]]]:
    """A product's price for several pieces under a reduction for as many: 第二件半价，两件1348."""
    reductions = [claim for claim in said.claims if claim.quote.kind in _OF_PIECES and claim.quote.unit is not None]
    for price in said.claims:
        pieces = _PIECES.fullmatch(price.quote.unit or "")
        product = history.book.product(price.sku or "", said.at)
        if price.quote.kind is not Kind.PRICE or pieces is None or product is None or len(reductions) != 1:
            continue
        (reduction,) = reductions
        if reduction.sku != price.sku or reduction.quote.end > price.quote.start or price.quote.approx != Approx.EXACT:
            continue
        starts = [start for start in _starts(said, product, price) if start < (price.quote.value or 0)]
        expected = [_of_pieces(start, int(pieces[1]), reduction.quote, said.text) for start in starts]
        if expected:
            yield product, price, expected


def _of_pieces(price: Decimal, count: int, reduction: Quote, text: str) -> Decimal:
    value, threshold = reduction.value or Decimal(0), int(reduction.threshold or 1)
    if count < threshold:
        return price * count
    if reduction.kind is Kind.THRESHOLD_OFF:
        return price * count - value * (count // threshold if "每" in text[reduction.start : reduction.end] else 1)
    if "第" in text[reduction.start : reduction.end]:
        reduced = count // threshold
        return price * (count - reduced) + price * value * reduced
    return price * count * value


def _sums(said: Statement, history: History) -> Iterator[tuple[Product, Claim, Sequence[Claim]]]:
    """A product's price that is stated as the outcome of reductions, and the reductions in the order of the text: the
    product's only price, or the last one where the first is what they are taken from.
    """
    for offer, product in book_offers(said, history.book):
        reductions = [claim for claim in said.claims if claim.sku == product.sku and _reduces(claim)]
        prices = [c for c in said.claims if c.sku == product.sku and c.quote.kind in _PRICES]
        if not reductions or not prices or offer.low != offer.high or offer.claim is not prices[-1]:
            continue
        first, last = reductions[0].quote, reductions[-1].quote
        follows = last.end <= offer.claim.quote.start
        from_a_start = len(prices) == 2 and prices[0].quote.start < first.start
        if (follows and (len(prices) == 1 or from_a_start)) or len(prices) == len(reductions) == 1:
            yield product, offer.claim, reductions


def _reduces(claim: Claim) -> bool:
    quote = claim.quote
    exact = quote.approx is Approx.EXACT and quote.value is not None and quote.value_max is None
    of_pieces = quote.kind is Kind.THRESHOLD_OFF and quote.unit is not None
    return exact and quote.stance in COMMITMENTS and quote.kind in _REDUCTIONS and not of_pieces


def _starts(said: Statement, product: Product, price: Claim) -> list[Decimal]:
    """Prices a discount may be taken from: the list price, one named in the statement, a running promotion's."""
    named = [
        claim.quote.value
        for claim in said.claims
        if claim.quote.value is not None and claim is not price and claim.quote.kind in _STARTS
    ]
    promotions = [product.promotion_price(promotion) for promotion in product.running(said.at)]
    return [product.list_price, *named, *promotions]


def _reduced(price: Decimal, reductions: Sequence[Claim], text: str) -> Decimal:
    for claim in reductions:
        value = claim.quote.value or Decimal(0)
        if claim.quote.kind is Kind.DISCOUNT_RATIO:
            price *= value
        else:
            price -= value * _times(claim.quote, text, price)
    return price.quantize(Decimal("0.01")).normalize()


def _times(quote: Quote, text: str, price: Decimal) -> int:
    """How often a reduction is had: 满800减100 once from 800 on, 每满200减30 for every 200."""
    if quote.kind is not Kind.THRESHOLD_OFF:
        return 1
    if not quote.threshold or price < quote.threshold:
        return 0
    return int(price / quote.threshold) if "每" in text[quote.start : quote.end] else 1


def _agree(expected: Decimal, price: Decimal) -> bool:
    """Equal but for rounding."""
    return not is_above(expected, price) and not is_above(price, expected)
