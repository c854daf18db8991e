"""The page to play by hand, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from scrm.simulate import RunningServer, SimulatorControl

from .conftest import KF, ZHOU, Api

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(server: RunningServer) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1360, "height": 820})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(server.url)
        yield page
        assert errors == []
        await browser.close()


async def test_one_writes_as_the_customer_and_sees_the_hub_answer(page: Page, api: Api) -> None:
    await page.get_by_label("消息内容").fill("标准版多少钱?")
    await page.get_by_role("button", name="以客户的身份发送").click()
    await expect(page.locator(".line.customer .said")).to_have_text("标准版多少钱?")
    await api.post(
        "kf", "kf/send_msg", {"touser": ZHOU, "open_kfid": KF, "msgtype": "text", "text": {"content": "99 元"}}
    )

    await expect(page.locator(".line.hub .said")).to_have_text("99 元")
    await expect(page.locator("#window")).to_contain_text("可发 4 条")


async def test_one_archives_a_message_as_a_rep_and_recalls_it(page: Page, control: SimulatorControl) -> None:
    await page.get_by_role("tab", name="会话存档").click()
    await page.get_by_label("消息内容").fill("年付八折")
    await page.get_by_role("button", name="以成员的身份发送").click()
    await page.get_by_text("年付八折").hover()
    await page.get_by_role("button", name="撤回").click()

    await expect(page.locator(".line.recalled .said")).to_have_text("年付八折")
    assert [one.message["action"] for one in await control.archived()] == ["send", "recall"]


async def test_deliveries_that_fail_are_seen_with_their_attempts(page: Page, control: SimulatorControl) -> None:
    await control.set_callback("kf", "http://127.0.0.1:9/callbacks")
    await control.say(ZHOU, "在吗")

    await expect(page.locator("#log .chip.failed")).to_have_text("失败")
    await expect(page.locator("#log details")).to_contain_text("4 次")


async def test_what_a_customer_writes_is_never_taken_for_markup(page: Page, control: SimulatorControl) -> None:
    await control.say(ZHOU, "<img src=x onerror=document.title='broken'>")

    await expect(page.locator(".line.customer .said")).to_contain_text("<img")
    assert await page.title() == "企业微信模拟器"
