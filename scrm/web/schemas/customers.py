"""Customers and what is known of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from scrm.web.schemas.households import HouseholdOut
from scrm.web.schemas.shapes import Money, Paging, Shape


class CustomerQuery(Paging):
    query: str = Field(default="", max_length=100, description="A name, digits of a phone number, or words said.")
    filter: Literal["all", "unread", "mine"] = "all"


class EntryPreview(Shape):
    at: datetime
    kind: str
    channel: str
    channel_kind: str
    direction: Literal["inbound", "outbound", "internal"]
    text: str


class CustomerOut(Shape):
    """A row of the customer list."""

    id: str
    name: str
    channel_kinds: list[str] = Field(description="Kinds of channel this customer has used, e.g. wecom_kf, web_im.")
    phones: list[str] = Field(description="Masked: 138****5678.")
    last_entry: EntryPreview | None
    unread: int = Field(description="Inbound entries after the last time anybody of the team read them.")
    open_cases: int
    owner: str | None = Field(description="Name of the rep the customer belongs to.")


class IdentityOut(Shape):
    id: str
    namespace: str
    label: str = Field(description="In words: 微信客服, 手机号 …")
    value: str = Field(description="Masked where it is a phone number.")
    reason: str = Field(description="Why it is thought to be this customer.")
    linked_at: datetime


class MergeOut(Shape):
    id: str
    other_name: str
    automatic: bool
    reason: str
    actor: str
    at: datetime
    undone_at: datetime | None


class MaybeLinkOut(Shape):
    """Another customer who may be the same person: shown, not merged."""

    customer_id: str
    name: str
    reason: str


class ReplyChannelOut(Shape):
    """A way to answer this customer."""

    channel: str
    channel_kind: str
    label: str
    mode: Literal["send", "hand_over"]
    open: bool
    reason: str = Field(description="Why it is closed, or what limits it; empty when nothing does.")
    closes_at: datetime | None
    remaining: int | None = Field(description="Messages left until the customer writes again.")


class ToldTo(Shape):
    """The member of the household who was told."""

    customer_id: str
    name: str


class StandingClaimOut(Shape):
    """A price this customer, or somebody of their household, has been told and that still stands."""

    entry_id: str
    product: str
    kind: str
    value: Money | None
    unit: str | None
    at: datetime
    valid_until: datetime | None
    channel_kind: str
    speaker: str
    actor_name: str
    told_to: ToldTo | None = Field(description="Null: this customer. Else the member of the household who was told.")


class CustomerDetail(CustomerOut):
    identities: list[IdentityOut]
    merges: list[MergeOut]
    maybe_same: list[MaybeLinkOut]
    reply_channels: list[ReplyChannelOut] = Field(description="Best first.")
    standing_claims: list[StandingClaimOut]
    household: HouseholdOut | None


class CustomerEdit(Shape):
    name: str | None = Field(default=None, min_length=1, max_length=100)
    owner_id: str | None = None


class MergeNew(Shape):
    other_id: str
    reason: str = Field(min_length=1, max_length=500)


class MergeResult(Shape):
    customer_id: str
    merge_id: str


class PhoneOut(Shape):
    value: str
