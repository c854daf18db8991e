"""Compliance cases: the queue, the evidence, the looks, the remedy, and the figures of the work.

Looks are blind. Whoever may still judge a case sees neither that somebody has looked at it nor that it was drawn as a
sample: `state`, `opened_at`, `history` and the rest are then those of a case that nobody has judged.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from scrm.web.schemas.checks import EvidenceOut
from scrm.web.schemas.prices import PriceOut
from scrm.web.schemas.shapes import Money, Paging, Shape
from scrm.web.schemas.timeline import EntryOut

Severity = Literal["S0", "S1", "S2", "S3", "S4"]
CaseState = Literal["new", "claimed", "second_look", "escalated", "decided", "remedied", "closed"]
VerdictName = Literal["violation", "policy_breach", "false_positive", "insufficient_evidence", "nothing_found"]
ReasonName = Literal[
    "",
    "extraction",
    "wrong_product",
    "not_comparable",
    "negation",
    "superseded",
    "other",
    "no_intent",
    "buyer_got_more",
    "rounding",
]
FalseReasonName = Literal[
    "extraction",
    "wrong_product",
    "not_comparable",
    "negation",
    "superseded",
    "other",
    "no_intent",
    "buyer_got_more",
    "rounding",
]
RemedyName = Literal["honour_price", "refund_difference", "correction_sent", "training", "apology", "none_needed"]
Act = Literal["claim", "release", "assign", "decide", "escalate", "remedy", "close", "reopen"]


class CaseFilter(Shape):
    """Which cases are meant. Days are China's."""

    state: Literal[
        "open", "new", "claimed", "second_look", "escalated", "decided", "remedied", "closed", "done", "all"
    ] = Field(default="open", description="open: not decided yet; done: decided, remedied or closed.")
    rule: str | None = None
    severity: Severity | None = None
    rep: str | None = Field(default=None, description="`actor` of the statements objected to.")
    channel: str | None = Field(default=None, description="Where the statements objected to were made.")
    assignee: str | None = Field(default=None, description="mine, unassigned, or the id of a person.")
    product: str | None = Field(default=None, description="A sku.")
    customer_id: str | None = None
    overdue: bool = Field(default=False, description="Only cases whose time is over.")
    from_: date | None = Field(default=None, alias="from", description="Opened on this day or later.")
    to: date | None = Field(default=None, description="Opened on this day or earlier.")


class CaseQuery(CaseFilter, Paging):
    """The queue's order: severity, exposure, and of equals the oldest first."""


class FacetOut(Shape):
    """One choice of a filter. `count` is how many cases it leaves, with the other filters as they are."""

    value: str
    name: str
    count: int


class CaseFacets(Shape):
    total: int = Field(description="Cases with all filters as they are.")
    states: list[FacetOut]
    rules: list[FacetOut]
    severities: list[FacetOut]
    reps: list[FacetOut]
    channels: list[FacetOut]
    assignees: list[FacetOut] = Field(description="`mine`, `unassigned` and the ids of other people.")
    products: list[FacetOut]


class CaseOut(Shape):
    """A row of the queue."""

    id: str
    customer_id: str
    customer_name: str
    rule: str = Field(description="`conversation` when a whole day's conversation is to be looked at.")
    rule_name: str
    product: str | None
    sku: str | None
    severity: Severity
    exposure: Money = Field(description="CNY at stake: three times the price, at least 500.")
    state: CaseState
    assignee: str | None
    assignee_id: str | None
    opened_at: datetime = Field(description="Since when it waits to be judged.")
    updated_at: datetime
    due_at: datetime | None
    overdue: bool
    escalated_at: datetime | None = Field(description="When it was reported as overdue.")
    findings: int
    reps: list[str] = Field(description="Names of those whose statements are objected to.")
    channels: list[str] = Field(description="Labels of the channels of these statements.")
    summary: str
    verdict: VerdictName | None
    verdict_reason: str
    remedy: RemedyName | None
    reopened: bool
    origin: Literal["finding", "sample", "referred"] | None = Field(description="null until the case is judged.")
    version: int


class PersonOut(Shape):
    id: str
    name: str


