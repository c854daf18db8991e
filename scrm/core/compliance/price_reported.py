"""The customer cites a quote of ours that is nowhere on file: somebody spoke where the hub does not hear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from scrm.core.claims import Claim, Kind, Stance
from scrm.core.compliance.comparing import means, offers
from scrm.core.compliance.model import Finding, History, Severity, Statement

_TOLD = re.compile(
    r"(?:客服|同事|销售|顾问|店员|店里|门店|经理|店长|老师|前台|导购|业务员|小姑娘|姑娘|小伙子?|小哥|小姐姐|美女|帅哥|大姐|男的|女的|工作人员|服务员|接待|小[\u4e00-\u9fff]|你们?(?:那边|那个|的人|家)?)[^，。,!?]{0,10}(?:说|报|讲|告诉|承诺|答应|答复|给)"
)
_PRICES = frozenset({Kind.PRICE, Kind.UNIT_PRICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReported:
    """S2: one side is unverified. Looked for in the book and in what sellers said within `looks_back`."""

    ground: ClassVar[str] = "house-unverified"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-reported"
    effective_from: date = date.min
    looks_back: timedelta = timedelta(days=30)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding at most: the first price cited that nobody is known to have said."""
        if said.by_seller or _TOLD.search(said.text) is None:
            return
        for claim in said.claims:
            if self._is_unknown(claim, said, history):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S2,
                    entry_id=said.entry_id,
                    span=(claim.quote.start, claim.quote.end),
                    facts={"sku": claim.sku, "price": str(claim.quote.value)},
                )
                return

    def _is_unknown(self, claim: Claim, said: Statement, history: History) -> bool:
        value = claim.quote.value
        if claim.quote.stance is not Stance.REPORTED or claim.quote.kind not in _PRICES or value is None:
            return False
        if self._is_in_the_book(claim.sku, value, said, history):
            return False
        return not any(
            _names(earlier, value, history)
            for earlier in history.before(said)
            if said.at - earlier.at <= self.looks_back
        )

    def _is_in_the_book(self, sku: str | None, value: Decimal, said: Statement, history: History) -> bool:
        skus = history.book.priced(value, said.at)
        return bool(skus) if sku is None else sku in skus


def _names(earlier: Statement, value: Decimal, history: History) -> bool:
    """A seller named that price, linked to a product or not."""
    if not earlier.by_seller:
        return False
    return any(claim.quote.value == value for claim in earlier.claims) or any(
        means(offer, value) for offer in offers(earlier, history.book)
    )
