"""Findings, the statements they rest on, and what a refusal tells."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from scrm.web.schemas.shapes import Shape


class EvidenceOut(Shape):
    """The earlier statement a finding rests on."""

    entry_id: str
    at: datetime
    channel: str
    channel_kind: str
    channel_label: str
    speaker: str
    actor_name: str
    text: str
    start: int | None = Field(description="Span in `text`, code points.")
    end: int | None
    valid_until: datetime | None


class FindingOut(Shape):
    rule: str
    rule_name: str
    severity: Literal["S0", "S1", "S2", "S3", "S4"]
    blocking: bool
    reason: str = Field(description="Facts in Chinese (or the language asked for), no verdict words.")
    start: int | None = Field(description="Span in the text that was checked, code points.")
    end: int | None
    against: EvidenceOut | None


class DraftCheck(Shape):
    text: str = Field(max_length=5000)
    channel: str | None = None


class DraftFindings(Shape):
    findings: list[FindingOut]


class AudienceIn(Shape):
    """Customers to speak to: the given ones, or all; of these those of an owner, or whose words earned a tag."""

    customer_ids: list[str] | None = Field(default=None, max_length=10_000)
    owner_id: str | None = None
    tag: str | None = Field(default=None, max_length=60)


class BroadcastCheck(Shape):
    text: str = Field(min_length=1, max_length=5000)
    channel: str = Field(default="", max_length=100, description="The channel it would go out on; empty: not decided.")
    audience: AudienceIn = AudienceIn()
    limit: int = Field(default=20, ge=0, le=200, description="So many affected customers are shown with evidence.")
    cursor: str | None = Field(default=None, description="`next` of the answer before: goes on with the audience.")


class AffectedOut(Shape):
    """A customer who was told something else than the broadcast says, or should not get it."""

    customer_id: str
    name: str
    findings: list[FindingOut]


class BroadcastFindings(Shape):
    """What is found in the words alone, and in the next part of the audience."""

    findings: list[FindingOut]
    total: int = Field(description="Customers in the whole audience.")
    looked_at: int = Field(description="Customers in this part of it.")
    affected: int = Field(description="Of these, customers with findings of their own.")
    customers: list[AffectedOut] = Field(description="The first of them, with evidence.")
    next: str | None = Field(description="Ask again with it as `cursor` for the rest; null: that was all.")


class ProblemRow(Shape):
    """Why a row of a file, or a field of what was sent, cannot be taken."""

    sheet: str = Field(description="Name of the sheet, empty where there is only one table.")
    row: int = Field(description="Number of the row in the file, from 1; 0: the whole, or no file.")
    sku: str
    field: str = Field(description="The field's name in this API, or the title of a column that is not known.")
    label: str = Field(description="The field as people call it.")
    promotion: int | None = Field(description="Place of the promotion the field belongs to, from 0.")
    reason: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    findings: list[FindingOut] | None = Field(default=None, description="Why a draft was blocked.")
    rows: list[ProblemRow] | None = Field(default=None, description="Why a price list or a price was refused.")
