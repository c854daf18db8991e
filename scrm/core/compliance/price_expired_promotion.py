"""A promotion's price quoted as such after the promotion has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from scrm.core.compliance.comparing import Offer, book_offers
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.price_book import Product, Promotion

_PROMOTES = re.compile(r"活动|促销|特价|优惠价|秒杀|大促|特惠|限时|折扣价|团购价")
_AUTHORISED = re.compile(r"申请|特批|破例|单独给|私下|结束|过期|到期|截止了|没有?了|恢复")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceExpiredPromotion:
    """S2. Ground: SAMR order 56 art. 20(2); the promotion must have ended within `looks_back`.

    A rep who gives the old price without calling it a promotion, and may give it, quotes a price and no promotion.
    """

    ground: ClassVar[str] = "samr-56-20"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-expired-promotion"
    effective_from: date = date(2022, 7, 1)
    looks_back: timedelta = timedelta(days=90)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each product quoted at the price of a promotion that is over."""
        if _AUTHORISED.search(said.text):
            return
        for offer, product in book_offers(said, history.book):
            ended = self._ended(offer, product)
            if ended is not None and self._is_quoted_as_promotion(offer, product, ended):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S2,
                    entry_id=said.entry_id,
                    span=offer.span,
                    facts={
                        "sku": product.sku,
                        "price": offer.price,
                        "promotion": ended.name,
                        "ended_at": ended.ends_at.isoformat(),
                    },
                )

    def _ended(self, offer: Offer, product: Product) -> Promotion | None:
        """The promotion with that price which ended last; None when a running one or the list price is the same."""
        at = offer.said.at
        standing = {product.list_price, *(product.promotion_price(promotion) for promotion in product.running(at))}
        if offer.high is None or offer.high in standing:
            return None
        ended = [
            promotion
            for promotion in product.promotions
            if at - self.looks_back <= promotion.ends_at < at and product.promotion_price(promotion) == offer.high
        ]
        return max(ended, key=lambda promotion: promotion.ends_at, default=None)

    def _is_quoted_as_promotion(self, offer: Offer, product: Product, ended: Promotion) -> bool:
        text, role = offer.said.text, offer.said.role or offer.said.speaker.value
        if _PROMOTES.search(text) or (ended.name and ended.name in text):
            return True
        return role not in product.floors and offer.high is not None
