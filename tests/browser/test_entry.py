"""Getting in, in a real browser: password, code, passkey, forgotten password, and a person's own account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pyotp
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.entry import Mailbox, link_in, open_mailbox, pass_by
from tests.support.house import ADA, PASSWORD, House, open_house
from tests.support.office import TravelClock

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
LOOKS = pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
GRAVE = {"serious", "critical"}
NEW_PASSWORD = "brook-ladder-saffron-window"


@pytest.fixture
def clock() -> TravelClock:
    return TravelClock()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


@pytest.fixture
async def house(database_url: str, home: Path, clock: TravelClock, mailbox: Mailbox) -> AsyncIterator[House]:
    async with open_house(database_url, home, clock=clock, environ=mailbox.settings()) as opened:
        yield opened


@asynccontextmanager
async def somebody(
    browser: Browser, house: House, *, size: str = "desktop", dark: bool = False, expected: tuple[str, ...] = ()
) -> AsyncIterator[Page]:
    """Open the console under a name; the browser must have nothing to complain of but what is expected."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        has_touch=size == "phone",
        base_url=address(house),
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    assert [one for one in complaints if not any(words in one for words in expected)] == []


def address(house: House) -> str:
    """Name the house as browsers want it for passkeys."""
    return house.url.replace("127.0.0.1", "localhost")


