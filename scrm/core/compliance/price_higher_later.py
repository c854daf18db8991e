"""A seller's quote above an earlier one that still stands: the same customer, product and basis, whoever said it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from scrm.core.claims import Link, Stance
from scrm.core.compliance.comparing import Offer, is_conditional, means, offers, to_pay
from scrm.core.compliance.model import LOOK_BACK, Finding, History, Severity, Statement
from scrm.core.compliance.noticing import complains, pays, reports
from scrm.core.timeline import Json, Speaker

_CORRECTS = re.compile(
    r"(?:看|打|说|报|记|写|算|弄|搞|发|输)错|口误|手误|笔误|更正|纠正|更新一下|抱歉|不好意思|对不起|我看(?:岔|串)"
    r"|不是[^，。,]{1,12}是"
)
_HEARD_WELL = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHigherLater:
    """S3; S4 when the customer has noticed or paid, or the earlier word was a broadcast; S1 for a quick correction.

    A quote stands until the end it names, else until the end of the promotion it quotes, else for `stands_for`.
    Ground: 明码标价和禁止价格欺诈规定 (SAMR order 56) art. 19(2), (5); a better price later is no conflict, art. 21(2).
    """

    ground: ClassVar[str] = "samr-56-19"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = True

    id: str = "price-higher-later"
    effective_from: date = date(2022, 7, 1)
    stands_for: timedelta = timedelta(days=30)
    correction_within: timedelta = timedelta(minutes=10)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each basis on which `said` is above what stands."""
        present = (o for o in offers(said, history.book) if o.claim.quote.stance is not Stance.FUTURE)
        for quoted in to_pay(present):
            standing = self._lowest_standing(quoted, history)
            if standing is not None:
                yield self._finding(quoted, standing, history)

    def _lowest_standing(self, quoted: Offer, history: History) -> Offer | None:
        """The lowest price that stands against `quoted`; of equal ones the one said last."""
        earlier = (offer for said in history.before(quoted.said) for offer in offers(said, history.book))
        against = [
            offer
            for offer in earlier
            if offer.basis == quoted.basis
            and quoted.is_above(offer)
            and not self._repeats(offer.said, quoted, history)
            and self._stands(offer, quoted.said.at, history)
        ]
        return min(reversed(against), key=lambda offer: offer.high or offer.low, default=None)

    def _repeats(self, earlier: Statement, quoted: Offer, history: History) -> bool:
        """The earlier statement named this very price too, with the lower one bound to a condition."""
        return any(
            offer.basis == quoted.basis and not quoted.is_above(offer) and not is_conditional(offer)
            for offer in offers(earlier, history.book)
        )

    def _stands(self, offer: Offer, at: datetime, history: History) -> bool:
        if is_conditional(offer):
            return False
        if offer.claim.quote.stance is Stance.FUTURE and (
            offer.claim.valid_from is None or at < offer.claim.valid_from
        ):
            return False
        if at > self._stands_until(offer, history):
            return False
        correction = self._correction(offer.said, history.after(offer.said))
        return correction is None or correction.at >= at

    def _stands_until(self, offer: Offer, history: History) -> datetime:
        if offer.claim.valid_until is not None:
            return offer.claim.valid_until
        product = history.book.product(offer.basis.sku, offer.said.at)
        promotions = product.running(offer.said.at) if product else ()
        ends = [p.ends_at for p in promotions if product and product.promotion_price(p) == offer.claim.quote.value]
        return max(ends, default=offer.said.at + self.stands_for)

    def _correction(self, said: Statement, later: Sequence[Statement]) -> Statement | None:
        """The same person's correction, soon after and before the customer has paid."""
        for statement in later:
            if statement.at - said.at > self.correction_within or pays(statement):
                return None
            if statement.actor == said.actor and statement.speaker == said.speaker and _corrects(statement, said):
                return statement
        return None

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
        correction = self._correction(standing.said, history.after(standing.said))
        own_correction = self._correction(quoted.said, history.after(quoted.said))
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
        until = self._stands_until(standing, history)
        stated = until != standing.said.at + self.stands_for
        return standing.facts | {
            "price": quoted.price,
            "earlier_until": until.isoformat() if stated else None,
            "link": quoted.claim.link.value,
        }


def _corrects(later: Statement, said: Statement) -> bool:
    denied = {claim.quote.value for claim in later.claims if claim.quote.stance is Stance.NEGATED}
    named = {claim.quote.value for claim in said.claims}
    return bool(denied & named) or (bool(later.claims) and _CORRECTS.search(later.text) is not None)


def _noticed(quoted: Offer, standing: Offer, history: History) -> Statement | None:
    """The customer's statement that shows awareness of both prices, or the payment made on the higher one."""
    for said in history.after(standing.said):
        if said.at > quoted.said.at + LOOK_BACK:
            return None
        after = said.at >= quoted.said.at and said.entry_id != quoted.said.entry_id
        if _cites(said, standing) or (after and (complains(said) or pays(said) or _cites(said, quoted))):
            return said
    return None


def _cites(said: Statement, offer: Offer) -> bool:
    return reports(said) and any(
        claim.quote.stance is Stance.REPORTED and claim.quote.value is not None and means(offer, claim.quote.value)
        for claim in said.claims
    )
