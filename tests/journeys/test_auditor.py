"""An auditor's morning in a real browser: twenty cases, worked with the keyboard alone, and one of them taken along."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.audited import CASES, PASSWORD, School, audited_school
from tests.journeys.screens import person, shoot

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
VERIFIER = ROOT / "deploy" / "verifier" / "verify.mjs"
AXE = ROOT / "scrm" / "console" / "node_modules" / "axe-core" / "axe.min.js"
HIGHER, ABOVE = "price-higher-later", "price-above-list"
INTACT, TAMPERED = 0, 1


async def test_an_auditor_works_the_queue_with_the_keyboard_and_takes_one_case_along_as_proof(
    browser: Browser, tmp_path: Path
) -> None:
    async with audited_school(tmp_path) as school, person(browser, school.url) as page:
        await signs_in(page)
        await expect(page.get_by_test_id("queue-count")).to_have_text(str(CASES))
        await shoot(page, "auditor-1-queue")

        await runs_through_the_queue_opening_only_where_she_rests(page)
        await filters_by_rule_and_back(page)
        await claims_three_at_once(page)
        await judges_a_violation_and_records_the_remedy(page)
        await judges_a_false_positive_with_its_reason(page)
        await judges_without_evidence_and_goes_on(page)
        await hands_one_to_a_colleague_and_another_to_a_second_opinion(page)

        pack = await takes_one_case_along(page, tmp_path)
        the_pack_is_whole(pack, tmp_path)
        await finds_her_own_acts_in_the_log(page)
        await reads_the_figures(page, school)


async def test_what_an_auditor_sees_is_named_and_can_be_reached(browser: Browser, tmp_path: Path) -> None:
    async with audited_school(tmp_path) as school, person(browser, school.url) as page:
        await signs_in(page)
        await expect(page.get_by_test_id("verdict-violation")).to_be_visible()
        await has_no_barriers(page)
        await page.keyboard.press("f")
        await page.keyboard.press("3")
        await has_no_barriers(page)
        await page.goto(f"{school.url}/audit/figures")
        await expect(page.get_by_test_id("figure-ageing").locator("canvas")).to_be_visible()
        await has_no_barriers(page)
        await page.goto(f"{school.url}/audit/log")
        await page.get_by_test_id("log-raw").first.click()
        await has_no_barriers(page)
        await page.goto(f"{school.url}/settings/rules")
        await page.get_by_test_id("rule-read").first.click()
        await expect(page.get_by_test_id("rule-text")).to_contain_text("先报的价格仍然有效")
        await has_no_barriers(page)
        for path, shown in (("settings/broadcast", "broadcast-all"), ("prices", "nav-prices")):
            await page.goto(f"{school.url}/{path}")
            await expect(page.get_by_test_id(shown)).to_be_visible()
            await has_no_barriers(page)


async def test_false_positives_are_judged_together_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    async with audited_school(tmp_path) as school, person(browser, school.url) as page:
        await signs_in(page)
        await expect(page.get_by_test_id("verdict-violation")).to_be_visible()
        await page.keyboard.press("S")
        await page.keyboard.press("w")
        reasons = page.get_by_test_id("false-positive-reason")
        await expect(reasons).to_have_count(CASES)
        await expect(reasons.first).to_be_focused()
        await page.keyboard.press("2")
        await has_no_barriers(page)
        await expect(page.get_by_test_id("false-positives-submit")).to_be_disabled()
        await page.get_by_test_id("false-positive-all").select_option("rounding")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_test_id("false-positives")).to_have_count(0)
        await expect(page.get_by_test_id("queue-bulk")).to_have_count(0)
        await expect(page.locator('[data-testid="case-row"][data-state="new"]')).to_have_count(0)


async def signs_in(page: Page) -> None:
    await page.get_by_test_id("sign-in-login").focus()
    await page.keyboard.type("shen")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("case")).to_be_visible()


async def runs_through_the_queue_opening_only_where_she_rests(page: Page) -> None:
    first = await open_case(page)
    for _ in range(4):
        await page.keyboard.press("j")
    resting = await page.get_by_test_id("case-row").nth(4).get_attribute("data-id")
    await expect(page.locator(":focus")).to_have_attribute("data-id", resting or "")
    await page.wait_for_url(f"**/audit/{resting}")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/audit/{await page.get_by_test_id('case-row').nth(3).get_attribute('data-id')}")
    for _ in range(3):
        await page.keyboard.press("p")
    await page.wait_for_url(f"**/audit/{first}")


async def filters_by_rule_and_back(page: Page) -> None:
    await chooses_rule(page, "报价高于标价")
    rows = page.get_by_test_id("case-row")
    await expect(page.get_by_test_id("queue-count")).to_have_text("4")
    await expect(rows).to_have_count(4)
    assert {await row.get_attribute("data-rule") for row in await rows.all()} == {ABOVE}
    await page.get_by_test_id("queue-chip").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("queue-count")).to_have_text(str(CASES))


async def chooses_rule(page: Page, name: str) -> None:
    """Opens the filters, opens the list of rules, goes down to the one, and leaves."""
    await page.keyboard.press("f")
    await page.keyboard.press("Enter")
    option = page.get_by_role("option").filter(has_text=name)
    await expect(option).to_be_visible()
    while "is-hovering" not in (await option.get_attribute("class") or ""):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("queue-chip")).to_contain_text(name)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("queue-filters-toggle")).to_be_focused()


async def claims_three_at_once(page: Page) -> None:
    await chooses_rule(page, "报价高于标价")
    await expect(page.get_by_test_id("case-row")).to_have_count(4)
    for _ in range(3):
        await page.keyboard.press("j")
        await page.keyboard.press("s")
    await expect(page.get_by_test_id("queue-bulk")).to_contain_text("已选 3 个")
    await page.keyboard.press("c")
    await expect(page.locator('[data-testid="case-row"][data-state="claimed"]')).to_have_count(3)
    await expect(page.get_by_test_id("queue-bulk")).to_have_count(0)


async def judges_a_violation_and_records_the_remedy(page: Page) -> None:
    await opens_first(page, "claimed")
    judged = await open_case(page)
    await page.keyboard.press("1")
    await expect(page.get_by_test_id("verdict-violation").get_by_role("radio")).to_be_checked()
    await page.keyboard.press("m")
    await page.keyboard.type("高于标价，已请陈昊更正。")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("判定已记录").first).to_be_visible()
    await page.wait_for_url(lambda url: judged not in url)

    await turns_to(page, "decided")
    await opens_first(page, "decided")
    assert await open_case(page) == judged
    await expect(page.get_by_test_id("verdict-given")).to_contain_text("已请陈昊更正")
    await page.keyboard.press("2")
    await expect(page.get_by_test_id("remedy-refund_difference").get_by_role("radio")).to_be_checked()
    await page.keyboard.press("m")
    await page.keyboard.type("差价已原路退回。")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("remedy-given")).to_contain_text("退还差价")
    await expect(page.get_by_test_id("case-state")).to_have_text("已补救")
    await shoot(page, "auditor-2-remedied")
    await page.keyboard.press("q")
    await expect(page.get_by_test_id("act-note")).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("case-state")).to_have_text("已结案")
    await turns_to(page, "open")


async def judges_a_false_positive_with_its_reason(page: Page) -> None:
    await opens_first(page, "claimed")
    judged = await open_case(page)
    await page.keyboard.press("3")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("请选择误报原因。")).to_be_visible()
    await page.keyboard.press("1")
    await expect(page.get_by_test_id("verdict-reason-extraction").get_by_role("radio")).to_be_checked()
    await shoot(page, "auditor-3-false-positive")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url(lambda url: judged not in url)


async def judges_without_evidence_and_goes_on(page: Page) -> None:
    judged = await open_case(page)
    await page.keyboard.press("4")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("verdict-insufficient_evidence").get_by_role("radio")).not_to_be_checked()
    await page.keyboard.press("4")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url(lambda url: judged not in url)
    await page.get_by_test_id("queue-chip").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("queue-chip")).to_have_count(0)


async def hands_one_to_a_colleague_and_another_to_a_second_opinion(page: Page) -> None:
    await opens_first(page, "new", HIGHER)
    await page.keyboard.press("a")
    await expect(page.get_by_role("dialog").get_by_role("radio").first).to_be_focused()
    while not await page.get_by_role("radio", name="顾明").is_checked():
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("已转交").first).to_be_visible()
    await expect(page.get_by_test_id("case")).to_contain_text("顾明")
    await expect(page.get_by_role("dialog")).to_have_count(0)

    handed_over = await open_case(page)
    await page.keyboard.press("n")
    await page.wait_for_url(lambda url: handed_over not in url)
    await expect(page.get_by_test_id("case-claim")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.get_by_test_id("case-state")).to_have_text("处理中")
    await page.keyboard.press("e")
    await expect(page.get_by_test_id("act-note")).to_be_focused()
    await page.keyboard.type("两条说的是不是同一个班，拿不准。")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("case-state")).to_have_text("已上报")


async def takes_one_case_along(page: Page, folder: Path) -> Path:
    await opens_first(page, "new", HIGHER)
    async with page.expect_download() as begun:
        await page.keyboard.press("d")
    download = await begun.value
    assert download.suggested_filename == f"{await open_case(page)}.zip"
    pack = folder / download.suggested_filename
    await download.save_as(pack)
    return pack


def the_pack_is_whole(pack: Path, folder: Path) -> None:
    """The second verifier, in another language and without the hub, agrees; and not when one character is changed."""
    untouched, changed = folder / "untouched", folder / "changed"
    for place in (untouched, changed):
        with zipfile.ZipFile(pack) as content:
            content.extractall(place)
    assert "4,980" in "".join(page.read_text("utf-8") for page in untouched.rglob("*.html"))
    assert verified(untouched) == INTACT

    wordings = changed / "messages.jsonl"
    wordings.write_text(wordings.read_text("utf-8").replace("4980", "5980").replace("4,980", "5,980"), "utf-8")
    assert verified(changed) == TAMPERED


def verified(folder: Path) -> int:
    return subprocess.run(["node", str(VERIFIER), str(folder)], capture_output=True, timeout=60, check=False).returncode


async def finds_her_own_acts_in_the_log(page: Page) -> None:
    await page.get_by_test_id("place-audit-log").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("audit-state")).to_be_visible()
    await page.get_by_test_id("log-actor").focus()
    await page.keyboard.type("shen")
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-action="case.exported"]')).to_have_count(1)
    await expect(page.locator('[data-action="case.remedied"]')).to_have_count(1)
    await expect(page.get_by_test_id("log-row").filter(has_not_text="沈静")).to_have_count(0)
    await shoot(page, "auditor-4-log")


async def reads_the_figures(page: Page, school: School) -> None:
    await page.get_by_test_id("place-audit-figures").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("figure-verdicts")).to_contain_text("违规")
    precision = page.get_by_test_id("figure-precision")
    await expect(precision).to_contain_text("报价高于标价")
    await expect(precision.locator("canvas")).to_be_visible()
    await precision.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(precision.get_by_role("table")).to_contain_text(ABOVE)
    async with page.expect_download() as begun:
        await precision.get_by_test_id("figure-csv").focus()
        await page.keyboard.press("Enter")
    rows = (await (await begun.value).path()).read_text("utf-8-sig").splitlines()
    assert any(ABOVE in row for row in rows)
    await shoot(page, "auditor-5-figures")


async def opens_first(page: Page, state: str, rule: str = ABOVE) -> None:
    """Goes down the queue to the first case in this state, and opens it."""
    row = page.locator(f'[data-testid="case-row"][data-state="{state}"][data-rule="{rule}"]').first
    wanted = await row.get_attribute("data-id")
    await row.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/audit/{wanted}")
    await expect(page.get_by_test_id("case-state")).to_be_visible()


async def open_case(page: Page) -> str:
    await page.wait_for_url("**/audit/cas_*")
    return page.url.rsplit("/", 1)[1]


async def turns_to(page: Page, tab: str) -> None:
    await page.get_by_test_id(f"queue-{tab}").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id(f"queue-{tab}")).to_have_attribute("aria-selected", "true")


async def has_no_barriers(page: Page) -> None:
    """axe finds nothing that keeps people with a screen reader or a keyboard out (WCAG 2.1 A and AA)."""
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate(
        "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})).violations"
        ".map((one) => one.id + ': ' + one.nodes.map((node) => node.html.slice(0, 160)).join(' | '))"
    )
    assert found == []
