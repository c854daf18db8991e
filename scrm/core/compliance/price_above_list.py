"""A quote above the list price that the book holds at that time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrm.core.claims import Link, Stance
from scrm.core.compliance.comparing import book_offers, is_above, to_pay
from scrm.core.compliance.model import Finding, History, Severity, Statement

_MORE_THAN_THE_PRODUCT = re.compile(r"延保|配件|加装|升级款|一起|两样|全套|连同|加上")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAboveList:
    """S3. Ground: 明码标价和禁止价格欺诈规定 (SAMR order 56) art. 8: no selling above the marked price."""

    ground: ClassVar[str] = "samr-56-8"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False

    id: str = "price-above-list"
    effective_from: date = date(2022, 7, 1)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each product quoted above its list price."""
        if _MORE_THAN_THE_PRODUCT.search(said.text):
            return
        products = dict(book_offers(said, history.book))
        for offer in to_pay(products):
            product = products[offer]
            if offer.claim.link is Link.AMOUNT or offer.claim.quote.stance is Stance.FUTURE:
                continue
            if is_above(offer.low, product.list_price):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S3,
                    entry_id=said.entry_id,
                    span=offer.span,
                    facts={"sku": product.sku, "price": offer.price, "list_price": str(product.list_price)},
                )
