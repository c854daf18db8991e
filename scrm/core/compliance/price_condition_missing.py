"""A conditional price is quoted without its condition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from scrm.core.compliance.comparing import Offer, book_offers, is_conditional
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.price_book import Product, Promotion

_LITTLE = re.compile("仅?限于?|专享|专属|凭|需要?|须|必须|可享|享受?|[至到和及与、~～—-]|的|[ ，,]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceConditionMissing:
    """S2. Ground: SAMR order 56 art. 6 and 19(6). A condition named within `mentioned_within` before is known."""

    ground: ClassVar[str] = "samr-56-6"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-condition-missing"
    effective_from: date = date(2022, 7, 1)
    mentioned_within: timedelta = timedelta(days=1)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each product quoted at a price that only some buyers get, without saying so."""
        for offer, product in book_offers(said, history.book):
            promotion = None if is_conditional(offer) else _conditional_promotion(offer, product)
            if promotion is not None and not self._is_known(promotion.condition, said, history):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S2,
                    entry_id=said.entry_id,
                    span=offer.span,
                    facts={"sku": product.sku, "price": offer.price, "condition": promotion.condition},
                )

    def _is_known(self, condition: str, said: Statement, history: History) -> bool:
        return _names(condition, said.text) or any(
            _names(condition, earlier.text)
            for earlier in history.before(said)
            if said.at - earlier.at <= self.mentioned_within
        )


def _names(condition: str, text: str) -> bool:
    """Whether the text says the condition, be it in other little words: 周日到周四 of 周日至周四, 会员 of 仅限会员."""
    bare = _LITTLE.sub("", condition)
    return condition in text or (len(bare) > 1 and bare in _LITTLE.sub("", text))


def _conditional_promotion(offer: Offer, product: Product) -> Promotion | None:
    """The running promotion with that price, None when the price is to be had without a condition too."""
    running = [p for p in product.running(offer.said.at) if product.promotion_price(p) == offer.low == offer.high]
    if offer.low == product.list_price or any(not promotion.condition for promotion in running):
        return None
    return running[0] if running else None