class ReadingOut(Shape):
    """A claim as the hub read it: what it compared."""

    entry_id: str
    words: str
    kind: str
    value: Money | None
    value_max: Money | None
    unit: str | None
    threshold: Money | None
    stance: str
    approx: str
    start: int
    end: int
    confidence: float
    product: str | None
    sku: str | None
    link: Literal["named", "context", "amount", "unknown"] = Field(
        description="How the product was found: named in the message, in the talk before, by its price, or not at all."
    )
    link_confidence: float
    valid_from: datetime | None
    valid_until: datetime | None
    condition: str


class ArithmeticOut(Shape):
    """A figure of the finding's reckoning, in the order of the reckoning."""

    name: Literal["earlier_price", "price", "list_price", "expected", "floor", "promotion_price", "difference", "ratio"]
    value: str = Field(description="A decimal string; `low–high` for a range. `ratio` is a share of the earlier price.")


class ChainPlaceOut(Shape):
    """Where the audit log speaks of an entry or of the case itself."""

    object_type: Literal["entry", "case"]
    object_id: str
    action: str
    seq: int
    at: datetime
    hash: str = Field(description="Hex SHA-256 of the log's entry.")


class CaseFindingOut(Shape):
    """A finding with both statements in full, side by side."""

    id: str
    rule: str
    rule_name: str
    rule_version: str
    ground: str | None = Field(description="The article the rule rests on, when it names one.")
    severity: Severity
    reason: str = Field(description="One sentence of facts, as the rep would see it.")
    explanation: str = Field(description="What was compared with what.")
    said: EvidenceOut
    against: EvidenceOut | None
    said_readings: list[ReadingOut]
    against_readings: list[ReadingOut]
    arithmetic: list[ArithmeticOut]
    acknowledged_reason: str | None = Field(description="What the rep wrote when sending in spite of the warning.")
    suggested_remedy: RemedyName
    suggested_remedy_text: str
    context_said: list[EntryOut] = Field(
        description="Up to five entries before and after, oldest first; the statement itself with its earlier wordings."
    )
    context_against: list[EntryOut]


class CaseEventOut(Shape):
    at: datetime
    actor: str
    action: Literal[
        "opened",
        "drawn",
        "referred",
        "evidence_joined",
        "claimed",
        "assigned",
        "released",
        "judged",
        "escalated",
        "decided",
        "overdue",
        "remedied",
        "closed",
        "reopened",
    ]
    note: str


class LookOut(Shape):
    """A verdict somebody gave. `look`: 1 the first, 2 the second, 3 the settling one. A reopening starts a round."""

    round: int
    look: int
    verdict: VerdictName
    reason: str
    note: str
    by: str
    at: datetime


class RemedyOut(Shape):
    kind: RemedyName
    note: str
    entry_id: str | None
    by: str
    at: datetime
    after_s: float = Field(description="Seconds since the case was opened.")


class PriorCaseOut(Shape):
    """An earlier case of the same customer, of the same person speaking, or both."""

    id: str
    same: Literal["customer", "rep", "both"]
    customer_name: str
    rule: str
    rule_name: str
    severity: Severity
    state: CaseState
    verdict: VerdictName | None
    opened_at: datetime


class CaseDetail(CaseOut):
    evidence: list[CaseFindingOut]
    conversation: list[EntryOut] = Field(description="The customer's day the case is about, oldest first.")
    told_since: list[EvidenceOut] = Field(
        description="What the customer was told about the product since, oldest first."
    )
    history: list[CaseEventOut]
    looks: list[LookOut] = Field(description="Verdicts that this reader may see, oldest first.")
    remedied: RemedyOut | None
    prior_cases: list[PriorCaseOut]
    price_book: list[PriceOut] = Field(description="The product's entries valid when the price was said.")
    chain: list[ChainPlaceOut]
    assignable: list[PersonOut]
    can: list[Act] = Field(description="What this reader may do with the case now.")


class Neighbours(Shape):
    """The cases before and after one in the queue; null at its ends."""

    previous: str | None
    next: str | None


class CaseNew(Shape):
    """A day's conversation that somebody wants looked at."""

    customer_id: str
    day: date
    note: str = Field(min_length=1, max_length=2000)


