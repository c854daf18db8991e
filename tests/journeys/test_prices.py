"""A price is changed in a real browser: proposed by one, approved by another, and the next draft is held against it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from scrm.core.access import Role
from scrm.core.price_book import CHINA
from scrm.services.accounts import add_user
from scrm.web.app import create_app
from tests.journeys.screens import person, shoot
from tests.services.conftest import School, school

__all__ = ["school"]
pytestmark = pytest.mark.browser
PASSWORD = "a-long-password"
PEOPLE = (
    ("wang", "王主管", Role.MANAGER),
    ("li", "李主管", Role.MANAGER),
    ("lin", "林晓雨", Role.REP),
)
BAD = "商品编码,商品名称,标价,底价（销售）\nSHORT,短期班,面议,\nYEAR,年课,5980,6500\n,夏令营,3680,\n"
GOOD = '商品编码,商品名称,标价,别名\nSHORT,短期班,"1,380",短训\nCAMP,夏令营,3680,\n'


@pytest.fixture
async def address(browser_there: None, school: School) -> AsyncIterator[str]:
    for login, name, role in PEOPLE:
        await add_user(school.hub, None, login=login, name=name, role=role, password=PASSWORD)
    async with TestServer(create_app(school.hub)) as server:
        yield str(server.make_url("")).rstrip("/")


@asynccontextmanager
async def signed_in(browser: Browser, address: str, login: str, path: str = "/prices") -> AsyncIterator[Page]:
    async with person(browser, address) as page:
        await page.get_by_test_id("sign-in-login").fill(login)
        await page.get_by_test_id("sign-in-password").fill(PASSWORD)
        await page.get_by_test_id("sign-in-submit").click()
        await expect(page.get_by_test_id("sign-in-login")).to_have_count(0)
        await page.goto(address + path)
        yield page


async def test_a_promotion_is_proposed_then_approved_and_a_draft_above_it_is_warned(
    browser: Browser, address: str, school: School
) -> None:
    async with signed_in(browser, address, "wang") as wang, signed_in(browser, address, "li") as li:
        await proposes_a_promotion(wang, school)
        await approves_it(li)
        await expect(wang.get_by_test_id("price-version")).to_have_count(2)
        await expect(wang.get_by_test_id("price-version").first).to_contain_text("李主管 批准")
        await shoot(wang, "prices-4-history")
        await looks_back(wang, school)
    await school.says(school.chat, "短期班多少钱?", customer="mother", name="王女士", key="question")
    (mother,) = await school.timeline()
    assert mother.customer_id is not None
    async with signed_in(browser, address, "lin", "/") as lin:
        await drafts_above_it(lin)
        await reads_prices_only(lin, address)


async def proposes_a_promotion(wang: Page, school: School) -> None:
    await expect(wang.get_by_test_id("price-row")).to_have_count(2)
    await expect(wang.get_by_test_id("price-book")).to_contain_text("开学季")
    await shoot(wang, "prices-1-book")
    await wang.get_by_test_id("price-row").filter(has_text="短期班").click()
    await wang.get_by_test_id("price-edit").click()
    form = wang.get_by_test_id("price-form")
    await form.get_by_test_id("promotion-add").click()
    await form.get_by_test_id("promotion-name").fill("暑期特惠")
    await form.get_by_test_id("promotion-amount").fill("1480")
    now = school.clock().astimezone(CHINA)
    await form.get_by_test_id("promotion-starts").fill((now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))
    await form.get_by_test_id("promotion-ends").fill((now + timedelta(days=5)).strftime("%Y-%m-%dT23:59"))
    await form.get_by_test_id("price-reason").fill("暑期招生")
    await form.get_by_test_id("price-submit").click()
    await expect(form.get_by_text("活动价 1480 高于标价 1280")).to_be_visible()
    await shoot(wang, "prices-2-form")

    await form.get_by_test_id("promotion-amount").fill("980")
    await form.get_by_test_id("price-submit").click()
    await expect(form).to_have_count(0)
    proposal = wang.get_by_test_id("price-pane").get_by_test_id("proposal")
    await expect(proposal).to_contain_text("新活动“暑期特惠”：980 元")
    await expect(proposal).to_contain_text("要由另一个人批准")
    await expect(proposal.get_by_test_id("proposal-approve")).to_have_count(0)


async def approves_it(li: Page) -> None:
    await li.get_by_test_id("price-tab-proposals").click()
    proposal = li.get_by_test_id("proposal")
    await expect(proposal).to_contain_text("暑期招生")
    await shoot(li, "prices-3-proposals")
    await proposal.get_by_test_id("proposal-approve").click()
    await expect(li.get_by_test_id("proposal")).to_have_count(0)


async def looks_back(wang: Page, school: School) -> None:
    pane = wang.get_by_test_id("price-pane")
    await expect(pane).to_contain_text("暑期特惠")
    await wang.get_by_test_id("price-look-back").click()
    yesterday = school.clock().astimezone(CHINA) - timedelta(days=1)
    await wang.get_by_test_id("price-at").fill(yesterday.strftime("%Y-%m-%dT%H:%M"))
    await wang.get_by_test_id("price-at").blur()
    await expect(pane.locator(".promotions")).to_have_count(0)
    await shoot(wang, "prices-5-back-then")


async def drafts_above_it(lin: Page) -> None:
    await lin.get_by_test_id("customer-row").filter(has_text="王女士").click()
    box = lin.get_by_test_id("reply-text")
    await box.fill("短期班的暑期特惠是1480元")
    finding = lin.get_by_test_id("finding").first
    await expect(finding).to_contain_text(re.compile("标价"))
    await shoot(lin, "prices-6-draft")
    await box.fill("短期班的暑期特惠已经结束了")
    await expect(finding).to_contain_text("暑期特惠")
    await box.fill("短期班的暑期特惠是980元")
    await expect(lin.get_by_test_id("finding")).to_have_count(0)


async def reads_prices_only(lin: Page, address: str) -> None:
    await lin.get_by_test_id("nav-prices").click()
    await lin.get_by_test_id("price-search").fill("短期")
    await expect(lin.get_by_test_id("price-row")).to_have_count(1)
    await expect(lin.get_by_test_id("price-new")).to_have_count(0)
    await lin.get_by_test_id("price-row").click()
    await expect(lin.get_by_test_id("price-pane")).to_contain_text("980 元")
    await expect(lin.get_by_test_id("price-version")).to_have_count(0)
    await shoot(lin, "prices-7-rep")
    await lin.goto(f"{address}/prices/proposals")
    await expect(lin.get_by_test_id("price-tab-proposals")).to_have_count(0)


async def test_a_bad_price_list_shows_the_reason_of_each_row_and_a_good_one_is_proposed(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    async with signed_in(browser, address, "wang") as wang:
        await wang.get_by_test_id("price-import").click()
        await wang.get_by_test_id("price-file").set_input_files(written(tmp_path / "价目.csv", BAD))
        await expect(wang.get_by_test_id("price-file-sum")).to_contain_text("有 3 行不能导入")
        lines = wang.get_by_test_id("price-line")
        await expect(lines.nth(0)).to_contain_text("标价：“面议”不是金额")
        await expect(lines.nth(1)).to_contain_text("底价 6500 高于标价 5980")
        await expect(lines.nth(2)).to_contain_text("商品编码：必须填写")
        await expect(wang.get_by_test_id("price-import-submit")).to_be_disabled()
        await shoot(wang, "prices-8-import-refused")

        await wang.get_by_test_id("price-file").set_input_files(written(tmp_path / "价目改.csv", GOOD))
        await expect(wang.get_by_test_id("price-file-sum")).to_contain_text("会改动 2 个商品")
        await expect(lines.nth(0)).to_contain_text("标价：1280 → 1380 元")
        await shoot(wang, "prices-9-import")
        await wang.get_by_test_id("price-import-submit").click()
        await expect(wang.get_by_test_id("proposal")).to_have_count(2)
    async with signed_in(browser, address, "li", "/prices/proposals") as li:
        await li.get_by_test_id("proposal-together").first.check()
        await shoot(li, "prices-10-together")
        await li.get_by_test_id("proposal-approve").first.click()
        await expect(li.get_by_test_id("proposal")).to_have_count(0)
        await li.get_by_test_id("price-tab-book").click()
        await expect(li.get_by_test_id("price-row").filter(has_text="夏令营")).to_contain_text("3,680")


def written(file: Path, text: str) -> Path:
    file.write_bytes(text.encode("gb18030"))
    return file