async def look(page: Page, shots: Path, name: str) -> None:
    """Hold a page to what every page must keep, and take its picture."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs off the side"
    assert await page.locator("h1").count() == 1
    found = (await Axe().run(page)).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in GRAVE] == []
    await page.screenshot(path=shots / f"{name}.png", full_page=True)


async def type_password(page: Page, password: str = PASSWORD) -> None:
    await page.goto("/login")
    await page.get_by_label("E-mail").fill(ADA)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def add_authenticator(context: BrowserContext, page: Page) -> None:
    """Give the browser a device that keeps passkeys and always recognises its person."""
    tools = await context.new_cdp_session(page)
    await tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@LOOKS
async def test_an_app_is_set_up_and_lets_in_with_its_codes(
    house: House, browser: Browser, shots: Path, clock: TravelClock, size: str, *, dark: bool
) -> None:
    look_name = f"{size}{'-dark' if dark else ''}"
    async with somebody(browser, house, size=size, dark=dark, expected=("401",)) as page:
        await page.goto("/login")
        await expect(page.get_by_role("button", name="Log in with a passkey")).to_be_visible()
        await look(page, shots, f"{look_name}-login")
        await type_password(page, "not the password")
        await expect(page.get_by_role("alert").first).to_contain_text("is wrong")
        await look(page, shots, f"{look_name}-login-wrong")
        await type_password(page)
        await page.goto("/account")
        await look(page, shots, f"{look_name}-account-first")
        await page.get_by_role("button", name="Set up an app").click()
        secret = (await page.locator(".entry-secret").inner_text()).replace(" ", "")
        await look(page, shots, f"{look_name}-account-app")
        await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).at(clock.now()))
        await page.get_by_role("button", name="Turn it on").click()
        codes = await page.locator(".entry-codes code").all_inner_texts()
        assert len(codes) == 10
        await look(page, shots, f"{look_name}-account-codes")
        await page.get_by_role("link", name="I have kept them").click()
        await expect(page.get_by_text("10 of 10 recovery codes are left")).to_be_visible()
        await page.context.clear_cookies()
        pass_by(clock, 30)
        await type_password(page)
        await expect(page.get_by_role("heading", name="Your code")).to_be_visible()
        await look(page, shots, f"{look_name}-login-code")
        await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).at(clock.now()))
        await page.get_by_role("button", name="Continue").click()
        await expect(page).to_have_url(f"{address(house)}/")
        await page.context.clear_cookies()
        await type_password(page)
        await page.get_by_role("link", name="Use a recovery code").click()
        await page.get_by_label("Recovery code").fill(codes[0])
        await page.get_by_role("button", name="Continue").click()
        await page.goto("/account")
        await expect(page.get_by_text("9 of 10 recovery codes are left")).to_be_visible()


@LOOKS
async def test_a_passkey_is_kept_lets_in_proves_and_is_removed(
    house: House, browser: Browser, shots: Path, clock: TravelClock, size: str, *, dark: bool
) -> None:
    look_name = f"{size}{'-dark' if dark else ''}"
    async with somebody(browser, house, size=size, dark=dark) as page:
        await add_authenticator(page.context, page)
        await type_password(page)
        await page.goto("/account")
        await page.get_by_label("Name of the device").fill("Office laptop")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_role("status")).to_contain_text("The passkey is kept.")
        await look(page, shots, f"{look_name}-account-passkey")
        await page.context.clear_cookies()
        await page.goto("/login?next=/account")
        await page.get_by_role("button", name="Log in with a passkey").click()
        await expect(page.get_by_role("heading", name="Your account")).to_be_visible()
        pass_by(clock, 601)
        await page.reload()
        await look(page, shots, f"{look_name}-account-stale")
        await page.get_by_role("link", name="Confirm it is you").first.click()
        await look(page, shots, f"{look_name}-account-prove")
        await page.get_by_role("button", name="Use a passkey").click()
        await page.get_by_role("button", name="Remove Office laptop").click()
        await expect(page.get_by_role("status")).to_contain_text("The passkey is removed.")
        await expect(page.get_by_text("Office laptop")).to_have_count(0)


async def test_a_device_without_its_passkey_says_what_to_do(house: House, browser: Browser) -> None:
    async with somebody(browser, house) as page:
        await add_authenticator(page.context, page)
        await page.goto("/login")
        await page.get_by_role("button", name="Log in with a passkey").click()
        await expect(page.get_by_role("alert")).to_contain_text("No passkey was used. Try again")


@LOOKS
async def test_a_forgotten_password_is_replaced_by_a_letter(
    house: House, browser: Browser, shots: Path, mailbox: Mailbox, size: str, *, dark: bool
) -> None:
    look_name = f"{size}{'-dark' if dark else ''}"
    async with somebody(browser, house, size=size, dark=dark, expected=("409",)) as page:
        await page.goto("/login")
        await page.get_by_role("link", name="Forgot your password?").click()
        await look(page, shots, f"{look_name}-forgot")
        await page.get_by_label("E-mail").fill(ADA)
        await page.get_by_role("button", name="Send me a link").click()
        await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        await look(page, shots, f"{look_name}-forgot-sent")
        _, words = await mailbox.next_letter()
        await page.goto(link_in(words))
        await look(page, shots, f"{look_name}-reset")
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Set the password").click()
        await expect(page.get_by_role("status")).to_contain_text("Your password is set.")
        await page.goto(link_in(words))
        await expect(page.get_by_role("heading", name="This link is over")).to_be_visible()
        await look(page, shots, f"{look_name}-reset-over")
        await type_password(page, NEW_PASSWORD)
        await expect(page).to_have_url(f"{address(house)}/")


@LOOKS
async def test_a_token_is_made_and_revoked(
    house: House, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    look_name = f"{size}{'-dark' if dark else ''}"
    async with somebody(browser, house, size=size, dark=dark) as page:
        await type_password(page)
        await page.goto(f"/businesses/{house.ada.id}/settings/tokens")
        await look(page, shots, f"{look_name}-tokens-none")
        await page.get_by_role("button", name="New token").click()
        await page.get_by_label("What it is for").fill("Booking form")
        await page.get_by_label("See bookings and calendars").check()
        await page.get_by_label("Make and change bookings").check()
        await look(page, shots, f"{look_name}-tokens-new")
        await page.get_by_role("button", name="Make the token").click()
        secret = await page.get_by_label("Token", exact=True).input_value()
        assert secret.startswith("fd_")
        await look(page, shots, f"{look_name}-tokens-issued")
        assert (await house.client(Authorization=f"Bearer {secret}").get("/api/services")).status_code == 200
        await page.get_by_role("button", name="Revoke Booking form").click()
        await expect(page.get_by_text("Revoked")).to_be_visible()
        assert (await house.client(Authorization=f"Bearer {secret}").get("/api/services")).status_code == 401


async def test_the_keyboard_alone_logs_in_and_ends_another_login(house: House, browser: Browser) -> None:
    elsewhere = await house.as_person(ADA)
    async with somebody(browser, house) as page:
        await page.goto("/login?next=/account")
        await page.keyboard.type(ADA)
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Your account")).to_be_visible()
        ending = page.get_by_role("button", name="Log out everywhere else")
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await ending.evaluate("one => one === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("logged out everywhere but here")
    assert (await elsewhere.get("/api/auth/me")).status_code == 401


async def test_without_scripts_everything_but_passkeys_works(house: House, browser: Browser) -> None:
    context = await browser.new_context(base_url=address(house), java_script_enabled=False)
    page = await context.new_page()
    await type_password(page)
    await page.goto("/account")
    await expect(page.get_by_text("Passkeys need scripts", exact=False)).to_be_visible()
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_role("status")).to_contain_text("Your password is changed.")
    await context.close()
