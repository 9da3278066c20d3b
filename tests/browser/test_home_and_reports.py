"""Home's figures, reports and budgets in a real browser: live in two at once, drawn, walked by keyboard, on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from frontdesk.features import insights
from tests.browser.test_console import SIZES, grave_faults, visit
from tests.support.actors import TEST_ACTS
from tests.support.house import BEN, House
from tests.support.office import ADAS_NUMBER

LOOKS = [("desktop", False), ("phone", True)]
PAGES = {"reports": "reports?period=90", "budgets": "settings/budgets"}


async def give_a_past(house: House, *, messages: int = 2_400) -> None:
    """Give Ada's business three months of calls and texts."""
    async with house.parts.system.transaction(house.ada.id) as tx:
        await insights.make_up_history(tx, people=150, messages=messages, number_e164=ADAS_NUMBER, by=TEST_ACTS)


async def fits(page: Page) -> bool:
    """Tell whether nothing runs off the side."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_a_missed_call_moves_the_tiles_of_two_browsers_without_a_reload(house: House, browser: Browser) -> None:
    async with visit(browser, house) as desk, visit(browser, house, size="phone", email=BEN) as phone:
        for seen in (desk.page, phone.page):
            await expect(seen.locator('[data-tile="missed"] .tile-figure')).to_have_text("0")
            await seen.evaluate("window.same = true")
        await house.missed_call()
        for seen in (desk.page, phone.page):
            await expect(seen.locator('[data-tile="missed"] .tile-figure')).to_have_text("1")
            await expect(seen.locator('[data-tile="texted"] .tile-figure')).to_have_text("1")
            await expect(seen.locator('[data-tile="promise"] .tile-figure')).to_have_text("100 %")
            assert await seen.evaluate("window.same"), "nothing was loaded again"


@pytest.mark.parametrize(("size", "dark"), LOOKS)
async def test_home_tells_the_day_at_a_glance(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    await give_a_past(house)
    await house.missed_call()
    async with visit(browser, house, size=size, dark=dark) as visitor:
        page = visitor.page
        await expect(page.locator(".tile")).to_have_count(8)
        await expect(page.get_by_role("heading", name="Coming up")).to_be_visible()
        await page.screenshot(path=shots / f"{size}-home.png")
        assert await fits(page)
        assert await grave_faults(page) == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("size", "dark"), LOOKS)
async def test_figures_are_drawn_and_nothing_runs_off_the_side(
    house: House, browser: Browser, shots: Path, size: str, name: str, *, dark: bool
) -> None:
    await give_a_past(house)
    async with visit(browser, house, size=size, dark=dark) as visitor:
        page = visitor.page
        await page.goto(f"{house.url}/businesses/{house.ada.id}/{PAGES[name]}")
        await expect(page.locator(".canvas canvas").first).to_be_visible()
        await page.screenshot(path=shots / f"{size}-{name}.png", full_page=True)
        assert await fits(page)
        assert await grave_faults(page) == []


async def test_a_chart_is_walked_by_keyboard_and_redrawn_in_the_other_theme(house: House, browser: Browser) -> None:
    await give_a_past(house)
    async with visit(browser, house) as visitor:
        page = visitor.page
        await page.goto(f"{house.url}/businesses/{house.ada.id}/reports?period=7")
        chart = page.locator("figure.chart").first
        await chart.locator("[data-canvas]").focus()
        await page.keyboard.press("End")
        last = await chart.locator("tbody tr th").last.text_content()
        await expect(chart.locator("output")).to_contain_text(f"{last}: Calls")
        await page.keyboard.press("ArrowLeft")
        await expect(chart.locator("output")).not_to_contain_text(str(last))
        before = await chart.locator("canvas").evaluate("canvas => canvas.toDataURL()")
        await page.get_by_role("button", name="Switch between light and dark").click()
        await expect(chart.locator("canvas")).to_be_visible()
        assert await chart.locator("canvas").evaluate("canvas => canvas.toDataURL()") != before


async def test_a_budget_is_changed_by_keyboard_alone(house: House, browser: Browser, shots: Path) -> None:
    async with visit(browser, house) as visitor:
        page = visitor.page
        await page.goto(f"{house.url}/businesses/{house.ada.id}/settings/budgets")
        await page.get_by_label("A day, in dollars").focus()
        await page.keyboard.press("Control+a")
        await page.keyboard.type("60")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Control+a")
        await page.keyboard.type("900")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Change the budgets?")).to_be_visible()
        await page.screenshot(path=shots / "desktop-budgets-ask.png")
        await page.get_by_role("button", name="Yes, change them").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The budgets are changed.")).to_be_visible()
        await expect(page.get_by_text("of $60.00")).to_be_visible()


async def test_reports_are_whole_without_scripts(house: House, browser: Browser, shots: Path) -> None:
    await give_a_past(house)
    async with visit(browser, house) as visitor:
        cookies = await visitor.page.context.cookies()
        width, height = SIZES["desktop"]
        plain = await browser.new_context(java_script_enabled=False, viewport={"width": width, "height": height})
        await plain.add_cookies([dict(one.items()) for one in cookies])  # type: ignore[misc]  # as given
        page = await plain.new_page()
        await page.goto(f"{house.url}/businesses/{house.ada.id}/reports")
        await expect(page.locator(".columns-chart").first).to_be_visible()
        await page.get_by_role("link", name="7 days").click()
        await page.get_by_text("Show the figures").first.click()
        await expect(page.locator("figure.chart tbody tr")).to_have_count(14)
        await page.screenshot(path=shots / "desktop-reports-plain.png", full_page=True)
        await plain.close()
