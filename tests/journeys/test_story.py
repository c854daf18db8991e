"""The product's story, walked in a real browser against a real demo."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from scrm.core.price_book import CHINA
from tests.journeys.demo import Demo, running_demo
from tests.journeys.screens import person, shoot

pytestmark = pytest.mark.browser

PHONE = "13800000126"
UNTIL = (datetime.now(UTC).astimezone(CHINA) + timedelta(days=10)).date()
QUESTION = "您好，请问二年级的年课一年多少钱？"


async def test_a_price_told_on_the_web_is_remembered_on_every_channel_until_an_auditor_has_judged(
    browser: Browser, tmp_path: Path
) -> None:
    async with running_demo(tmp_path, "--visitor", "person", "--pace", "0.2") as demo:
        async with person(browser, demo.address) as rep, person(browser, f"{demo.address}/channels/web/demo") as mother:
            await shoot(rep, "1-sign-in")
            await sign_in(rep, demo, "lin")
            await sees_a_busy_workspace(rep)
            await asks_on_the_web(mother, demo)
            await sees_one_timeline(rep, demo)
            await is_warned_and_takes_a_suggestion(rep, demo)
        await demo.says("案件已立")
        async with person(browser, demo.address) as auditor:
            await sign_in(auditor, demo, "shen")
            await judges_the_case(auditor, demo)
        await demo.says("故事讲完了")
        await every_fact_was_told_signed(demo)

        assert await demo.stop() == 0
        assert "Traceback" not in demo.text


async def sign_in(page: Page, demo: Demo, login: str) -> None:
    await page.get_by_test_id("sign-in-login").fill(login)
    await page.get_by_test_id("sign-in-password").fill(demo.password(login))
    await page.get_by_test_id("sign-in-submit").click()
    await expect(page.get_by_test_id("sign-in-login")).to_have_count(0)


async def sees_a_busy_workspace(rep: Page) -> None:
    rows = rep.get_by_test_id("customer-row")
    await expect(rows.nth(14)).to_be_attached()
    await rows.filter(has_text="马丽娟").click()
    await expect(rep.get_by_test_id("entry").filter(has_text="我还在等")).to_be_visible()
    await shoot(rep, "2-workspace")


async def asks_on_the_web(mother: Page, demo: Demo) -> None:
    await mother.get_by_role("button", name="打开在线咨询").click()
    await mother.get_by_role("textbox", name="输入消息…").fill(QUESTION)
    await mother.keyboard.press("Enter")
    bubbles = mother.get_by_role("log").locator(".bubble")
    await expect(bubbles.last).to_contain_text("4,980元")
    await expect(bubbles.last).to_contain_text(f"优惠到{UNTIL.month}月{UNTIL.day}日")
    await shoot(mother, "3-web-chat")
    await mother.get_by_placeholder("称呼").fill("苏晴")
    await mother.get_by_placeholder("手机号").fill(PHONE)
    await mother.get_by_role("button", name="提交").click()
    await expect(mother.get_by_text("已收到您的联系方式")).to_be_visible()
    await demo.says("【4】")


async def sees_one_timeline(rep: Page, demo: Demo) -> None:
    row = rep.get_by_test_id("customer-row").filter(has_text="苏晴")
    await expect(rep.get_by_test_id("customer-row").first).to_contain_text("苏晴")
    await expect(row).to_have_count(1)
    await expect(rep.get_by_test_id("customer-row").filter(has_text="年课原价")).to_have_count(0)
    await row.click()

    asked, quoted, call, wrote = (
        entry(rep, QUESTION),
        entry(rep, "报名季优惠价4,980元"),
        entry(rep, "周六上午的班正合适"),
        entry(rep, "我是朵朵妈妈。年课现在多少钱一年"),
    )
    await expect(asked).to_contain_text("询价")
    await expect(quoted).to_contain_text("张敏")
    await expect(call).to_contain_text("林晓雨")
    await expect(call).to_contain_text("小结")
    await expect(wrote).to_contain_text("询价")
    await expect(entry(rep, "从网页发起咨询")).to_be_visible()
    left = rep.locator('[data-kind="contact"]').filter(has_text="留下联系方式")
    await expect(left).to_contain_text("138****0126")
    await expect(rep.get_by_text(PHONE)).to_have_count(0)
    places = [await place(rep, one) for one in (asked, quoted, call, wrote)]
    assert places == sorted(places)
    await shoot(rep, "4-timeline")


async def is_warned_and_takes_a_suggestion(rep: Page, demo: Demo) -> None:
    await expect(rep.get_by_test_id("suggestion").first).to_be_visible()
    await shoot(rep, "5-suggestions")
    box = rep.get_by_test_id("reply-text")
    await box.fill("年课5980")

    finding = rep.get_by_test_id("finding").first
    evidence = finding.get_by_test_id("finding-evidence")
    await expect(evidence).to_contain_text("4,980元")
    await expect(evidence).to_contain_text("张敏")
    await expect(evidence).to_contain_text("网页")
    await expect(evidence).to_contain_text(re.compile(rf"有效至.*{UNTIL.month}月{UNTIL.day}日"))
    await shoot(rep, "6-warning")
    await box.press("Enter")
    await expect(rep.get_by_test_id("reply-send")).to_have_count(0)
    await expect(entry(rep, "年课5980")).to_have_count(0)

    await rep.get_by_test_id("suggestion").filter(has_text="4,980元").first.click()
    await expect(box).to_have_value(re.compile("4,980元"))
    await expect(finding).to_have_count(0)
    await rep.get_by_test_id("reply-send").click()
    sent = rep.locator('[data-testid="entry"][data-state="sent"]').filter(has_text="4,980元").last
    await expect(sent).to_contain_text("林晓雨")
    await expect(sent.get_by_test_id("entry-state")).to_contain_text("已发送")
    await demo.says("她在微信里收到了")
    await shoot(rep, "7-sent")


async def judges_the_case(auditor: Page, demo: Demo) -> None:
    await auditor.get_by_test_id("case-row").filter(has_text="苏晴").click()
    said, against = auditor.get_by_test_id("evidence-said"), auditor.get_by_test_id("evidence-against")
    await expect(said).to_contain_text("5980元一年")
    await expect(said).to_contain_text("陈昊")
    await expect(against).to_contain_text("4,980元")
    await expect(against).to_contain_text("仍有效")
    await auditor.get_by_test_id("case-claim").click()
    await expect(auditor.get_by_test_id("case-state")).to_have_text("处理中")
    await shoot(auditor, "8-case")

    await auditor.get_by_test_id("verdict-violation").click()
    await (
        auditor.get_by_test_id("verdict-note")
        .get_by_role("textbox")
        .or_(auditor.locator('textarea[data-testid="verdict-note"]'))
        .first.fill("活动期内报了原价，已请陈昊更正。")
    )
    await auditor.get_by_test_id("verdict-submit").click()
    await demo.says("审计结论：违规")
    await auditor.get_by_test_id("queue-decided").click()
    await auditor.get_by_test_id("case-row").filter(has_text="苏晴").click()
    await expect(auditor.get_by_test_id("verdict-given")).to_contain_text("已请陈昊更正")
    await shoot(auditor, "9-verdict")


async def every_fact_was_told_signed(demo: Demo) -> None:
    async with aiohttp.ClientSession() as session, session.get(demo.receiver) as answer:
        taken = await answer.json()
    assert taken["refused"] == 0
    told = {(fact["type"], fact["payload"].get("channel")) for fact in taken["verified"]}
    assert told >= {
        ("entry.added", "web"),
        ("customers.merged", None),
        ("entry.added", "dialer"),
        ("entry.changed", None),
        ("entry.added", "wecom-kf"),
        ("message.sent", "web"),
        ("message.sent", "wecom-kf"),
        ("entry.added", "wecom-sales"),
        ("entry.added", "wecom-archive"),
        ("case.opened", None),
        ("case.decided", None),
    }


def entry(page: Page, words: str) -> Locator:
    return page.get_by_test_id("entry").filter(has_text=words)


async def place(page: Page, one: Locator) -> int:
    """Where an entry stands on the timeline, from the top."""
    wanted = await one.get_attribute("data-id")
    ids: list[str | None] = await page.get_by_test_id("entry").evaluate_all(
        "found => found.map((each) => each.dataset.id)"
    )
    return ids.index(wanted)
