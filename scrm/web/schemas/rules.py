"""Rules, and trying them on what is on file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from scrm.web.schemas.checks import EvidenceOut
from scrm.web.schemas.shapes import Paging, Shape

SeverityName = Literal["S0", "S1", "S2", "S3", "S4"]


class RuleOut(Shape):
    """A rule as it is configured; one that is not in force as it comes."""

    id: str
    name: str
    pack: str
    enabled: bool
    ground: str = Field(description="The law's article or the house rule it rests on.")
    effective_from: date | None = Field(description="What was said before is not held against it; null: always.")
    severity: SeverityName | None = Field(description="Set in the settings; null: as the rule decides.")
    parameters: dict[str, JsonValue] = Field(description="As they are written in `[compliance.rules.<id>]`.")
    version: str
    found: int = Field(description="Findings of the last 30 days.")
    per_thousand: float | None = Field(description="Findings per 1,000 messages read in the last 30 days.")
    judged: int = Field(description="Its cases of the last 30 days with a verdict on the matter.")
    precision: float | None = Field(description="Share of these with a breach; null without verdicts.")


class DryRunNew(Shape):
    """Changes of rules to try. Without changes the rules in force are tried as they are."""

    changes: dict[str, dict[str, JsonValue]] = Field(
        default={}, description="Options by rule id, as in `[compliance.rules.<id>]`, on top of those in force."
    )
    since: AwareDatetime | None = Field(default=None, description="What was said from then on; default: 30 days ago.")
    until: AwareDatetime | None = Field(default=None, description="And before then; default: now.")
    share: float = Field(default=1.0, gt=0, le=1, description="Share of the customers, drawn evenly.")


class DryRunCounts(Shape):
    """Findings of one rule: new ones, those that would be gone, those that stay, and of these with another severity."""

    rule: str
    rule_name: str
    new: int
    gone: int
    same: int
    weighed: int


class DryRunOut(Shape):
    id: str
    state: Literal["waiting", "running", "finished", "failed", "cancelled"]
    changes: dict[str, dict[str, JsonValue]]
    toml: str = Field(description="What to put into the settings to make the changes real; empty without changes.")
    since: datetime
    until: datetime
    share: float
    total: int = Field(description="Customers to look at.")
    done: int
    messages: int = Field(description="Messages and calls looked at so far.")
    rules: list[DryRunCounts]
    reason: str
    started_by: str
    created_at: datetime
    finished_at: datetime | None


class DryRunFindingQuery(Paging):
    rule: str | None = None
    change: Literal["new", "gone", "same"] | None = None


class DryRunFindingOut(Shape):
    """An example of a finding, with its evidence."""

    id: str
    change: Literal["new", "gone", "same"]
    rule: str
    rule_name: str
    severity: SeverityName
    severity_before: SeverityName | None = Field(description="On file; null where there is none.")
    reason: str
    customer_id: str
    customer_name: str
    said: EvidenceOut | None
    against: EvidenceOut | None
