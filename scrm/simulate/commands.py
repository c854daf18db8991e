"""What one may ask of the simulator: the bodies of the control API, used by its client and by seed files too.

`corp` is a corp id; empty means the first corp. Ids that are left empty are made up.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

AppKind = Literal["app", "kf", "archive"]
CallbackFormat = Literal["xml", "json"]
FaultKind = Literal["errcode", "status", "latency", "reset", "truncated", "html"]


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OfCorp(Command):
    corp: str = ""


class AddCorp(Command):
    corp_id: str = ""
    name: str = ""


class Callback(Command):
    """Where an application's callbacks go. An empty `token` or `aes_key` is made up; `receive_id` is the corp id."""

    url: str = ""
    token: str = ""
    aes_key: str = ""
    format: CallbackFormat = "xml"
    receive_id: str = ""


class AddApp(OfCorp):
    """`kind` decides which callbacks the application gets: contacts and messages, KF notices, or archive notices."""

    name: str
    kind: AppKind = "app"
    secret: str = ""
    agent_id: int = 0
    callback: Callback | None = None


class SetCallback(OfCorp):
    app: str
    callback: Callback


class OfApp(OfCorp):
    app: str


class SetAccess(OfApp):
    """`denied`: endpoints answered with 48002, as `kf/send_msg`. `allowed_ips`: others get 60020; empty lets all in."""

    denied: list[str] = []
    allowed_ips: list[str] = []


class AddMember(OfCorp):
    userid: str
    name: str = ""
    department: list[int] = [1]
    position: str = ""
    mobile: str = ""


class AddCustomer(OfCorp):
    external_userid: str = ""
    name: str = ""
    type: Literal[1, 2] = 1
    gender: Literal[0, 1, 2] = 0
    avatar: str = ""
    unionid: str = ""
    corp_name: str = ""
    position: str = ""


class AddKfAccount(OfCorp):
    open_kfid: str = ""
    name: str
    servicers: list[str] = []


class SetServicer(OfCorp):
    """`status` 0 receives, 1 has stopped."""

    open_kfid: str = ""
    userid: str
    status: Literal[0, 1] = 0


class ContactTag(Command):
    group_name: str = ""
    tag_name: str
    tag_id: str = ""
    type: Literal[1, 2, 3] = 1


class AddContact(OfCorp):
    """A customer becomes a member's contact. An unknown customer is created with `name`."""

    userid: str
    external_userid: str = ""
    name: str = ""
    remark: str = ""
    description: str = ""
    remark_corp_name: str = ""
    remark_mobiles: list[str] = []
    unionid: str = ""
    tags: list[ContactTag] = []
    add_way: int = 1
    state: str = ""
    half: bool = False
    notify: bool = True


class EditContact(OfCorp):
    """Change what a member has noted; what is None stays. A change of `remark_mobiles` alone sends no callback."""

    userid: str
    external_userid: str
    remark: str | None = None
    description: str | None = None
    remark_mobiles: list[str] | None = None
    tags: list[ContactTag] | None = None
    notify: bool = True


class DeleteContact(OfCorp):
    userid: str
    external_userid: str
    by: Literal["member", "customer"] = "member"
    transferred: bool = False


class SayInKf(OfCorp):
    """The customer writes to a KF account (empty: the first one). `body` replaces `text` for other message types."""

    external_userid: str
    open_kfid: str = ""
    msgtype: str = "text"
    text: str = ""
    body: dict[str, JsonValue] = {}
    msgid: str = ""
    notify: bool = True


class SayManyInKf(OfCorp):
    """`count` text messages spread over the customers in turn; `{n}` in `text` becomes the number, from 1."""

    external_userids: list[str] = Field(min_length=1)
    open_kfid: str = ""
    count: int = Field(ge=1, le=100_000)
    text: str = "第 {n} 条消息"
    notify: Literal["once", "each", "none"] = "once"


class AnswerInKf(OfCorp):
    """A servicer writes from the WeCom client."""

    servicer_userid: str
    external_userid: str
    open_kfid: str = ""
    msgtype: str = "text"
    text: str = ""
    body: dict[str, JsonValue] = {}
    msgid: str = ""
    notify: bool = True


class RecallInKf(OfCorp):
    msgid: str
    open_kfid: str = ""
    by: Literal["customer", "servicer"] = "customer"
    notify: bool = True


class EnterKfSession(OfCorp):
    external_userid: str
    open_kfid: str = ""
    scene: str = "demo"
    scene_param: str = ""
    notify: bool = True


class FailKfSend(OfCorp):
    """The provider reports later that a message of the hub was not delivered; the types are in the protocol's table."""

    msgid: str
    open_kfid: str = ""
    fail_type: int = 4
    notify: bool = True


class SetKfSession(OfCorp):
    """Put a session into a state, as a servicer in the WeCom client could; with `notify`, the event is recorded."""

    external_userid: str
    open_kfid: str = ""
    service_state: Literal[0, 1, 2, 3, 4]
    servicer_userid: str = ""
    change_type: int | None = None
    notify: bool = True


