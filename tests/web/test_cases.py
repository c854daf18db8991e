"""The auditors' pages: the queue, one screen to decide on, and what a second auditor must not see."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import aiohttp
import pytest
from aiohttp import ClientSession

from scrm.core.access import Role
from scrm.core.price_book import CHINA
from scrm.services.accounts import add_user
from scrm.services.sampling import promise_samples
from scrm.settings import CaseSettings
from tests.conftest import run_workers
from tests.seeding import TALKS, seed_queue
from tests.services.conftest import School
from tests.web.conftest import PASSWORD, Browser

CASES = "/api/v1/cases"
PEOPLE = (
    ("shen", "沈静", Role.AUDITOR),
    ("wu", "吴越", Role.AUDITOR),
    ("qian", "钱进", Role.AUDITOR),
    ("sun", "孙经理", Role.MANAGER),
)


@pytest.fixture
async def school(school: School) -> School:
    """A school in which every verdict gets a second look."""
    settings = school.hub.settings.model_copy(update={"cases": CaseSettings(second_look_share=1)})
    school.hub = replace(school.hub, settings=settings)
    return school


@pytest.fixture
async def people(school: School, address: str) -> AsyncIterator[dict[str, Browser]]:
    """A browser for each auditor and the manager."""
    browsers = {}
    for login, name, role in PEOPLE:
        await add_user(school.hub, None, login=login, name=name, role=role, password=PASSWORD)
        session = ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        browsers[login] = Browser(session, address)
        assert await browsers[login].sign_in(login) == 200
    yield browsers
    for browser in browsers.values():
        await browser.session.close()


async def act(browser: Browser, case_id: str, act: str, **body: object) -> dict:
    status, answer = await browser.ask("POST", f"{CASES}/{case_id}/{act}", json=body or None)
    assert status == 200, answer
    return answer


async def first_case(browser: Browser, **query: str) -> dict:
    _, page = await browser.ask("GET", CASES, params=query)
    status, case = await browser.ask("GET", f"{CASES}/{page['items'][0]['id']}")
    assert status == 200, case
    return case


async def test_everything_needed_to_decide_is_in_one_answer(school: School, people: dict[str, Browser]) -> None:
    await seed_queue(school, TALKS[:2])
    shen = people["shen"]
    await school.says(
        school.service, "年课按4980元给您", customer="service-1", direction="outbound", speaker="rep", actor="ChenHao"
    )

    case = await first_case(shen, rule="price-higher-later", severity="S4")

    (evidence,) = case["evidence"]
    assert evidence["said"]["text"] == "年课现在5980元"
    assert evidence["against"]["text"] == "年课4980元"
    assert evidence["said_readings"][0]["value"] == "5980"
    assert evidence["said_readings"][0]["link"] == "named"
    assert {one["name"]: one["value"] for one in evidence["arithmetic"]} == {
        "earlier_price": "4980",
        "price": "5980",
        "difference": "1000",
        "ratio": "0.2008",
    }
    assert evidence["suggested_remedy"] == "honour_price"
    assert "4,980" in evidence["suggested_remedy_text"]
    assert evidence["ground"] == "明码标价和禁止价格欺诈规定（市场监管总局令第56号）第十九条"
    assert evidence["rule_version"]
    assert evidence["explanation"]
    assert [entry["text"] for entry in evidence["context_said"]] == [entry["text"] for entry in case["conversation"]]
    assert [told["text"] for told in case["told_since"]] == ["年课按4980元给您"]
    assert case["price_book"][0]["name"] == "年课"
    assert case["exposure"] == "17940"
    assert case["can"] == ["claim", "assign", "decide", "escalate"]
    assert {one["name"] for one in case["assignable"]} == {"沈静", "吴越", "钱进"}
    assert {place["object_id"] for place in case["chain"]} == {
        evidence["said"]["entry_id"],
        evidence["against"]["entry_id"],
    }
    assert all(len(place["hash"]) == 64 and place["seq"] for place in case["chain"])
    (prior,) = case["prior_cases"]
    assert (prior["same"], prior["customer_name"]) == ("rep", "王女士")


async def test_on_a_call_the_evidence_is_of_whoever_of_the_two_spoke(
    school: School, people: dict[str, Browser]
) -> None:
    call = {
        "kind": "call",
        "customer": "phone-1",
        "name": "秦女士",
        "speaker": "customer",
        "actor": "ChenHao",
        "disposition": "answered",
        "talk_s": 40,
    }
    for uid, transcript in (
        ("c1", "坐席：您好，启明英语。\n客户：年课多少钱？\n坐席：年课优惠价4980元。"),
        ("c2", "坐席：您好。\n客户：年课多少钱？\n坐席：年课现在要5980元。"),
    ):
        school.clock.advance(hours=1)
        await school.says(school.chat, key=uid, transcript=transcript, **call)

    case = await first_case(people["shen"], rule="price-higher-later")

    (evidence,) = case["evidence"]
    assert [(one["speaker"], one["actor_name"]) for one in (evidence["said"], evidence["against"])] == [
        ("agent", "ChenHao"),
        ("agent", "ChenHao"),
    ]
    assert case["reps"] == ["ChenHao"]


async def test_a_second_auditor_cannot_tell_a_second_look_from_a_first(
    school: School, people: dict[str, Browser]
) -> None:
    await seed_queue(school, TALKS[:1])
    shen, wu = people["shen"], people["wu"]
    untouched = await first_case(wu)
    await act(shen, untouched["id"], "claim")
    await act(shen, untouched["id"], "verdict", verdict="violation", note="很清楚", version=2)

    seen = await first_case(wu)

    hidden = {"opened_at", "updated_at", "due_at", "history", "version"}
    assert {k: v for k, v in seen.items() if k not in hidden} == {k: v for k, v in untouched.items() if k not in hidden}
    assert [event["action"] for event in seen["history"]] == ["opened"]
    assert seen["history"][0]["at"] == seen["opened_at"]
    opened, due = (datetime.fromisoformat(str(seen[name])) for name in ("opened_at", "due_at"))
    assert due == school.hub.settings.deadlines.of("S3", opened)
    assert "很清楚" not in json.dumps(seen, ensure_ascii=False)
    _, facets = await wu.ask("GET", f"{CASES}/facets")
    assert facets["states"] == [{"value": "new", "name": "new", "count": 1}]
    _, own = await shen.ask("GET", f"{CASES}/{seen['id']}")
    assert (own["state"], own["looks"][0]["verdict"], own["can"]) == ("second_look", "violation", ["assign"])
    _, lead = await people["sun"].ask("GET", f"{CASES}/{seen['id']}")
    assert (lead["state"], lead["looks"][0]["by"]) == ("second_look", "沈静")
    assert [event["action"] for event in lead["history"]] == ["opened", "claimed", "judged"]


async def test_the_third_sees_both_looks_and_settles(school: School, people: dict[str, Browser]) -> None:
    await seed_queue(school, TALKS[:1])
    case_id = (await first_case(people["shen"]))["id"]
    await act(people["shen"], case_id, "verdict", verdict="violation", version=1)
    await act(people["wu"], case_id, "verdict", verdict="false_positive", reason="superseded", version=2)

    case = await first_case(people["qian"], state="escalated")
    assert [(look["look"], look["verdict"], look["by"]) for look in case["looks"]] == [
        (1, "violation", "沈静"),
        (2, "false_positive", "吴越"),
    ]
    settled = await act(people["qian"], case_id, "verdict", verdict="violation", version=3)
    assert (settled["state"], settled["verdict"], settled["can"]) == ("decided", "violation", ["remedy", "reopen"])
    remedied = await act(people["sun"], case_id, "remedy", kind="honour_price", note="按4980履约", version=4)
    assert (remedied["remedied"]["kind"], remedied["remedied"]["by"]) == ("honour_price", "孙经理")
    assert (await act(people["sun"], case_id, "close", version=5))["state"] == "closed"
    reopened = await act(people["shen"], case_id, "reopen", note="客户来电", version=6)
    assert (reopened["state"], reopened["reopened"], len(reopened["looks"])) == ("new", True, 3)
    assert {"case.decided", "case.viewed"} <= {place["action"] for place in remedied["chain"]}


async def test_a_drawn_conversation_is_not_told_from_a_referred_one(school: School, people: dict[str, Browser]) -> None:
    monday = datetime(2026, 9, 7, 10, tzinfo=CHINA)
    school.clock.at = monday
    for number in range(7):
        await school.says(
            school.service,
            "周六上午有课",
            customer=f"c{number}",
            direction="outbound",
            speaker="rep",
            actor="LinXiaoYu",
        )
    await promise_samples(school.hub)
    school.clock.at = monday + timedelta(hours=17)
    await run_workers(school.hub)
    for login, browser in people.items():
        assert await browser.sign_in(login) == 200
    drawn = await first_case(people["shen"])
    _, all_cases = await people["shen"].ask("GET", CASES)
    _, customers = await people["shen"].ask("GET", "/api/v1/customers")
    free = {one["id"] for one in customers["items"]} - {one["customer_id"] for one in all_cases["items"]}
    status, _ = await people["sun"].ask(
        "POST", CASES, json={"customer_id": min(free), "day": "2026-09-07", "note": "家长打电话来抱怨"}
    )
    assert status == 201

    _, all_cases = await people["shen"].ask("GET", CASES)
    (row,) = [one for one in all_cases["items"] if one["customer_id"] == min(free)]
    _, referred = await people["shen"].ask("GET", f"{CASES}/{row['id']}")

    own = {"id", "customer_id", "customer_name", "opened_at", "updated_at", "due_at", "history", "conversation"}
    assert {k: v for k, v in referred.items() if k not in own} == {k: v for k, v in drawn.items() if k not in own}
    assert [event["action"] for event in referred["history"]] == ["opened"]
    assert [entry["text"] for entry in drawn["conversation"]] == ["周六上午有课"]
    assert drawn["origin"] is None
    await act(people["shen"], referred["id"], "verdict", verdict="nothing_found", version=1)
    done = await act(people["wu"], referred["id"], "verdict", verdict="nothing_found", version=2)
    assert done["origin"] == "referred"
    assert [event["action"] for event in done["history"]] == ["opened", "referred", "judged", "decided"]
    assert done["history"][1]["note"] == "家长打电话来抱怨"


async def test_the_queue_filters_and_says_what_each_filter_leaves(school: School, people: dict[str, Browser]) -> None:
    await seed_queue(school)
    shen = people["shen"]
    _, everything = await shen.ask("GET", CASES, params={"limit": "200"})
    _, facets = await shen.ask("GET", f"{CASES}/facets")
    assert facets["total"] == len(everything["items"])
    for name, field in (
        ("rules", "rule"),
        ("severities", "severity"),
        ("reps", "rep"),
        ("channels", "channel"),
        ("products", "product"),
        ("states", "state"),
    ):
        for facet in facets[name]:
            _, page = await shen.ask("GET", CASES, params={field: facet["value"], "limit": "200"})
            assert len(page["items"]) == facet["count"], facet
    assert [facet["value"] for facet in facets["severities"]] == ["S4", "S3", "S2"]

    ids = [one["id"] for one in everything["items"][:2]]
    _, result = await shen.ask("POST", f"{CASES}/claims", json={"ids": ids})
    assert [one["case"]["assignee"] for one in result["items"]] == ["沈静", "沈静"]
    _, mine = await shen.ask("GET", CASES, params={"assignee": "mine"})
    assert [one["id"] for one in mine["items"]] == ids
    _, free = await shen.ask("GET", CASES, params={"assignee": "unassigned", "limit": "200"})
    assert len(free["items"]) == len(everything["items"]) - 2
    _, beside = await shen.ask("GET", f"{CASES}/{ids[1]}/neighbours")
    assert beside == {"previous": ids[0], "next": everything["items"][2]["id"]}
    today = school.clock().astimezone(CHINA).date()
    _, later = await shen.ask("GET", CASES, params={"from": (today + timedelta(days=1)).isoformat()})
    assert later["items"] == []
    for wrong in ({"assignee": "somebody"}, {"cursor": "x"}, {"state": "kept"}):
        assert (await shen.ask("GET", CASES, params=wrong))[0] == 422


async def test_false_positives_are_judged_together(school: School, people: dict[str, Browser]) -> None:
    await seed_queue(school, TALKS[7:10])
    _, page = await people["shen"].ask("GET", CASES)
    items = [
        {"id": one["id"], "version": one["version"] - lag, "reason": "not_comparable"}
        for one, lag in zip(page["items"], (0, 1, 0), strict=True)
    ]

    _, result = await people["shen"].ask("POST", f"{CASES}/false-positives", json={"items": items})

    assert [one["case"] is not None for one in result["items"]] == [True, False, True]
    assert "changed" in result["items"][1]["problem"]
    without_reason = {"items": [{"id": items[0]["id"], "version": 2}]}
    assert (await people["shen"].ask("POST", f"{CASES}/false-positives", json=without_reason))[0] == 422


async def test_the_figures_are_told_to_those_who_may_read_cases(school: School, people: dict[str, Browser]) -> None:
    await seed_queue(school, TALKS[:1])
    case_id = (await first_case(people["shen"]))["id"]
    await act(people["shen"], case_id, "verdict", verdict="violation", version=1)
    await act(people["wu"], case_id, "verdict", verdict="violation", version=2)

    status, figures = await people["sun"].ask("GET", f"{CASES}/figures")

    assert status == 200
    assert len(figures["days"]) == 30
    (rule,) = figures["rules"]
    assert (rule["rule"], rule["precision"]["number"], rule["precision"]["of"]) == ("price-higher-later", 1, 1)
    assert figures["second_looks"] == {"pairs": 1, "agreed": 1, "share": 1.0, "kappa": None}
    assert {one["auditor"]["name"]: one["looks"] for one in figures["workload"]} == {"沈静": 1, "吴越": 1, "钱进": 0}
    for wrong in ({"from": "2026-02-01", "to": "2026-01-01"}, {"from": "2020-01-01"}, {"to": "soon"}):
        assert (await people["sun"].ask("GET", f"{CASES}/figures", params=wrong))[0] == 422


async def test_a_rep_reaches_none_of_it(school: School, people: dict[str, Browser]) -> None:
    await seed_queue(school, TALKS[:1])
    case_id = (await first_case(people["shen"]))["id"]
    await add_user(school.hub, None, login="lin", name="林晓雨", role=Role.REP, password=PASSWORD)
    await people["sun"].sign_in("lin")

    for path in ("", "/facets", "/figures", f"/{case_id}", f"/{case_id}/neighbours"):
        assert (await people["sun"].ask("GET", f"{CASES}{path}"))[0] == 403, path
    for path, body in (
        ("", {"customer_id": "cus_0000000000000", "day": "2026-09-07", "note": "x"}),
        ("/claims", {"ids": [case_id]}),
        ("/false-positives", {"items": [{"id": case_id, "version": 1, "reason": "other"}]}),
        (f"/{case_id}/claim", None),
        (f"/{case_id}/release", None),
        (f"/{case_id}/assign", {"user_id": "1", "version": 1}),
        (f"/{case_id}/verdict", {"verdict": "violation", "version": 1}),
        (f"/{case_id}/escalate", {"note": "x", "version": 1}),
        (f"/{case_id}/remedy", {"kind": "apology", "version": 1}),
        (f"/{case_id}/close", {"version": 1}),
        (f"/{case_id}/reopen", {"note": "x", "version": 1}),
    ):
        assert (await people["sun"].ask("POST", f"{CASES}{path}", json=body))[0] == 403, path
