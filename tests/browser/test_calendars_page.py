"""Calendars in a real browser: connected on the provider's own page, used, lost, and connected again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from frontdesk.features import scheduling
from frontdesk.kernel.ids import new_id
from frontdesk.providers.twin import TwinServer
from tests.browser.test_bulk_pages import Album
from tests.browser.test_console import visit
from tests.support.actors import TEST_ACTS
from tests.support.house import House, open_house

LOOKS = pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])


@pytest.fixture
async def companies() -> AsyncIterator[TwinServer]:
    async with TwinServer() as twin:
        yield twin


@pytest.fixture
async def house(database_url: str, home: Path, companies: TwinServer) -> AsyncIterator[House]:
    environ = {
        "GOOGLE_CLIENT_ID": companies.config.google_client_id,
        "GOOGLE_CLIENT_SECRET": companies.config.google_client_secret,
        "GOOGLE_API_BASE_URL": companies.url,
        "JOBBER_API_TOKEN": companies.config.jobber_api_token,
        "JOBBER_API_BASE_URL": companies.url,
    }
    async with open_house(database_url, home, environ=environ) as opened:
        yield opened


@LOOKS
async def test_a_calendar_is_connected_used_lost_and_connected_again(
    house: House, companies: TwinServer, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await scheduling.add_resource(tx, scheduling.new_resource(resource_id=new_id(), name="North bay"), by=TEST_ACTS)
    async with visit(browser, house, size=size, dark=dark) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.get_by_role("link", name="Settings").click()
        await page.get_by_role("link", name="Calendars").click()
        await expect(page.get_by_role("heading", name="No calendar yet")).to_be_visible()
        await album.take("calendars-none")
        await page.get_by_role("link", name="Connect Google Calendar").click()
        await expect(page.get_by_role("status")).to_contain_text("The account is connected.")
        await page.get_by_label("Whose time").select_option("North bay")
        await page.get_by_label("gets the bookings").check()
        await page.get_by_role("button", name="Save Ada").click()
        assert await house.parts.calendars.sync.turn() == 1
        await page.reload()
        await expect(page.get_by_text("told at once")).to_be_visible()
        await album.take("calendars-used")
        companies.google.shut_out()
        await page.get_by_role("button", name="Ask now ada@example.com").click()
        assert await house.parts.calendars.sync.turn() == 1
        await page.reload()
        await expect(page.get_by_role("alert")).to_contain_text("no longer lets us in")
        await album.take("calendars-lost")
        await page.get_by_role("link", name="Connect it again").click()
        await expect(page.get_by_role("status")).to_contain_text("The account is connected.")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.get_by_role("button", name="Disconnect ada@example.com").click()
        await expect(page.get_by_role("heading", name="No calendar yet")).to_be_visible()
