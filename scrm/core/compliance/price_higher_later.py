"""A seller's quote above an earlier one that still stands: the same customer, product and basis, whoever said it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from scrm.core.claims import Kind, Link, Stance
from scrm.core.compliance.comparing import Offer, is_above, is_conditional, means, offers, to_pay
from scrm.core.compliance.model import LOOK_BACK, Finding, History, Severity, Statement
from scrm.core.compliance.noticing import complains, pays, reports
from scrm.core.compliance.standing import Terms, earlier_offers, has_begun
from scrm.core.price_book import CHINA
from scrm.core.timeline import Json, Speaker

_HEARD_WELL = 0.85
_FORMER = frozenset({"原价", "划线价", "原来", "原", "日常价", "平时"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHigherLater:
    """S3; S4 when the customer has noticed or paid, or the earlier word was a broadcast; S1 for a quick correction.

    A quote stands until the end it names, else until the end of the promotion it quotes, else for `stands_for`.
    Ground: 明码标价和禁止价格欺诈规定 (SAMR order 56) art. 19(2), (5); a better price later is no conflict, art. 21(2).
    """

    ground: ClassVar[str] = "samr-56-19"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = True
    needs_everything: ClassVar[bool] = False

    id: str = "price-higher-later"
    effective_from: date = date(2022, 7, 1)
    stands_for: timedelta = timedelta(days=30)
    correction_within: timedelta = timedelta(minutes=10)
    reference_days: timedelta = timedelta(days=7)
    talked_of_within: timedelta = timedelta(days=7)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each basis on which `said` is above what stands, or differs from a colleague's price of the
        day; and one where the former price it names is above what was asked for of late.
        """
        if not said.by_seller or not said.claims:
            return
        said = self._linked(said, history)
        earlier = earlier_offers(said, history)
        if not earlier:
            return
        present = [o for o in offers(said, history.book) if o.claim.quote.stance is not Stance.FUTURE]
        against: set[str | None] = set()
        for quoted in to_pay(present):
            standing = self._lowest_standing(quoted, earlier, history)
            colleague = None if standing else _colleagues_price(quoted, earlier)
            if standing is not None:
                against.add(standing.said.entry_id)
                yield self._finding(quoted, standing, history)
            elif colleague is not None:
                yield self._differing(quoted, colleague, history)
        for finding in self._false_reference(said, earlier, present, history):
            if finding.against not in against:
                yield finding

    def _linked(self, said: Statement, history: History) -> Statement:
        """`said` with prices of no known product linked to the only one talked of on any channel of late."""
        if said.products or all(claim.sku is not None for claim in said.claims):
            return said
        recent = [one for one in history.before(said) if said.at - one.at <= self.talked_of_within]
        skus = {sku for one in recent for sku in (*one.products, *(c.sku for c in one.claims if c.sku))}
        if len(skus) != 1:
            return said
        (sku,) = skus
        claims = (c if c.sku else replace(c, sku=sku, link=Link.AMOUNT, link_confidence=0.5) for c in said.claims)
        return replace(said, claims=tuple(claims))

    @property
    def terms(self) -> Terms:
        """How long quotes stand, as configured."""
        return Terms(stands_for=self.stands_for, correction_within=self.correction_within)

    def _lowest_standing(self, quoted: Offer, earlier: Sequence[Offer], history: History) -> Offer | None:
        """The lowest price that stands against `quoted`; of equal ones the one said last."""
        against = [offer for offer in reversed(earlier) if offer.basis == quoted.basis and quoted.is_above(offer)]
        # Whether a price stands costs more to find out than which is lowest: the first that does is the answer.
        for offer in sorted(against, key=lambda offer: offer.high or offer.low):
            if (
                self.terms.stands(offer, quoted.said.at, history)
                and not self._repeats(offer.said, quoted, history)
                and not _both_in_the_book(offer, quoted, history)
            ):
                return offer
        return None

    def _differing(self, quoted: Offer, colleague: Offer, history: History) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.S2,
            entry_id=quoted.said.entry_id,
            against=colleague.said.entry_id,
            span=quoted.span,
            facts=self._facts(quoted, colleague, history),
        )

    def _false_reference(
        self, said: Statement, earlier: Sequence[Offer], present: Sequence[Offer], history: History
    ) -> Iterator[Finding]:
        """A former price (原价) above the lowest price of the last days, other than the one it is reduced to now."""
        for claim in said.claims:
            value, product = claim.quote.value, history.book.product(claim.sku or "", said.at)
            if claim.quote.kind is not Kind.REF_PRICE or claim.quote.cue not in _FORMER or value is None:
                continue
            if product is None or claim.quote.stance is not Stance.OFFER:
                continue
            now = {product.promotion_price(promotion) for promotion in product.running(said.at)}
            asked = [offer.low for offer in present if offer.basis.sku == claim.sku]
            lowest = min(
                (
                    o
                    for o in earlier
                    if self._is_recent_deal(o, said, claim.sku, value) and not _asked_now(o, now, asked)
                ),
                key=lambda offer: offer.high or offer.low,
                default=None,
            )
            if lowest is not None:
                yield Finding(
                    rule=self.id,
                    severity=Severity.S3,
                    entry_id=said.entry_id,
                    against=lowest.said.entry_id,
                    span=(claim.quote.start, claim.quote.end),
                    facts=self._facts(lowest, lowest, history) | {"variant": "reference", "price": str(value)},
                )

    def _is_recent_deal(self, offer: Offer, said: Statement, sku: str | None, value: Decimal) -> bool:
        basis = offer.basis
        return (
            said.at - offer.said.at <= self.reference_days
            and (basis.sku, basis.kind, basis.unit, basis.role) == (sku, Kind.PRICE, "", "")
            and not is_conditional(offer)
            and offer.claim.quote.stance is Stance.OFFER
            and offer.high is not None
            and is_above(value, offer.high)
        )

    def _repeats(self, earlier: Statement, quoted: Offer, history: History) -> bool:
        """The earlier statement named this very price too, with the lower one bound to a condition."""
        return any(
            offer.basis == quoted.basis
            and not quoted.is_above(offer)
            and not is_conditional(offer)
            and has_begun(offer.claim, quoted.said.at)
            for offer in offers(earlier, history.book)
        )

    def _finding(self, quoted: Offer, standing: Offer, history: History) -> Finding:
        severity, raised_by = self._severity(quoted, standing, history)
        return Finding(
            rule=self.id,
            severity=severity,
            entry_id=quoted.said.entry_id,
            against=standing.said.entry_id,
            span=quoted.span,
            facts=self._facts(quoted, standing, history),
            raised_by=raised_by,
        )

    def _severity(self, quoted: Offer, standing: Offer, history: History) -> tuple[Severity, str | None]:
        correction = self.terms.correction(standing.said, history.after(standing.said))
        own_correction = self.terms.correction(quoted.said, history.after(quoted.said))
        if quoted.said == correction or (own_correction and self._takes_back(own_correction, quoted, history)):
            return Severity.S1, None
        if min(quoted.said.heard, standing.said.heard) < _HEARD_WELL:
            return Severity.S1, None
        noticed = _noticed(quoted, standing, history)
        if noticed is not None:
            return Severity.S4, noticed.entry_id
        if standing.said.speaker is Speaker.BROADCAST:
            return Severity.S4, None
        unsure = Link.AMOUNT in {quoted.claim.link, standing.claim.link}
        return (Severity.S2 if unsure else Severity.S3), None

    def _takes_back(self, correction: Statement, quoted: Offer, history: History) -> bool:
        return any(offer.basis == quoted.basis and quoted.is_above(offer) for offer in offers(correction, history.book))

    def _facts(self, quoted: Offer, standing: Offer, history: History) -> dict[str, Json]:
        until = self.terms.stated_until(standing, history.book)
        return standing.facts | {
            "price": quoted.price,
            "earlier_until": until.isoformat() if until else None,
            "link": quoted.claim.link.value,
        }


