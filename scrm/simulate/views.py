"""What the control API answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, JsonValue

from scrm.simulate.commands import AppKind, CallbackFormat


class View(BaseModel):
    pass


class Done(View):
    """Something was done that has no result of its own."""

    ok: bool = True


class Created(View):
    id: str


class CreatedMany(View):
    ids: list[str]


class CallbackView(View):
    url: str
    token: str
    aes_key: str
    format: CallbackFormat
    receive_id: str


class AppView(View):
    corp_id: str
    name: str
    kind: AppKind
    secret: str
    agent_id: int
    callback: CallbackView


class MemberView(View):
    userid: str
    name: str
    position: str


class CustomerView(View):
    external_userid: str
    name: str
    type: int
    unionid: str
    remark_mobiles: list[str]
    followed_by: list[str]


class KfAccountView(View):
    open_kfid: str
    name: str
    servicers: dict[str, int]
    messages: int


class CorpView(View):
    corp_id: str
    name: str
    apps: list[AppView]
    members: list[MemberView]
    customers: list[CustomerView]
    kf_accounts: list[KfAccountView]
    archive_messages: int


class StateView(View):
    now: datetime
    corps: list[CorpView]
    deliveries: int
    undelivered: int
    requests: int
    violations: int


class Line(View):
    """One line of a KF conversation as a person would see it. `origin`: customer, servicer, hub or event."""

    at: datetime
    origin: str
    msgid: str
    msgtype: str
    text: str
    recalled: bool = False
    failed: bool = False


class Conversation(View):
    open_kfid: str
    external_userid: str
    service_state: int
    replies_left: int
    window_closes: datetime | None
    lines: list[Line]


class Sent(View):
    """A message the hub has sent over KF."""

    msgid: str
    open_kfid: str
    touser: str
    msgtype: str
    text: str
    body: dict[str, JsonValue]
    at: datetime
    on_event: bool


class ArchivedView(View):
    seq: int
    msgid: str
    publickey_ver: int
    message: dict[str, JsonValue]


class ArchiveKeyView(View):
    version: int
    private_pem: str
    public_pem: str


class AttemptView(View):
    """`status` is None when no answer came; `error` says why."""

    at: datetime
    status: int | None
    error: str
    milliseconds: int
    timestamp: str
    nonce: str


class DeliveryView(View):
    """`outcome`: waiting, delivered, failed or dropped."""

    id: int
    app: str
    label: str
    plaintext: str
    outcome: str
    attempts: list[AttemptView]


class PushSummary(View):
    acknowledged: list[str]
    failed: list[str]
    attempts: int
    seconds: float


class Verification(View):
    ok: bool
    status: int | None
    detail: str


class RequestView(View):
    at: datetime
    method: str
    endpoint: str
    app: str
    query: dict[str, str]
    body: JsonValue
    errcode: int
    outcome: str


class ViolationView(View):
    at: datetime
    rule: str
    detail: str
    app: str


class FaultView(View):
    id: int
    endpoint: str
    kind: str
    left: int | None


class Now(View):
    now: datetime
