"""Building the simulated world: corps, applications, people, accounts."""

from __future__ import annotations

import string
import tomllib
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from scrm.simulate import archive, contacts
from scrm.simulate.commands import (
    AddApp,
    AddContact,
    AddCorp,
    AddCustomer,
    AddKfAccount,
    AddMember,
    Callback,
    Mischief,
    SetAccess,
    SetCallback,
    SetServicer,
)
from scrm.simulate.crypto import decode_aes_key
from scrm.simulate.errors import Impossible
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.world import App, Corp, Customer, KfAccount, Member

_LETTERS = string.ascii_letters + string.digits


class World(BaseModel):
    """A seed file: one corp and all that is in it."""

    model_config = ConfigDict(extra="forbid")

    corp: AddCorp = AddCorp()
    archive_keys: int = 1
    apps: list[AddApp] = []
    members: list[AddMember] = []
    customers: list[AddCustomer] = []
    kf_accounts: list[AddKfAccount] = []
    contacts: list[AddContact] = []


def read_world(path: Path | None = None) -> World:
    """The world of a seed file, or the one that ships with the simulator. `ValueError` tells what is wrong with it."""
    text = path.read_text("utf-8") if path else files("scrm.simulate").joinpath("world.toml").read_text("utf-8")
    return World.model_validate(tomllib.loads(text))


def populate(sim: SimulatedWeCom, world: World | None = None) -> Corp:
    """Add a world's corp (default: the one that ships) to the simulator. No callbacks are sent for what is added."""
    world = world or read_world()
    corp = add_corp(sim, world.corp)
    for _ in range(world.archive_keys):
        archive.add_key(sim, corp)
    for app in world.apps:
        add_app(sim, app.model_copy(update={"corp": corp.corp_id}))
    for member in world.members:
        add_member(sim, member.model_copy(update={"corp": corp.corp_id}))
    for customer in world.customers:
        add_customer(sim, customer.model_copy(update={"corp": corp.corp_id}))
    for account in world.kf_accounts:
        add_kf_account(sim, account.model_copy(update={"corp": corp.corp_id}))
    for contact in world.contacts:
        contacts.add(sim, contact.model_copy(update={"corp": corp.corp_id, "notify": False}))
    return corp


def add_corp(sim: SimulatedWeCom, order: AddCorp) -> Corp:
    corp_id = order.corp_id or sim.new_id("ww", 18)
    if corp_id in sim.corps:
        raise Impossible(f"企业 {corp_id} 已经存在")
    corp = Corp(corp_id=corp_id, name=order.name or "模拟企业")
    sim.corps[corp_id] = corp
    return corp


def add_app(sim: SimulatedWeCom, order: AddApp) -> App:
    corp = sim.corp(order.corp)
    if order.name in corp.apps:
        raise Impossible(f"应用 {order.name} 已经存在")
    app = App(
        corp_id=corp.corp_id,
        name=order.name,
        kind=order.kind,
        secret=order.secret or sim.new_id("", 43),
        agent_id=order.agent_id or 1_000_002 + len(corp.apps),
        callback=_completed(sim, order.callback or Callback()),
        mischief=Mischief(app=order.name),
    )
    corp.apps[order.name] = app
    return app


def set_callback(sim: SimulatedWeCom, order: SetCallback) -> App:
    """Point an application's callbacks somewhere. An empty token or key keeps the one there is."""
    app = sim.app(order.app, order.corp)
    wanted = order.callback
    kept = {"token": wanted.token or app.callback.token, "aes_key": wanted.aes_key or app.callback.aes_key}
    app.callback = _completed(sim, wanted.model_copy(update=kept))
    return app


def set_access(sim: SimulatedWeCom, order: SetAccess) -> App:
    app = sim.app(order.app, order.corp)
    app.denied = set(order.denied)
    app.allowed_ips = set(order.allowed_ips)
    return app


def set_mischief(sim: SimulatedWeCom, order: Mischief) -> App:
    app = sim.app(order.app, order.corp)
    app.mischief = order
    return app


def add_member(sim: SimulatedWeCom, order: AddMember) -> Member:
    member = Member(
        userid=order.userid,
        name=order.name or order.userid,
        department=list(order.department),
        position=order.position,
        mobile=order.mobile,
    )
    sim.corp(order.corp).members[order.userid] = member
    return member


def add_customer(sim: SimulatedWeCom, order: AddCustomer) -> Customer:
    customer = Customer(
        external_userid=order.external_userid or sim.new_id("wm" if order.type == 1 else "wo"),
        name=order.name or "微信用户",
        type=order.type,
        gender=order.gender,
        avatar=order.avatar,
        unionid=order.unionid,
        corp_name=order.corp_name,
        position=order.position,
    )
    sim.corp(order.corp).customers[customer.external_userid] = customer
    return customer


def add_kf_account(sim: SimulatedWeCom, order: AddKfAccount) -> KfAccount:
    account = KfAccount(
        open_kfid=order.open_kfid or sim.new_id("wk"),
        name=order.name,
        servicers=dict.fromkeys(order.servicers, 0),
    )
    sim.corp(order.corp).kf_accounts[account.open_kfid] = account
    return account


def set_servicer(sim: SimulatedWeCom, order: SetServicer) -> KfAccount:
    account = sim.kf_account(order.open_kfid, order.corp)
    account.servicers[order.userid] = order.status
    return account


def _completed(sim: SimulatedWeCom, callback: Callback) -> Callback:
    if callback.aes_key:
        try:
            decode_aes_key(callback.aes_key)
        except ValueError as error:
            raise Impossible(f"EncodingAESKey 不可用：{error}") from error
    token = callback.token or sim.new_id("", 24)
    return callback.model_copy(update={"token": token, "aes_key": callback.aes_key or _new_aes_key(sim)})


def _new_aes_key(sim: SimulatedWeCom) -> str:
    # The last of 43 characters carries four bits only; one of these keeps the encoding canonical.
    return sim.new_id("", 42) + sim.lot.choice("AEIMQUYcgkosw048")
