"""Pages as people see them: screenshots at three widths, and whether anything went wrong behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize

SHOTS = Path(__file__).parents[2] / "test-output" / "journey"
DESK = ViewportSize(width=1440, height=900)
SIZES = (DESK, ViewportSize(width=1024, height=768), ViewportSize(width=390, height=844))


async def shoot(page: Page, name: str) -> None:
    """Keep `name` at every width; afterwards the page is as wide as before."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        await page.set_viewport_size(size)
        await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await page.screenshot(path=SHOTS / f"{name}-{size['width']}.png", animations="disabled")
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{name} scrolls sideways"
    await page.set_viewport_size(DESK)


@asynccontextmanager
async def person(browser: Browser, url: str) -> AsyncIterator[Page]:
    """A person's own browser on `url`; fails in the end when the page had errors."""
    context = await browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai")
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.goto(url)
    yield page
    await context.close()
    assert wrong == []
