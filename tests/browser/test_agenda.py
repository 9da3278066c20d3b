"""The calendar in a real browser: looked at, dragged, typed, followed by two at once, on the days the clocks change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from frontdesk.features import contacts, scheduling, tenants
from tests.browser.test_console import SIZES, grave_faults, visit
from tests.support.actors import TEST_ACTS
from tests.support.house import BEN, House
from tests.web.test_agenda_pages import NEW_YORK, Diary, furnish

SIZES.setdefault("desk", (1280, 800))
WORKDAYS = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


@pytest.fixture
async def diary(house: House) -> Diary:
    """Furnish a business that works from eight to six, with more than Carol in its week."""
    async with house.parts.system.transaction(house.ada.id) as tx:
        known = replace(await tenants.get_tenant(tx), hours=json.dumps({"weekly": WORKDAYS, "special": []}))
        await tenants.update_tenant(tx, known, by=TEST_ACTS, changed=["hours"])
    return await furnish(house)


async def fill(diary: Diary) -> None:
    """Add a break, somebody else, a held time and a busy time elsewhere to the day."""
    async with diary.house.parts.app.transaction(diary.house.ada.id) as tx:
        await scheduling.change_resource(
            tx,
            replace(diary.south, breaks=json.dumps({day: [["12:00", "13:00"]] for day in WORKDAYS})),
            by=TEST_ACTS,
        )
        dana = await contacts.ensure_contact(tx, phone_e164="+12065550144", name="Dana")
        for hour, resource in ((10, diary.south), (14, diary.north)):
            await scheduling.book_slot(
                tx,
                service_id=diary.service.id,
                resource_id=resource.id,
                starts_at=diary.at(hour, 30 if hour == 10 else 0),
                contact_id=dana.id,
                source="dialogue",
            )
        await scheduling.hold_slot(
            tx,
            service_id=diary.service.id,
            resource_id=diary.south.id,
            starts_at=diary.at(15),
            contact_id=dana.id,
            source="booking_page",
        )

    async def tell(tx: object) -> object:
        return await scheduling.record_external_busy(
            tx,  # type: ignore[arg-type]  # what perform gives is a transaction
            resource_id=diary.north.id,
            source="google:1",
            window=(diary.at(0), diary.at(23)),
            busy=[(diary.at(16), diary.at(17, 30))],
        )

    await diary.house.parts.app.perform(tell, tenant_id=diary.house.ada.id)


async def fits(page: Page) -> None:
    """Hold a page to what every page must keep."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs off the side"
    assert await grave_faults(page) == []


def entry(page: Page, words: str) -> Locator:
    """Find something in the calendar by its words."""
    return page.locator(".agenda-entry > a", has_text=words).first


