"""Customer service: what a hub may pull and send, and when it may not."""

from __future__ import annotations

import asyncio
import io

import pytest

from scrm.simulate import SimulatorControl
from scrm.simulate.commands import (
    AddFault,
    AddMedia,
    EnterKfSession,
    RecallInKf,
    SayInKf,
    SayManyInKf,
    SetKfPaging,
    SetKfSession,
    SetServicer,
)

from .conftest import KF, SU, ZHOU, Api, Receiver


async def pull(api: Api, cursor: str = "", **more: object) -> dict:
    return await api.post("kf", "kf/sync_msg", {"open_kfid": KF, "cursor": cursor, **more})


async def send(api: Api, words: str = "您好", **more: object) -> dict:
    body = {"touser": ZHOU, "open_kfid": KF, "msgtype": "text", "text": {"content": words}, **more}
    return await api.post("kf", "kf/send_msg", body)


async def test_pages_follow_each_other_until_there_is_no_more(api: Api, control: SimulatorControl) -> None:
    msgids = await control.say_many(SayManyInKf(external_userids=[ZHOU, SU], count=2500))

    got, cursor, more = [], "", 1
    while more:
        page = await pull(api, cursor, limit=1000)
        got += [item["msgid"] for item in page["msg_list"]]
        cursor, more = page["next_cursor"], page["has_more"]

    assert got == msgids
    assert len(cursor) <= 64


async def test_an_item_looks_as_documented(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "多少钱一年?", msgid="m-1")

    item = (await pull(api))["msg_list"][0]

    assert item.pop("unknown_to_clients")
    assert item == {
        "msgid": "m-1",
        "open_kfid": KF,
        "external_userid": ZHOU,
        "send_time": 1772443800,
        "origin": 3,
        "msgtype": "text",
        "text": {"content": "多少钱一年?"},
    }