class PutKfItem(OfCorp):
    """Any item, verbatim, into an account's `sync_msg`; `msgid`, `send_time` and `origin` are added when absent."""

    open_kfid: str = ""
    item: dict[str, JsonValue]
    notify: bool = True


class SetKfPaging(OfCorp):
    """The next `empty_pages` pages are empty though more follows; every page repeats the `repeat` items before it.

    `short_page` above 0 is the most items of a page, whatever the limit asked for.
    """

    open_kfid: str = ""
    empty_pages: int = 0
    repeat: int = 0
    short_page: int = 0


class WriteToApp(OfCorp):
    """A member writes to an application: a plain message callback."""

    app: str = ""
    userid: str
    text: str


class ArchiveMessage(OfCorp):
    """A message of an archived conversation. `body` replaces `text` for other message types.

    `fields` are added at the top level. With `body_key` the body stands under another key than `msgtype`.
    """

    sender: str
    to: list[str] = []
    roomid: str = ""
    action: str = "send"
    msgtype: str = "text"
    text: str = ""
    body: dict[str, JsonValue] = {}
    body_key: str = ""
    fields: dict[str, JsonValue] = {}
    msgid: str = ""
    msgtime: int = 0
    publickey_ver: int = 0
    skip_seq: int = 0
    control_characters: bool = False
    notify: bool = True


class ArchiveMany(OfCorp):
    """`count` text messages from `sender` to `to`; `{n}` in `text` becomes the number, from 1."""

    sender: str
    to: list[str]
    count: int = Field(ge=1, le=100_000)
    text: str = "第 {n} 条消息"
    notify: bool = True


class RecallInArchive(OfCorp):
    msgid: str
    notify: bool = True


class AddArchiveMedia(OfCorp):
    """A file for `sdkfileid`: `content` in base64, or `size` pseudo-random bytes."""

    content: str = ""
    size: int = Field(default=0, ge=0, le=64 * 1024 * 1024)


class AddMedia(OfCorp):
    """A temporary media file, as if a customer had sent it: `content` in base64, or `size` pseudo-random bytes."""

    type: Literal["image", "voice", "video", "file"] = "image"
    name: str = "photo.jpg"
    content_type: str = "image/jpeg"
    content: str = ""
    size: int = Field(default=0, ge=0, le=64 * 1024 * 1024)


class PushMessage(OfApp):
    """Send one callback message: `fields` in the order given, or `raw` verbatim as the plaintext."""

    fields: dict[str, JsonValue] = {}
    raw: str = ""


class PushMany(OfApp):
    """Send many callback messages and wait for all. An id is the message's `MsgId`, or else its place from 0."""

    messages: list[dict[str, JsonValue]]
    concurrency: int = Field(default=64, ge=1, le=1024)
    attempts: int = Field(default=4, ge=1, le=1000)
    retry_after_s: float = Field(default=0.2, ge=0)
    timeout_s: float = Field(default=5.0, gt=0)


class Mischief(OfApp):
    """How an application's callbacks go astray, from now on. The counts are used up, the rest stays until changed.

    `reorder` holds so many callbacks back and then sends them last first.
    """

    model_config = ConfigDict(extra="forbid", frozen=False)

    drop_next: int = 0
    drop_rate: float = Field(default=0.0, ge=0, le=1)
    duplicates: int = Field(default=0, ge=0, le=20)
    reorder: int = Field(default=0, ge=0)
    delay_s: float = Field(default=0.0, ge=0)
    wrong_signature_next: int = 0
    wrong_receive_id_next: int = 0


class ConnectHub(Command):
    """Send the callbacks of every application to this hub: `/callbacks/wecom-<name of the application>`."""

    hub_url: str = Field(pattern=r"^https?://")


class AdvanceClock(Command):
    seconds: float = Field(ge=0)


class AddFault(Command):
    """`endpoint` as in the address after `/cgi-bin/` (`kf/send_msg`, `finance/get_chat_data`), or `*`.

    `times` None: until removed. `seconds` is for `latency`, `errcode` and `status` for the faults of these names.
    """

    endpoint: str = "*"
    kind: FaultKind
    errcode: int = -1
    status: int = 502
    seconds: float = Field(default=0.0, ge=0)
    times: int | None = Field(default=None, ge=1)
    app: str = ""


class ChangeSettings(Command):
    """Every field is optional; what is None stays as it is. See `Settings` for the meanings."""

    token_ttl_s: int | None = None
    notify_interval_s: float | None = None
    callback_attempts: int | None = None
    callback_retry_s: float | None = None
    callback_timeout_s: float | None = None
    callback_concurrency: int | None = None
    api_per_minute: int | None = None
    kf_pulls_without_token_per_minute: int | None = None
    extra_fields: bool | None = None
    latency_s: float | None = None


class Reset(Command):
    """`default_world`: start again with the world of a fresh simulator; else empty."""

    default_world: bool = True
