"""The price book: products, their versions, and what is proposed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime, Field

from scrm.web.schemas.shapes import Money, Paging, Shape


class PromotionOut(Shape):
    name: str
    price: Money | None
    ratio: Money | None
    starts_at: datetime
    ends_at: datetime
    condition: str | None


class PriceOut(Shape):
    """A version of a product."""

    sku: str
    name: str
    aliases: list[str]
    list_price: Money
    unit: str | None
    promotions: list[PromotionOut]
    floors: dict[str, Money]
    valid_from: datetime | None
    valid_to: datetime | None
    recorded_at: datetime
    recorded_by: str
    approved_by: str = Field(description="Empty where nobody had to approve: the settings file.")
    withdrawn: bool = Field(description="Not on sale while this version is valid.")


class PriceMoment(Shape):
    at: AwareDatetime | None = Field(default=None, description="Prices valid then; default: now.")
    known_at: AwareDatetime | None = Field(default=None, description="As the book stood then; default: as it stands.")


class PriceQuery(Paging):
    at: AwareDatetime | None = Field(default=None, description="Prices valid then; default: now.")
    known_at: AwareDatetime | None = Field(default=None, description="As the book stood then; default: as it stands.")
    query: str = Field(default="", max_length=100, description="In sku, name and aliases.")


class PriceChangeOut(Shape):
    """One difference between two versions. `before` and `after` are texts, empty for nothing."""

    kind: str = Field(
        description="added, restored, withdrawn, name, list_price, unit, alias_added, alias_removed, promotion_added, "
        "promotion_changed, promotion_removed, floor, valid_from or valid_to."
    )
    subject: str = Field(description="Of what: an alias, a role, a promotion.")
    before: str
    after: str
    text: str = Field(description="The change as a sentence.")


class PriceDoubtOut(Shape):
    """What may be right but is worth a second look."""

    code: str
    field: str
    text: str


class PriceVersionOut(Shape):
    """A version, what it changed, and why."""

    id: str
    product: PriceOut
    changes: list[PriceChangeOut]
    reason: str
    corrects_past: bool = Field(description="It was recorded after the time from which it counts.")


class PromotionDraft(Shape):
    name: str = ""
    price: Decimal | None = None
    ratio: Decimal | None = Field(default=None, description="The share of the list price to pay: 0.85 for 85折.")
    starts_at: AwareDatetime
    ends_at: AwareDatetime = Field(description="The last moment it runs.")
    condition: str | None = None


class PriceDraft(Shape):
    """A product as it should be, whole."""

    sku: str
    name: str
    list_price: Decimal
    aliases: list[str] = Field(default_factory=list)
    unit: str | None = None
    promotions: list[PromotionDraft] = Field(default_factory=list)
    floors: dict[str, Decimal] = Field(default_factory=dict)
    valid_from: AwareDatetime | None = Field(default=None, description="Default: from the approval on.")
    valid_to: AwareDatetime | None = Field(default=None, description="Default: until the next change on file.")
    withdrawn: bool = False


class ProposalNew(Shape):
    product: PriceDraft
    reason: str = Field(min_length=1, max_length=2000)


class ProposalOut(Shape):
    id: str
    product: PriceOut
    state: Literal["proposed", "approved", "rejected", "withdrawn"]
    reason: str
    source: str = Field(description="The file it came in with, or empty.")
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str
    changes: list[PriceChangeOut] = Field(description="While it is open, against the book as it is now.")
    doubts: list[PriceDoubtOut]
    outdated: bool = Field(description="The product changed since: this can no longer be approved.")
    may: list[Literal["approve", "reject", "withdraw"]] = Field(description="What whoever asks may do with it.")


class PriceDetail(Shape):
    sku: str
    current: PriceOut | None = Field(description="The version valid at the moment asked for.")
    running: list[PromotionOut]
    versions: list[PriceVersionOut] = Field(description="Newest first; empty for whoever may not read the history.")
    proposals: list[ProposalOut]


class ProposalQuery(Paging):
    state: Literal["proposed", "approved", "rejected", "withdrawn", "all"] = "proposed"
    sku: str | None = None


class ProposalDecision(Shape):
    note: str = Field(default="", max_length=2000, description="Needed for a rejection.")
    together: bool = Field(default=False, description="Also everything else that came in with the same file.")


class PriceFileQuery(Shape):
    preview: bool = Field(default=False, description="Only say what the file would change.")


class PriceExportQuery(PriceMoment):
    format: Literal["xlsx", "csv"] = "xlsx"


class PriceTemplateQuery(Shape):
    format: Literal["xlsx", "csv"] = "xlsx"


class PriceLineOut(Shape):
    """What a row of a price list does."""

    sheet: str
    row: int
    kind: Literal["", "product", "promotion"]
    sku: str
    name: str
    state: Literal["added", "changed", "unchanged", "refused", "held"] = Field(
        description="held: the row itself is right, but another row of the product is not."
    )
    changes: list[PriceChangeOut]
    reasons: list[str] = Field(description="Why it is refused, each with the column.")
    doubts: list[PriceDoubtOut]


class PriceFileOut(Shape):
    lines: list[PriceLineOut]
    products: int = Field(description="How many products the file changes.")
    refused: int = Field(description="How many rows cannot be taken; with one, nothing is.")
    proposals: list[ProposalOut]
