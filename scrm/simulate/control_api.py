"""The control API, `/_sim/…`: playing everyone in the simulated world but the hub."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from inspect import isawaitable
from typing import Generic, Protocol, TypeVar

from aiohttp import web
from pydantic import ValidationError

from scrm.simulate import archive, contacts, crypto, describe, kf, media_api, setup, tokens
from scrm.simulate import commands as c
from scrm.simulate import views as v
from scrm.simulate.api import SIM
from scrm.simulate.errors import Impossible, Unknown
from scrm.simulate.hub_settings import connect, hub_settings
from scrm.simulate.pusher import Patience
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import JsonObject, encode_json

Result = v.View | Sequence[v.View]
Order = TypeVar("Order", bound=c.Command)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Does(Generic[Order]):
    """What a POST does: the command it reads, and the function that carries it out."""

    command: type[Order]
    run: Callable[[SimulatedWeCom, Order], Result | Awaitable[Result]]

    def carry_out(self, sim: SimulatedWeCom, body: bytes) -> Result | Awaitable[Result]:
        return self.run(sim, self.command.model_validate_json(body or b"{}"))


def _reset(sim: SimulatedWeCom, order: c.Reset) -> v.StateView:
    sim.forget_all()
    if order.default_world:
        setup.populate(sim)
    return describe.state(sim)


def _connect(sim: SimulatedWeCom, order: c.ConnectHub) -> list[v.AppView]:
    return [describe.app_view(app) for app in connect(sim, order.hub_url)]


def _advance(sim: SimulatedWeCom, order: c.AdvanceClock) -> v.Now:
    now = sim.clock.advance(timedelta(seconds=order.seconds))
    archive.send_due_notices(sim)
    return v.Now(now=now)


def _change_settings(sim: SimulatedWeCom, order: c.ChangeSettings) -> v.Done:
    for name, value in order.model_dump(exclude_none=True).items():
        setattr(sim.settings, name, value)
    return v.Done()


def _add_fault(sim: SimulatedWeCom, order: c.AddFault) -> v.FaultView:
    fault = sim.faults.add(order)
    return v.FaultView(id=fault.id, endpoint=order.endpoint, kind=order.kind, left=fault.left)


def _clear_faults(sim: SimulatedWeCom, _order: c.Command) -> v.Done:
    sim.faults.clear()
    return v.Done()


def _revoke_token(sim: SimulatedWeCom, order: c.OfApp) -> v.Done:
    tokens.revoke(sim.app(order.app, order.corp))
    return v.Done()


def _archive_key(sim: SimulatedWeCom, order: c.OfCorp) -> v.ArchiveKeyView:
    corp = sim.corp(order.corp)
    version = archive.add_key(sim, corp)
    return _key_view(sim, corp.corp_id, version)


def _key_view(sim: SimulatedWeCom, corp_id: str, version: int) -> v.ArchiveKeyView:
    key = sim.corp(corp_id).archive.keys[version]
    return v.ArchiveKeyView(version=version, private_pem=crypto.private_pem(key), public_pem=crypto.public_pem(key))


def _write_to_app(sim: SimulatedWeCom, order: c.WriteToApp) -> v.Created:
    corp = sim.corp(order.corp)
    apps = [sim.app(order.app, order.corp)] if order.app else corp.apps_of_kind("app")
    msgid = str(sim.lot.randrange(10**15, 10**16))
    for app in apps:
        fields: JsonObject = {
            "ToUserName": corp.corp_id,
            "FromUserName": order.userid,
            "CreateTime": sim.clock.seconds(),
            "MsgType": "text",
            "Content": order.text,
            "MsgId": int(msgid),
            "AgentID": app.agent_id,
        }
        sim.pusher.push(app, fields)
    return v.Created(id=msgid)


def _push(sim: SimulatedWeCom, order: c.PushMessage) -> list[v.DeliveryView]:
    app = sim.app(order.app, order.corp)
    pushed = sim.pusher.push_text(app, order.raw, label="raw") if order.raw else sim.pusher.push(app, order.fields)
    return [describe.delivery_view(delivery) for delivery in pushed]


async def _push_many(sim: SimulatedWeCom, order: c.PushMany) -> v.PushSummary:
    started = time.perf_counter()
    patience = Patience(attempts=order.attempts, retry_after_s=order.retry_after_s, timeout_s=order.timeout_s)
    deliveries = await sim.pusher.push_many(
        sim.app(order.app, order.corp), order.messages, concurrency=order.concurrency, patience=patience
    )
    ids = [str(fields.get("MsgId", place)) for place, fields in enumerate(order.messages)]
    outcomes = list(zip(ids, deliveries, strict=True))
    return v.PushSummary(
        acknowledged=[one for one, delivery in outcomes if delivery.outcome == "delivered"],
        failed=[one for one, delivery in outcomes if delivery.outcome != "delivered"],
        attempts=sum(len(delivery.attempts) for delivery in deliveries),
        seconds=round(time.perf_counter() - started, 3),
    )


async def _verify(sim: SimulatedWeCom, order: c.OfApp) -> v.Verification:
    app = sim.app(order.app, order.corp)
    if not app.callback.url:
        return v.Verification(ok=False, status=None, detail=f"应用 {app.name} 还没有设置回调地址")
    status, detail = await sim.pusher.verify_url(app)
    return v.Verification(ok=not detail, status=status, detail=detail)


async def _settle(sim: SimulatedWeCom, _order: c.Command) -> v.Done:
    await sim.pusher.settled()
    return v.Done()


def _created(run: Callable[[SimulatedWeCom, Order], str]) -> Callable[[SimulatedWeCom, Order], v.Created]:
    return lambda sim, order: v.Created(id=run(sim, order))


def _created_many(
    run: Callable[[SimulatedWeCom, Order], list[str]],
) -> Callable[[SimulatedWeCom, Order], v.CreatedMany]:
    return lambda sim, order: v.CreatedMany(ids=run(sim, order))


def _done(run: Callable[[SimulatedWeCom, Order], object]) -> Callable[[SimulatedWeCom, Order], v.Done]:
    def run_and_say_so(sim: SimulatedWeCom, order: Order) -> v.Done:
        run(sim, order)
        return v.Done()

    return run_and_say_so


class Carrier(Protocol):
    """A row of the table: it reads its own command."""

    def carry_out(self, sim: SimulatedWeCom, body: bytes) -> Result | Awaitable[Result]: ...


COMMANDS: Mapping[str, Carrier] = {
    "reset": Does(c.Reset, _reset),
    "connect": Does(c.ConnectHub, _connect),
    "clock/advance": Does(c.AdvanceClock, _advance),
    "settings": Does(c.ChangeSettings, _change_settings),
    "faults": Does(c.AddFault, _add_fault),
    "faults/clear": Does(c.Command, _clear_faults),
    "tokens/revoke": Does(c.OfApp, _revoke_token),
    "corps": Does(c.AddCorp, lambda sim, order: describe.corp_view(setup.add_corp(sim, order))),
    "apps": Does(c.AddApp, lambda sim, order: describe.app_view(setup.add_app(sim, order))),
    "apps/callback": Does(c.SetCallback, lambda sim, order: describe.app_view(setup.set_callback(sim, order))),
    "apps/access": Does(c.SetAccess, _done(setup.set_access)),
    "apps/verify": Does(c.OfApp, _verify),
    "apps/message": Does(c.WriteToApp, _write_to_app),
    "members": Does(c.AddMember, lambda sim, order: v.Created(id=setup.add_member(sim, order).userid)),
    "customers": Does(c.AddCustomer, lambda sim, order: v.Created(id=setup.add_customer(sim, order).external_userid)),
    "contacts": Does(c.AddContact, lambda sim, order: v.Created(id=contacts.add(sim, order).external_userid)),
    "contacts/edit": Does(c.EditContact, _done(contacts.edit)),
    "contacts/delete": Does(c.DeleteContact, _done(contacts.delete)),
    "media": Does(c.AddMedia, _created(media_api.add)),
    "kf/accounts": Does(c.AddKfAccount, lambda sim, order: v.Created(id=setup.add_kf_account(sim, order).open_kfid)),
    "kf/servicers": Does(c.SetServicer, _done(setup.set_servicer)),
    "kf/say": Does(c.SayInKf, _created(kf.customer_says)),
    "kf/say-many": Does(c.SayManyInKf, _created_many(kf.customers_say_many)),
    "kf/answer": Does(c.AnswerInKf, _created(kf.servicer_answers)),
    "kf/recall": Does(c.RecallInKf, _created(kf.recall)),
    "kf/enter": Does(c.EnterKfSession, _created(kf.enter_session)),
    "kf/fail": Does(c.FailKfSend, _created(kf.fail_send)),
    "kf/session": Does(c.SetKfSession, _done(kf.set_session)),
    "kf/item": Does(c.PutKfItem, _created(kf.put_item)),
    "kf/paging": Does(c.SetKfPaging, _done(kf.set_paging)),
    "archive/message": Does(c.ArchiveMessage, lambda sim, order: describe.archived(archive.add_message(sim, order))),
    "archive/many": Does(c.ArchiveMany, _created_many(archive.add_many)),
    "archive/recall": Does(c.RecallInArchive, lambda sim, order: describe.archived(archive.recall(sim, order))),
    "archive/media": Does(c.AddArchiveMedia, _created(archive.add_media)),
    "archive/keys": Does(c.OfCorp, _archive_key),
    "archive/notify": Does(c.OfCorp, _done(archive.notify_now)),
    "callbacks/push": Does(c.PushMessage, _push),
    "callbacks/push-many": Does(c.PushMany, _push_many),
    "callbacks/mischief": Does(c.Mischief, _done(setup.set_mischief)),
    "callbacks/settle": Does(c.Command, _settle),
}
"""What a POST to `/_sim/<path>` does; the body is the command's JSON."""


