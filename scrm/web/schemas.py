"""The public contract: every shape the REST API takes or gives. Ids are opaque strings; times are UTC ISO 8601."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

Money = Annotated[Decimal, PlainSerializer(lambda value: format(value, "f"), return_type=str)]
"""Yuan, as a decimal string."""


class Shape(BaseModel):
    """Frozen; unknown fields in requests are refused, so that a typing error is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ItemT = TypeVar("ItemT")


class PageOf(Shape, Generic[ItemT]):
    """One page. `next` is the cursor of the following page, null at the end."""

    items: list[ItemT]
    next: str | None = None


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    findings: list[FindingOut] | None = Field(default=None, description="Why a draft was blocked.")


# --- sign-in -----------------------------------------------------------------------------------------------------


class SignIn(Shape):
    login: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=200)


class UserOut(Shape):
    id: str
    login: str
    name: str
    role: Literal["rep", "agent", "manager", "auditor", "admin"]
    permissions: list[str] = Field(description="What this role may do: see `scrm.core.access.Permission`.")


class SessionOut(Shape):
    user: UserOut
    csrf: str = Field(description="Send it as X-CSRF-Token with every request that changes something.")


class UserNew(Shape):
    login: str = Field(min_length=2, max_length=100, pattern=r"^[a-zA-Z0-9_.@-]+$")
    name: str = Field(min_length=1, max_length=100)
    role: Literal["rep", "agent", "manager", "auditor", "admin"]
    password: str = Field(min_length=10, max_length=200)
    provider_ids: list[str] = Field(
        default=[], description="Ids on channels (WeCom userid, extension): `actor` of entries."
    )


class TokenNew(Shape):
    name: str = Field(min_length=1, max_length=100)
    role: Literal["rep", "agent", "manager", "auditor", "admin"] = "rep"
    expires_at: datetime | None = None


class TokenOut(Shape):
    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    secret: str | None = Field(default=None, description="Shown once, when the token is made.")


class Paging(Shape):
    """Keyset paging: pass the `next` of a page as `cursor` to get the one after it."""

    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


# --- customers ---------------------------------------------------------------------------------------------------


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


class StandingClaimOut(Shape):
    """A price this customer has been told and that still stands."""

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


class CustomerDetail(CustomerOut):
    identities: list[IdentityOut]
    merges: list[MergeOut]
    maybe_same: list[MaybeLinkOut]
    reply_channels: list[ReplyChannelOut] = Field(description="Best first.")
    standing_claims: list[StandingClaimOut]


class CustomerEdit(Shape):
    name: str | None = Field(default=None, min_length=1, max_length=100)
    owner_id: str | None = None


class MergeNew(Shape):
    other_id: str
    reason: str = Field(min_length=1, max_length=500)


# --- timeline ----------------------------------------------------------------------------------------------------


class TimelineQuery(Paging):
    channel: str | None = None
    kind: Literal["message", "call", "contact", "unsupported"] | None = None


class TagOut(Shape):
    tag: str
    name: str
    kind: Literal["keyword", "intent"]
    start: int
    end: int
    score: float
    rule: str
    version: str


class ClaimOut(Shape):
    kind: str
    value: Money | None
    value_max: Money | None
    unit: str | None
    stance: str
    approx: str | None
    start: int
    end: int
    sku: str | None
    product: str | None
    valid_until: datetime | None


class EntryVersionOut(Shape):
    """An earlier wording of an entry, kept as evidence."""

    at: datetime
    text: str
    change: Literal["edited", "recalled"]


class EntryOut(Shape):
    """One happening with a customer. `body` holds what is special to its kind:

    message: form, media; call: phone (masked), disposition, talk_s, ring_s, transcript, recording, summary;
    contact: change, details; unsupported: provider_kind, reason.
    """

    id: str
    customer_id: str | None
    channel: str
    channel_kind: str
    channel_label: str
    thread: str
    kind: Literal["message", "call", "contact", "unsupported"]
    direction: Literal["inbound", "outbound", "internal"]
    speaker: Literal["customer", "rep", "agent", "bot", "broadcast", "system"]
    actor: str
    actor_name: str
    at: datetime
    received_at: datetime
    text: str
    body: dict[str, object]
    state: Literal["received", "queued", "sending", "sent", "failed", "uncertain", "handed_over", "recalled"]
    state_reason: str
    tags: list[TagOut]
    claims: list[ClaimOut]
    versions: list[EntryVersionOut]
    findings: list[FindingOut]


# --- suggestions, drafts, replies --------------------------------------------------------------------------------


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


class DraftCheck(Shape):
    text: str = Field(max_length=5000)
    channel: str | None = None


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


class DraftFindings(Shape):
    findings: list[FindingOut]


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


class MergeResult(Shape):
    customer_id: str
    merge_id: str


# --- cases -------------------------------------------------------------------------------------------------------


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


# --- channels, imports, webhooks, prices -------------------------------------------------------------------------


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


class PromotionOut(Shape):
    name: str
    price: Money | None
    ratio: Money | None
    starts_at: datetime
    ends_at: datetime
    condition: str | None


class PriceOut(Shape):
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


class ScriptQuery(Shape):
    query: str = Field(default="", max_length=100)


class PhoneOut(Shape):
    value: str


class ReplayOut(Shape):
    replayed: int


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


class FiguresOut(Shape):
    """The numbers above the workspace and the settings page."""

    customers: int
    entries: int
    open_cases: int
    waiting_tasks: int
    oldest_task_s: float | None
