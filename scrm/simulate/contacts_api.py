"""External contacts and the directory: `/cgi-bin/externalcontact/…` and `/cgi-bin/user/…`, for reading.

https://developer.work.weixin.qq.com/document/path/92114, 92113, 92994 and 90196.
"""

from __future__ import annotations

from pydantic import JsonValue

from scrm.simulate.calls import Call
from scrm.simulate.contacts import contacts_of, followers
from scrm.simulate.wire import ApiError, JsonObject, int_of, text_of, texts_of
from scrm.simulate.world import Customer, Member, Relation

FOLLOWERS_PER_PAGE = 500
MOST_MEMBERS = 100


def list_followers(call: Call) -> JsonObject:
    """The members who may have customers."""
    return {"follow_user": list(call.corp.members)}


def list_customers(call: Call) -> JsonObject:
    member = _member(call, call.query.get("userid", ""))
    relations = contacts_of(call.corp, member.userid)
    if not relations:
        raise ApiError(84061)
    return {"external_userid": [relation.external_userid for relation in relations]}


def get_customer(call: Call) -> JsonObject:
    """A customer and the members who follow them, 500 at a time."""
    external_userid = call.query.get("external_userid", "")
    if external_userid not in call.corp.customers:
        raise ApiError(40096)
    relations = followers(call.corp, external_userid)
    if not relations:
        raise ApiError(84061)
    after = _number(call.query.get("cursor", ""))
    rest = [relation for relation in relations if relation.number > after]
    page = rest[:FOLLOWERS_PER_PAGE]
    following: JsonObject = {"next_cursor": _cursor(page[-1])} if len(rest) > len(page) else {}
    return {
        "external_contact": _contact(call.corp.customers[external_userid]),
        "follow_user": [_follow_user(relation) for relation in page],
        **following,
    }


def get_by_members(call: Call) -> JsonObject:
    """The customers of up to 100 members, in the order in which they became contacts; pages survive new ones."""
    userids = texts_of(call.body, "userid_list")
    if not 0 < len(userids) <= MOST_MEMBERS:
        call.blame("limit-exceeded", f"batch/get_by_user with {len(userids)} members")
        raise ApiError(40058, f"userid_list holds 1 to {MOST_MEMBERS} ids")
    wanted = {_member(call, userid).userid for userid in userids}
    after, limit = _number(text_of(call.body, "cursor")), min(int_of(call.body, "limit", 50), 100)
    rest = [relation for relation in call.corp.relations if relation.userid in wanted and relation.number > after]
    if not rest and not after:
        raise ApiError(84061)
    page = rest[: max(limit, 1)]
    return {
        "external_contact_list": [
            {
                "external_contact": _contact(call.corp.customers[relation.external_userid]),
                "follow_info": _follow_info(relation),
            }
            for relation in page
        ],
        "next_cursor": _cursor(page[-1]) if len(rest) > len(page) else "",
    }


def get_member(call: Call) -> JsonObject:
    member = _member(call, call.query.get("userid", ""))
    return {
        **_member_fields(member),
        "position": member.position,
        "mobile": member.mobile,
        "main_department": member.department[0] if member.department else 1,
        "status": 1,
    }


def list_members(call: Call) -> JsonObject:
    """The members of a department; department 1 is the whole corp."""
    department = call.query.get("department_id", "")
    if not department.isdigit():
        raise ApiError(40058, "department_id is missing")
    return {
        "userlist": [
            _member_fields(member)
            for member in call.corp.members.values()
            if department == "1" or int(department) in member.department
        ]
    }


def list_departments(call: Call) -> JsonObject:
    ids = sorted({number for member in call.corp.members.values() for number in member.department} | {1})
    return {
        "department": [
            {
                "id": number,
                "name": call.corp.name if number == 1 else f"部门 {number}",
                "parentid": int(number != 1),
                "order": 1000 - number,
            }
            for number in ids
        ]
    }


def _member(call: Call, userid: str) -> Member:
    for member in call.corp.members.values():
        if member.userid.lower() == userid.lower():
            return member
    raise ApiError(60111, userid)


def _member_fields(member: Member) -> JsonObject:
    return {"userid": member.userid, "name": member.name, "department": list[JsonValue](member.department)}


def _contact(customer: Customer) -> JsonObject:
    optional: JsonObject = {
        "unionid": customer.unionid,
        "corp_name": customer.corp_name,
        "position": customer.position,
    }
    return {
        "external_userid": customer.external_userid,
        "name": customer.name,
        "avatar": customer.avatar,
        "type": customer.type,
        "gender": customer.gender,
        **{name: value for name, value in optional.items() if value},
    }


def _follow_user(relation: Relation) -> JsonObject:
    return {**_follow(relation), "tags": list[JsonValue](relation.tags)}


def _follow_info(relation: Relation) -> JsonObject:
    # Only the batch call speaks of tags by id alone; personal tags have none.
    return {**_follow(relation), "tag_id": [tag["tag_id"] for tag in relation.tags if tag["tag_id"]]}


def _follow(relation: Relation) -> JsonObject:
    optional: JsonObject = {"remark_corp_name": relation.remark_corp_name, "state": relation.state}
    return {
        "userid": relation.userid,
        "remark": relation.remark,
        "description": relation.description,
        "createtime": int(relation.created_at.timestamp()),
        "remark_mobiles": list[JsonValue](relation.remark_mobiles),
        "oper_userid": relation.userid,
        "add_way": relation.add_way,
        **{name: value for name, value in optional.items() if value},
    }


def _cursor(relation: Relation) -> str:
    return f"relation-{relation.number}"


def _number(cursor: str) -> int:
    if not cursor:
        return 0
    kind, _, number = cursor.partition("-")
    if kind != "relation" or not number.isdigit():
        raise ApiError(40058, "cursor is not one that was given out")
    return int(number)
