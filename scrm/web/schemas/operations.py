"""Channels, imports, tasks, webhooks, figures."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from scrm.web.schemas.shapes import Shape


class ChannelOut(Shape):
    name: str
    kind: str
    label: str
    capabilities: list[str] = Field(description="callbacks, pulls, files, sends, hands_over, pages")
    status: Literal["ok", "silent", "failing", "never_used"]
    status_text: str
    callback_path: str | None
    page_path: str | None
    received: int
    last_received_at: datetime | None
    refused: int = Field(description="Callbacks refused: bad signature or unreadable.")
    unsupported: int
    parked: int
    dead: int
    last_error: str
    last_error_at: datetime | None
    cursors: dict[str, datetime] = Field(description="When each source was last read to its end.")
    reports: dict[str, object] = Field(description="What the connector says of itself.")


class DeadTaskOut(Shape):
    id: str
    kind: str
    key: str
    attempts: int
    reason: str
    created_at: datetime


class ReplayOut(Shape):
    replayed: int


class ImportOut(Shape):
    id: str
    channel: str
    file_name: str
    state: Literal["waiting", "running", "finished", "failed"]
    total: int
    done: int
    added: int
    repeated: int
    rejected: int
    reason: str
    started_by: str
    created_at: datetime
    finished_at: datetime | None


class BadRowOut(Shape):
    row: int
    reason: str
    text: str


class EndpointNew(Shape):
    url: str = Field(pattern=r"^https?://", max_length=2000)
    description: str = Field(default="", max_length=200)
    event_types: list[str] = Field(default=[], description="Empty: every type.")


class EndpointEdit(Shape):
    description: str | None = Field(default=None, max_length=200)
    event_types: list[str] | None = None
    enabled: bool | None = None


class EndpointOut(Shape):
    id: str
    url: str
    description: str
    event_types: list[str]
    enabled: bool
    disabled_reason: str
    created_at: datetime
    secret: str | None = Field(default=None, description="whsec_…: shown once, when the endpoint is made.")
    delivered: int
    failing: int


class DeliveryOut(Shape):
    id: str
    event_id: str
    event_type: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    last_status: int | None
    last_error: str
    last_answer: str
    created_at: datetime
    next_attempt_at: datetime | None


class EventTypeOut(Shape):
    name: str
    version: int
    description: str


class FiguresOut(Shape):
    """The numbers above the workspace and the settings page."""

    customers: int
    entries: int
    open_cases: int
    waiting_tasks: int
    oldest_task_s: float | None
