"""Numbers, switches, the audit log, decisions, lists, segments, guide and design in a real browser, at both sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_bulk_pages import Album
from tests.browser.test_console import visit
from tests.support.house import ADA, ADMIN, PASSWORD, House
from tests.support.marketing import add_people, phones
from tests.support.office import ADAS_NUMBER, CAROL

LOOKS = pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])


def business(house: House) -> str:
    """Tell where the pages of Ada's business are."""
    return f"{house.url}/businesses/{house.ada.id}"


@LOOKS
async def test_a_number_is_added_warmed_up_and_retired(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with visit(browser, house, size=size, dark=dark, email=ADA) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.goto(f"{business(house)}/settings/numbers")
        await page.get_by_role("button", name="Add a number").click()
        dialog = page.get_by_role("dialog", name="Add a number")
        await dialog.get_by_label("Number").fill("(800) 555-0188")
        await dialog.get_by_role("button", name="Add it").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("(800) 555-0188")
        await page.get_by_role("button", name="Begin this plan").click()
        await expect(page.get_by_role("img", name="Texts a day of the plan")).to_be_visible()
        await album.take("number")
        await page.get_by_role("link", name="Numbers").first.click()
        await album.take("numbers")
        await page.get_by_role("link", name="(800) 555-0188").click()
        await page.get_by_role("button", name="Retire it").click()
        await page.get_by_role("dialog").get_by_role("button", name="Retire it").click()
        await expect(page.locator("h1 .chip")).to_have_text("retired")


@LOOKS
async def test_everything_is_stopped_proven_and_let_go(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    await house.missed_call()
    async with visit(browser, house, size=size, dark=dark, email=ADMIN) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.goto(f"{house.url}/operations/switches")
        await page.get_by_role("link", name="Stop everything").click()
        dialog = page.get_by_role("dialog", name="Stop everything?")
        await dialog.get_by_label("Why").fill("a wrong template went out")
        await album.take("switches-asked", whole=False)
        await dialog.get_by_role("button", name="Stop now").click()
        await expect(page.get_by_text("No text has started since")).to_be_visible()
        await album.take("switches")
        await page.get_by_role("link", name="Let it go on").click()
        await page.get_by_role("dialog").get_by_role("button", name="Let it go on").click()
        await expect(page.get_by_text("No switch is pulled")).to_be_visible()
        await page.goto(f"{house.url}/operations/audit")
        await expect(page.get_by_role("row", name="paused sending")).to_contain_text("a wrong template went out")
        await album.take("operations-audit")
        await page.goto(f"{business(house)}/settings/audit")
        await album.take("audit")


@LOOKS
async def test_why_a_text_was_sent_is_looked_up(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    await house.missed_call()
    async with visit(browser, house, size=size, dark=dark, email=ADA) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.goto(f"{business(house)}/decisions")
        await album.take("decisions")
        await page.get_by_role("searchbox").fill("5550123")
        await page.get_by_role("button", name="Find").click()
        await page.get_by_role("link", name="(206) 555-0123").click()
        await expect(page.get_by_role("heading", name="If it were asked for now")).to_be_visible()
        await album.take("decision")


@LOOKS
async def test_people_are_kept_from_texts_and_put_together_in_segments(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(12))
    async with visit(browser, house, size=size, dark=dark, email=ADA) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.goto(f"{business(house)}/people")
        await album.take("people-tabs")
        await page.get_by_role("link", name="Do not contact").click()
        await page.get_by_role("button", name="Add a number").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Number").fill(CAROL)
        await dialog.get_by_label("Why").fill("asked us on the phone")
        await dialog.get_by_role("button", name="Add it").click()
        await expect(page.get_by_role("row", name="(206) 555-0123")).to_contain_text("listed by you")
        await album.take("do-not-contact")
        await page.get_by_role("link", name="Segments").click()
        await page.get_by_role("link", name="New segment").first.click()
        await page.get_by_role("textbox", name="Name").fill("Seattle")
        await page.get_by_label("Line 1: what").select_option("phone")
        await page.get_by_label("Line 1: value").fill("+1206")
        await expect(page.get_by_role("status")).to_contain_text("12 people")
        await album.take("segment")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("row", name="Seattle")).to_contain_text("12 people")
        await album.take("segments")


@LOOKS
async def test_guide_api_and_design_are_good_to_read(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with visit(browser, house, size=size, dark=dark, email=ADMIN) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.goto(f"{house.url}/guide")
        await album.take("guide")
        await page.get_by_role("searchbox").fill("quiet hours")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="pages found")).to_be_visible()
        await album.take("guide-found")
        await page.get_by_role("main").get_by_role("link").nth(3).click()
        await expect(page.get_by_role("navigation", name="Neighbouring pages")).to_be_visible()
        await album.take("guide-page", whole=False)
        await page.goto(f"{house.url}/docs")
        await page.get_by_text("A webhook of ours, and how to check its signature").click()
        await page.locator("details.operation summary").first.click()
        await album.take("api", whole=False)
        await page.goto(f"{house.url}/design")
        await album.take("design")


async def log_in(page: Page, house: House) -> None:
    """Log Ada in without scripts."""
    await page.goto(f"{house.url}/")
    await page.get_by_label("E-mail").fill(ADA)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()


async def test_a_browser_without_scripts_builds_a_segment_and_retires_a_number(house: House, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await log_in(page, house)
    await page.goto(f"{business(house)}/people/segments/new")
    await page.get_by_role("textbox", name="Name").fill("Everybody in Seattle")
    await page.get_by_label("Line 1: what").select_option("phone")
    await page.get_by_label("Line 1: value").fill("+1206")
    await page.get_by_role("button", name="Count").click()
    await expect(page.get_by_role("status")).to_contain_text("0 people")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("row", name="Everybody in Seattle")).to_be_visible()
    await page.goto(f"{business(house)}/settings/numbers")
    await page.get_by_role("link", name=f"({ADAS_NUMBER[2:5]})").click()
    await page.get_by_role("button", name="Retire it").click()
    await page.get_by_role("dialog").get_by_role("button", name="Retire it").click()
    await expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    await context.close()


async def test_a_number_is_added_with_the_keyboard_alone(house: House, browser: Browser) -> None:
    async with visit(browser, house, email=ADA) as visitor:
        page = visitor.page
        await page.goto(f"{business(house)}/settings/numbers")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        add = page.get_by_role("button", name="Add a number")
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await add.evaluate("one => one === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.type("206 555 0188")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("(206) 555-0188")
