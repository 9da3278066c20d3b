"""Many people in a real browser: a file becomes people, people get a campaign, and every page is good to look at."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_console import grave_faults, visit
from tests.support.backroom import noon, send, work
from tests.support.house import ADA, PASSWORD, House, open_house
from tests.support.marketing import add_people, let_numbers_advertise, phones
from tests.support.office import TravelClock

FILE = b"""Mobile,First name,Last name,E-mail,State,Tags,Boiler
(206) 555-0123,Carol,Jones,carol@example.com,WA,vip;regular,gas
206-555-0124,Dan,,dan@example,WA,,oil
12,Erin,Short,erin@example.com,WA,vip,
+1 206 555 0125,Frank,Moss,frank@example.com,Oregon,regular,gas
"""
SLOW = 0.002  # segments a second: 40 texts take hours, which is something to look at
FAST = 1000.0
WORDS = "{{business}}: hi {{given_name|there}}, winter check for $49 until Friday. Reply STOP to opt out."


LOOKS = pytest.mark.parametrize(
    ("size", "dark"), [("desktop", False), ("phone", True), ("phone", False), ("desktop", True)]
)


@dataclass
class Bulk:
    """A house at noon whose numbers may advertise, with 40 people who agreed and 3 who did not."""

    house: House
    clock: TravelClock

    @property
    def home(self) -> str:
        """Tell where Ada's pages are."""
        return f"{self.house.url}/businesses/{self.house.ada.id}"

    async def set_pace(self, segments_per_second: float) -> None:
        """Let Ada's number advertise, at a pace."""
        await let_numbers_advertise(self.house.parts.system, self.house.ada.id, segments_per_second=segments_per_second)


@pytest.fixture
async def bulk(database_url: str, home: Path) -> AsyncIterator[Bulk]:
    """Open the house at noon."""
    clock = noon()
    async with open_house(database_url, home, clock=clock) as house:
        opened = Bulk(house, clock)
        await opened.set_pace(SLOW)
        async with house.parts.app.transaction(house.ada.id) as tx:
            await add_people(tx, phones(40))
            await add_people(tx, phones(3, start=500), consent=False)
        yield opened


async def fits(page: Page) -> None:
    """Hold a page to its width, on small phones too, and to what people with impairments need."""
    size = page.viewport_size
    assert size is not None
    for width in (size["width"], 375) if size["width"] < 400 else (size["width"],):
        await page.set_viewport_size({"width": width, "height": size["height"]})
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{page.url} runs off the side: {wide} > {width}"
    await page.set_viewport_size(size)
    assert await grave_faults(page) == [], page.url


@dataclass
class Album:
    """Takes pictures of a page in one look, and holds it to what every page must keep."""

    page: Page
    folder: Path
    look: str

    async def take(self, name: str, *, whole: bool = True) -> None:
        """Check the page and take its picture."""
        await fits(self.page)
        await self.page.screenshot(path=self.folder / f"{self.look}-{name}.png", full_page=whole)


@LOOKS
async def test_a_file_becomes_people(bulk: Bulk, browser: Browser, shots: Path, size: str, *, dark: bool) -> None:
    async with visit(browser, bulk.house, size=size, dark=dark) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await page.get_by_role("link", name="People").click()
        await expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
        await album.take("people", whole=False)
        await page.get_by_role("button", name="Import people").click()
        await page.get_by_label("File", exact=True).set_input_files(
            {"name": "customers.csv", "mimeType": "text/csv", "buffer": FILE}
        )
        await page.get_by_label("Tags for everybody in it (optional)").fill("autumn")
        await album.take("import-ask", whole=False)
        await page.get_by_role("button", name="Upload and check").click()
        await expect(page.get_by_text("Looking, nothing is written yet")).to_be_visible()
        await album.take("import-checking", whole=False)
        await work(bulk.house)
        await expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
        await expect(page.locator("#file")).to_contain_text("Add the missing digits or the area code.")
        await album.take("import-checked")
        await page.get_by_label("Boiler").select_option("field.boiler")
        await page.get_by_role("button", name="Check again").click()
        await work(bulk.house)
        await expect(page.get_by_role("columnheader", name="Own field “boiler”")).to_be_visible()
        await page.get_by_role("button", name="Import 3 rows").click()
        await work(bulk.house)
        await expect(page.get_by_role("heading", name="What happened")).to_be_visible()
        await album.take("import-done")
        await page.get_by_role("link", name="See people").click()
        await page.get_by_label("Name, e-mail or number").fill("Carol Jones")
        await page.get_by_role("button", name="Find").click()
        await expect(page.get_by_role("row", name="Carol Jones")).to_contain_text("autumn")
        await expect(page.get_by_role("status")).to_have_text("1 person found")


async def draft_it(page: Page, album: Album) -> None:
    """Write a campaign whose first words are not fit to be sent."""
    await page.get_by_role("link", name="Campaigns").click()
    await album.take("campaigns-none")
    await page.get_by_role("link", name="New campaign").first.click()
    await page.get_by_label("Name", exact=True).fill("Winter check")
    await page.get_by_label("Everybody").check()
    await expect(page.locator("#audience-count")).to_contain_text("43 people fit")
    await page.get_by_label("Wording", exact=True).fill("Winter check for $49, act now: bit.ly/x")
    phone = page.get_by_role("region", name="On their phone")
    await expect(phone).to_contain_text("say who writes")
    await album.take("campaign-new")
    await page.get_by_label("Wording", exact=True).fill(WORDS)
    await expect(phone).to_contain_text("Harbor Plumbing: hi Carol")
    await expect(phone).to_contain_text("1 of 5")
    await phone.get_by_role("button", name="The next person").click()
    await expect(phone).to_contain_text("2 of 5")
    await page.get_by_label("Wording", exact=True).fill(WORDS.replace("Friday", "Friday \N{SNOWMAN}"))
    await expect(phone).to_contain_text("because of \N{SNOWMAN}")
    await expect(phone).to_contain_text("2 of 5")
    await expect(phone).to_contain_text("In all, about")
    await album.take("campaign-preview")
    await page.get_by_label("Wording", exact=True).fill(WORDS)
    await expect(phone).not_to_contain_text("\N{SNOWMAN}")
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_role("heading", name="Winter check")).to_be_visible()
    await album.take("campaign-draft")