def _deliveries(sim: SimulatedWeCom, query: Mapping[str, str]) -> Result:
    chosen = [one for one in sim.pusher.log if query.get("app", "") in {"", one.app.name}]
    return [describe.delivery_view(delivery) for delivery in _last(chosen, query)]


def _conversation(sim: SimulatedWeCom, query: Mapping[str, str]) -> Result:
    account = sim.kf_account(query.get("open_kfid", ""), query.get("corp", ""))
    return describe.conversation(sim, account, query.get("external_userid", ""))


def _keys(sim: SimulatedWeCom, query: Mapping[str, str]) -> Result:
    corp = sim.corp(query.get("corp", ""))
    return [_key_view(sim, corp.corp_id, version) for version in sorted(corp.archive.keys)]


def _faults(sim: SimulatedWeCom, _query: Mapping[str, str]) -> Result:
    return [
        v.FaultView(id=fault.id, endpoint=fault.order.endpoint, kind=fault.order.kind, left=fault.left)
        for fault in sim.faults.listed()
    ]


QUERIES: Mapping[str, Callable[[SimulatedWeCom, Mapping[str, str]], Result]] = {
    "state": lambda sim, _query: describe.state(sim),
    "clock": lambda sim, _query: v.Now(now=sim.clock.now()),
    "faults": _faults,
    "requests": lambda sim, query: [v.RequestView(**asdict(one)) for one in _last(sim.requests, query)],
    "violations": lambda sim, query: [v.ViolationView(**asdict(one)) for one in _last(sim.violations, query)],
    "deliveries": _deliveries,
    "kf/conversation": _conversation,
    "kf/outbox": lambda sim, query: describe.outbox(sim.kf_account(query.get("open_kfid", ""), query.get("corp", ""))),
    "archive/messages": lambda sim, query: [
        describe.archived(record) for record in _last(sim.corp(query.get("corp", "")).archive.records, query)
    ],
    "archive/keys": _keys,
}
"""What a GET of `/_sim/<path>` answers; lists take `last=n`."""