@pytest.mark.parametrize(("size", "dark"), [("desk", False), ("phone", False), ("phone", True), ("desk", True)])
async def test_every_view_is_good_to_look_at_and_keeps_nobody_out(
    diary: Diary, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    await fill(diary)
    look = f"{size}{'-dark' if dark else ''}"
    async with visit(browser, diary.house, size=size, dark=dark) as visitor:
        page = visitor.page
        for view in ("week", "day", "list"):
            await page.goto(f"{diary.house.url}{diary.base}?day={diary.day}&view={view}")
            await expect(entry(page, "Carol")).to_be_visible()
            await expect(entry(page, "Held for Dana")).to_contain_text("min left")
            await expect(page.locator("[data-agenda-live]")).to_have_text("Live")
            await page.screenshot(path=shots / f"{look}-agenda-{view}.png")
            await fits(page)
        await page.goto(f"{diary.house.url}{diary.base}?day={diary.day}&view=day")
        await entry(page, "Carol").click()
        await expect(page.get_by_role("heading", name="Carol", exact=True)).to_be_visible()
        await page.get_by_text("Move to…").click()
        await page.get_by_label("Day", exact=True).fill(diary.day)
        await expect(page.locator(".agenda-times button").first).to_be_visible()
        await page.screenshot(path=shots / f"{look}-agenda-appointment.png")
        await fits(page)
        await page.get_by_role("link", name="Close").click()
        await page.get_by_role("link", name="New appointment").click()
        await page.get_by_label("Find by name or number").fill("dan")
        await expect(page.get_by_text("(206) 555-0144")).to_be_visible()
        await page.screenshot(path=shots / f"{look}-agenda-new.png")
        await fits(page)


async def middle(place: Locator) -> tuple[float, float]:
    """Tell where something is on the screen."""
    box = await place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + 12


async def hour_height(page: Page) -> float:
    """Tell how many pixels an hour is high."""
    first, second = page.locator(".agenda-hour").nth(0), page.locator(".agenda-hour").nth(1)
    top, below = await first.bounding_box(), await second.bounding_box()
    assert top is not None
    assert below is not None
    return below["y"] - top["y"]


async def test_an_appointment_is_dragged_in_steps_and_only_to_where_it_fits(
    diary: Diary, browser: Browser, shots: Path
) -> None:
    await fill(diary)
    async with visit(browser, diary.house, size="desk", email=BEN) as visitor:
        page = visitor.page
        await page.goto(f"{diary.house.url}{diary.base}?day={diary.day}&view=day")
        await expect(page.locator("[data-agenda-live]")).to_have_text("Live")
        x, y = await middle(entry(page, "Carol"))
        hour = await hour_height(page)
        ghost = page.locator(".agenda-ghost")
        # Onto Dana's time: it says so, and nothing moves.
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x, y + 4 * hour, steps=6)
        await expect(ghost).to_have_text("Not free")
        await page.mouse.up()
        await expect(ghost).to_have_count(0)
        assert (await diary.current()).revision == 0
        # Escape calls it off in the middle.
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x, y + hour, steps=4)
        await expect(ghost).to_have_text("11 AM")
        await page.keyboard.press("Escape")
        await expect(ghost).to_have_count(0)
        await page.mouse.up()
        assert (await diary.current()).revision == 0
        # An hour and a quarter later it is free.
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x, y + 1.25 * hour + 3, steps=6)
        await expect(ghost).to_have_text("11:15 AM")
        await page.screenshot(path=shots / "desk-agenda-drag.png")
        await page.mouse.up()
        await expect(page.get_by_text("Moved.")).to_be_visible()
        await expect(entry(page, "Carol")).to_contain_text("11:15 AM to 12:15 PM")
        assert (await diary.current()).starts_at == diary.at(11, 15)
        await page.get_by_role("button", name="Undo").click()
        await expect(entry(page, "Carol")).to_contain_text("10:00 to 11:00 AM")
        assert (await diary.current()).starts_at == diary.booked.starts_at


async def test_a_finger_that_stays_lifts_an_appointment_and_one_that_goes_on_does_not(
    diary: Diary, browser: Browser
) -> None:
    async with visit(browser, diary.house, size="desk", email=BEN) as visitor:
        page = visitor.page
        await page.goto(f"{diary.house.url}{diary.base}?day={diary.day}&view=day")
        await expect(page.locator("[data-agenda-live]")).to_have_text("Live")
        finger = await page.context.new_cdp_session(page)

        async def touch(kind: str, *points: tuple[float, float]) -> None:
            at = [{"x": x, "y": y} for x, y in points]
            await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        x, y = await middle(entry(page, "Carol"))
        hour = await hour_height(page)
        ghost = page.locator(".agenda-ghost")
        await touch("touchStart", (x, y))
        await touch("touchMove", (x, y + 40))
        await touch("touchEnd")
        await expect(ghost).to_have_count(0)
        assert (await diary.current()).revision == 0
        x, y = await middle(entry(page, "Carol"))
        await touch("touchStart", (x, y))
        await expect(ghost).to_be_visible()
        await touch("touchMove", (x, y + hour / 2))
        await touch("touchMove", (x, y + 2 * hour))
        await expect(ghost).to_have_text("12 PM")
        await touch("touchEnd")
        await expect(page.get_by_text("Moved.")).to_be_visible()
        assert (await diary.current()).starts_at == diary.at(12)