async def approve_it(page: Page, album: Album, bulk: Bulk) -> None:
    """Rehearse the campaign and approve it."""
    await page.get_by_role("button", name="Rehearse").click()
    await expect(page.get_by_text("Rehearsing, nothing is sent")).to_be_visible()
    await work(bulk.house)
    rehearsal = page.get_by_role("region", name="Rehearsal")
    await expect(rehearsal).to_contain_text("Would get it40")
    await expect(rehearsal.get_by_role("row", name="No written consent on record")).to_contain_text("3")
    await expect(rehearsal.get_by_role("group", name="Texts by hour")).to_be_visible()
    await album.take("campaign-rehearsed")
    await page.get_by_role("button", name="Approve …").click()
    await expect(page.get_by_role("dialog")).to_contain_text("43 people, of whom 40 would get it")
    await expect(page.get_by_role("dialog")).to_contain_text(WORDS)
    await album.take("campaign-approve", whole=False)
    await page.get_by_role("dialog").get_by_role("button", name="Approve").click()


@LOOKS
async def test_a_campaign_is_drafted_rehearsed_approved_and_followed(
    bulk: Bulk, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with visit(browser, bulk.house, size=size, dark=dark) as visitor:
        page = visitor.page
        album = Album(page, shots, f"{size}{'-dark' if dark else ''}")
        await draft_it(page, album)
        await approve_it(page, album, bulk)
        await page.get_by_role("button", name="Start sending").click()
        results = page.get_by_role("region", name="Results")
        await expect(results).to_be_visible()
        await work(bulk.house)
        await send(bulk.house, bulk.clock, turns=2)
        await expect(results).to_contain_text(re.compile("Waiting 4[0-2]"))
        await album.take("campaign-running")
        await page.get_by_role("button", name="Pause").click()
        await page.get_by_label("Why (optional)").fill("wrong price")
        await page.get_by_role("button", name="Pause now").click()
        await expect(page.locator("#live .switch")).to_contain_text(f"by {ADA} “wrong price”")
        await expect(page.locator("#live .switch")).to_contain_text(re.compile("0 in flight · 4[0-2] queued"))
        await album.take("campaign-paused")
        await page.get_by_role("button", name="Resume").click()
        await bulk.set_pace(FAST)
        bulk.clock.ahead += timedelta(minutes=10)
        await send(bulk.house, bulk.clock, turns=8)
        await expect(page.get_by_role("listitem").filter(has_text="Done")).to_have_attribute("aria-current", "step")
        await expect(results).to_contain_text("Delivered 40")
        await expect(results).to_contain_text("3 No written consent on record")
        await expect(page.get_by_role("region", name="Over time")).to_contain_text("Delivered")
        await album.take("campaign-done")
        await page.get_by_role("link", name="Person by person").first.click()
        await album.take("campaign-people", whole=False)
        await page.goto(f"{bulk.home}/campaigns")
        await expect(page.get_by_role("row", name="Winter check")).to_contain_text("done")
        await album.take("campaigns")


async def test_a_browser_without_scripts_brings_people_in_and_texts_them(bulk: Bulk, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = await context.new_page()
    await page.goto(f"{bulk.house.url}/")
    await page.get_by_label("E-mail").fill(ADA)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("link", name="People").click()
    await page.get_by_role("button", name="Import people").click()
    await page.get_by_label("File", exact=True).set_input_files(
        {"name": "customers.csv", "mimeType": "text/csv", "buffer": FILE}
    )
    await page.get_by_role("button", name="Upload and check").click()
    await work(bulk.house)
    await page.reload()
    await page.get_by_role("button", name="Import 3 rows").click()
    await work(bulk.house)
    await page.reload()
    await expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    await page.get_by_role("link", name="Campaigns").click()
    await page.get_by_role("link", name="New campaign").first.click()
    await page.get_by_label("Name", exact=True).fill("Winter check")
    await page.get_by_label("People with a tag").check()
    await page.get_by_label("Tags, one of which fits").fill("vip, regular")
    await page.get_by_label("Wording", exact=True).fill(WORDS)
    await page.get_by_role("button", name="Another wording").click()
    await page.get_by_label("Wording B", exact=True).fill(WORDS.replace("$49", "$39"))
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(page.locator("#audience-count")).to_contain_text("2 people fit")
    await page.get_by_role("button", name="Save the draft").click()
    await page.get_by_role("button", name="Rehearse").click()
    await work(bulk.house)
    await page.reload()
    await expect(page.get_by_role("region", name="Rehearsal")).to_contain_text("No written consent on record")
    await page.get_by_role("button", name="Approve …").click()
    await page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    await page.get_by_role("button", name="Start sending").click()
    await page.get_by_role("button", name="Cancel for good").click()
    await page.get_by_role("button", name="Cancel it").click()
    await expect(page.locator("h1 .chip")).to_have_text("canceled")
    await context.close()
