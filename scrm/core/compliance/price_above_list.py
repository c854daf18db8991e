"""A quote above the list price that the book holds at that time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrm.core.claims import Claim, Kind, Link, Quote, Stance
from scrm.core.compliance.comparing import book_offers, is_above, is_fee, to_pay
from scrm.core.compliance.model import Finding, History, Severity, Statement

_ON_TOP = re.compile(
    r"另外?[^，。！？,!?;；0-9]{0,7}(?:收|交|加|付|补)|另(?:外)?(?:收|算|付|加|计|交|要)|额外(?:收|付|加|交)?|(?:还|得|要|需要?|再)(?:要|得|再|另)*(?:加收|加|补|收|交|付|出)(?!上|微信|好友|群)|加收|不(?:含|包(?!邮))|不包括|除外|外加|自理|自付"
)
_CALLED = re.compile(
    r"([\u4e00-\u9fff]{1,4}费|装卸|搬运|上楼|搬楼|吊装|加急|开票|拆旧|打包|辅料|耗材|垃圾清运|夜间施工|远程|改签|选座|早餐|加床|清洁|保洁|停车|进场)"
    r"(?:的话)?(?:还|另外?|要|得|需要?|再|都|是|每[\u4e00-\u9fff]{1,2}|一次|您|你|这边|我们?|额外|单独)*(?:加收|收|付|加|交|补|算|出|给)?(?:您|你)?$"
)
_FEE_OF_IT = re.compile("(?:费用?)?的?(?:话)?(?:是|要|得|还|再|需要?|另外?|额外|单独|加|收|算|付|交|您|你|[:： ])*")
_NEAR = 12
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
        if not fee or quote.stance not in {Stance.OFFER, Stance.CONDITIONAL} or not quote.value:
            continue
        product = history.book.product(_product_of(claim, said, history) or "", said.at)
        start = max((said.text.rfind(stop, 0, quote.start) for stop in "，。！？,!?;；\n"), default=-1) + 1
        asked = said.text[start : quote.end + 6]
        if product is None or _ON_TOP.search(asked) is None or _is_listed(fee, said, quote, history):
            continue
        yield Finding(
            rule=rule,
            severity=Severity.S3,
            entry_id=said.entry_id,
            span=(quote.start, quote.end),
            facts={"sku": product.sku, "price": str(quote.value), "words": fee, "variant": "fee"},
        )
        return


def _is_listed(fee: str, said: Statement, quote: Quote, history: History) -> bool:
    """Whether the book has the fee: by the name in the text, or by the words it begins with (安装 of 上门安装)."""
    before = said.text[max(0, quote.start - _NEAR) : quote.start]
    left = history.book.mentions(before)
    of_it = left and _FEE_OF_IT.fullmatch(before, left[-1].end) and not said.text.startswith(fee, quote.end)
    if history.book.mentions(fee) or of_it:
        return True
    near = history.book.mentions(said.text[max(0, quote.start - _NEAR) : quote.end + _NEAR])
    sort = fee.removesuffix("费").removesuffix("服务")[-2:]
    names = [name for product in history.book.at(said.at) for name in (product.name, *product.aliases)]
    of_fees = [name for name in names if name.endswith("费") or (len(sort) > 1 and name.endswith(sort))]
    named = {said.text[max(0, quote.start - _NEAR) :][one.start : one.end] for one in near}
    return any(name in of_fees for name in named) or any(len(sort) > 1 and sort in name for name in of_fees)


def _fee(claim: Claim, text: str) -> str:
    """What a fee is called; empty when the amount is none."""
    quote = claim.quote
    if quote.kind is Kind.FEE:
        return quote.cue or "费"
    if quote.kind not in {Kind.PRICE, Kind.UNIT_PRICE, Kind.PRICE_CHANGE}:
        return ""
    called = _CALLED.search(text[: quote.start])
    return is_fee(claim, text) or (called[1] if called else "")


def _product_of(claim: Claim, said: Statement, history: History) -> str | None:
    if claim.sku is not None or said.products:
        return claim.sku or said.products[0]
    return next((earlier.products[0] for earlier in reversed(history.before(said)) if len(earlier.products) == 1), None)