async def test_an_empty_page_may_say_that_there_is_more(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")
    await control.set_kf_paging(SetKfPaging(empty_pages=1, repeat=0))

    empty = await pull(api)
    full = await pull(api, empty["next_cursor"])

    assert (empty["msg_list"], empty["has_more"]) == ([], 1)
    assert (len(full["msg_list"]), full["has_more"]) == (1, 0)


async def test_pages_can_repeat_what_came_before(api: Api, control: SimulatorControl) -> None:
    msgids = await control.say_many(SayManyInKf(external_userids=[ZHOU], count=4))
    await control.set_kf_paging(SetKfPaging(repeat=1, short_page=2))

    first = await pull(api)
    second = await pull(api, first["next_cursor"])

    assert [item["msgid"] for item in second["msg_list"]] == msgids[1:]


async def test_a_notice_carries_a_token_that_lasts_ten_minutes(
    api: Api, control: SimulatorControl, server, receiver: Receiver
) -> None:
    await control.say(ZHOU, "在吗")
    token = next(iter(server.sim.kf_account(KF).tokens))

    assert (await pull(api, token=token))["errcode"] == 0
    await control.advance(601)
    assert (await pull(api, token=token))["errcode"] == 95007
    assert (await pull(api, token="made-up"))["errcode"] == 95007


async def test_pulling_without_a_token_is_limited(api: Api) -> None:
    codes = [(await pull(api))["errcode"] for _ in range(61)]

    assert codes == [0] * 60 + [45009]


async def test_messages_are_kept_three_days(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "旧消息")
    await control.advance(3 * 86400 + 1)
    newer = await control.say(ZHOU, "新消息")
    api.tokens.clear()

    assert [item["msgid"] for item in (await pull(api))["msg_list"]] == [newer]


async def test_a_limit_above_1000_is_refused_and_recorded(api: Api, control: SimulatorControl) -> None:
    assert (await pull(api, limit=1001))["errcode"] == 40058
    assert [violation.rule for violation in await control.violations()] == ["limit-exceeded"]


async def test_a_cursor_of_another_account_is_refused(api: Api) -> None:
    assert (await pull(api, cursor="0123456789abcdef1"))["errcode"] == 40058


async def test_two_pulls_of_one_account_at_once_are_recorded(api: Api, control: SimulatorControl) -> None:
    await api.token("kf")
    await control.add_fault(AddFault(endpoint="kf/sync_msg", kind="latency", seconds=0.2))

    await asyncio.gather(pull(api), pull(api))

    assert [violation.rule for violation in await control.violations()] == ["concurrent-sync"]


async def test_what_the_api_sends_is_in_the_outbox_and_not_pulled(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "多少钱?")

    sent = await send(api, "标准版每席位每月 99 元", msgid="hub-1")
    pulled = await pull(api)

    assert (sent["errcode"], sent["msgid"]) == (0, "hub-1")
    assert [(one.msgid, one.touser, one.text) for one in await control.outbox()] == [
        ("hub-1", ZHOU, "标准版每席位每月 99 元")
    ]
    assert len(pulled["msg_list"]) == 1


async def test_the_same_msgid_is_sent_once(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")

    first, second = await send(api, msgid="hub-1"), await send(api, msgid="hub-1")
    await send(api, "另一句", msgid="hub-1")

    assert first["msgid"] == second["msgid"] == "hub-1"
    assert [one.text for one in await control.outbox()] == ["您好"]
    assert [violation.rule for violation in await control.violations()] == ["msgid-reused"]


async def test_five_answers_then_the_customer_must_write_again(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")
    codes = [(await send(api))["errcode"] for _ in range(6)]
    await control.say(ZHOU, "在的")

    assert codes == [0, 0, 0, 0, 0, 95001]
    assert (await send(api))["errcode"] == 0


async def test_after_48_hours_nothing_may_be_sent(api: Api, control: SimulatorControl) -> None:
    never = await send(api)
    await control.say(ZHOU, "在吗")
    await control.advance(48 * 3600 + 1)
    api.tokens.clear()

    assert (never["errcode"], (await send(api))["errcode"]) == (95002, 95002)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": {"content": "字" * 683}}, 45002),
        ({"text": {"content": ""}}, 44004),
        ({"msgid": "空 格"}, 40058),
        ({"msgid": "x" * 33}, 40058),
        ({"msgtype": "telegram", "telegram": {}}, 40008),
        ({"touser": "wm-nobody"}, 40096),
        ({"open_kfid": "wk-nobody"}, 95004),
        ({"open_kfid": "nonsense"}, 95000),
        ({"msgtype": "image", "image": {"media_id": "gone"}}, 40007),
        ({"msgtype": "msgmenu", "msgmenu": {"list": [{"type": "text"}] * 11}}, 95008),
        ({"text": "not an object"}, 40058),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_its_code(
    api: Api, control: SimulatorControl, change: dict[str, object], code: int
) -> None:
    await control.say(ZHOU, "在吗")

    assert (await send(api, **change))["errcode"] == code


async def test_a_text_of_exactly_2048_bytes_goes(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")

    assert (await send(api, "字" * 682 + "ab"))["errcode"] == 0


async def test_a_session_with_a_person_cannot_be_written_into(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")
    await control.answer("LinXiaoYu", ZHOU, "您好,我是小林")

    assert (await send(api))["errcode"] == 95018


async def test_a_welcome_code_speaks_once_within_20_seconds(api: Api, control: SimulatorControl) -> None:
    await control.enter_session(EnterKfSession(external_userid=ZHOU, scene="poster"))
    event = (await pull(api))["msg_list"][0]["event"]
    body = {"code": event["welcome_code"], "msgtype": "text", "text": {"content": "欢迎"}}

    first = await api.post("kf", "kf/send_msg_on_event", body)
    second = await api.post("kf", "kf/send_msg_on_event", body)

    assert (event["event_type"], event["scene"], event["external_userid"]) == ("enter_session", "poster", ZHOU)
    assert (first["errcode"], second["errcode"]) == (0, 95007)
    assert [(one.text, one.on_event) for one in await control.outbox()] == [("欢迎", True)]


async def test_a_welcome_code_is_not_given_to_someone_who_wrote_recently(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "在吗")
    await control.enter_session(EnterKfSession(external_userid=ZHOU))

    assert "welcome_code" not in (await pull(api))["msg_list"][1]["event"]


async def test_a_late_welcome_code_is_refused(api: Api, control: SimulatorControl) -> None:
    await control.enter_session(EnterKfSession(external_userid=ZHOU))
    code = (await pull(api))["msg_list"][0]["event"]["welcome_code"]
    await control.advance(21)

    late = await api.post("kf", "kf/send_msg_on_event", {"code": code, "msgtype": "text", "text": {"content": "欢迎"}})

    assert late["errcode"] == 95007


async def test_states_change_along_the_allowed_paths_only(api: Api, control: SimulatorControl) -> None:
    async def change(state: int, servicer: str = "") -> int:
        body = {"open_kfid": KF, "external_userid": ZHOU, "service_state": state, "servicer_userid": servicer}
        return (await api.post("kf", "kf/service_state/trans", body))["errcode"]

    await control.say(ZHOU, "转人工")
    await control.set_servicer(SetServicer(userid="ZhaoMin", status=1))
    codes = [
        await change(1),
        await change(0),
        await change(3, "ChenHao"),
        await change(3, "ZhaoMin"),
        await change(3),
        await change(3, "LinXiaoYu"),
        await change(4),
        await change(1),
    ]

    assert codes == [0, 95016, 95014, 95019, 40063, 0, 0, 95016]
    await control.say(ZHOU, "还有问题")
    state = await api.post("kf", "kf/service_state/get", {"open_kfid": KF, "external_userid": ZHOU})
    assert state["service_state"] == 0


async def test_an_end_code_may_say_goodbye(api: Api, control: SimulatorControl) -> None:
    await control.set_kf_session(SetKfSession(external_userid=ZHOU, service_state=4, change_type=3))
    event = (await pull(api))["msg_list"][0]["event"]
    body = {"code": event["msg_code"], "msgtype": "text", "text": {"content": "感谢咨询"}}

    assert event["event_type"] == "session_status_change"
    assert (await api.post("kf", "kf/send_msg_on_event", body))["errcode"] == 0


async def test_a_failed_send_and_recalls_are_reported_as_events(api: Api, control: SimulatorControl) -> None:
    asked = await control.say(ZHOU, "在吗")
    await send(api, msgid="hub-1")
    await control.fail_send("hub-1", fail_type=10)
    answered = await control.answer("LinXiaoYu", ZHOU, "写错了")
    await control.recall_in_kf(RecallInKf(msgid=asked))
    await control.recall_in_kf(RecallInKf(msgid=answered, by="servicer"))

    events = [item["event"] for item in (await pull(api))["msg_list"] if item["msgtype"] == "event"]

    shared = {"open_kfid": KF, "external_userid": ZHOU}
    assert events == [
        {"event_type": "msg_send_fail", **shared, "fail_msgid": "hub-1", "fail_type": 10},
        {"event_type": "user_recall_msg", **shared, "recall_msgid": asked},
        {"event_type": "servicer_recall_msg", **shared, "recall_msgid": answered, "servicer_userid": "LinXiaoYu"},
    ]


async def test_any_item_and_any_type_passes_through(api: Api, control: SimulatorControl) -> None:
    media_id = await control.add_media(AddMedia(size=2000))
    await control.say_in_kf(SayInKf(external_userid=ZHOU, msgtype="image", body={"media_id": media_id}))
    await control.put_kf_item({"msgtype": "hologram", "hologram": {"depth": 3}, "external_userid": ZHOU})

    image, unknown = (await pull(api))["msg_list"]

    assert image["image"] == {"media_id": media_id}
    assert (unknown["msgtype"], unknown["hologram"]) == ("hologram", {"depth": 3})
    async with api.http.get(
        f"{api.url}/cgi-bin/media/get", params={"access_token": await api.token("kf"), "media_id": media_id}
    ) as answer:
        assert len(await answer.read()) == 2000


async def test_customers_are_looked_up_and_strangers_named(api: Api) -> None:
    found = await api.post("kf", "kf/customer/batchget", {"external_userid_list": [ZHOU, SU, "wm-nobody"]})

    assert [one["nickname"] for one in found["customer_list"]] == ["周建国", "苏婉"]
    assert found["customer_list"][0]["unionid"] == "oSimUnionZhou0001"
    assert "unionid" not in found["customer_list"][1]
    assert found["invalid_external_userid"] == ["wm-nobody"]


async def test_accounts_and_servicers_are_listed(api: Api) -> None:
    accounts = await api.post("kf", "kf/account/list", {})
    servicers = await api.read("kf", "kf/servicer/list", open_kfid=KF)

    assert [account["open_kfid"] for account in accounts["account_list"]] == [KF]
    assert servicers["servicer_list"] == [{"userid": "LinXiaoYu", "status": 0}, {"userid": "ZhaoMin", "status": 0}]


async def test_a_conversation_shows_both_sides_and_the_window(api: Api, control: SimulatorControl) -> None:
    await control.say(ZHOU, "多少钱?")
    await send(api, "99 元", msgid="hub-1")

    seen = await control.conversation(ZHOU)

    assert [(line.origin, line.text) for line in seen.lines] == [("customer", "多少钱?"), ("hub", "99 元")]
    assert seen.replies_left == 4


async def test_uploaded_media_can_be_sent_and_fetched(api: Api, control: SimulatorControl) -> None:
    token = await api.token("kf")
    query = {"access_token": token, "type": "image"}
    async with api.http.post(
        f"{api.url}/cgi-bin/media/upload", params=query, data={"media": io.BytesIO(b"not really a picture")}
    ) as answer:
        uploaded = await answer.json()
    await control.say(ZHOU, "发张图")
    sent = await send(api, msgtype="image", image={"media_id": uploaded["media_id"]})

    assert (uploaded["errcode"], sent["errcode"]) == (0, 0)
    await control.advance(3 * 86400 + 1)
    api.tokens.clear()
    assert (await api.read("kf", "media/get", media_id=uploaded["media_id"]))["errcode"] == 40007