class VerdictNew(Shape):
    verdict: VerdictName = Field(
        description="The same choice for every case. nothing_found: the whole conversation holds nothing to object to."
    )
    reason: ReasonName = Field(
        default="",
        description="Needed for false_positive. no_intent, buyer_got_more and rounding (order 56, art. 21) are also "
        "possible for policy_breach; the other verdicts take none.",
    )
    note: str = Field(default="", max_length=2000)
    version: int = Field(description="The version of the case that was looked at.")


class Assignment(Shape):
    user_id: str
    version: int


class Escalation(Shape):
    note: str = Field(min_length=1, max_length=2000)
    version: int


class RemedyNew(Shape):
    kind: RemedyName
    note: str = Field(default="", max_length=2000)
    entry_id: str | None = Field(
        default=None, description="The message that carried it: to this customer, after the statement objected to."
    )
    version: int


class Closing(Shape):
    note: str = Field(default="", max_length=2000)
    version: int


class Reopening(Shape):
    note: str = Field(min_length=1, max_length=2000)
    version: int


class BulkClaim(Shape):
    ids: list[str] = Field(min_length=1, max_length=100)


class FalsePositive(Shape):
    id: str
    version: int
    reason: FalseReasonName
    note: str = Field(default="", max_length=2000)


class BulkFalsePositives(Shape):
    items: list[FalsePositive] = Field(min_length=1, max_length=100)


class BulkOutcome(Shape):
    """What became of one of several: `case` when it was done, else why not."""

    id: str
    case: CaseOut | None
    problem: str | None


class BulkResult(Shape):
    items: list[BulkOutcome]


class CaseFiguresQuery(Shape):
    from_: date | None = Field(default=None, alias="from", description="China's day; default: 29 days before `to`.")
    to: date | None = Field(default=None, description="China's day, included; default: today.")


class DayOut(Shape):
    day: date
    messages: int
    findings: int
    per_thousand: float | None = Field(description="Findings per 1,000 messages read; null on a day without messages.")


class ShareOut(Shape):
    """`number` of `of`, with the 95 % Wilson interval; `share` and the interval are null for 0 of 0."""

    number: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class RuleFiguresOut(Shape):
    rule: str
    rule_name: str
    precision: ShareOut = Field(description="Of its cases with a verdict on the matter, those with a breach.")
    undecided: int = Field(description="Cases with insufficient evidence; they do not count.")


class VerdictCountOut(Shape):
    verdict: VerdictName
    reason: str
    count: int


class SpreadOut(Shape):
    number: int
    median_s: float | None
    p90_s: float | None


class TimesOut(Shape):
    """From the opening of a case to each step, for steps taken in the period."""

    claim: SpreadOut
    verdict: SpreadOut
    remedy: SpreadOut


class AgeOut(Shape):
    """The open queue now, by severity: how long its cases have been waiting."""

    severity: Severity
    under_hour: int
    under_day: int
    under_week: int
    older: int
    overdue: int
    oldest_at: datetime | None


class AgreementOut(Shape):
    """Second looks of the period. `kappa` is Cohen's; null without pairs, or when all verdicts were the same."""

    pairs: int
    agreed: int
    share: float | None
    kappa: float | None


class WorkloadOut(Shape):
    auditor: PersonOut
    holding: int = Field(description="Cases claimed now.")
    looks: int = Field(description="Verdicts given in the period, of every look.")
    median_s: float | None = Field(description="From claim to verdict.")


class CaseFigures(Shape):
    """How the work went, from the first to the last day (China's), both included."""

    first_day: date
    last_day: date
    messages: int
    findings: int
    per_thousand: float | None
    days: list[DayOut]
    rules: list[RuleFiguresOut]
    verdicts: list[VerdictCountOut]
    times: TimesOut
    queue: list[AgeOut]
    overdue: int
    remedied: ShareOut = Field(description="Of the breaches decided in the period, those with a remedy.")
    second_looks: AgreementOut
    missed: ShareOut = Field(
        description="Of the conversations drawn at random and judged, those with a breach that no rule had found."
    )
    workload: list[WorkloadOut]
