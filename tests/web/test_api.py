"""The REST API: closed to strangers, clear about problems, and the same story the services tell."""

from __future__ import annotations

import aiohttp

from scrm.core.access import Actor, Role
from scrm.services.accounts import add_user
from tests.conftest import run_workers
from tests.services.conftest import School
from tests.web.conftest import PASSWORD, Browser

PHONE = [["phone", "+8613812345678", "留下的手机号"]]


async def test_a_stranger_learns_nothing(stranger: Browser) -> None:
    for path in ("customers", "cases", "channels", "webhooks", "events", "users"):
        status, problem = await stranger.ask("GET", f"/api/v1/{path}")
        assert (status, problem["title"]) == (401, "NotSignedIn")


async def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(
    school: School, stranger: Browser, rep: Actor
) -> None:
    answers = []
    for login, password in (("lin", "wrong"), ("nobody", "wrong")):
        answers.append(await stranger.ask("POST", "/api/v1/session", json={"login": login, "password": password}))

    assert answers[0] == answers[1]
    assert answers[0][0] == 401


async def test_signing_out_ends_the_session(browser: Browser) -> None:
    status, _ = await browser.ask("DELETE", "/api/v1/session")
    assert status == 204

    status, _ = await browser.ask("GET", "/api/v1/customers")
    assert status == 401


async def test_a_change_by_cookie_needs_the_csrf_token(browser: Browser) -> None:
    browser.csrf = ""

    status, problem = await browser.ask("POST", "/api/v1/webhooks", json={"url": "https://example.com"})

    assert status == 403
    assert "X-CSRF-Token" in str(problem["detail"])


async def test_a_token_speaks_for_its_role_until_it_is_removed(browser: Browser, stranger: Browser) -> None:
    _, token = await browser.ask("POST", "/api/v1/tokens", json={"name": "数据仓库", "role": "rep"})
    bearer = {"Authorization": f"Bearer {token['secret']}"}

    async with aiohttp.ClientSession(headers=bearer) as service:
        async with service.get(f"{browser.address}/api/v1/customers") as answer:
            assert answer.status == 200
        async with service.get(f"{browser.address}/api/v1/webhooks") as answer:
            assert answer.status == 403
        _, listed = await browser.ask("GET", "/api/v1/tokens")
        assert listed["items"][0]["last_used_at"] is not None
        await browser.ask("DELETE", f"/api/v1/tokens/{token['id']}")
        async with service.get(f"{browser.address}/api/v1/customers") as answer:
            assert answer.status == 401


