"""Households, checks and dry runs as the API gives them."""

from __future__ import annotations

from typing import Any

from tests.conftest import run_workers
from tests.services.conftest import School
from tests.web.conftest import Browser

API = "/api/v1"


async def told(school: School, text: str, customer: str) -> None:
    await school.says(
        school.chat, text, customer=customer, name=customer, direction="outbound", speaker="agent", actor="zhang"
    )


async def ids(browser: Browser) -> dict[str, str]:
    _, page = await browser.ask("GET", f"{API}/customers")
    items: Any = page["items"]
    return {customer["name"]: customer["id"] for customer in items}


async def test_a_household_is_made_shown_renamed_and_left(school: School, browser: Browser) -> None:
    await told(school, "年课现在活动价4980元", "妈妈")
    await told(school, "您好", "爸爸")
    of = await ids(browser)

    status, household = await browser.ask(
        "POST",
        f"{API}/customers/{of['爸爸']}/household",
        json={"other_id": of["妈妈"], "role": "spouse", "other_role": "self", "name": "乐乐家"},
    )

    assert status == 201
    members: Any = household["members"]
    assert {(one["name"], one["role"]) for one in members} == {("妈妈", "self"), ("爸爸", "spouse")}
    _, father = await browser.ask("GET", f"{API}/customers/{of['爸爸']}")
    shown: Any = father
    assert shown["household"]["name"] == "乐乐家"
    (standing,) = shown["standing_claims"]
    assert (standing["value"], standing["told_to"]["name"]) == ("4980", "妈妈")

    _, checked = await browser.ask("POST", f"{API}/customers/{of['爸爸']}/draft-checks", json={"text": "年课5980元"})
    findings: Any = checked["findings"]
    assert "对同一家庭的妈妈" in findings[0]["reason"]
    assert findings[0]["against"]["text"] == "年课现在活动价4980元"

    status, renamed = await browser.ask("PATCH", f"{API}/households/{household['id']}", json={"name": "张家"})
    assert (status, renamed["name"]) == (200, "张家")
    assert (await browser.ask("PATCH", f"{API}/customers/{of['妈妈']}/household", json={"role": "parent"}))[0] == 204
    assert (await browser.ask("DELETE", f"{API}/customers/{of['爸爸']}/household"))[0] == 204
    _, left = await browser.ask("GET", f"{API}/households/{household['id']}")
    assert [(one["name"], one["role"]) for one in left["members"]] == [("妈妈", "parent")]  # type: ignore[attr-defined]
    assert (await browser.ask("DELETE", f"{API}/customers/{of['爸爸']}/household"))[0] == 422


async def test_a_broadcast_is_checked_part_by_part_with_evidence(school: School, browser: Browser) -> None:
    await told(school, "年课现在活动价4980元", "甲")
    await told(school, "您好", "乙")
    of = await ids(browser)

    status, checked = await browser.ask(
        "POST", f"{API}/broadcasts/check", json={"text": "全网最低，年课6980元", "audience": {}}
    )

    assert status == 200
    answer: Any = checked
    assert {found["rule"] for found in answer["findings"]} >= {"price-above-list", "absolute-claim"}
    assert (answer["total"], answer["looked_at"], answer["affected"], answer["next"]) == (2, 2, 1, None)
    (affected,) = answer["customers"]
    assert (affected["customer_id"], affected["name"]) == (of["甲"], "甲")
    assert affected["findings"][0]["against"]["text"] == "年课现在活动价4980元"

    only = {"text": "年课5980元", "audience": {"customer_ids": [of["乙"]]}}
    assert (await browser.ask("POST", f"{API}/broadcasts/check", json=only))[1]["affected"] == 0
    bad = {"text": "年课5980元", "audience": {"customer_ids": ["x"]}}
    assert (await browser.ask("POST", f"{API}/broadcasts/check", json=bad))[0] == 404


async def test_scripts_are_listed_with_what_is_found_in_them(browser: Browser) -> None:
    _, page = await browser.ask("GET", f"{API}/scripts")

    items: Any = page["items"]
    assert all(script["suggested"] for script in items)
    assert all(script["checked_text"] for script in items)


async def test_rules_are_listed_with_ground_parameters_and_figures(browser: Browser) -> None:
    _, page = await browser.ask("GET", f"{API}/rules")

    items: Any = page["items"]
    (rule,) = [one for one in items if one["id"] == "price-higher-later"]
    assert rule["name"] == "后报价高于先报价"
    assert rule["enabled"]
    assert rule["ground"] != rule["id"]
    assert rule["parameters"]["stands_for"] == "30 days"
    assert rule["effective_from"] == "2022-07-01"
    assert (rule["per_thousand"], rule["precision"], rule["judged"]) == (None, None, 0)


async def test_a_dry_run_is_started_watched_and_looked_at(school: School, browser: Browser) -> None:
    await told(school, "短期班1180元", "甲")
    school.clock.advance(hours=3)
    await told(school, "短期班1280元", "甲")
    changes = {"price-higher-later": {"stands_for": "1 hour"}}

    status, started = await browser.ask("POST", f"{API}/rules/dry-runs", json={"changes": changes})
    await run_workers(school.hub)
    _, run = await browser.ask("GET", f"{API}/rules/dry-runs/{started['id']}")
    _, found = await browser.ask("GET", f"{API}/rules/dry-runs/{started['id']}/findings?change=gone")
    _, runs = await browser.ask("GET", f"{API}/rules/dry-runs")

    assert (status, started["state"]) == (201, "waiting")
    assert (run["state"], run["total"], run["done"]) == ("finished", 1, 1)
    assert run["toml"] == '[compliance.rules.price-higher-later]\nstands_for = "1 hour"'
    counts: Any = run["rules"]
    assert [(one["rule"], one["gone"]) for one in counts] == [("price-higher-later", 1)]
    (example,) = found["items"]  # type: ignore[misc]
    told_: Any = example
    assert (told_["said"]["text"], told_["against"]["text"]) == ("短期班1280元", "短期班1180元")
    assert (told_["customer_name"], told_["change"]) == ("甲", "gone")
    assert [one["id"] for one in runs["items"]] == [started["id"]]  # type: ignore[attr-defined]
    assert (await browser.ask("DELETE", f"{API}/rules/dry-runs/{started['id']}"))[0] == 409


async def test_a_dry_run_that_cannot_work_says_why(browser: Browser) -> None:
    status, problem = await browser.ask(
        "POST", f"{API}/rules/dry-runs", json={"changes": {"price-higher-later": {"stands_for": "lange"}}}
    )

    assert status == 422
    assert "stands_for" in str(problem["detail"])
