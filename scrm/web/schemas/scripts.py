"""Script packs."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from scrm.web.schemas.checks import FindingOut
from scrm.web.schemas.shapes import Shape


class ScriptQuery(Shape):
    query: str = Field(default="", max_length=100)


class ScriptOut(Shape):
    id: str
    pack: str
    pack_name: str
    category: str
    title: str
    text: str
    triggers: list[str]
    valid_from: datetime | None
    valid_to: datetime | None
    findings: list[FindingOut] = Field(description="What is found in its words with today's prices filled in.")
    checked_text: str = Field(description="The text with today's prices filled in: spans of findings count in it.")
    suggested: bool = Field(description="False while a finding is blocking: then it is never suggested.")
