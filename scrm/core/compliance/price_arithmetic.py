"""The discount and the price in one statement do not fit the list price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from scrm.core.claims import COMMITMENTS, Approx, Claim, Kind
from scrm.core.compliance.comparing import book_offers, is_above
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.price_book import Product

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
        for product, price, reductions in _sums(said, history):
            expected = [_reduced(start, reductions) for start in _starts(said, product, price)]
            value = price.quote.value
            if value is not None and not any(_agree(one, value) for one in expected):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S2,
                    entry_id=said.entry_id,
                    span=(price.quote.start, price.quote.end),
                    facts={"sku": product.sku, "price": str(value), "expected": str(expected[0])},
                )


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
    return exact and quote.stance in COMMITMENTS and quote.kind in {Kind.DISCOUNT_RATIO, Kind.AMOUNT_OFF}


def _starts(said: Statement, product: Product, price: Claim) -> list[Decimal]:
    """Prices a discount may be taken from: the list price, one named in the statement, a running promotion's."""
    named = [
        claim.quote.value
        for claim in said.claims
        if claim.quote.value is not None and claim is not price and claim.quote.kind in _STARTS
    ]
    promotions = [product.promotion_price(promotion) for promotion in product.running(said.at)]
    return [product.list_price, *named, *promotions]


def _reduced(price: Decimal, reductions: Sequence[Claim]) -> Decimal:
    for claim in reductions:
        value = claim.quote.value or Decimal(0)
        price = price * value if claim.quote.kind is Kind.DISCOUNT_RATIO else price - value
    return price.quantize(Decimal("0.01")).normalize()


def _agree(expected: Decimal, price: Decimal) -> bool:
    """Equal but for rounding."""
    return not is_above(expected, price) and not is_above(price, expected)
