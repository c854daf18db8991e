"""The widget in a real browser, on the demo page."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from connectors.web_im.tests.site import Site, running_site
from scrm.connector import Direction, ThreadSignal

CHROMIUM = shutil.which("chromium")
REQUIRED = os.environ.get("SCRM_TEST_REQUIRE_SERVICES") == "1"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="Chromium is not installed"),
]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site(messages_per_minute=6) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless"])
        yield started
        await started.close()


@pytest.fixture
async def page(browser: Browser, site: Site) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    await opened.goto(site.url("demo"))
    yield opened
    await context.close()
    assert wrong == []


async def write(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="输入消息…").fill(text)
    await page.keyboard.press("Enter")


async def open_and_write(page: Page, site: Site, text: str) -> str:
    """The visitor's id."""
    await page.get_by_role("button", name="打开在线咨询").click()
    await expect(page.get_by_text("在线", exact=True)).to_be_visible()
    await write(page, text)
    await expect(page.get_by_role("log").get_by_role("time")).to_have_count(1)
    return site.intake.events[-1].thread


def bubbles(page: Page):
    return page.get_by_role("log").locator(".bubble")


async def test_a_visitor_writes_and_is_answered(page: Page, site: Site) -> None:
    visitor = await open_and_write(page, site, "周末班年卡多少钱？")
    await site.history.signal(visitor, ThreadSignal(what="typing", direction=Direction.OUTBOUND))
    await expect(page.get_by_text("对方正在输入…")).to_be_visible()

    await site.answer(visitor, "2980 元 <img src=x onerror=alert(1)> https://map.example.cn/a，欢迎来看")

    await expect(bubbles(page)).to_have_text(
        [
            "您好，请问有什么可以帮您？",
            "周末班年卡多少钱？",
            "2980 元 <img src=x onerror=alert(1)> https://map.example.cn/a，欢迎来看",
        ]
    )
    await expect(page.get_by_role("link", name="https://map.example.cn/a")).to_have_attribute(
        "rel", re.compile("noopener")
    )
    await expect(page.get_by_text("对方正在输入…")).to_be_hidden()


async def test_a_visitor_leaves_a_telephone_number(page: Page, site: Site) -> None:
    await open_and_write(page, site, "在吗")

    await page.get_by_placeholder("手机号").fill("12345")
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_text("这个手机号不对，请检查。")).to_be_visible()
    await page.get_by_placeholder("称呼").fill("张女士")
    await page.get_by_placeholder("手机号").fill("13800138000")
    await page.get_by_role("button", name="提交").click()

    await expect(page.get_by_text("已收到您的联系方式，谢谢。")).to_be_visible()
    [event] = site.channel.normalise(site.intake.events[-1])
    assert event.name == "张女士"


async def test_a_message_that_was_not_taken_is_sent_again_by_itself_and_is_there_once(page: Page, site: Site) -> None:
    await open_and_write(page, site, "在吗")
    site.intake.failing = True
    await write(page, "年卡多少钱？")
    await expect(page.get_by_text("网络已断开，正在重新连接…")).to_be_visible()
    await site.answer(site.intake.events[-1].thread, "您好，在的")
    await expect(page.get_by_text("发送中")).to_be_visible()

    site.intake.failing = False

    await expect(page.get_by_text("发送中")).to_be_hidden(timeout=20_000)
    await expect(bubbles(page)).to_have_text(["您好，请问有什么可以帮您？", "在吗", "您好，在的", "年卡多少钱？"])
    assert len(site.intake.events) == 3


async def test_answers_are_counted_while_the_panel_is_closed_and_are_there_after_a_reload(
    page: Page, site: Site
) -> None:
    visitor = await open_and_write(page, site, "在吗")
    await page.keyboard.press("Escape")
    await site.answer(visitor, "在的")
    await site.answer(visitor, "请问孩子几岁？")
    await expect(page.get_by_role("button", name="打开在线咨询，2 条未读消息")).to_be_visible()

    await page.reload()

    await page.get_by_role("button", name="打开在线咨询，2 条未读消息").click()
    await expect(bubbles(page)).to_have_text(["您好，请问有什么可以帮您？", "在吗", "在的", "请问孩子几岁？"])
    await page.get_by_role("button", name="收起").click()
    await expect(page.get_by_role("button", name="打开在线咨询", exact=True)).to_be_focused()


async def test_a_message_refused_for_haste_can_be_sent_again_by_hand(page: Page, site: Site) -> None:
    await open_and_write(page, site, "一")
    for text in "二三四五六七":
        await write(page, text)
    await expect(page.get_by_text("发得太快了，请 60 秒后再发。")).to_be_visible()

    site.now = site.now.replace(minute=5)
    await page.get_by_role("button", name="重新发送").click()

    await expect(page.get_by_text("发得太快了")).to_be_hidden()
    await expect(bubbles(page).last).to_have_text("七")
    assert len(site.intake.events) == 8


async def test_choosing_a_word_with_enter_does_not_send_it(page: Page, site: Site) -> None:
    await page.get_by_role("button", name="打开在线咨询").click()
    box = page.get_by_role("textbox", name="输入消息…")
    await box.fill("nihao")

    await box.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})

    await expect(box).to_have_value("nihao")
    assert site.intake.events == []


async def test_a_text_that_is_too_long_cannot_be_sent(page: Page, site: Site) -> None:
    await page.get_by_role("button", name="打开在线咨询").click()
    await page.get_by_role("textbox", name="输入消息…").fill("长" * 2003)

    await expect(page.get_by_text("超出 3 个字")).to_be_visible()
    await expect(page.get_by_role("button", name="发送", exact=True)).to_be_disabled()


async def test_a_visitor_of_an_earlier_secret_begins_anew(page: Page, site: Site) -> None:
    await open_and_write(page, site, "在吗")
    await page.evaluate(
        """() => {
            const key = Object.keys(localStorage).find((name) => name.endsWith(":visitor"));
            localStorage.setItem(key, JSON.stringify({visitor: "ab".repeat(16), proof: "cd".repeat(32)}));
        }"""
    )
    await page.reload()

    await page.get_by_role("button", name="打开在线咨询").click()
    await expect(page.get_by_text("在线", exact=True)).to_be_visible(timeout=15_000)
    await write(page, "还在吗")
    await expect(page.get_by_role("log").get_by_role("time")).to_have_count(1)


async def test_a_site_can_have_it_in_english_and_on_a_phone_it_fills_the_screen(browser: Browser, site: Site) -> None:
    phone = {"width": 390, "height": 844}
    context = await browser.new_context(viewport=phone, has_touch=True, reduced_motion="reduce")
    page = await context.new_page()
    script = '<script src="widget.js" data-lang="en" async></script>'
    html = f'<!doctype html><meta name="viewport" content="width=device-width">{script}'
    await page.route("**/demo", lambda route: route.fulfill(content_type="text/html", body=html))
    await page.goto(site.url("demo"))

    await page.get_by_role("button", name="Open chat").tap()

    panel = page.get_by_role("dialog", name="Chat with us")
    await expect(panel).to_contain_text("Hello, how can we help?")
    assert await panel.bounding_box() == {"x": 0, "y": 0, **phone}
    await context.close()
