"""What still binds the company at an instant: of everything a customer was told, on whatever channel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scrm.core.claims import COMMITMENTS, Claim, Kind, Stance
from scrm.core.compliance.comparing import Offer, is_conditional, offers
from scrm.core.compliance.model import History, Statement
from scrm.core.compliance.noticing import pays
from scrm.core.price_book import PriceBook

_CORRECTS = re.compile(
    r"(?:看|打|说|报|记|写|算|弄|搞|发|输)错|口误|手误|笔误|更正|纠正|更新一下|抱歉|不好意思|对不起|看(?:岔|串|走眼|漏)|(?:弄|搞)混"
    r"|不是[^，。,]{1,12}是"
)

_SLIPPED = re.compile(r"(?:看|打|说|报|记|写|算|弄|搞|发|输)错|口误|手误|笔误|更正|(?:弄|搞)混")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a word binds: to the end it names, else to the end of the promotion it quotes, else for `stands_for`.
    Its speaker can correct it `correction_within` that time, before the customer has paid. A recall changes nothing.
    """

    stands_for: timedelta = timedelta(days=30)
    correction_within: timedelta = timedelta(minutes=10)

    def until(self, offer: Offer, book: PriceBook) -> datetime:
        """The last moment at which an offer stands."""
        return self.stated_until(offer, book) or offer.said.at + self.stands_for

    def stated_until(self, offer: Offer, book: PriceBook) -> datetime | None:
        """The end that the offer or its promotion names; None when neither does."""
        if offer.claim.valid_until is not None:
            return offer.claim.valid_until
        product = book.product(offer.basis.sku, offer.said.at)
        promotions = product.running(offer.said.at) if product else ()
        ends = [p.ends_at for p in promotions if product and product.promotion_price(p) == offer.claim.quote.value]
        return max(ends, default=None)

    def stands(self, offer: Offer, at: datetime, history: History) -> bool:
        """Whether an offer made before `at` to everybody still binds then."""
        if is_conditional(offer) or not has_begun(offer.claim, at) or at > self.until(offer, history.book):
            return False
        correction = self.correction(offer.said, history.after(offer.said))
        return correction is None or correction.at >= at

    def correction(self, said: Statement, later: Iterable[Statement]) -> Statement | None:
        """The same person's correction, soon after and before the customer has paid."""
        slipped = False
        for statement in later:
            if statement.at - said.at > self.correction_within or pays(statement):
                return None
            if statement.actor != said.actor or statement.speaker != said.speaker:
                continue
            if _corrects(statement, said) or (slipped and statement.claims):
                return statement
            slipped = slipped or _SLIPPED.search(statement.text) is not None
        return None


@dataclass(frozen=True, slots=True)
class Standing:
    """A claim that still binds. `until` is the end that was stated, None where only the usual time runs."""

    said: Statement
    claim: Claim
    until: datetime | None


def standing(
    statements: Iterable[Statement], book: PriceBook, at: datetime, terms: Terms | None = None
) -> list[Standing]:
    """What binds the company at `at`, of the statements made until then, the latest first.

    Of several prices on one basis the lowest stands, of equal ones the one said last: a lower price supersedes a
    higher one, a higher one later supersedes nothing. A price with a condition stands beside the one without. Promises
    about no known product stand as they were said, the latest of a kind.
    """
    terms = terms or Terms()
    history = History(tuple(sorted((s for s in statements if s.at <= at), key=lambda s: s.at)), book)
    kept: dict[object, tuple[Offer | None, Standing]] = {}
    for said in history.statements:
        corrected = terms.correction(said, history.after(said)) is not None if said.claims else False
        compared = {id(offer.claim): offer for offer in offers(said, book)}
        for claim in () if corrected or not said.by_seller else said.claims:
            if not _binds(claim, at):
                continue
            offer = compared.get(id(claim))
            until = terms.stated_until(offer, book) if offer else claim.valid_until
            if at > (until or said.at + terms.stands_for):
                continue
            key = (_place(offer, claim), claim.condition, claim.quote.stance is Stance.CONDITIONAL)
            before = kept.get(key)
            if before is None or not _is_dearer(offer, before[0]):
                kept[key] = (offer, Standing(said, claim, until))
    return sorted((one for _, one in kept.values()), key=lambda one: one.said.at, reverse=True)


def has_begun(claim: Claim, at: datetime) -> bool:
    """Whether what was announced for later holds at `at` already."""
    if claim.quote.stance is not Stance.FUTURE:
        return True
    return claim.valid_from is not None and at >= claim.valid_from


def _binds(claim: Claim, at: datetime) -> bool:
    quote = claim.quote
    if quote.stance not in COMMITMENTS or quote.value is None or quote.kind is Kind.REF_PRICE:
        return False
    return has_begun(claim, at)


def _place(offer: Offer | None, claim: Claim) -> object:
    return offer.basis if offer is not None else (claim.sku, claim.quote.kind, claim.quote.unit)


def _is_dearer(offer: Offer | None, before: Offer | None) -> bool:
    return offer is not None and before is not None and offer.is_above(before)


def _corrects(later: Statement, said: Statement) -> bool:
    denied = {claim.quote.value for claim in later.claims if claim.quote.stance is Stance.NEGATED}
    named = {claim.quote.value for claim in said.claims}
    return bool(denied & named) or (bool(later.claims) and is_correction(later.text))


def is_correction(text: str) -> bool:
    """Whether the words say that something said before was a slip."""
    return _CORRECTS.search(text) is not None


def earlier_offers(said: Statement, history: History) -> Sequence[Offer]:
    """Every price of its products that the company had committed itself to before `said`, oldest first."""
    skus = {claim.sku for claim in said.claims if claim.sku}
    return [
        offer for earlier in history.before(said) for offer in offers(earlier, history.book) if offer.basis.sku in skus
    ]
