"""Suggestions and replies."""

from __future__ import annotations

from pydantic import Field

from scrm.web.schemas.shapes import Shape


class SuggestionQuery(Shape):
    limit: int = Field(default=5, ge=1, le=10)


class SuggestionOut(Shape):
    script_id: str
    title: str
    text: str = Field(description="Variables filled in; ready to send.")
    pack: str
    category: str
    score: float
    reason: str = Field(description="Why it is suggested, in Chinese.")


class MessageNew(Shape):
    """A reply. Send an Idempotency-Key header: a repeated key gives the first answer again."""

    text: str = Field(min_length=1, max_length=5000)
    channel: str | None = Field(default=None, description="Null: the best open channel.")
    script_id: str | None = None
    acknowledged_reason: str | None = Field(
        default=None,
        max_length=500,
        description="Needed to send in spite of a blocking finding; it is kept and shown to auditors.",
    )
    shown_rules: list[str] = Field(
        default=[],
        max_length=50,
        description="Rules whose findings the rep was shown while writing: kept in the audit log.",
    )
    automatic: bool = Field(
        default=False,
        description="No person has read this reply: it is a bot's word, and nothing that is found can be acknowledged.",
    )
