"""A quote under the lowest price that the speaker's role may give, also by saying yes to the customer's bid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from scrm.core.compliance.comparing import Offer, book_offers, follows_a_higher_price
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.price_book import Product

_FAR_BELOW = Decimal("0.1")
_SECRET = re.compile(
    r"(?:别|不要|不能|千万别|可别|先别)(?:跟|和|让|告诉|对|往外|到处|声张|外传)[^，。,]{0,6}(?:说|讲|知道|声张|传)"
    r"|(?:别|不要)(?:告诉|声张|外传|说出去|往外说)"
    r"|内部价|员工价|保密|私下(?:给|做|走)|偷偷|悄悄|私单|不走(?:公司|平台|系统|公账|合同)|就你我知道|只有你我"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBelowFloor:
    """S2; S3 when it is more than a tenth below, S4 when it is to be kept secret. A running promotion's price is
    approved and never below a floor; less than half of one, after a higher price of the same, is the price of an extra.
    """

    ground: ClassVar[str] = "house-floors"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-below-floor"
    effective_from: date = date.min
    default_role: str = "rep"

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each product quoted below the floor of the speaker's role (else of `default_role`)."""
        for offer, product in book_offers(said, history.book):
            floor = self._floor(said, product)
            if floor is None or offer.high is None or offer.high >= floor or _is_promotion(offer, product):
                continue
            if offer.high * 2 < floor and follows_a_higher_price(offer.claim, said):
                continue
            if _SECRET.search(said.text):
                severity = Severity.S4
            else:
                far = (floor - offer.high) / floor > _FAR_BELOW
                severity = Severity.S3 if far else Severity.S2
            yield Finding(
                rule=self.id,
                severity=severity,
                entry_id=said.entry_id,
                span=offer.span,
                facts={"sku": product.sku, "price": offer.price, "floor": str(floor)},
            )

    def _floor(self, said: Statement, product: Product) -> Decimal | None:
        floors = product.floors
        return floors.get(said.role or said.speaker.value, floors.get(self.default_role))


def _is_promotion(offer: Offer, product: Product) -> bool:
    return any(offer.high == product.promotion_price(promotion) for promotion in product.running(offer.said.at))