async def test_the_customer_list_pages_without_gaps_or_repeats(school: School, browser: Browser) -> None:
    for number in range(7):
        await school.says(school.chat, f"第{number}位", customer=f"c{number}", name=f"客户{number}")

    names: list[str] = []
    cursor = ""
    for _ in range(3):
        _, page = await browser.ask("GET", f"/api/v1/customers?limit=3{cursor}")
        names += [row["name"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert names == [f"客户{number}" for number in reversed(range(7))]


async def test_the_timeline_pages_back_and_filters_by_channel_and_kind(school: School, browser: Browser) -> None:
    for number in range(5):
        await school.says(school.chat, f"聊{number}", evidence=PHONE)
    await school.says(school.service, "客服", customer="kf", evidence=PHONE)
    await school.says(school.chat, kind="contact", change="added")
    _, customers = await browser.ask("GET", "/api/v1/customers")
    path = f"/api/v1/customers/{customers['items'][0]['id']}/timeline"

    _, first = await browser.ask("GET", f"{path}?limit=4")
    _, second = await browser.ask("GET", f"{path}?limit=4&cursor={first['next']}")
    _, service = await browser.ask("GET", f"{path}?channel=service")
    _, contacts = await browser.ask("GET", f"{path}?kind=contact")

    assert len(first["items"]) == 4
    assert [entry["text"] for entry in second["items"]] == ["聊2", "聊1", "聊0"]
    assert [entry["text"] for entry in service["items"]] == ["客服"]
    assert len(contacts["items"]) == 1


async def test_phone_numbers_are_masked_until_somebody_reveals_them(school: School, browser: Browser) -> None:
    await school.says(school.chat, "在吗", evidence=PHONE)
    _, customers = await browser.ask("GET", "/api/v1/customers?query=5678")
    row = customers["items"][0]
    _, detail = await browser.ask("GET", f"/api/v1/customers/{row['id']}")
    phone = next(one for one in detail["identities"] if one["namespace"] == "phone")

    _, revealed = await browser.ask("GET", f"/api/v1/customers/{row['id']}/phones/{phone['id']}")

    assert row["phones"] == ["138****5678"]
    assert phone["value"] == "138****5678"
    assert revealed == {"value": "+8613812345678"}


async def test_a_blocked_draft_is_answered_with_findings_and_their_evidence(school: School, browser: Browser) -> None:
    await school.says(school.chat, "年课多少", customer="m", evidence=PHONE)
    await school.says(school.chat, "年课活动价4980元", customer="m", direction="outbound", speaker="agent")
    await school.says(school.service, "再问下年课", customer="m2", evidence=PHONE)
    _, customers = await browser.ask("GET", "/api/v1/customers")
    path = f"/api/v1/customers/{customers['items'][0]['id']}"

    _, checked = await browser.ask("POST", f"{path}/draft-checks", json={"text": "年课5980"})
    status, problem = await browser.ask("POST", f"{path}/messages", json={"text": "年课5980"})

    assert status == 409
    assert problem["findings"] == checked["findings"]
    (finding,) = checked["findings"]
    assert finding["blocking"] is True
    assert finding["against"]["text"] == "年课活动价4980元"
    assert "4,980" in finding["reason"]
    assert finding["against"]["valid_until"] is not None
    assert school.service.sent == []


async def test_a_reply_goes_out_and_shows_as_sent(school: School, browser: Browser) -> None:
    await school.says(school.service, "在吗")
    _, customers = await browser.ask("GET", "/api/v1/customers")
    path = f"/api/v1/customers/{customers['items'][0]['id']}"

    status, entry = await browser.ask("POST", f"{path}/messages", json={"text": "在的"})
    await run_workers(school.hub)
    _, shown = await browser.ask("GET", f"/api/v1/entries/{entry['id']}")

    assert (status, entry["state"], shown["state"]) == (201, "queued", "sent")


async def test_suggestions_come_with_reasons_and_prices_from_the_book(school: School, browser: Browser) -> None:
    await school.says(school.service, "年课一年多少钱呀")
    _, customers = await browser.ask("GET", "/api/v1/customers")

    _, page = await browser.ask("GET", f"/api/v1/customers/{customers['items'][0]['id']}/suggestions")

    assert page["items"]
    assert all(item["reason"] for item in page["items"])
    assert any("4,980" in item["text"] for item in page["items"])
    assert not any("{" in item["text"] for item in page["items"])


async def test_an_auditor_sees_both_messages_and_judges(school: School, browser: Browser, stranger: Browser) -> None:
    await school.says(school.chat, "年课活动价4980元", evidence=PHONE, direction="outbound", speaker="agent")
    await school.says(school.service, "年课5980元", customer="wx", evidence=PHONE, direction="outbound", speaker="rep")
    _, queue = await browser.ask("GET", "/api/v1/cases")
    case_id = queue["items"][0]["id"]

    _, case = await browser.ask("GET", f"/api/v1/cases/{case_id}")
    (evidence,) = case["evidence"]
    _, decided = await browser.ask(
        "POST", f"/api/v1/cases/{case_id}/verdict", json={"verdict": "violation", "version": case["version"]}
    )
    stale, _ = await browser.ask(
        "POST", f"/api/v1/cases/{case_id}/verdict", json={"verdict": "violation", "version": case["version"]}
    )

    said, against = evidence["said"], evidence["against"]
    assert (said["text"], against["text"]) == ("年课5980元", "年课活动价4980元")
    assert said["text"][said["start"] : said["end"]].startswith("5980")
    assert case["price_book"][0]["name"] == "年课"
    assert (decided["state"], decided["verdict"]) == ("decided", "violation")
    assert stale == 409


async def test_bad_input_is_a_clear_refusal(browser: Browser) -> None:
    for path, body in (
        ("/api/v1/webhooks", {"url": "ftp://x"}),
        ("/api/v1/webhooks", {"url": "https://example.com", "unknown": 1}),
        ("/api/v1/users", {"login": "x", "name": "", "role": "king", "password": "short"}),
    ):
        status, problem = await browser.ask("POST", path, json=body)
        assert status == 422
        assert problem["detail"]
    assert (await browser.ask("GET", "/api/v1/customers?limit=0"))[0] == 422
    assert (await browser.ask("GET", "/api/v1/customers?cursor=%F0%9F%98%80"))[0] == 422
    assert (await browser.ask("GET", "/api/v1/customers/cus_nonsense"))[0] == 404
    assert (await browser.ask("POST", "/api/v1/webhooks", data=b"{"))[0] == 422


async def test_an_uploaded_call_log_is_imported_with_a_report_of_bad_rows(school: School, browser: Browser) -> None:
    form = aiohttp.FormData()
    form.add_field("channel", "calls")
    form.add_field("file", "通话时间,客户号码\n2026-11-20 09:30:00,13812345678\n昨天,abc\n".encode(), filename="a.csv")

    status, started = await browser.ask("POST", "/api/v1/imports", data=form)
    await run_workers(school.hub)
    _, done = await browser.ask("GET", f"/api/v1/imports/{started['id']}")
    _, bad = await browser.ask("GET", f"/api/v1/imports/{started['id']}/bad-rows")

    assert status == 202
    assert (done["state"], done["added"], done["rejected"]) == ("finished", 1, 1)
    assert [row["row"] for row in bad["items"]] == [3]


async def test_every_channel_says_how_it_is_doing(school: School, browser: Browser) -> None:
    _, page = await browser.ask("GET", "/api/v1/channels")

    by_name = {row["name"]: row for row in page["items"]}
    assert by_name["calls"]["status"] == "never_used"
    assert "files" in by_name["calls"]["capabilities"]
    assert by_name["web"]["page_path"] == "/channels/web/"


async def test_texts_come_in_the_language_asked_for(school: School, browser: Browser) -> None:
    _, page = await browser.ask("GET", "/api/v1/channels", headers={"Accept-Language": "en"})

    assert page["items"][0]["status_text"] == "nothing has arrived yet"


async def test_the_console_and_the_api_document_are_served(browser: Browser) -> None:
    for path in ("/", "/audit", "/api/docs"):
        answer = await browser.raw("GET", path)
        assert (answer.status, answer.content_type) == (200, "text/html")
    _, document = await browser.ask("GET", "/api/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert (await browser.raw("GET", "/metrics")).status == 200


async def test_a_rep_sees_no_cases_and_an_auditor_sends_nothing(school: School, stranger: Browser) -> None:
    await add_user(school.hub, None, login="rep", name="销售", role=Role.REP, password=PASSWORD)
    await add_user(school.hub, None, login="aud", name="审计", role=Role.AUDITOR, password=PASSWORD)
    await school.says(school.service, "在吗")

    await stranger.sign_in("rep")
    assert (await stranger.ask("GET", "/api/v1/cases"))[0] == 403
    _, customers = await stranger.ask("GET", "/api/v1/customers")
    await stranger.sign_in("aud")
    path = f"/api/v1/customers/{customers['items'][0]['id']}/messages"
    assert (await stranger.ask("POST", path, json={"text": "在"}))[0] == 403


async def test_the_queue_pages_without_gaps_or_repeats(school: School, browser: Browser) -> None:
    for number in range(5):
        customer = f"c{number}"
        for text in ("年课活动价4980元", "年课5980元"):
            await school.says(school.chat, text, customer=customer, direction="outbound", speaker="rep")
            school.clock.advance(hours=1)

    found: list[str] = []
    cursor = ""
    for _ in range(3):
        _, page = await browser.ask("GET", f"/api/v1/cases?limit=2{cursor}")
        found += [row["id"] for row in page["items"]]
        cursor = f"&cursor={page['next']}"

    assert page["next"] is None
    assert len(found) == len(set(found)) == 5
    assert (await browser.ask("GET", "/api/v1/cases?cursor=%F0%9F%98%80"))[0] == 422
