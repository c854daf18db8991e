"""A typed client of the control API: play the customers, the reps and the network against a hub under test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from pydantic import BaseModel, JsonValue, TypeAdapter

from scrm.simulate import commands as c
from scrm.simulate import views as v

Result = TypeVar("Result", bound=BaseModel)


class ControlRefused(Exception):
    """The simulator did not do what was asked; the text says why."""


class SimulatorControl:
    """Control of a running simulator at `base_url`. Use as an async context manager, or call `close` at the end.

    Every method raises `ControlRefused` when the simulator refuses. `do` carries out any command of
    `scrm.simulate.commands`; the methods name the common ones.
    """

    def __init__(self, base_url: str) -> None:
        self._url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    # The world

    async def state(self) -> v.StateView:
        return await self._get("state", v.StateView)

    async def reset(self, *, default_world: bool = True) -> v.StateView:
        return await self._post("reset", c.Reset(default_world=default_world), v.StateView)

    async def add_corp(self, order: c.AddCorp) -> v.CorpView:
        return await self._post("corps", order, v.CorpView)

    async def add_app(self, order: c.AddApp) -> v.AppView:
        return await self._post("apps", order, v.AppView)

    async def set_callback(
        self, app: str, url: str, *, token: str = "", aes_key: str = "", as_json: bool = False, corp: str = ""
    ) -> v.AppView:
        """Point an application's callbacks at `url`. An empty token or key keeps the present one."""
        callback = c.Callback(url=url, token=token, aes_key=aes_key, format="json" if as_json else "xml")
        return await self._post("apps/callback", c.SetCallback(corp=corp, app=app, callback=callback), v.AppView)

    async def connect(self, hub_url: str) -> list[v.AppView]:
        """Send the callbacks of every application to the hub: `/callbacks/wecom-<name of the application>`."""
        return await self._post_list("connect", c.ConnectHub(hub_url=hub_url), v.AppView)

    async def hub_settings(self) -> str:
        """The `[channels.…]` tables, in TOML, of a hub that talks to this simulator."""
        return (await self._ask("GET", "hub-settings")).decode()

    async def verify_url(self, app: str, *, corp: str = "") -> v.Verification:
        """Do what the console does when the callback address is saved."""
        return await self._post("apps/verify", c.OfApp(corp=corp, app=app), v.Verification)

    async def set_access(self, order: c.SetAccess) -> None:
        await self._post("apps/access", order, v.Done)

    async def add_member(self, order: c.AddMember) -> str:
        return (await self._post("members", order, v.Created)).id

    async def add_customer(self, order: c.AddCustomer) -> str:
        """The answer is the external_userid."""
        return (await self._post("customers", order, v.Created)).id

    async def add_kf_account(self, order: c.AddKfAccount) -> str:
        """The answer is the open_kfid."""
        return (await self._post("kf/accounts", order, v.Created)).id

    async def set_servicer(self, order: c.SetServicer) -> None:
        await self._post("kf/servicers", order, v.Done)

    # Contacts and application messages

    async def add_contact(self, order: c.AddContact) -> str:
        """The answer is the external_userid."""
        return (await self._post("contacts", order, v.Created)).id

    async def edit_contact(self, order: c.EditContact) -> None:
        await self._post("contacts/edit", order, v.Done)

    async def delete_contact(self, order: c.DeleteContact) -> None:
        await self._post("contacts/delete", order, v.Done)

    async def write_to_app(self, userid: str, text: str, *, app: str = "", corp: str = "") -> str:
        """A member writes to an application. The answer is the MsgId."""
        order = c.WriteToApp(corp=corp, app=app, userid=userid, text=text)
        return (await self._post("apps/message", order, v.Created)).id

    async def add_media(self, order: c.AddMedia) -> str:
        """The answer is the media_id."""
        return (await self._post("media", order, v.Created)).id

    # Customer service (KF)

    async def say(self, external_userid: str, text: str, *, open_kfid: str = "", msgid: str = "") -> str:
        """The customer writes a text. The answer is the msgid, as for all that follow."""
        return await self.say_in_kf(
            c.SayInKf(external_userid=external_userid, text=text, open_kfid=open_kfid, msgid=msgid)
        )

    async def say_in_kf(self, order: c.SayInKf) -> str:
        return (await self._post("kf/say", order, v.Created)).id

    async def say_many(self, order: c.SayManyInKf) -> list[str]:
        return (await self._post("kf/say-many", order, v.CreatedMany)).ids

    async def answer(self, servicer_userid: str, external_userid: str, text: str, *, open_kfid: str = "") -> str:
        """A servicer writes from the WeCom client."""
        order = c.AnswerInKf(
            servicer_userid=servicer_userid, external_userid=external_userid, text=text, open_kfid=open_kfid
        )
        return (await self._post("kf/answer", order, v.Created)).id

    async def recall_in_kf(self, order: c.RecallInKf) -> str:
        return (await self._post("kf/recall", order, v.Created)).id

    async def enter_session(self, order: c.EnterKfSession) -> str:
        return (await self._post("kf/enter", order, v.Created)).id

    async def fail_send(self, msgid: str, *, fail_type: int = 4, open_kfid: str = "") -> str:
        """Report that a message of the hub did not arrive."""
        order = c.FailKfSend(msgid=msgid, fail_type=fail_type, open_kfid=open_kfid)
        return (await self._post("kf/fail", order, v.Created)).id

    async def set_kf_session(self, order: c.SetKfSession) -> None:
        await self._post("kf/session", order, v.Done)

    async def put_kf_item(self, item: Mapping[str, JsonValue], *, open_kfid: str = "", notify: bool = True) -> str:
        order = c.PutKfItem(open_kfid=open_kfid, item=dict(item), notify=notify)
        return (await self._post("kf/item", order, v.Created)).id

    async def set_kf_paging(self, order: c.SetKfPaging) -> None:
        await self._post("kf/paging", order, v.Done)

    async def conversation(self, external_userid: str, *, open_kfid: str = "", corp: str = "") -> v.Conversation:
        query = {"external_userid": external_userid, "open_kfid": open_kfid, "corp": corp}
        return await self._get("kf/conversation", v.Conversation, query)

    async def outbox(self, *, open_kfid: str = "", corp: str = "") -> list[v.Sent]:
        """What the hub has sent over KF, oldest first."""
        return await self._list("kf/outbox", v.Sent, {"open_kfid": open_kfid, "corp": corp})

    # Archive

    async def archive(self, order: c.ArchiveMessage) -> v.ArchivedView:
        return await self._post("archive/message", order, v.ArchivedView)

    async def archive_text(self, sender: str, to: Sequence[str], text: str) -> v.ArchivedView:
        return await self.archive(c.ArchiveMessage(sender=sender, to=list(to), text=text))

    async def archive_many(self, order: c.ArchiveMany) -> list[str]:
        return (await self._post("archive/many", order, v.CreatedMany)).ids

    async def recall_in_archive(self, msgid: str, *, corp: str = "") -> v.ArchivedView:
        return await self._post("archive/recall", c.RecallInArchive(corp=corp, msgid=msgid), v.ArchivedView)

    async def add_archive_media(self, order: c.AddArchiveMedia) -> str:
        """The answer is the sdkfileid."""
        return (await self._post("archive/media", order, v.Created)).id

    async def archive_keys(self, *, corp: str = "") -> list[v.ArchiveKeyView]:
        """The private keys, as an operator would have them, by version."""
        return await self._list("archive/keys", v.ArchiveKeyView, {"corp": corp})

    async def add_archive_key(self, *, corp: str = "") -> v.ArchiveKeyView:
        """Rotate: what is archived from now on is encrypted with the new key."""
        return await self._post("archive/keys", c.OfCorp(corp=corp), v.ArchiveKeyView)

    async def archived(self, *, last: int = 0, corp: str = "") -> list[v.ArchivedView]:
        return await self._list("archive/messages", v.ArchivedView, {"corp": corp, "last": str(last)})

    async def notify_archive(self, *, corp: str = "") -> None:
        """Send the notice now, regardless of the interval."""
        await self._post("archive/notify", c.OfCorp(corp=corp), v.Done)

    # Callbacks

    async def push(self, app: str, fields: Mapping[str, JsonValue]) -> list[v.DeliveryView]:
        """Send one callback message with these fields, in this order."""
        return await self._post_list("callbacks/push", c.PushMessage(app=app, fields=dict(fields)), v.DeliveryView)

    async def push_raw(self, app: str, plaintext: str) -> list[v.DeliveryView]:
        """Send `plaintext`, properly encrypted, whatever it is."""
        return await self._post_list("callbacks/push", c.PushMessage(app=app, raw=plaintext), v.DeliveryView)

    async def push_many(self, order: c.PushMany) -> v.PushSummary:
        """Send many callbacks with bounded concurrency and wait for the end of all, however long it takes."""
        return await self._post("callbacks/push-many", order, v.PushSummary)

    async def misbehave(self, order: c.Mischief) -> None:
        """Let an application's callbacks go astray. An order with defaults makes them behave again."""
        await self._post("callbacks/mischief", order, v.Done)

    async def settled(self) -> None:
        """Return when no callback is waiting or under way."""
        await self._post("callbacks/settle", c.Command(), v.Done)

    async def deliveries(self, *, app: str = "", last: int = 0) -> list[v.DeliveryView]:
        return await self._list("deliveries", v.DeliveryView, {"app": app, "last": str(last)})

    # Time, faults, what was seen

    async def advance(self, seconds: float) -> v.Now:
        return await self._post("clock/advance", c.AdvanceClock(seconds=seconds), v.Now)

    async def now(self) -> v.Now:
        return await self._get("clock", v.Now)

    async def change_settings(self, order: c.ChangeSettings) -> None:
        await self._post("settings", order, v.Done)

    async def add_fault(self, order: c.AddFault) -> v.FaultView:
        return await self._post("faults", order, v.FaultView)

    async def clear_faults(self) -> None:
        await self._post("faults/clear", c.Command(), v.Done)

    async def faults(self) -> list[v.FaultView]:
        return await self._list("faults", v.FaultView, {})

    async def revoke_token(self, app: str, *, corp: str = "") -> None:
        await self._post("tokens/revoke", c.OfApp(corp=corp, app=app), v.Done)

    async def requests(self, *, last: int = 0) -> list[v.RequestView]:
        """The calls the hub made to the provider's API, oldest first."""
        return await self._list("requests", v.RequestView, {"last": str(last)})

    async def violations(self) -> list[v.ViolationView]:
        """The provider's rules the hub has broken so far."""
        return await self._list("violations", v.ViolationView, {})

    async def _get(self, path: str, result: type[Result], query: Mapping[str, str] | None = None) -> Result:
        return result.model_validate_json(await self._ask("GET", path, query=query))

    async def _list(self, path: str, result: type[Result], query: Mapping[str, str]) -> list[Result]:
        return TypeAdapter(list[result]).validate_json(await self._ask("GET", path, query=query))  # type: ignore[valid-type]  # a type made at run time

    async def _post(self, path: str, order: c.Command, result: type[Result]) -> Result:
        return result.model_validate_json(await self._ask("POST", path, order=order))

    async def _post_list(self, path: str, order: c.Command, result: type[Result]) -> list[Result]:
        return TypeAdapter(list[result]).validate_json(await self._ask("POST", path, order=order))  # type: ignore[valid-type]  # a type made at run time

    async def _ask(
        self, method: str, path: str, *, order: c.Command | None = None, query: Mapping[str, str] | None = None
    ) -> bytes:
        body = order.model_dump_json().encode() if order is not None else None
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=10))
        async with self._session.request(method, f"{self._url}/_sim/{path}", data=body, params=query) as answer:
            content = await answer.read()
            if answer.status != 200:
                raise ControlRefused(f"{path}: {answer.status} {content.decode(errors='replace')[:2000]}")
            return content
