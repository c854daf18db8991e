"""A quote above the list price that the book holds at that time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrm.core.claims import Claim, Kind, Link, Stance
from scrm.core.compliance.comparing import book_offers, is_above, is_fee, to_pay
from scrm.core.compliance.model import Finding, History, Severity, Statement

_ON_TOP = re.compile(
    r"另(?:外)?(?:收|算|付|加|计|交|要)|额外(?:收|付|加|交)?|(?:还|得|要|需要?|再)(?:要|得|再|另)*(?:加收|加|补|收|交|付|出)(?!上|微信|好友|群)|加收|不(?:含|包(?!邮))|不包括|除外|外加|自理|自付"
)
_MORE_THAN_THE_PRODUCT = re.compile(r"延保|配件|加装|升级款|一起|两样|全套|连同|加上")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAboveList:
    """S3. Ground: 明码标价和禁止价格欺诈规定 (SAMR order 56) art. 8: no selling above the marked price."""

    ground: ClassVar[str] = "samr-56-8"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-above-list"
    effective_from: date = date(2022, 7, 1)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each product quoted above its list price, one for each fee asked for on top."""
        yield from _unlisted_fees(self.id, said, history)
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


def _unlisted_fees(rule: str, said: Statement, history: History) -> Iterator[Finding]:
    """Fees asked for on top of a product's price that are nowhere in the book."""
    if not said.by_seller or not said.claims:
        return
    for claim in said.claims:
        quote = claim.quote
        fee = _fee(claim, said.text)
        if not fee or quote.stance is not Stance.OFFER or not quote.value:
            continue
        product = history.book.product(_product_of(claim, said, history) or "", said.at)
        start = max((said.text.rfind(stop, 0, quote.start) for stop in "，。！？,!?;；\n"), default=-1) + 1
        asked = said.text[start : quote.end + 6]
        if product is None or _ON_TOP.search(asked) is None or history.book.mentions(fee):
            continue
        yield Finding(
            rule=rule,
            severity=Severity.S3,
            entry_id=said.entry_id,
            span=(quote.start, quote.end),
            facts={"sku": product.sku, "price": str(quote.value), "words": fee, "variant": "fee"},
        )
        return


def _fee(claim: Claim, text: str) -> str:
    """What a fee is called; empty when the amount is none."""
    quote = claim.quote
    if quote.kind is Kind.FEE:
        return quote.cue
    named = is_fee(claim, text)
    return named if quote.kind in {Kind.PRICE, Kind.PRICE_CHANGE} else ""


def _product_of(claim: Claim, said: Statement, history: History) -> str | None:
    if claim.sku is not None or said.products:
        return claim.sku or said.products[0]
    return next((earlier.products[0] for earlier in reversed(history.before(said)) if len(earlier.products) == 1), None)
