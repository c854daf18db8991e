"""The price book over the API: look-ups, history, proposals, price lists."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import openpyxl
import pytest
from aiohttp import ClientSession, FormData

from scrm.core.access import Role
from scrm.services.accounts import add_user
from tests.services.conftest import School
from tests.web.conftest import PASSWORD, Browser

SHORT = {"sku": "SHORT", "name": "短期班", "list_price": "1380"}


async def _signed_in(school: School, address: str, login: str, name: str, role: Role) -> AsyncIterator[Browser]:
    await add_user(school.hub, None, login=login, name=name, role=role, password=PASSWORD)
    async with ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        browser = Browser(session, address)
        assert await browser.sign_in(login) == 200
        yield browser


@pytest.fixture
async def wang(school: School, address: str) -> AsyncIterator[Browser]:
    async for browser in _signed_in(school, address, "wang", "王主管", Role.MANAGER):
        yield browser


@pytest.fixture
async def li(school: School, address: str) -> AsyncIterator[Browser]:
    async for browser in _signed_in(school, address, "li", "李主管", Role.MANAGER):
        yield browser


@pytest.fixture
async def lin(school: School, address: str) -> AsyncIterator[Browser]:
    async for browser in _signed_in(school, address, "lin", "林晓雨", Role.REP):
        yield browser


async def _propose(browser: Browser, **product: object) -> str:
    status, body = await browser.ask(
        "POST", "/api/v1/price-proposals", json={"product": {**SHORT, **product}, "reason": "成本上涨"}
    )
    assert status == 201, body
    return str(body["id"])


def _file(content: str | bytes, name: str = "六月.csv") -> FormData:
    form = FormData()
    form.add_field("file", content.encode() if isinstance(content, str) else content, filename=name)
    return form


async def test_prices_are_listed_page_by_page_and_found_by_words(lin: Browser) -> None:
    status, first = await lin.ask("GET", "/api/v1/prices?limit=1")
    assert status == 200
    _, second = await lin.ask("GET", f"/api/v1/prices?limit=1&cursor={first['next']}")
    _, found = await lin.ask("GET", "/api/v1/prices", params={"query": "全年"})

    assert [page["items"][0]["sku"] for page in (first, second)] == ["SHORT", "YEAR"]
    assert second["next"] is None
    assert [item["sku"] for item in found["items"]] == ["YEAR"]


async def test_a_price_is_shown_as_it_was_and_as_it_was_known(school: School, wang: Browser, li: Browser) -> None:
    before = school.clock().isoformat()
    proposal = await _propose(wang)
    status, _ = await li.ask("POST", f"/api/v1/price-proposals/{proposal}/approve", json={"note": "同意"})
    assert status == 200
    now = school.clock().isoformat()

    prices = []
    for moment in ({}, {"at": before}, {"at": now, "known_at": before}, {"at": now}):
        _, body = await li.ask("GET", "/api/v1/prices/SHORT", params=moment)
        prices.append(body["current"]["list_price"])
    assert prices == ["1380", "1280", "1280", "1380"]


async def test_the_history_says_who_changed_what_and_why(school: School, wang: Browser, li: Browser) -> None:
    proposal = await _propose(wang, aliases=["短训"], floors={"rep": "1200"})
    await li.ask("POST", f"/api/v1/price-proposals/{proposal}/approve", json={})
    _, body = await wang.ask("GET", "/api/v1/prices/SHORT")

    newest, first = body["versions"]
    assert [change["text"] for change in newest["changes"]] == [
        "标价：1280 → 1380 元",
        "增加别名“短训”",
        "销售底价：无 → 1200",
    ]
    assert (newest["product"]["recorded_by"], newest["product"]["approved_by"]) == ("王主管", "李主管")
    assert (newest["reason"], newest["corrects_past"], first["reason"]) == ("成本上涨", False, "")
    assert [one["state"] for one in body["proposals"]] == ["approved"]
    _, english = await wang.ask("GET", "/api/v1/prices/SHORT", headers={"Accept-Language": "en"})
    assert english["versions"][0]["changes"][0]["text"] == "list price: 1280 → 1380"


async def test_a_rep_reads_prices_and_neither_history_nor_proposals(lin: Browser) -> None:
    _, body = await lin.ask("GET", "/api/v1/prices/YEAR")
    assert body["current"]["name"] == "年课"
    assert [promotion["name"] for promotion in body["running"]] == ["开学季"]
    assert (body["versions"], body["proposals"]) == ([], [])
    assert (await lin.ask("GET", "/api/v1/price-proposals"))[0] == 403
    status, _ = await lin.ask("POST", "/api/v1/price-proposals", json={"product": SHORT, "reason": "x"})
    assert status == 403
    assert (await lin.raw("POST", "/api/v1/prices/import", data=_file("商品编码\nX"))).status == 403
    assert (await lin.ask("GET", "/api/v1/prices/NONE"))[0] == 404


async def test_a_proposal_shows_what_it_changes_and_who_may_do_what(wang: Browser, li: Browser) -> None:
    proposal = await _propose(wang, aliases=["年课"])

    for browser, may in ((wang, ["withdraw"]), (li, ["approve", "reject"])):
        _, body = await browser.ask("GET", "/api/v1/price-proposals")
        (shown,) = body["items"]
        assert (shown["id"], shown["may"], shown["proposed_by"]) == (proposal, may, "王主管")
        assert [change["kind"] for change in shown["changes"]] == ["list_price", "alias_added"]
        assert [doubt["code"] for doubt in shown["doubts"]] == ["shared_alias"]
    status, _ = await wang.ask("POST", f"/api/v1/price-proposals/{proposal}/approve", json={})
    assert status == 403
    status, body = await li.ask("POST", f"/api/v1/price-proposals/{proposal}/reject", json={})
    assert status == 422
    status, body = await li.ask("POST", f"/api/v1/price-proposals/{proposal}/reject", json={"note": "别名重复"})
    assert (status, body["items"][0]["state"], body["items"][0]["decision_note"]) == (200, "rejected", "别名重复")
    _, left = await li.ask("GET", "/api/v1/price-proposals")
    _, every = await li.ask("GET", "/api/v1/price-proposals?state=all&limit=1")
    assert (left["items"], [one["state"] for one in every["items"]], every["next"]) == ([], ["rejected"], None)


async def test_a_product_is_found_whatever_its_sku(wang: Browser, li: Browser) -> None:
    for sku in ("A/B", "夏令营 1#", "100%"):
        proposal = await _propose(wang, sku=sku)
        await li.ask("POST", f"/api/v1/price-proposals/{proposal}/approve", json={})
        status, body = await li.ask("GET", f"/api/v1/prices/{quote(sku, safe='')}")
        assert (status, body["sku"]) == (200, sku)
    taken = {"product": {**SHORT, "sku": "export"}, "reason": "x"}
    status, body = await wang.ask("POST", "/api/v1/price-proposals", json=taken)
    assert (status, body["rows"][0]["field"]) == (422, "sku")


async def test_an_outdated_proposal_cannot_be_approved(wang: Browser, li: Browser) -> None:
    first, second = await _propose(wang), await _propose(wang, list_price="1480")
    await li.ask("POST", f"/api/v1/price-proposals/{first}/approve", json={})

    _, body = await li.ask("GET", "/api/v1/price-proposals")
    assert [(one["id"], one["outdated"], one["may"]) for one in body["items"]] == [(second, True, ["reject"])]
    assert (await li.ask("POST", f"/api/v1/price-proposals/{second}/approve", json={}))[0] == 409
    assert (await wang.ask("POST", f"/api/v1/price-proposals/{second}/withdraw", json={}))[0] == 200


async def test_what_cannot_be_is_refused_field_by_field(school: School, wang: Browser) -> None:
    now = school.clock()
    promotion = {
        "name": "错的",
        "price": "2000",
        "starts_at": now.isoformat(),
        "ends_at": (now - timedelta(days=1)).isoformat(),
    }
    product = {**SHORT, "list_price": "-1", "promotions": [promotion]}
    status, body = await wang.ask("POST", "/api/v1/price-proposals", json={"product": product, "reason": "x"})

    assert (status, body["title"]) == (422, "RowsRefused")
    assert [(row["field"], row["label"], row["promotion"]) for row in body["rows"]] == [
        ("list_price", "标价", None),
        ("price", "活动价", 0),
        ("ends_at", "结束时间", 0),
    ]
    assert body["rows"][0]["reason"] == "-1 是负数，价格不能小于 0"


async def test_a_price_list_is_previewed_then_proposed(wang: Browser, li: Browser) -> None:
    content = '商品编码,商品名称,标价\nSHORT,短期班,"1,380"\nCAMP,夏令营,3680\nYEAR,年课,5980\n'

    answer = await wang.raw("POST", "/api/v1/prices/import?preview=true", data=_file(content.encode("gb18030")))
    preview = await answer.json()
    assert (answer.status, preview["products"], preview["refused"], preview["proposals"]) == (200, 2, 0, [])
    assert [(line["row"], line["state"]) for line in preview["lines"]] == [
        (2, "changed"),
        (3, "added"),
        (4, "unchanged"),
    ]
    assert preview["lines"][0]["changes"][0]["text"] == "标价：1280 → 1380 元"
    assert (await li.ask("GET", "/api/v1/price-proposals"))[1]["items"] == []

    done = await (await wang.raw("POST", "/api/v1/prices/import", data=_file(content.encode("gb18030")))).json()
    assert [one["source"] for one in done["proposals"]] == ["六月.csv", "六月.csv"]
    status, decided = await li.ask(
        "POST", f"/api/v1/price-proposals/{done['proposals'][0]['id']}/approve", json={"together": True}
    )
    assert (status, len(decided["items"])) == (200, 2)


async def test_a_price_list_with_bad_rows_tells_every_reason(wang: Browser) -> None:
    content = "商品编码,商品名称,标价,备注\nSHORT,短期班,面议,\n,夏令营,3680,\n"

    preview = await (await wang.raw("POST", "/api/v1/prices/import?preview=true", data=_file(content))).json()
    assert [line["reasons"] for line in preview["lines"]][1:] == [
        ["标价：“面议”不是金额，请写成 3999 或 3,999.00"],
        ["商品编码：必须填写"],
    ]
    answer = await wang.raw("POST", "/api/v1/prices/import", data=_file(content))
    body = await answer.json()
    assert (answer.status, answer.content_type) == (422, "application/problem+json")
    assert [(row["row"], row["label"]) for row in body["rows"]] == [(1, "备注"), (2, "标价"), (3, "商品编码")]
    assert (await wang.raw("POST", "/api/v1/prices/import", data=b"x")).status == 422
    assert (await wang.raw("POST", "/api/v1/prices/import", data=_file(b"PK\x03\x04not a zip"))).status == 422


async def test_the_book_is_downloaded_as_people_keep_it(wang: Browser, lin: Browser) -> None:
    answer = await lin.raw("GET", "/api/v1/prices/export?format=xlsx")
    assert "filename*=UTF-8''%E4%BB%B7" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(await answer.read()))
    assert book.sheetnames == ["商品", "活动", "说明"]
    assert [cell.value for cell in book["活动"][2]][:3] == ["YEAR", "开学季", 4980]

    for file_format in ("xlsx", "csv"):
        content = await (await lin.raw("GET", f"/api/v1/prices/export?format={file_format}")).read()
        preview = await (await wang.raw("POST", "/api/v1/prices/import?preview=true", data=_file(content))).json()
        assert {line["state"] for line in preview["lines"]} == {"unchanged"}
        template = await (await lin.raw("GET", f"/api/v1/prices/template?format={file_format}")).read()
        assert template
