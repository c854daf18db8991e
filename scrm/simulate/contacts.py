"""External contacts: who follows whom, and the callbacks when that changes.

https://developer.work.weixin.qq.com/document/path/92114 and 92130.
"""

from __future__ import annotations

from pydantic import JsonValue

from scrm.simulate.commands import AddContact, DeleteContact, EditContact
from scrm.simulate.errors import Impossible, Unknown
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import JsonObject
from scrm.simulate.world import Corp, Customer, Relation


def add(sim: SimulatedWeCom, order: AddContact) -> Relation:
    """Make a customer a member's contact, and tell the corp's applications."""
    corp = sim.corp(order.corp)
    if order.userid not in corp.members:
        raise Unknown(f"没有成员 {order.userid}")
    customer = _known_or_new(sim, corp, order)
    if _found(corp, order.userid, customer.external_userid):
        raise Impossible(f"{customer.external_userid} 已经是 {order.userid} 的客户")
    corp.relation_count += 1
    relation = Relation(
        number=corp.relation_count,
        userid=order.userid,
        external_userid=customer.external_userid,
        created_at=sim.clock.now(),
        remark=order.remark or customer.name,
        description=order.description,
        remark_corp_name=order.remark_corp_name,
        remark_mobiles=list(order.remark_mobiles),
        tags=[tag.model_dump() for tag in order.tags],
        add_way=order.add_way,
        state=order.state,
    )
    corp.relations.append(relation)
    if order.notify:
        change = "add_half_external_contact" if order.half else "add_external_contact"
        state: JsonObject = {"State": order.state} if order.state else {}
        _tell(sim, corp, relation, change, {**state, "WelcomeCode": sim.new_id("")})
    return relation


def edit(sim: SimulatedWeCom, order: EditContact) -> Relation:
    """Change a member's notes on a customer. No callback comes when only the telephone numbers change."""
    corp = sim.corp(order.corp)
    relation = _existing(corp, order.userid, order.external_userid)
    told = [order.remark, order.description, order.tags]
    if order.remark is not None:
        relation.remark = order.remark
    if order.description is not None:
        relation.description = order.description
    if order.tags is not None:
        relation.tags = [tag.model_dump() for tag in order.tags]
    if order.remark_mobiles is not None:
        relation.remark_mobiles = list(order.remark_mobiles)
    if order.notify and any(change is not None for change in told):
        _tell(sim, corp, relation, "edit_external_contact", {"State": relation.state} if relation.state else {})
    return relation


def delete(sim: SimulatedWeCom, order: DeleteContact) -> None:
    """End a relation, from the member's side or from the customer's."""
    corp = sim.corp(order.corp)
    relation = _existing(corp, order.userid, order.external_userid)
    corp.relations.remove(relation)
    if order.by == "customer":
        _tell(sim, corp, relation, "del_follow_user", {})
    else:
        _tell(
            sim, corp, relation, "del_external_contact", {"Source": "DELETE_BY_TRANSFER"} if order.transferred else {}
        )


def followers(corp: Corp, external_userid: str) -> list[Relation]:
    """The customer's relations, oldest first."""
    return [relation for relation in corp.relations if relation.external_userid == external_userid]


def contacts_of(corp: Corp, userid: str) -> list[Relation]:
    """The member's relations, oldest first. Members are compared without regard to case."""
    wanted = userid.lower()
    return [relation for relation in corp.relations if relation.userid.lower() == wanted]


def _known_or_new(sim: SimulatedWeCom, corp: Corp, order: AddContact) -> Customer:
    external_userid = order.external_userid or sim.new_id("wm")
    customer = corp.customers.get(external_userid)
    if customer is None:
        customer = Customer(external_userid=external_userid, name=order.name or order.remark or "微信用户")
        corp.customers[external_userid] = customer
    if order.unionid:
        customer.unionid = order.unionid
    return customer


def _found(corp: Corp, userid: str, external_userid: str) -> Relation | None:
    for relation in followers(corp, external_userid):
        if relation.userid == userid:
            return relation
    return None


def _existing(corp: Corp, userid: str, external_userid: str) -> Relation:
    relation = _found(corp, userid, external_userid)
    if relation is None:
        raise Unknown(f"{external_userid} 不是 {userid} 的客户")
    return relation


def _tell(sim: SimulatedWeCom, corp: Corp, relation: Relation, change: str, fields: dict[str, JsonValue]) -> None:
    sim.push(
        corp,
        "app",
        {
            "ToUserName": corp.corp_id,
            "FromUserName": "sys",
            "CreateTime": sim.clock.seconds(),
            "MsgType": "event",
            "Event": "change_external_contact",
            "ChangeType": change,
            "UserID": relation.userid,
            "ExternalUserID": relation.external_userid,
            **fields,
        },
    )
