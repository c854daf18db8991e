"""The words of the claim reader: what was quoted, how exactly, and what is being done with the number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from scrm.core.timeline import Speaker


class Kind(StrEnum):
    """What a number means. Money is in CNY, ratios are shares of one."""

    PRICE = "price"
    UNIT_PRICE = "unit_price"
    REF_PRICE = "ref_price"
    DISCOUNT_RATIO = "discount_ratio"
    AMOUNT_OFF = "amount_off"
    THRESHOLD_OFF = "threshold_off"
    THRESHOLD_RATIO = "threshold_ratio"
    DEPOSIT = "deposit"
    BALANCE = "balance"
    BOND = "bond"
    DOWN_PAYMENT = "down_payment"
    DOWN_PAYMENT_RATIO = "down_payment_ratio"
    INSTALMENT = "instalment"
    INSTALMENT_COUNT = "instalment_count"
    INTEREST_RATE = "interest_rate"
    YIELD_RATE = "yield_rate"
    FEE = "fee"
    FEE_RATIO = "fee_ratio"
    REBATE = "rebate"
    REBATE_RATIO = "rebate_ratio"
    REFUND = "refund"
    PAYMENT = "payment"
    PRICE_CHANGE = "price_change"
    GIFT = "gift"
    LOAN = "loan"


class Stance(StrEnum):
    """What is being done with the number. Only offers, conditional and future ones commit the company."""

    OFFER = "offer"
    CONDITIONAL = "conditional"
    FUTURE = "future"
    PAST = "past"
    NEGATED = "negated"
    QUESTION = "question"
    COUNTER = "counter"
    BUDGET = "budget"
    COMPETITOR = "competitor"
    REPORTED = "reported"


class Approx(StrEnum):
    """How exactly the number is meant."""

    EXACT = "exact"
    ABOUT = "about"
    ABOVE = "above"
    BELOW = "below"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    VAGUE = "vague"


COMMITMENTS = frozenset({Stance.OFFER, Stance.CONDITIONAL, Stance.FUTURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One price or promise in a text.

    `start` and `end` are code points of the raw text. `value` is None when no number is named (几千块, 包邮).
    `unit` is what the price is per (平, 节, 账号·月), or what it buys (4包). `threshold` is the condition of a
    composite: CNY or a count. `cue` is the word that told the kind, empty when the number stood alone. `confidence`
    is 0 to 1.
    """

    kind: Kind
    value: Decimal | None
    start: int
    end: int
    value_max: Decimal | None = None
    unit: str | None = None
    threshold: Decimal | None = None
    approx: Approx = Approx.EXACT
    stance: Stance = Stance.OFFER
    confidence: float = 1.0
    cue: str = ""


class Link(StrEnum):
    """How a claim found its product, the strongest evidence first."""

    NAMED = "named"
    CONTEXT = "context"
    AMOUNT = "amount"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something said shortly before, on the same conversation."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A quote, the product it is about (`sku` is None when that is not known) and how long it is said to hold.

    `valid_from` and `valid_until` are aware UTC times read from the text, None when the text does not say.
    `condition` is who or what the price is restricted to (会员, 到店), empty when it is for everybody.
    """

    quote: Quote
    sku: str | None = None
    link: Link = Link.UNKNOWN
    link_confidence: float = 0.0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    condition: str = ""
