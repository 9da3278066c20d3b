"""The settings in a real browser: one header and one order of tabs on each page, and names that a phone shows whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_console import visit
from tests.support.house import House

TITLES = ("Business", "Team", "Booking", "Calendars", "Numbers", "Budgets", "Payments", "API tokens", "Audit log")


@pytest.mark.parametrize(("size", "dark"), [("phone", False), ("desktop", True)])
async def test_every_page_of_the_settings_is_the_others_sister(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with visit(browser, house, size=size, dark=dark) as visitor:
        page = visitor.page
        await page.get_by_role("link", name="Settings").click()
        tabs = page.get_by_role("navigation", name="Settings")
        places = set()
        for title in TITLES:
            await tabs.get_by_role("link", name=title, exact=True).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text(title)
            assert tuple(await tabs.get_by_role("link").all_inner_texts()) == TITLES
            box = await tabs.bounding_box()
            assert box is not None
            places.add((round(box["x"]), round(box["y"])))
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), title
            name = f"{size}{'-dark' if dark else ''}-settings-{title.lower().replace(' ', '-')}.png"
            await page.screenshot(path=shots / name)
        assert len(places) == 1, f"the tabs jump from page to page: {places}"
        shown = page.locator(".businesses [aria-current] .business-name")
        assert await shown.evaluate("one => one.scrollHeight <= one.clientHeight && one.scrollWidth <= one.clientWidth")
        inside = await shown.evaluate(
            "one => one.getBoundingClientRect().right <= one.closest('nav').getBoundingClientRect().right + 1"
        )
        assert inside, "the name of the business runs out of its place"
