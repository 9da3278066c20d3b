"""Coming in, in a real browser: a fresh installation up to its first missed call, and somebody who is invited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from frontdesk.kernel.auth import signing_up
from tests.browser.test_console import SIZES, grave_faults, visit
from tests.support.house import ADMIN, House, open_house

DANAS_PASSWORD = "copper-lantern-orchard-seven"
LOOKS = pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])


@pytest.fixture
async def fresh(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open a house in which nobody has ever been."""
    async with open_house(database_url, home, empty=True) as opened:
        yield opened


@asynccontextmanager
async def stranger(browser: Browser, *, size: str = "desktop", dark: bool = False) -> AsyncIterator[Page]:
    """Open a browser in which nobody is logged in; afterwards it must have had nothing to complain of."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        has_touch=size == "phone",
        timezone_id="America/Chicago",
        locale="en-US",
    )
    page = await context.new_page()
    complaints: list[str] = []
    # What is refused is answered with a status of its own, and the browser says so.
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type in {"error", "warning"} and "status of 4" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    assert complaints == []


async def look(page: Page, shots: Path, name: str) -> None:
    """Judge a page: it fits, everybody can use it, and a picture of it is kept."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} runs off the side"
    assert await grave_faults(page) == [], name
    await page.screenshot(path=shots / f"{name}.png", full_page=True)


@LOOKS
async def test_a_fresh_installation_comes_to_its_first_missed_call_in_five_screens(
    fresh: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with stranger(browser, size=size, dark=dark) as page:
        await page.goto(f"{fresh.url}/")
        await expect(page.get_by_role("heading", name="This door is closed")).to_be_visible()
        await page.goto(f"{fresh.url}/welcome?setup={signing_up.setup_code(fresh.parts.settings.signing_keys())}")
        await expect(page.get_by_role("heading", name="Your front desk, in five steps")).to_be_visible()
        await look(page, shots, f"settings-welcome-1-{size}")
        await page.get_by_label("Name of the business").fill("Harbor <b>Plumbing</b>")
        await page.get_by_label("Your name").fill("Ada")
        await page.get_by_label("E-mail").fill("ada@example.com")
        await page.get_by_label("Password").fill("plum-anchor-violet-kettle")
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_label("Time zone")).to_have_value("America/Chicago")
        await page.get_by_label("Monday opens").fill("08:00")
        await page.get_by_role("button", name="Monday's hours for all weekdays").click()
        await expect(page.get_by_label("Friday opens")).to_have_value("08:00")
        await look(page, shots, f"settings-welcome-2-{size}")
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_role("heading", name="Your number")).to_be_visible()
        await page.get_by_label("Phone that rings first").fill("(312) 555-0199")
        await look(page, shots, f"settings-welcome-3-{size}")
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_label("While you are open").fill("Hi! Reply STOP to opt out.")
        await expect(page.locator("#read-open")).to_contain_text("Must change")
        await page.get_by_role("button", name="Go on").click()
        await expect(page.locator("#read-open")).to_contain_text("Must change")
        await page.get_by_label("While you are open").fill(
            "{{business}}: sorry we missed you! How can we help? Reply STOP to opt out."
        )
        await expect(page.locator("#read-open")).to_contain_text("Nothing to complain of.")
        await expect(page.locator("#read-open")).to_contain_text("Harbor <b>Plumbing</b>: sorry we missed you!")
        await look(page, shots, f"settings-welcome-4-{size}")
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_role("button", name="Simulate a missed call").click()
        await expect(page.get_by_text("It works. Every missed call gets this, once.")).to_be_visible()
        await expect(page.locator("#trail")).to_contain_text("We texted back")
        await look(page, shots, f"settings-welcome-5-{size}")
        await page.get_by_role("button", name="Go to your front desk").click()
        await expect(page.get_by_text("Missed call").first).to_be_visible()


async def test_who_is_invited_joins_in_another_browser_and_sees_no_more_than_their_role(
    house: House, browser: Browser, shots: Path
) -> None:
    async with visit(browser, house) as visitor, stranger(browser, size="phone") as theirs:
        page = visitor.page
        await page.goto(f"{house.url}/businesses/{house.ada.id}/settings/team")
        await look(page, shots, "settings-team")
        await page.get_by_label("E-mail").fill("dana@example.com")
        await page.get_by_role("radio", name="Auditor").check()
        await page.get_by_role("button", name="Invite", exact=True).click()
        link = await page.get_by_label("Link of the invitation").input_value()
        await look(page, shots, "settings-team-invited")
        await theirs.goto(link)
        await expect(theirs.get_by_role("heading", name="Join Harbor Plumbing")).to_be_visible()
        await look(theirs, shots, "settings-join-phone")
        await theirs.get_by_label("Your name").fill("Dana")
        await theirs.get_by_label("Password").fill(DANAS_PASSWORD)
        await theirs.get_by_role("button", name="Join Harbor Plumbing").click()
        await expect(theirs.get_by_role("heading", level=1)).to_contain_text("Harbor Plumbing")
        await theirs.goto(f"{house.url}/businesses/{house.ada.id}/settings")
        await expect(theirs.get_by_text("You may look; its owner changes these.")).to_be_visible()
        await expect(theirs.get_by_role("button", name="Save")).to_have_count(0)
        await theirs.goto(f"{house.url}/businesses/{house.ada.id}/settings/team")
        await expect(theirs.get_by_role("row").filter(has_text="dana@example.com")).to_contain_text("Auditor")
        await expect(theirs.get_by_role("button", name="Invite")).to_have_count(0)
        await look(theirs, shots, "settings-team-phone")
        await theirs.goto(link)
        await expect(theirs.get_by_role("heading", name="This invitation is over")).to_be_visible()


@LOOKS
async def test_settings_are_changed_with_what_is_wrong_beside_its_field(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with visit(browser, house, size=size, dark=dark) as visitor:
        page = visitor.page
        await page.get_by_role("link", name="Settings").click()
        await look(page, shots, f"settings-business-{size}")
        calls = page.get_by_role("form", name="Calls")
        await calls.get_by_label("Rings for, in seconds").fill("25")
        await calls.get_by_label("Phone that rings first").fill("(206) 555-0177")
        await calls.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        await expect(page.get_by_label("Rings for, in seconds")).to_have_value("25")
        await expect(page.get_by_label("Phone that rings first")).to_have_value("(206) 555-0177")


async def test_many_businesses_stand_side_by_side_and_one_is_paused_from_there_by_keyboard_alone(
    house: House, browser: Browser, shots: Path
) -> None:
    await house.missed_call()
    async with visit(browser, house, email=ADMIN) as visitor:
        page = visitor.page
        await page.get_by_role("link", name="All businesses").click()
        row = page.get_by_role("row").filter(has_text="Harbor Plumbing")
        await expect(row).to_contain_text("all well")
        await look(page, shots, "settings-agency")
        await row.locator("summary").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(row.get_by_role("button", name="Yes, pause Harbor Plumbing")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(row).to_contain_text("paused")
        await page.get_by_role("link", name="State").click()
        await expect(page.get_by_role("row").nth(1)).to_contain_text("Harbor Plumbing")
        await row.get_by_role("button", name="Resume Harbor Plumbing").click()
        await expect(row).to_contain_text("all well")
        await page.set_viewport_size({"width": 390, "height": 844})
        await look(page, shots, "settings-agency-phone")