def add_routes(app: web.Application) -> None:
    app.router.add_get("/_sim/hub-settings", _hub_settings)
    app.router.add_post("/_sim/{path:.+}", _post)
    app.router.add_get("/_sim/{path:.+}", _get)


async def _post(request: web.Request) -> web.Response:
    does = COMMANDS.get(request.match_info["path"])
    if does is None:
        return _problem(404, f"没有这个控制命令：{request.path}")
    try:
        result = does.carry_out(request.app[SIM], await request.read())
        return _answer(await result if isawaitable(result) else result)
    except ValidationError as error:
        return _problem(400, str(error))
    except Unknown as error:
        return _problem(404, str(error.args[0]))
    except Impossible as error:
        return _problem(400, str(error))


async def _get(request: web.Request) -> web.Response:
    shows = QUERIES.get(request.match_info["path"])
    if shows is None:
        return _problem(404, f"没有这个查询：{request.path}")
    try:
        return _answer(shows(request.app[SIM], request.query))
    except Unknown as error:
        return _problem(404, str(error.args[0]))


async def _hub_settings(request: web.Request) -> web.Response:
    return web.Response(text=hub_settings(request.app[SIM], f"{request.scheme}://{request.host}"))


def _last(items: Iterable[Item], query: Mapping[str, str]) -> list[Item]:
    listed, wanted = list(items), query.get("last", "")
    return listed[-int(wanted) :] if wanted.isdigit() and int(wanted) else listed


def _answer(result: Result) -> web.Response:
    if isinstance(result, v.View):
        return web.Response(text=result.model_dump_json(), content_type="application/json")
    listed = ",".join(one.model_dump_json() for one in result)
    return web.Response(text=f"[{listed}]", content_type="application/json")


def _problem(status: int, text: str) -> web.Response:
    return web.Response(status=status, body=encode_json({"error": text}), content_type="application/json")
