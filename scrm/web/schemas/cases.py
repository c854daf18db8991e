"""Compliance cases."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from scrm.web.schemas.checks import EvidenceOut
from scrm.web.schemas.prices import PriceOut
from scrm.web.schemas.shapes import Paging, Shape
from scrm.web.schemas.timeline import EntryOut


class CaseQuery(Paging):
    state: Literal["open", "new", "claimed", "decided"] = "open"
    rule: str | None = None
    severity: Literal["S0", "S1", "S2", "S3", "S4"] | None = None


class CaseOut(Shape):
    id: str
    customer_id: str
    customer_name: str
    rule: str
    rule_name: str
    product: str | None
    severity: Literal["S0", "S1", "S2", "S3", "S4"]
    state: Literal["new", "claimed", "decided"]
    assignee: str | None
    opened_at: datetime
    updated_at: datetime
    findings: int
    summary: str
    verdict: str | None
    version: int


class CaseFindingOut(Shape):
    """A finding with both statements in full, side by side."""

    id: str
    rule: str
    severity: str
    reason: str
    said: EvidenceOut
    against: EvidenceOut | None
    acknowledged_reason: str | None = Field(description="What the rep wrote when sending in spite of the warning.")
    context_said: list[EntryOut] = Field(description="Up to five entries before and after, oldest first.")
    context_against: list[EntryOut]


class CaseEventOut(Shape):
    at: datetime
    actor: str
    action: str
    note: str


class CaseDetail(CaseOut):
    evidence: list[CaseFindingOut]
    history: list[CaseEventOut]
    price_book: list[PriceOut] = Field(description="The product's entries valid when the price was said.")


class VerdictNew(Shape):
    verdict: Literal["violation", "policy_breach", "false_positive", "insufficient_evidence"]
    reason: Literal["", "extraction", "wrong_product", "not_comparable", "negation", "superseded", "other"] = Field(
        default="", description="Needed for false_positive."
    )
    note: str = Field(default="", max_length=2000)
    version: int = Field(description="The version of the case that was looked at.")
