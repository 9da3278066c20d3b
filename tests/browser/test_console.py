"""The console in a real browser, on a desk and on a phone: it is live, it obeys its own policy, everyone can use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.support.house import ADA, BEN, PASSWORD, House
from tests.support.office import ADAS_NUMBER

CAROL = "+12065550123"
SIZES = {"desktop": (1440, 900), "tablet": (900, 1100), "phone": (390, 844)}
GRAVE = {"serious", "critical"}


@dataclass
class Visitor:
    """A page with somebody in front of it, and every complaint of the browser."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Note what the browser complains of."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@asynccontextmanager
async def visit(
    browser: Browser, house: House, *, size: str = "desktop", dark: bool = False, email: str = ADA
) -> AsyncIterator[Visitor]:
    """Log somebody in through the form; afterwards the browser must have had nothing to complain of."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", has_touch=size == "phone"
    )
    page = await context.new_page()
    visitor = Visitor(page)
    page.on("console", visitor.hear)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    await page.goto(f"{house.url}/")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.locator("[data-live]")).to_have_text("Live")
    await expect(page.locator("[data-live]")).to_be_visible()
    yield visitor
    await context.close()
    assert visitor.complaints == []


async def grave_faults(page: Page) -> list[str]:
    """List what keeps people with impairments out, by axe's judgement."""
    results = await Axe().run(page)
    found = results.response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in GRAVE]


@pytest.mark.parametrize("size", SIZES)
async def test_a_simulated_missed_call_appears_with_its_text_by_itself(
    house: House, browser: Browser, shots: Path, size: str
) -> None:
    async with visit(browser, house, size=size) as visitor:
        page = visitor.page
        await expect(page.get_by_role("heading", name="All quiet")).to_be_visible()
        await page.get_by_role("button", name="Simulate a missed call").first.click()
        await page.get_by_label("Who calls").fill(CAROL)
        await page.get_by_role("button", name="Call", exact=True).click()
        row = page.locator("li.row", has_text="(206) 555-0123").first
        await expect(row).to_contain_text("Missed call")
        await expect(row).to_contain_text("texted in")
        await expect(row.locator(".chip")).to_have_text("delivered")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs off the side"
        await page.screenshot(path=shots / f"{size}-timeline.png")


async def test_a_customers_words_are_shown_and_answered_in_the_thread(
    house: House, browser: Browser, shots: Path
) -> None:
    async with visit(browser, house, email=BEN) as visitor:
        page = visitor.page
        await house.missed_call()
        await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Can you come <b>at 5</b>?")
        await page.get_by_role("link", name="(206) 555-0123").first.click()
        thread = page.get_by_role("region", name="Thread with (206) 555-0123")
        await expect(thread).to_contain_text("Can you come <b>at 5</b>?")
        await page.get_by_label("Reply to (206) 555-0123").fill("Yes, see you at 5.")
        await page.get_by_role("button", name="Send", exact=True).click()
        ours = thread.locator("li.us", has_text="Yes, see you at 5.")
        await expect(ours.locator(".chip")).to_have_text("delivered")
        await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Great, thank you")
        await expect(thread.locator("li.them").last).to_contain_text("Great, thank you")
        assert f"thread={await thread.get_attribute('data-thread')}" in page.url
        await page.screenshot(path=shots / "desktop-thread.png")
        await page.get_by_role("link", name="Close the thread").click()
        await expect(thread).to_have_count(0)
    texts = [text.body for text in await house.twin.texts_to(CAROL)]
    assert texts.count("Yes, see you at 5.") == 1


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
async def test_the_red_button_stops_sending_and_shows_the_proof_everywhere(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    await house.missed_call("+12065550111")
    async with visit(browser, house, size=size, dark=dark) as visitor, visit(browser, house, email=BEN) as other:
        page = visitor.page
        await page.get_by_role("button", name="Pause sending").click()
        await page.get_by_label("Why").fill("wrong words")
        await page.screenshot(path=shots / f"{size}-ask-pause.png")
        await page.get_by_role("button", name="Pause now").click()
        for seen in (page, other.page):
            proof = seen.locator("#pause")
            await expect(proof).to_contain_text(f"by {ADA}")
            await expect(proof).to_contain_text("last send started")
            await expect(proof).to_contain_text("0 in flight · 0 queued")
        await expect(other.page.get_by_role("button", name="Resume sending")).to_have_count(0)
        await house.missed_call()
        row = page.locator("li.row", has_text="(206) 555-0123").first
        await expect(row).to_contain_text("Waiting: sending is paused.")
        await expect(page.locator("#pause")).to_contain_text("1 queued")
        await page.screenshot(path=shots / f"{size}-paused.png")
        assert await grave_faults(page) == []
        await page.get_by_role("button", name="Resume sending").click()
        await expect(page.locator("#pause")).to_contain_text("Sending is on")
        await house.settle()
        await expect(row.locator(".chip")).to_have_text("delivered")
    assert len(await house.twin.texts_to(CAROL)) == 1


async def test_why_nothing_was_sent_stands_in_the_row_with_its_source(
    house: House, browser: Browser, shots: Path
) -> None:
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    await house.missed_call()
    async with visit(browser, house, dark=True) as visitor:
        row = visitor.page.locator("li.row", has_text="Missed call").first
        await expect(row).to_contain_text("Not sent: (206) 555-0123 opted out")
        await expect(row).to_contain_text("47 CFR 64.1200(a)(10)")
        await visitor.page.screenshot(path=shots / "dark-opted-out.png")


@pytest.mark.parametrize("dark", [False, True])
async def test_people_with_impairments_can_use_every_page(house: House, browser: Browser, *, dark: bool) -> None:
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Hello")
    await house.twin.place_call(caller=CAROL, to=ADAS_NUMBER, voicemail=True)
    async with visit(browser, house, dark=dark) as visitor:
        page = visitor.page
        await page.get_by_role("link", name="(206) 555-0123").first.click()
        await expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
        assert await grave_faults(page) == []
        await page.get_by_role("button", name="Simulate a missed call").click()
        assert await grave_faults(page) == []
        for path in ("/docs", "/docs/errors"):
            await page.goto(house.url + path)
            assert await grave_faults(page) == [], path
    context = await browser.new_context(color_scheme="dark" if dark else "light")
    page = await context.new_page()
    await page.goto(f"{house.url}/login")
    assert await grave_faults(page) == []
    await context.close()


async def test_hands_stay_on_the_keyboard(house: House, browser: Browser) -> None:
    await house.missed_call("+12065550111")
    await house.missed_call()
    async with visit(browser, house) as visitor:
        page = visitor.page
        await expect(page.locator("li.row", has_text="delivered")).to_have_count(2)
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("region", name="Thread with (206) 555-0123")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("region", name="Thread with (206) 555-0123")).to_have_count(0)


async def test_a_browser_without_scripts_can_do_it_all(house: House, browser: Browser) -> None:
    await house.missed_call()
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{house.url}/")
    await page.get_by_label("E-mail").fill(ADA)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.locator("li.row")).to_contain_text("Missed call")
    await page.get_by_role("button", name="Pause sending").click()
    await page.get_by_role("button", name="Pause now").click()
    await expect(page.locator("#pause")).to_contain_text(f"by {ADA}")
    await page.get_by_role("button", name="Resume sending").click()
    await expect(page.locator("#pause")).to_contain_text("Sending is on")
    await page.get_by_role("link", name="(206) 555-0123").click()
    await expect(page.get_by_role("region", name="Thread with (206) 555-0123")).to_be_visible()
    await context.close()
