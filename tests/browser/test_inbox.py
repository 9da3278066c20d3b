"""The inbox in a real browser: two people at once, by keyboard alone, on a phone, in the dark, with a broken line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

from frontdesk.features import conversations
from frontdesk.features.delivery import segments, to_gsm7_friendly
from frontdesk.web.static_files import address_of
from tests.support.house import ADA, BEN, PASSWORD, House
from tests.support.office import ADAS_NUMBER, CAROL

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
GRAVE = {"serious", "critical"}
DAN, ERIN, FRANK = "+12065550124", "+12065550125", "+12065550126"


@asynccontextmanager
async def visit(
    browser: Browser, house: House, path: str, *, size: str = "desktop", dark: bool = False, email: str = ADA
) -> AsyncIterator[Page]:
    """Log somebody in and open a page; afterwards the browser must have had nothing to complain of."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", has_touch=size == "phone"
    )
    page = await context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "ERR_INTERNET_DISCONNECTED" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = await context.request.post(f"{house.url}/api/auth/login", data={"email": email, "password": PASSWORD})
    assert answer.ok, await answer.text()
    await page.goto(f"{house.url}/businesses/{house.ada.id}{path}")
    yield page
    await context.close()
    assert complaints == []


async def fits(page: Page) -> None:
    """Hold a page to its width and to what people with impairments need."""
    size = page.viewport_size
    assert size is not None
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size["width"], f"{page.url} runs off the side: {wide} > {size['width']}"
    found = await Axe().run(page)
    grave = [
        f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"] if one["impact"] in GRAVE
    ]
    assert grave == [], page.url


async def writes(house: House, body: str, *, sender: str = CAROL) -> None:
    """Let somebody write."""
    await house.twin.send_text(customer=sender, to=ADAS_NUMBER, body=body)
    await house.twin.wait_until_idle()
    await house.settle()


