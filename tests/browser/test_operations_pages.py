"""Operations in a real browser: what is wrong, its runbook, a run that is approved and followed as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect

from frontdesk.features import delivery
from frontdesk.operations import runbooks
from frontdesk.operations.checking import look_at_all
from tests.browser.test_bulk_pages import Album
from tests.browser.test_console import visit
from tests.support.actors import TEST_ACTS
from tests.support.house import ADMIN, PASSWORD, House

LOOKS = pytest.mark.parametrize(
    ("size", "dark"), [("desktop", False), ("phone", True), ("phone", False), ("desktop", True)]
)


@pytest.fixture(autouse=True)
async def paused(house: House) -> None:
    """Pull the kill switch of everything, and let the checks be looked at."""
    async with house.parts.system.transaction() as tx:
        await delivery.pause_sending(
            tx, scope=delivery.Scope.GLOBAL, key="all", by=TEST_ACTS, reason="a wrong template went out"
        )
    await look_at_all(house.parts.system)


async def go_on(house: House, page: Page, *, after: str) -> None:
    """Do what a worker would with the run that a page shows, once it is shown to have come so far."""
    await expect(page.locator("h1 .chip")).to_have_text(after)
    await runbooks.follow_run(house.parts.system, UUID(page.url.rpartition("/")[2]))


@LOOKS
async def test_what_is_wrong_is_found_run_approved_and_followed(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with visit(browser, house, size=size, dark=dark, email=ADMIN) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.get_by_role("link", name="Operations").click()
        await expect(page.get_by_text("Everything is paused")).to_be_visible()
        await album.take("operations")
        await page.get_by_role("row", name="No kill switch is pulled").get_by_role("link").click()
        diagnosis = page.get_by_role("region", name="Diagnosis")
        await expect(diagnosis).to_contain_text("It would:")
        await album.take("runbook")
        await page.get_by_label("Why", exact=True).fill("the template is right again")
        await page.get_by_role("button", name="Run", exact=True).click()
        await expect(page.get_by_text("A worker begins within a second or two.")).to_be_visible()
        await go_on(house, page, after="looking")
        await expect(page.get_by_role("heading", name="It would do this")).to_be_visible()
        await album.take("run-proposed")
        await page.get_by_role("button", name="Do it").click()
        await go_on(house, page, after="repairing")
        await expect(page.locator("h1 .chip")).to_have_text("repaired")
        await album.take("run-repaired")
        await page.get_by_role("navigation", name="Operations").get_by_role("link", name="Runs").click()
        await expect(page.get_by_role("row", name="Sending is paused")).to_contain_text("the template is right again")
        await album.take("runs")


@LOOKS
async def test_the_other_pages_of_operations_are_good_to_look_at(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with visit(browser, house, size=size, dark=dark, email=ADMIN) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.goto(f"{house.url}/operations/incidents")
        await page.get_by_label("What is wrong").fill("A wrong template went out to many")
        await page.get_by_role("button", name="Open it").click()
        await page.get_by_role("button", name="I have it").click()
        await page.get_by_label("What happened, what you did").fill("Paused everything at once.")
        await page.get_by_role("button", name="Note", exact=True).click()
        await expect(page.get_by_role("region", name="Timeline")).to_contain_text("Paused everything at once.")
        await album.take("incident")
        await page.goto(f"{house.url}/operations/alerts")
        await page.get_by_role("combobox", name="Alert", exact=True).select_option("QueueLong")
        await page.get_by_label("Why", exact=True).fill("we know, it is the sale")
        await page.get_by_role("button", name="Silence it").click()
        await expect(page.get_by_role("region", name="Silences")).to_contain_text("we know, it is the sale")
        await page.goto(f"{house.url}/operations/on-call")
        await page.get_by_label("Name", exact=True).fill("Ada")
        await page.get_by_label("Addresses, one a line, the best first").fill("ada@harbor.example")
        await page.get_by_role("button", name="Write down").click()
        await page.get_by_role("button", name="Stand in").click()
        await expect(page.get_by_role("row", name="Ada").first).to_contain_text("ada@harbor.example")
        await page.goto(f"{house.url}/operations/drills/kill-switch")
        await page.get_by_role("button", name="Drill it now").click()
        await expect(page.get_by_text("waits for a worker")).to_be_visible()
        await album.take("operations-drill")
        for name in ("alerts", "incidents", "on-call", "backups", "drills", "runbooks", "runbooks/texts-not-going-out"):
            await page.goto(f"{house.url}/operations/{name}")
            await album.take(f"operations-{name.rpartition('/')[2]}", whole=name != "drills")


@asynccontextmanager
async def without_scripts(browser: Browser, house: House) -> AsyncIterator[Page]:
    """Log the platform's admin in, in a browser that runs no scripts."""
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = await context.new_page()
    await page.goto(f"{house.url}/")
    await page.get_by_label("E-mail").fill(ADMIN)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    yield page
    await context.close()


async def test_a_browser_without_scripts_runs_a_runbook(house: House, browser: Browser) -> None:
    async with without_scripts(browser, house) as page:
        await page.get_by_role("link", name="Operations").click()
        await page.get_by_label("What do you see?").fill("somebody paused all texts")
        await page.get_by_role("button", name="Find a runbook").click()
        await page.get_by_role("link", name="Sending is paused").first.click()
        await page.get_by_role("link", name="Look now").click()
        await expect(page.get_by_role("region", name="Diagnosis")).to_contain_text("It would:")
        await page.get_by_label("Why", exact=True).fill("it is over")
        await page.get_by_role("button", name="Run", exact=True).click()
        await go_on(house, page, after="looking")
        await page.reload()
        await page.get_by_role("button", name="Do it").click()
        await go_on(house, page, after="repairing")
        await page.reload()
        await expect(page.locator("h1 .chip")).to_have_text("repaired")


async def test_a_runbook_is_run_with_the_keyboard_alone(house: House, browser: Browser) -> None:
    async with visit(browser, house, email=ADMIN) as visitor:
        page = visitor.page
        await page.goto(f"{house.url}/operations/runbooks/kill-switch")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        why = page.get_by_label("Why", exact=True)
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await why.evaluate("field => field === document.activeElement"):
                break
        await page.keyboard.type("by hand")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("A worker begins within a second or two.")).to_be_visible()
        await go_on(house, page, after="looking")
        yes = page.get_by_role("button", name="Do it")
        await expect(yes).to_be_visible()
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await yes.evaluate("button => button === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await go_on(house, page, after="repairing")
        await expect(page.locator("h1 .chip")).to_have_text("repaired")