async def test_two_browsers_see_each_other_and_of_two_who_move_one_wins(diary: Diary, browser: Browser) -> None:
    async with (
        visit(browser, diary.house, size="desk") as ada,
        visit(browser, diary.house, size="desk", email=BEN) as ben,
    ):
        for one in (ada, ben):
            await one.page.goto(f"{diary.house.url}{diary.base}?day={diary.day}&view=day")
            await expect(one.page.locator("[data-agenda-live]")).to_have_text("Live")
        # Ben has the form open while Ada moves the appointment.
        await entry(ben.page, "Carol").click()
        await ben.page.get_by_text("Move to…").click()
        await ben.page.get_by_label("Day", exact=True).fill(diary.day)
        await expect(ben.page.get_by_role("button", name="1:00 PM North")).to_be_visible()
        seen = await ben.page.locator(".agenda-side form[action*='/move'] [name=revision]").first.input_value()
        assert seen == "0"
        async with diary.house.parts.app.transaction(diary.house.ada.id) as tx:
            fresh = await scheduling.book_slot(
                tx,
                service_id=diary.service.id,
                resource_id=diary.south.id,
                starts_at=diary.at(9),
                contact_id=diary.carol,
                source="booking_page",
            )
        assert isinstance(fresh, scheduling.Appointment)
        for one in (ada, ben):
            await expect(entry(one.page, "9:00 to 10:00 AM")).to_be_visible(timeout=3000)
        mover = entry(ada.page, "10:00 to 11:00 AM")
        x, y = await middle(mover)
        await ada.page.mouse.move(x, y)
        await ada.page.mouse.down()
        await ada.page.mouse.move(x, y + 2 * await hour_height(ada.page), steps=5)
        await expect(ada.page.locator(".agenda-ghost")).to_have_text("12 PM")
        await ada.page.mouse.up()
        await expect(ada.page.get_by_text("Moved.")).to_be_visible()
        await expect(entry(ben.page, "12:00 to 1:00 PM")).to_be_visible(timeout=3000)
        await ben.page.get_by_role("button", name="1:00 PM North").click()
        told = ben.page.get_by_role("alert")
        await expect(told).to_contain_text("Ada@example.com moved this appointment to", ignore_case=True)
        await expect(told).to_contain_text("Your change was not made.")
        ben.complaints.clear()  # the browser notes every answer that is a 409
        assert (await diary.current()).starts_at == diary.at(12)


async def test_a_conflict_is_told_in_the_panel_with_times_that_are_free(diary: Diary, browser: Browser) -> None:
    async with visit(browser, diary.house, size="desk", email=BEN) as visitor:
        page = visitor.page
        await page.goto(f"{diary.house.url}{diary.base}?day={diary.day}&view=day&new=1&with={diary.north.id}")
        await page.get_by_text("1:00 PM", exact=True).click()
        await page.get_by_label("Find by name or number").fill("carol")
        await expect(page.get_by_text("(206) 555-0123")).to_be_visible()
        await expect(page.get_by_label("1:00 PM", exact=True)).to_be_checked()
        async with diary.house.parts.app.transaction(diary.house.ada.id) as tx:
            await scheduling.book_slot(
                tx,
                service_id=diary.service.id,
                resource_id=diary.north.id,
                starts_at=diary.at(13),
                contact_id=diary.carol,
                source="booking_page",
            )
        await page.get_by_role("button", name="Book", exact=True).click()
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("Somebody else has this time. These are free:")
        visitor.complaints.clear()  # the browser notes every answer that is a 409
        await page.get_by_text("2:00 PM", exact=True).click()
        await page.get_by_role("button", name="Book", exact=True).click()
        await expect(page.get_by_text("Booked.", exact=True)).to_be_visible()
        await expect(entry(page, "2:00 to 3:00 PM")).to_be_visible()


