"""Anywhere by a few letters, and the first thing of every area by keys alone; dialogs keep and give back the focus."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.test_booking_one_slot import offer_a_service
from tests.support.house import ADA, ADMIN, House
from tests.support.office import ADAS_NUMBER, CAROL
from tests.support.pages import Walker, faults_by_axe, walker

MOST_TABS = 90
# The first thing to do in each area, and whether it asks in a dialog or leads to a page.
AREAS = (
    ("/?business={id}", "Pause sending", True),
    ("/?business={id}", "Simulate a missed call", True),
    ("/businesses/{id}/inbox/replies", "Keep", False),
    ("/businesses/{id}/agenda", "New appointment", False),
    ("/businesses/{id}/people", "Import people", True),
    ("/businesses/{id}/people/segments", "New segment", False),
    ("/businesses/{id}/people/do-not-contact", "Add a number", True),
    ("/businesses/{id}/campaigns", "New campaign", False),
    ("/businesses/{id}/reports", "90 days", False),
    ("/businesses/{id}/settings/team", "Invite", False),
    ("/businesses/{id}/settings/booking", "Add a service", False),
    ("/businesses/{id}/settings/numbers", "Add a number", True),
    ("/businesses/{id}/settings/budgets", "Change", False),
    ("/businesses/{id}/settings/tokens", "New token", True),
    ("/account", "Change password", False),
    ("/operations/switches", "Stop everything", False),
    ("/operations/incidents", "Open it", False),
    ("/operations/alerts", "Silence it", False),
    ("/operations/on-call", "Write down", False),
    ("/operations/runbooks/kill-switch", "Run", False),
)
FOCUSED = "one => one === document.activeElement"
INSIDE = "() => Boolean(document.activeElement?.closest('dialog[open]')) || document.activeElement === document.body"


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await wanted.evaluate(FOCUSED):
            return
    raise AssertionError(f"{page.url}: {wanted} is not reached by Tab")


async def is_kept_inside(page: Page, opener: Locator) -> None:
    """Hold a dialog to its promise: the focus stays in it, Escape closes it and gives the focus back."""
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_be_visible()
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await page.evaluate(INSIDE), f"{page.url}: the focus leaves the dialog"
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(opener).to_be_focused()


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_the_first_thing_to_do_in_every_area_is_reached_and_done_by_keys(house: House, browser: Browser) -> None:
    await offer_a_service(await house.as_person(ADA))
    async with walker(browser, house, email=ADMIN) as one:
        page = one.page
        for path, name, asks in AREAS:
            await page.goto(house.url + path.format(id=house.ada.id))
            await page.keyboard.press("Tab")
            await expect(page.locator("a.skip")).to_be_focused()
            await page.keyboard.press("Enter")
            named = page.get_by_role("button", name=name, exact=True).or_(
                page.get_by_role("link", name=name, exact=True)
            )
            await tab_to(page, named.first)
            if asks:
                await page.keyboard.press("Enter")
                await is_kept_inside(page, named.first)
        assert one.complaints == []


async def choose_by_keys(one: Walker, words: str, expected: str) -> None:
    """Open the palette, type, wait for what is expected to be the first, and go there."""
    page = one.page
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Go to a section")).to_be_focused()
    await page.keyboard.type(words)
    first = page.locator("#palette [role=option]").first
    await expect(first).to_contain_text(expected)
    await expect(page.locator("#palette-found")).to_have_attribute("data-for", words)
    await expect(first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")


@pytest.mark.timeout(120)
async def test_anywhere_is_a_few_letters_away_on_every_page(house: House, browser: Browser, shots: Path) -> None:
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="My boiler is leaking")
    await house.twin.wait_until_idle()
    await house.settle()
    async with walker(browser, house, email=ADMIN) as one:
        page, field = one.page, one.page.locator("#palette-words")
        await page.goto(f"{house.url}/businesses/{house.ada.id}/campaigns")
        link = page.get_by_role("link", name="New campaign").first
        await link.focus()
        await page.keyboard.press("Control+k")
        await expect(field).to_be_focused()
        await expect(page.locator("#palette [role=option]").first).to_be_visible()
        await page.keyboard.press("ArrowDown")
        second = page.locator("#palette [role=option]").nth(1)
        await expect(second).to_have_attribute("aria-selected", "true")
        active = await second.get_attribute("id")
        await expect(field).to_have_attribute("aria-activedescendant", str(active))
        await expect(page.locator("#palette [data-palette-said]")).to_contain_text("places to go")
        assert await faults_by_axe(page) == []
        await page.screenshot(path=shots / "desktop-palette.png")
        await page.keyboard.press("Escape")
        await expect(link).to_be_focused()
        await choose_by_keys(one, "report", "Reports")
        await expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()
        await choose_by_keys(one, "leaking", "leaking")
        await expect(page.locator(".pane-who h2")).to_contain_text("555-0123")
        await choose_by_keys(one, "mesa", "Mesa Dental")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Mesa Dental")
        await choose_by_keys(one, "pause all", "Pause all sending")
        await expect(page).to_have_url(f"{house.url}/operations/switches?ask=pull&scope=global&key=all")
        await page.goto(f"{house.url}/guide")
        await choose_by_keys(one, "incidents", "Incidents")
        await expect(page.get_by_role("heading", name="Incidents", exact=True)).to_be_visible()
        assert one.complaints == []
    async with walker(browser, house, email=ADA, size="phone", dark=True) as one:
        page = one.page
        await page.goto(f"{house.url}/businesses/{house.ada.id}/people")
        await page.get_by_role("link", name="Go anywhere").click()
        await page.locator("#palette-words").fill("zebra")
        await expect(page.locator("#palette")).to_contain_text("Nothing found")
        await page.locator("#palette-words").fill("555")
        await expect(page.locator("#palette [role=option]").first).to_contain_text("555-0123")
        assert await faults_by_axe(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.screenshot(path=shots / "phone-dark-palette.png")
        await page.get_by_role("button", name="Close").click()
        await expect(page.locator("#palette")).to_be_hidden()
        assert one.complaints == []
