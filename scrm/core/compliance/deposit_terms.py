"""Terms of a deposit: 定金 above a fifth of the price, 定金 mixed with 订金, a 订金 that is said to be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from scrm.core.claims import COMMITMENTS, Claim, Kind
from scrm.core.compliance.comparing import offers
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.standing import is_correction
from scrm.core.compliance.words import is_asserted
from scrm.core.timeline import Json

_TERMS = ("定金", "订金")
_SHARES = re.compile(
    r"定金[^，。！？,!?;；\n]{0,8}?(?P<after>[一二三四五六七八九]成[半五]?|一半|[一二三四五六七八九]分之[一二三四五])"
    r"|(?P<before>[一二三四五六七八九]成[半五]?|一半|[一二三四五六七八九]分之[一二三四五])的?定金"
)
_KEPT = re.compile(
    r"订金(?:(?!定金)[^。！？!?\n]){0,14}?(?:概?不(?:能|可以?|予|会|给|支持|再)?(?:退|返还|归还)|退不了|没法退|无法退|不退不换)"
    r"|(?:不(?:能|可以?|予|会|给|支持)?退(?:还|款)?的?)(?:是)?[^，。！？,!?\n]{0,3}订金"
)
_EXPLAINS = re.compile(r"区别|不同|不一样|两码事|不是[订定]金|是[定订]金(?:不是|而不是|，不是)|分清|改成|改为|统一")
_BEFORE = re.compile(r"定金(?:先|就|只|要|得|需|您|你|给|再|可以|付|交|打|转|收|是|为|定|个|点|：|:| )*$")
_AMOUNTS = frozenset({Kind.DEPOSIT, Kind.PRICE, Kind.PAYMENT})
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")}


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositTerms:
    """S2. Ground: Civil Code 586 (a 定金 is at most 20 % of the contract's amount) and 587."""

    ground: ClassVar[str] = "civil-code-586"
    pattern: ClassVar[str] = "定金|订金"
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "deposit-terms"
    effective_from: date = date(2021, 1, 1)
    at_most: Decimal = Decimal("0.2")
    looks_back: timedelta = timedelta(days=30)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding at most: the share, else the words that were mixed, else a 订金 that is kept."""
        if not said.by_seller:
            return
        found = self._too_much(said, history) or self._mixed(said, history) or self._kept(said)
        if found is not None:
            yield found

    def _too_much(self, said: Statement, history: History) -> Finding | None:
        for claim in said.claims:
            quote = claim.quote
            if quote.value is None or quote.stance not in COMMITMENTS or not _is_of_a_deposit(claim, said.text):
                continue
            if quote.kind is Kind.DOWN_PAYMENT_RATIO and quote.value > self.at_most:
                return self._finding(said, (quote.start, quote.end), _share_facts(quote.value, None))
            if quote.kind in _AMOUNTS:
                total, against = self._total(claim, said, history)
                if total is not None and quote.value > total * self.at_most + 1:
                    facts = _share_facts(quote.value / total, quote.value) | {"total": str(total)}
                    return self._finding(said, (quote.start, quote.end), facts, against)
        match = _SHARES.search(said.text)
        share = _share(match["after"] or match["before"]) if match else None
        if match and share is not None and share > self.at_most and is_asserted(said.text, *match.span()):
            return self._finding(said, match.span(), _share_facts(share, None))
        return None

    def _total(self, claim: Claim, said: Statement, history: History) -> tuple[Decimal | None, str | None]:
        """The price the deposit is for, and the earlier entry that named it: this statement's own, the last one
        quoted, or the book's.
        """
        sku = claim.sku or (said.products[0] if len(said.products) == 1 else None)
        own = [o.quote.value for o in said.claims if _is_total(o, said.text) and o.sku in {sku, None} and o.quote.value]
        if own:
            return max(own), None
        for earlier in reversed(history.before(said)):
            if said.at - earlier.at > self.looks_back or not earlier.by_seller:
                continue
            quoted = [o for o in offers(earlier, history.book) if o.basis.kind is Kind.PRICE and not o.basis.role]
            named = [o.high for o in quoted if o.high is not None and sku in {None, o.basis.sku}]
            if named:
                return max(named), earlier.entry_id
        product = history.book.product(sku or "", said.at)
        if product is None or product.unit:
            return None, None
        open_to_all = [product.promotion_price(p) for p in product.running(said.at) if not p.condition]
        return min([product.list_price, *open_to_all]), None

    def _mixed(self, said: Statement, history: History) -> Finding | None:
        used = [term for term in _TERMS if term in said.text]
        if not used or _EXPLAINS.search(said.text) or is_correction(said.text):
            return None
        if len(used) == 2:
            facts: dict[str, Json] = {"words": used[0], "other": used[1]}
            return self._finding(said, _place(said.text, used[0]), _told(said) | facts | {"variant": "mixed"})
        other = _TERMS[1 - _TERMS.index(used[0])]
        for earlier in reversed(history.before(said)):
            if said.at - earlier.at > self.looks_back:
                return None
            if not earlier.by_seller or other not in earlier.text or _EXPLAINS.search(earlier.text):
                continue
            if said.products and earlier.products and not set(said.products) & set(earlier.products):
                continue
            facts = {"words": used[0], "other": other, "variant": "mixed"}
            return self._finding(said, _place(said.text, used[0]), _told(earlier) | facts, earlier.entry_id)
        return None

    def _kept(self, said: Statement) -> Finding | None:
        match = _KEPT.search(said.text)
        if match is None or not is_asserted(said.text, *match.span()):
            return None
        return self._finding(said, match.span(), {"variant": "refund", "words": match[0]})

    def _finding(
        self, said: Statement, span: tuple[int, int], facts: dict[str, Json], against: str | None = None
    ) -> Finding:
        return Finding(
            rule=self.id, severity=Severity.S2, entry_id=said.entry_id, against=against, span=span, facts=facts
        )


def _is_of_a_deposit(claim: Claim, text: str) -> bool:
    """Whether 定金 is the word beside an amount, rather than 订金 or 押金."""
    quote = claim.quote
    if quote.cue:
        return "定金" in quote.cue or _BEFORE.search(text[: quote.start]) is not None
    return _BEFORE.search(text[: quote.start]) is not None or text.startswith("定金", quote.end)


def _is_total(claim: Claim, text: str) -> bool:
    if _BEFORE.search(text[: claim.quote.start]):
        return False
    return claim.quote.kind is Kind.PRICE and claim.quote.stance in COMMITMENTS and not claim.quote.unit


def _told(said: Statement) -> dict[str, Json]:
    return {
        "earlier_at": said.at.isoformat(),
        "earlier_channel": said.channel,
        "earlier_speaker": said.speaker.value,
        "earlier_actor": said.actor,
    }


def _share_facts(share: Decimal, amount: Decimal | None) -> dict[str, Json]:
    percent = f"{(share * 100).quantize(Decimal('0.1')).normalize():f} %"
    return {"share": percent if amount is None else f"{amount:,f} ({percent})"}


def _share(words: str | None) -> Decimal | None:
    if not words:
        return None
    if words == "一半":
        return Decimal("0.5")
    if "分之" in words:
        return Decimal(_DIGITS[words[3]]) / Decimal(_DIGITS[words[0]])
    return Decimal(_DIGITS[words[0]]) / 10 + (Decimal("0.05") if len(words) > 2 else 0)


def _place(text: str, words: str) -> tuple[int, int]:
    return text.index(words), text.index(words) + len(words)
