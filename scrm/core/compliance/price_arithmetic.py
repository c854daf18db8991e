"""The discount and the price in one statement do not fit the list price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from scrm.core.claims import COMMITMENTS, Approx, Claim, Kind
from scrm.core.compliance.comparing import book_offers, is_above
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.price_book import Product


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
        for offer, product in book_offers(said, history.book):
            reductions = [claim for claim in said.claims if claim.sku == product.sku and _reduces(claim)]
            prices = [c for c in said.claims if c.sku == product.sku and c.quote.kind in {Kind.PRICE, Kind.UNIT_PRICE}]
            if len(reductions) != 1 or len(prices) != 1 or offer.low != offer.high:
                continue
            expected = [_reduced(start, reductions[0]) for start in _starts(said, product)]
            if not any(_agree(price, offer.low) for price in expected):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S2,
                    entry_id=said.entry_id,
                    span=offer.span,
                    facts={"sku": product.sku, "price": offer.price, "expected": str(expected[0])},
                )


def _reduces(claim: Claim) -> bool:
    quote = claim.quote
    exact = quote.approx is Approx.EXACT and quote.value is not None and quote.value_max is None
    return exact and quote.stance in COMMITMENTS and quote.kind in {Kind.DISCOUNT_RATIO, Kind.AMOUNT_OFF}


def _starts(said: Statement, product: Product) -> list[Decimal]:
    """Prices a discount may be taken from: the list price, one named in the statement, a running promotion's."""
    named = [c.quote.value for c in said.claims if c.quote.kind is Kind.REF_PRICE and c.quote.value is not None]
    promotions = [product.promotion_price(promotion) for promotion in product.running(said.at)]
    return [product.list_price, *named, *promotions]


def _reduced(price: Decimal, claim: Claim) -> Decimal:
    value = claim.quote.value or Decimal(0)
    reduced = price * value if claim.quote.kind is Kind.DISCOUNT_RATIO else price - value
    return reduced.quantize(Decimal("0.01")).normalize()


def _agree(expected: Decimal, price: Decimal) -> bool:
    """Equal but for rounding."""
    return not is_above(expected, price) and not is_above(price, expected)
