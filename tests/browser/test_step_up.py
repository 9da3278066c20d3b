"""A browser that was left open: stopping needs one press, going on needs a proof of who is there."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, expect

from tests.browser.test_bulk_pages import Album
from tests.browser.test_console import visit
from tests.support.house import ADMIN, PASSWORD, House

AGE = "update sessions set proven_at = proven_at - interval '11 minutes'"


async def grow_stale(house: House) -> None:
    """Let eleven minutes go by since everybody's last proof."""
    async with house.parts.system.transaction() as tx:
        await tx.execute(AGE)


async def test_texts_go_on_once_it_is_proven_who_is_there(house: House, browser: Browser, shots: Path) -> None:
    async with visit(browser, house, email=ADMIN) as visitor:
        page = visitor.page
        album = Album(page, shots, "desktop-step-up")
        await page.goto(f"{house.url}/?business={house.ada.id}")
        await grow_stale(house)
        await page.get_by_role("button", name="Pause sending").click()
        await page.get_by_role("button", name="Pause now").click()
        await page.get_by_role("button", name="Resume sending").click()
        await expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
        await album.take("prove")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Confirm").click()
        await page.get_by_role("button", name="Resume sending").click()
        await expect(page.get_by_text("Sending is on")).to_be_visible()
        await page.goto(f"{house.url}/operations/switches?ask=pull&scope=global&key=all")
        await page.get_by_label("Why").fill("a wrong template")
        await page.get_by_role("button", name="Stop now").click()
        await grow_stale(house)
        await page.get_by_role("link", name="Let it go on").click()
        await page.get_by_role("button", name="Let it go on").click()
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Confirm").click()
        await page.get_by_role("button", name="Let it go on").click()
        await expect(page.get_by_role("heading", name="No switch is pulled")).to_be_visible()
