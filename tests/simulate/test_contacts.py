"""External contacts and the directory, as the API reads them."""

from __future__ import annotations

from scrm.simulate import SimulatorControl
from scrm.simulate.commands import AddContact, AddMember, ContactTag

from .conftest import SU, ZHOU, Api


async def test_a_customer_comes_with_followers_and_their_notes(api: Api, control: SimulatorControl) -> None:
    await control.add_contact(
        AddContact(
            userid="ChenHao", external_userid=ZHOU, tags=[ContactTag(group_name="意向", tag_name="A", tag_id="et1")]
        )
    )

    found = await api.read("sales", "externalcontact/get", external_userid=ZHOU)

    assert found["external_contact"]["unionid"] == "oSimUnionZhou0001"
    assert [one["userid"] for one in found["follow_user"]] == ["LinXiaoYu", "ChenHao"]
    assert found["follow_user"][0]["remark_mobiles"] == ["13800000001"]
    assert found["follow_user"][1]["tags"][0]["tag_name"] == "A"
    assert "next_cursor" not in found


async def test_unknown_customers_and_those_nobody_follows_are_told_apart(api: Api) -> None:
    unknown = await api.read("sales", "externalcontact/get", external_userid="wm-nobody")
    alone = await api.read("sales", "externalcontact/get", external_userid="wmSimCustomerHeAAAAAAAAAAAAAAAAAA")
    empty = await api.read("sales", "externalcontact/list", userid="ZhaoMin")
    listed = await api.read("sales", "externalcontact/list", userid="linxiaoyu")

    assert [unknown["errcode"], alone["errcode"], empty["errcode"]] == [40096, 84061, 84061]
    assert listed["external_userid"] == [ZHOU]


async def test_batches_are_cut_by_a_cursor_that_survives_newcomers(api: Api, control: SimulatorControl) -> None:
    ids = [await control.add_contact(AddContact(userid="ZhaoMin", name=f"客户{n}", notify=False)) for n in range(5)]
    query = {"userid_list": ["ZhaoMin", "LinXiaoYu", "ChenHao"], "limit": 3}

    first = await api.post("sales", "externalcontact/batch/get_by_user", query)
    newcomer = await control.add_contact(AddContact(userid="ZhaoMin", name="新客户", notify=False))
    second = await api.post(
        "sales", "externalcontact/batch/get_by_user", {**query, "cursor": first["next_cursor"], "limit": 100}
    )

    pages = [*first["external_contact_list"], *second["external_contact_list"]]
    assert [one["external_contact"]["external_userid"] for one in pages] == [ZHOU, SU, *ids, newcomer]
    assert second["next_cursor"] == ""
    assert "tag_id" in pages[0]["follow_info"]


async def test_more_than_100_members_at_once_are_refused_and_recorded(api: Api, control: SimulatorControl) -> None:
    refused = await api.post("sales", "externalcontact/batch/get_by_user", {"userid_list": ["LinXiaoYu"] * 101})

    assert refused["errcode"] == 40058
    assert [violation.rule for violation in await control.violations()] == ["limit-exceeded"]


async def test_the_directory_names_members(api: Api, control: SimulatorControl) -> None:
    await control.add_member(AddMember(userid="WuDi", name="吴迪", department=[2]))

    followers = await api.read("sales", "externalcontact/get_follow_user_list")
    one = await api.read("sales", "user/get", userid="linxiaoyu")
    nobody = await api.read("sales", "user/get", userid="nobody")
    department = await api.read("sales", "user/simplelist", department_id="2")

    assert followers["follow_user"] == ["LinXiaoYu", "ChenHao", "ZhaoMin", "WuDi"]
    assert (one["userid"], one["name"], nobody["errcode"]) == ("LinXiaoYu", "林小雨", 60111)
    assert [member["userid"] for member in department["userlist"]] == ["WuDi"]