async def test_everything_goes_by_keyboard_alone(diary: Diary, browser: Browser) -> None:
    async with visit(browser, diary.house, size="desk", email=BEN) as visitor:
        page = visitor.page
        await page.goto(f"{diary.house.url}{diary.base}")
        title = page.locator(".agenda-top p")
        await expect(page.locator("[data-agenda-live]")).to_have_text("Live")
        await page.keyboard.press("d")
        await expect(page.get_by_role("link", name="Day", exact=True)).to_have_attribute("aria-current", "true")
        today = await title.inner_text()
        await page.keyboard.press("ArrowRight")
        await expect(title).not_to_contain_text(today.partition(",")[0])
        await expect(entry(page, "Carol")).to_be_visible()
        await page.keyboard.press("t")
        await expect(title).to_contain_text(today.partition(" ·")[0])
        await page.keyboard.press("w")
        await page.keyboard.press("ArrowRight") if diary.booked.starts_at.astimezone(NEW_YORK).weekday() == 6 else None
        await entry(page, "Carol").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Carol", exact=True)).to_be_focused()
        summary = page.locator("summary", has_text="Move to…")
        await summary.focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Show times").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="3:00 PM North").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Moved.")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("heading", name="Carol", exact=True)).to_have_count(0)
        await page.keyboard.press("n")
        await expect(page.get_by_role("heading", name="New appointment")).to_be_focused()
        assert (await diary.current()).starts_at.astimezone(NEW_YORK).hour == 15


async def test_it_works_on_a_phone_and_without_a_script(diary: Diary, browser: Browser, shots: Path) -> None:
    async with visit(browser, diary.house, size="phone", email=BEN) as visitor:
        cookies = await visitor.page.context.cookies()
    context = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    await context.add_cookies([{"name": one["name"], "value": one["value"], "url": diary.house.url} for one in cookies])
    page = await context.new_page()
    await page.goto(f"{diary.house.url}{diary.base}?day={diary.day}")
    await entry(page, "Carol").click()
    await page.get_by_text("Move to…").click()
    await page.get_by_label("Day", exact=True).fill(diary.day)
    await page.get_by_role("button", name="Show times").click()
    await page.get_by_role("button", name="4:00 PM South").click()
    await expect(page.get_by_text("Moved.")).to_be_visible()
    await page.screenshot(path=shots / "phone-agenda-plain.png")
    await page.get_by_text("Call it off…").click()
    await page.get_by_label("Why (optional)").fill("rain")
    await page.get_by_role("button", name="Call off").click()
    await expect(page.get_by_text("Called off. Its time is free again.")).to_be_visible()
    await page.get_by_role("link", name="Close").click()
    await page.get_by_role("link", name="New appointment").click()
    await page.get_by_label("Day", exact=True).fill(diary.day)
    await page.get_by_role("button", name="Show times").click()
    await page.get_by_text("2:00 PM", exact=True).click()
    await page.get_by_label("Name (optional)").fill("Erin")
    await page.get_by_label("Number (optional)").fill("206 555 0166")
    await page.get_by_role("button", name="Book", exact=True).click()
    await expect(page.get_by_text("Booked.", exact=True)).to_be_visible()
    await context.close()