async def thread_of(house: House, phone: str) -> UUID:
    """Find somebody's thread."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        return next(one.id for one in await conversations.list_threads(tx) if one.phone_e164 == phone)


@pytest.fixture
async def full(house: House) -> House:
    """Fill the inbox: four people, a missed call with a voicemail, a note, a name, an answer kept ready."""
    await writes(house, "Do you also fix dishwashers? Ours stopped in the middle of a cycle.", sender=FRANK)
    await writes(house, "STOP", sender=FRANK)
    await writes(house, "Thanks, see you on Tuesday then!", sender=ERIN)
    await writes(house, "Necesito una cita para mañana, la caldera no funciona", sender=DAN)
    await house.twin.place_call(caller=CAROL, to=ADAS_NUMBER, voicemail=True)
    await house.twin.wait_until_idle()
    await house.settle()
    await writes(house, "Hi! My boiler is leaking. Can you come tomorrow after 3?")
    ada = await house.as_person(ADA)
    for phone, name in ((CAROL, "Carol Jones"), (ERIN, "Erin Short")):
        async with house.parts.app.transaction(house.ada.id) as tx:
            thread = next(one for one in await conversations.list_threads(tx) if one.phone_e164 == phone)
        told = {"name": name, "timezone": "America/Los_Angeles"}
        assert (await ada.patch(f"/api/contacts/{thread.contact_id}", json=told)).status_code == 200
        await ada.post(f"/api/contacts/{thread.contact_id}/tags", json={"add": ["regular"]})
    await ada.post("/api/canned-replies", json={"name": "prices", "body": "Hi {{given_name|there}}, a visit is $90."})
    thread_id = await thread_of(house, CAROL)
    await ada.post(
        f"/api/conversations/{thread_id}/notes", json={"body": "Boiler from 1999, key is at the neighbour's."}
    )
    await house.settle()
    return house


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("desktop", True), ("phone", False)])
async def test_the_inbox_is_good_to_look_at(
    full: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    look = f"{size}{'-dark' if dark else ''}"
    async with visit(browser, full, "/inbox", size=size, dark=dark) as page:
        await expect(page.locator("[data-inbox-live]")).to_have_text("Live")
        await expect(page.locator("[data-line]")).to_have_count(4)
        await fits(page)
        await page.screenshot(path=shots / f"{look}-inbox-list.png")
        await page.get_by_role("link", name="Carol Jones").first.click()
        await expect(page.locator(".pane-who h2")).to_have_text("Carol Jones")
        await expect(page.get_by_text("Voicemail ·")).to_be_visible()
        await fits(page)
        await page.screenshot(path=shots / f"{look}-inbox-thread.png")
        await page.goto(f"{full.url}/businesses/{full.ada.id}/inbox?q=boiler")
        await expect(page.locator("mark").first).to_have_text("Boiler")
        await fits(page)
        await page.screenshot(path=shots / f"{look}-inbox-search.png")
        await page.goto(f"{full.url}/businesses/{full.ada.id}/inbox/{await thread_of(full, FRANK)}")
        await expect(page.get_by_text("has opted out. Nothing is sent")).to_be_visible()
        await fits(page)
        await page.screenshot(path=shots / f"{look}-inbox-stopped.png")
        await page.goto(f"{full.url}/businesses/{full.ada.id}/inbox/{await thread_of(full, CAROL)}")
        await page.locator(".pane-who h2 a").click()
        await expect(page.get_by_role("heading", name="Everything so far")).to_be_visible()
        await fits(page)
        await page.screenshot(path=shots / f"{look}-person.png", full_page=True)
        await page.goto(f"{full.url}/businesses/{full.ada.id}/inbox/replies")
        await fits(page)
        await page.screenshot(path=shots / f"{look}-inbox-replies.png")


async def test_two_people_see_what_the_other_does(full: House, browser: Browser) -> None:
    thread = await thread_of(full, CAROL)
    path = f"/inbox/{thread}"
    async with visit(browser, full, path, email=ADA) as ada, visit(browser, full, path, email=BEN) as ben:
        for page in (ada, ben):
            await expect(page.locator("[data-inbox-live]")).to_have_text("Live")
        await ada.get_by_label("Reply to Carol Jones").fill("Tomorrow at 3:30 works.")
        await ada.get_by_role("button", name="Send").click()
        await expect(ben.locator("#happenings")).to_contain_text("Tomorrow at 3:30 works.")
        await full.settle()
        await expect(ben.locator(".message.us").last).to_contain_text("delivered")
        await ben.get_by_role("button", name="Assign").click()
        await ben.get_by_role("button", name="Me", exact=True).click()
        await expect(ada.locator("#happenings")).to_contain_text("Ben took this")
        await expect(ada.locator(f"[data-line='{thread}'] .owner")).to_be_visible()
        await writes(full, "Perfect, thank you")
        for page in (ada, ben):
            await expect(page.locator("#happenings")).to_contain_text("Perfect, thank you")


async def walk_onto(page: Page, first: Locator) -> None:
    """Walk onto the list; news that come in this very moment take it, and the focus with it."""
    for _ in range(3):
        await page.keyboard.press("j")
        if await first.evaluate("link => link === document.activeElement"):
            break
    await expect(first).to_be_focused()


async def test_everything_is_done_by_keyboard_alone(full: House, browser: Browser, shots: Path) -> None:
    async with visit(browser, full, "/inbox") as page:
        await expect(page.locator("[data-inbox-live]")).to_have_text("Live")
        keys = page.keyboard
        await keys.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await page.screenshot(path=shots / "desktop-inbox-keys.png")
        await keys.press("Escape")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
        await walk_onto(page, page.locator("[data-thread-link]").first)
        await keys.press("Enter")
        await expect(page.locator(".pane-who h2")).to_have_text("Carol Jones")
        await keys.press("r")
        await keys.press("/")
        await expect(page.locator("[data-kept] a").first).to_be_focused()
        await keys.press("Enter")
        await expect(page.get_by_label("Reply to Carol Jones")).to_have_value("Hi Carol, a visit is $90.")
        await expect(page.locator("[data-segments]")).to_have_text("1 text · 25/160")
        await keys.press("Control+Enter")
        await expect(page.locator(".message.us").last).to_contain_text("a visit is $90.")
        await keys.press("Escape")
        await keys.press("n")
        await keys.type("Wants to pay in cash")
        await keys.press("Control+Enter")
        await expect(page.locator(".message.noted").last).to_contain_text("Wants to pay in cash")
        await keys.press("Escape")
        await keys.press("a")
        await page.get_by_role("button", name="Me", exact=True).press("Enter")
        await expect(page.locator("#happenings")).to_contain_text("Ada took this")
        await keys.press("s")
        await page.get_by_role("button", name="For an hour").press("Enter")
        await expect(page.locator(".pane-who h2")).not_to_have_text("Carol Jones")
        await expect(page.locator("[data-line]")).to_have_count(3)
        second = await page.locator(".pane-who h2").inner_text()
        await keys.press("e")
        await expect(page.locator(".pane-who h2")).not_to_have_text(second)
        await expect(page.locator("[data-line]")).to_have_count(2)
        await keys.press("u")
        await expect(page.locator(".pane")).to_have_count(0)
        await expect(page.locator(".line-of-thread.unread").first).to_be_visible()
        await keys.press("Control+k")
        await keys.type("carol")
        await expect(page.locator("#palette [role=option]").first).to_contain_text("Carol Jones")
        await fits(page)
        await page.screenshot(path=shots / "desktop-inbox-palette.png")
        await keys.press("Enter")
        await expect(page.locator(".pane-who h2")).to_have_text("Carol Jones")
        await expect(page.locator(".pane-who")).to_contain_text("snoozed until")


async def test_a_phone_shows_one_thing_at_a_time_and_a_broken_line_loses_no_words(
    full: House, browser: Browser
) -> None:
    async with visit(browser, full, "/inbox", size="phone") as page:
        await page.get_by_role("link", name="Carol Jones").first.click()
        await expect(page.locator("#threads")).to_be_hidden()
        await page.get_by_label("Reply to Carol Jones").fill("On my way")
        await page.context.set_offline(offline=True)
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("alert")).to_contain_text("Your words are kept")
        await expect(page.get_by_label("Reply to Carol Jones")).to_have_value("On my way")
        await page.context.set_offline(offline=False)
        await page.get_by_role("button", name="Send").dblclick()
        await expect(page.locator(".message.us:not(.pending)").last).to_contain_text("On my way")
        await full.settle()
        sent = [one for one in await full.twin.messages() if one.to == CAROL and one.body == "On my way"]
        assert len(sent) == 1
        await page.get_by_label("Reply to Carol Jones").fill("a draft to come back to")
        await page.get_by_role("link", name="Back to the threads").click()
        await expect(page.locator("#threads")).to_be_visible()
        await page.reload()
        await page.get_by_role("link", name="Carol Jones").first.click()
        await expect(page.get_by_label("Reply to Carol Jones")).to_have_value("a draft to come back to")


async def test_the_page_counts_texts_as_the_server_bills_them(full: House, browser: Browser) -> None:
    words = [
        "",
        "x" * 160,
        "x" * 161,
        "x" * 153 + "€" * 4,
        "€" * 80,
        "€" * 81,
        "mañana",
        "日" * 70,
        "日" * 71,
        "🙂" * 34,
    ]
    words += ["🙂" * 36, "“quoted” – it’s…", "\n\nlines\nand lines  ", "x" * 306, "x" * 307, "[x]" * 60]
    async with visit(browser, full, "/inbox") as page:
        counted = await page.evaluate(
            """async ([address, words]) => {
                 const { count } = await import(address);
                 return words.map((one) => { const { parts, units } = count(one); return [parts, units]; });
               }""",
            [address_of("segments.js"), words],
        )
    billed = [segments.count(to_gsm7_friendly(one.strip())) for one in words]
    assert counted == [[one.count, one.units] for one in billed]