def _both_in_the_book(offer: Offer, quoted: Offer, history: History) -> bool:
    """The earlier price is one with a condition, the later one is everybody's: the book has both."""
    product = history.book.product(offer.basis.sku, offer.said.at)
    if product is None or offer.low != offer.high:
        return False
    running = [p for p in product.running(offer.said.at) if product.promotion_price(p) == offer.low]
    bound = bool(running) and all(promotion.condition for promotion in running)
    return bound and quoted.low == product.list_price


def _colleagues_price(quoted: Offer, earlier: Sequence[Offer]) -> Offer | None:
    """What another rep asked for the same on the same day, when it is dearer: the last such price."""
    said = quoted.said
    return next(
        (
            offer
            for offer in reversed(earlier)
            if offer.basis == quoted.basis
            and offer.said.speaker is said.speaker is Speaker.REP
            and offer.said.actor != said.actor
            and offer.said.at.astimezone(CHINA).date() == said.at.astimezone(CHINA).date()
            and offer.is_above(quoted)
            and not is_conditional(quoted)
            and not is_conditional(offer)
        ),
        None,
    )


def _asked_now(offer: Offer, promotions: set[Decimal], asked: Sequence[Decimal]) -> bool:
    """The earlier price is the reduced price of now: one that runs, or the one named beside the former price."""
    return offer.low in promotions or any(abs(offer.low - price) <= 1 for price in asked)


def _noticed(quoted: Offer, standing: Offer, history: History) -> Statement | None:
    """The customer's statement that shows awareness of both prices, or the payment made on the higher one."""
    for said in history.after(standing.said):
        if said.at > quoted.said.at + LOOK_BACK:
            return None
        after = said.at >= quoted.said.at and said.entry_id != quoted.said.entry_id
        if _cites(said, standing) or pays(said) or (after and (complains(said) or _cites(said, quoted))):
            return said
    return None


def _cites(said: Statement, offer: Offer) -> bool:
    return reports(said) and any(
        claim.quote.stance is Stance.REPORTED and claim.quote.value is not None and means(offer, claim.quote.value)
        for claim in said.claims
    )
