"""What exists inside the simulator: corps, their people, their conversations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import JsonValue

from scrm.simulate.commands import AppKind, Callback, Mischief
from scrm.simulate.wire import JsonObject


@dataclass(slots=True, kw_only=True)
class AccessToken:
    value: str
    issued_at: datetime
    revoked: bool = False


@dataclass(slots=True, kw_only=True)
class App:
    """An application of a corp. `denied` endpoints and foreign addresses are refused."""

    corp_id: str
    name: str
    kind: AppKind
    secret: str
    agent_id: int
    callback: Callback
    mischief: Mischief
    denied: set[str] = field(default_factory=set)
    allowed_ips: set[str] = field(default_factory=set)
    token: AccessToken | None = None


@dataclass(slots=True, kw_only=True)
class Member:
    userid: str
    name: str
    department: list[int]
    position: str = ""
    mobile: str = ""


@dataclass(slots=True, kw_only=True)
class Customer:
    external_userid: str
    name: str
    type: int = 1
    gender: int = 0
    avatar: str = ""
    unionid: str = ""
    corp_name: str = ""
    position: str = ""


@dataclass(slots=True, kw_only=True)
class Relation:
    """A customer as one member's contact. `number` grows with every new relation: pages are cut by it."""

    number: int
    userid: str
    external_userid: str
    created_at: datetime
    remark: str = ""
    description: str = ""
    remark_corp_name: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    tags: list[JsonObject] = field(default_factory=list)
    add_way: int = 1
    state: str = ""


@dataclass(slots=True, kw_only=True)
class KfRecord:
    """One item of an account's `sync_msg`."""

    item: JsonObject
    external_userid: str
    stored_at: datetime


@dataclass(slots=True, kw_only=True)
class KfSent:
    """A message sent through the API."""

    msgid: str
    external_userid: str
    msgtype: str
    body: JsonObject
    at: datetime
    on_event: bool
    failed: bool = False


@dataclass(slots=True, kw_only=True)
class EventCode:
    """A code that lets the API speak once: `valid_until` None lasts while the session is in `while_state`."""

    external_userid: str
    kinds: frozenset[str]
    valid_until: datetime | None
    while_state: int | None
    used: bool = False


@dataclass(slots=True, kw_only=True)
class KfSession:
    state: int = 0
    servicer: str = ""
    last_customer_message: datetime | None = None
    sent_since: int = 0
    last_sent: datetime | None = None
    scene: str = ""
    scene_param: str = ""


@dataclass(slots=True, kw_only=True)
class KfAccount:
    """`servicers` maps a userid to 0 (receiving) or 1 (stopped); `pulling` counts the sync calls in flight."""

    open_kfid: str
    name: str
    servicers: dict[str, int] = field(default_factory=dict)
    records: list[KfRecord] = field(default_factory=list)
    sent: dict[str, KfSent] = field(default_factory=dict)
    sessions: dict[str, KfSession] = field(default_factory=dict)
    tokens: dict[str, datetime] = field(default_factory=dict)
    codes: dict[str, EventCode] = field(default_factory=dict)
    recalled: set[str] = field(default_factory=set)
    pulling: int = 0
    empty_pages: int = 0
    repeat: int = 0
    short_page: int = 0

    def session(self, external_userid: str) -> KfSession:
        return self.sessions.setdefault(external_userid, KfSession())


@dataclass(slots=True, kw_only=True)
class ArchiveRecord:
    seq: int
    msgid: str
    publickey_ver: int
    message: JsonObject
    wrapped_key: str
    locked: str
    stored_at: datetime


@dataclass(slots=True, kw_only=True)
class ArchiveFile:
    content: bytes
    stored_at: datetime


@dataclass(slots=True, kw_only=True)
class Archive:
    """`keys` holds every version ever made, the highest being current; `notice_due` is set while a notice waits."""

    keys: dict[int, RSAPrivateKey] = field(default_factory=dict)
    records: list[ArchiveRecord] = field(default_factory=list)
    files: dict[str, ArchiveFile] = field(default_factory=dict)
    last_notice: datetime | None = None
    notice_due: datetime | None = None


@dataclass(slots=True, kw_only=True)
class MediaFile:
    type: str
    name: str
    content_type: str
    content: bytes
    stored_at: datetime


@dataclass(slots=True, kw_only=True)
class Corp:
    corp_id: str
    name: str
    apps: dict[str, App] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    relation_count: int = 0
    kf_accounts: dict[str, KfAccount] = field(default_factory=dict)
    archive: Archive = field(default_factory=Archive)
    media: dict[str, MediaFile] = field(default_factory=dict)

    def apps_of_kind(self, kind: AppKind) -> list[App]:
        return [app for app in self.apps.values() if app.kind == kind]


@dataclass(slots=True, kw_only=True)
class Settings:
    """The rules that differ between a test and a day at work.

    Times are seconds of the simulator's clock, but those of callbacks and `latency_s` are real seconds. Some latency is
    needed to see calls that overlap.
    """

    token_ttl_s: int = 7200
    notify_interval_s: float = 15.0
    callback_attempts: int = 4
    callback_retry_s: float = 1.0
    callback_timeout_s: float = 5.0
    callback_concurrency: int = 64
    api_per_minute: int = 10_000
    kf_pulls_without_token_per_minute: int = 60
    extra_fields: bool = True
    latency_s: float = 0.002


@dataclass(slots=True, kw_only=True)
class LoggedRequest:
    at: datetime
    method: str
    endpoint: str
    app: str
    query: dict[str, str]
    body: JsonValue
    errcode: int
    outcome: str


@dataclass(slots=True, kw_only=True)
class Violation:
    """A rule of the provider that the client broke, although it may have been answered."""

    at: datetime
    rule: str
    detail: str
    app: str
