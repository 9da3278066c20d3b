"""The public booking page in a real browser without scripts: a phone first, readable by everybody, in both looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from frontdesk.kernel.auth import Scope
from tests.browser.test_bulk_pages import Album
from tests.browser.test_console import SIZES
from tests.journeys.test_booking_one_slot import offer_a_service
from tests.support.house import House


@pytest.fixture(autouse=True)
async def offered(house: House) -> None:
    """Let Ada's business offer a service."""
    await offer_a_service(await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id))


@asynccontextmanager
async def guest(browser: Browser, *, size: str, dark: bool, scripts: bool = False) -> AsyncIterator[Page]:
    """Open a page for somebody without a login; `scripts` let axe look at it."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        has_touch=size == "phone",
        java_script_enabled=scripts,
    )
    yield await context.new_page()
    await context.close()


async def test_a_person_books_moves_and_calls_off_without_a_script(house: House, browser: Browser) -> None:
    async with guest(browser, size="phone", dark=False) as page:
        await page.goto(f"{house.url}/book/harbor")
        await page.get_by_role("link", name="Repair").click()
        await page.locator("ul.booking-days a").nth(1).click()  # of today little may be left
        await page.locator("ul.booking-times a").first.click()
        await page.get_by_label("Your name").fill("Carol")
        await page.get_by_label("Mobile number").fill("206 555 0123")
        await page.get_by_role("button", name="Book").click()
        await expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
        await page.get_by_role("link", name="Choose another time").click()
        await page.locator("ul.booking-days a").nth(1).click()
        await page.locator("form.booking-times button").nth(4).click()
        await expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
        await page.get_by_text("Call it off").click()
        await page.get_by_role("button", name="Call off").click()
        await expect(page.get_by_role("heading", name="Called off")).to_be_visible()


@pytest.mark.parametrize(("size", "dark"), [("phone", False), ("desktop", True), ("phone", True)])
async def test_every_step_is_good_to_look_at_and_keeps_nobody_out(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with guest(browser, size=size, dark=dark, scripts=True) as page:
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.goto(f"{house.url}/book/harbor")
        await album.take("booking-services")
        await page.get_by_role("link", name="Repair").click()
        await expect(page.get_by_role("heading", name="Repair")).to_be_visible()
        await album.take("booking-times")
        await page.get_by_role("link", name="Be told when one comes free").click()
        await expect(page.get_by_role("heading", name="Be told when a time comes free")).to_be_visible()
        await album.take("booking-waiting")
        await page.get_by_role("link", name="Back to the times").click()
        await page.locator("ul.booking-times a").first.click()
        await expect(page.get_by_label("Your name")).to_be_visible()
        await album.take("booking-details")
        await page.get_by_label("Your name").fill("Carol")
        await page.get_by_label("Mobile number").fill("12")
        await page.get_by_role("button", name="Book").click()
        await expect(page.get_by_role("alert")).to_contain_text("Write your phone number with its area code")
        await album.take("booking-faults")
        await page.get_by_label("Mobile number").fill("206 555 0123")
        await page.get_by_role("button", name="Book").click()
        await expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
        await album.take("booking-done")
        await page.get_by_role("link", name="Choose another time").click()
        await expect(page.get_by_role("heading", name="Move Repair")).to_be_visible()
        await album.take("booking-move")
