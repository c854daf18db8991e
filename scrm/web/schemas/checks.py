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


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    findings: list[FindingOut] | None = Field(default=None, description="Why a draft was blocked.")