# In New York an hour is left out in March and comes twice in November; on Lord Howe Island it is half an hour.
@pytest.mark.parametrize(
    ("zone", "day", "words", "rows"),
    [
        ("America/New_York", "2027-03-14", "Clocks go forward 1 hour", 288),
        ("America/New_York", "2027-11-07", "Clocks go back 1 hour", 300),
        ("Australia/Lord_Howe", "2027-10-03", "Clocks go forward 30 minutes", 288),
        ("Australia/Lord_Howe", "2027-04-04", "Clocks go back 30 minutes", 294),
    ],
)
async def test_the_week_in_which_the_clocks_change_has_days_as_long_as_they_are(
    diary: Diary, browser: Browser, shots: Path, zone: str, day: str, words: str, rows: int
) -> None:
    house, where = diary.house, ZoneInfo(zone)
    async with house.parts.system.transaction(house.ada.id) as tx:
        always = json.dumps({"weekly": {one: [["00:00", "24:00"]] for one in WORKDAYS}, "special": []})
        known = replace(await tenants.get_tenant(tx), timezone=zone, hours=always)
        await tenants.update_tenant(tx, known, by=TEST_ACTS, changed=["hours", "timezone"])
    midnight = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=where)
    async with house.parts.app.transaction(house.ada.id) as tx:
        await scheduling.change_service(tx, replace(diary.service, horizon_days=730), by=TEST_ACTS)
        for hours in (0, 4):
            booked = await scheduling.book_slot(
                tx,
                service_id=diary.service.id,
                resource_id=diary.north.id,
                starts_at=datetime.fromtimestamp(midnight.timestamp() + hours * 3600, tz=where),
                contact_id=diary.carol,
                source="console",
            )
            assert isinstance(booked, scheduling.Appointment), booked
    async with visit(browser, house, size="desk") as visitor:
        page = visitor.page
        await page.goto(f"{house.url}{diary.base}?day={day}&hours=all")
        await expect(page.get_by_text(words)).to_be_visible()
        column = page.locator(f'[data-column="{day}"]')
        first, second = column.locator(".agenda-entry").nth(0), column.locator(".agenda-entry").nth(1)
        hour = 60.0
        top, below = await first.bounding_box(), await second.bounding_box()
        assert top is not None
        assert below is not None
        skipped = timedelta(hours=1) if "1 hour" in words else timedelta(minutes=30)
        late = skipped / timedelta(hours=1) if "forward" in words else 0
        # Four hours later by the clock of instants; what is skipped lies between, what comes twice is counted.
        assert abs((below["y"] - top["y"]) / hour - (4 + late)) < 0.1
        cells = await column.locator("[data-cells]").bounding_box()
        assert cells is not None
        assert round(cells["height"] / (hour / 12)) == rows
        missing = await column.locator(".agenda-missing").count()
        assert missing == (1 if "forward" in words else 0)
        others = await page.locator(".agenda-missing").count()
        assert others == (1 if "forward" in words else 6)
        await page.screenshot(path=shots / f"desk-agenda-{zone.rpartition('/')[2]}-{day}.png")


@pytest.mark.parametrize(("size", "dark"), [("desk", False), ("phone", True)])
async def test_the_settings_are_good_to_look_at_and_keep_nobody_out(
    diary: Diary, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async with diary.house.parts.app.transaction(diary.house.ada.id) as tx:
        waiter = await scheduling.join_waiting_list(
            tx,
            service_id=diary.service.id,
            resource_id=None,
            contact_id=diary.carol,
            wanted=(diary.at(12), diary.at(12) + timedelta(days=2)),
        )
    look = f"{size}{'-dark' if dark else ''}"
    home = f"{diary.house.url}/businesses/{diary.house.ada.id}/settings/booking"
    async with visit(browser, diary.house, size=size, dark=dark) as visitor:
        page = visitor.page
        for name, path in (
            ("overview", ""),
            ("service", f"/services/{diary.service.id}"),
            ("resource", f"/resources/{diary.north.id}"),
            ("waiting", f"/waiting?offer={waiter.id}"),
        ):
            await page.goto(f"{home}{path}")
            if not path:
                await page.locator("iframe").scroll_into_view_if_needed()
                inside = page.frame_locator("iframe").get_by_role("heading", name="Book an appointment")
                await expect(inside).to_be_visible()
            await page.screenshot(path=shots / f"{look}-booking-{name}.png", full_page=True)
            await fits(page)
