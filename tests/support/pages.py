"""Every page of the program, found by its own routes, and a browser that notes what is wrong while it walks them."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed
from fastapi.routing import APIRoute
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from frontdesk.web.app import create_app
from frontdesk.web.docs import access_of
from tests.support.house import ADMIN, PASSWORD, House

GRAVE = {"serious", "critical"}
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
# What a route needs in its address, beside its path, to be a page at all.
ASKED = {
    "/book/{business_slug}/s/{service_id}/at": "?at={free}",
    "/welcome/confirm": None,  # only for who was sent a letter
    "/businesses/{tenant_id}/calendars/connect": None,  # leads to a company that is not set up here
    "/reset/{reset_token}": None,  # only with a link that works once
    "/login/code": None,  # only in the middle of logging in
}
# The same page in another state that has its own look.
STATES = (
    ("/", "?business={tenant_id}&thread={conversation_id}"),
    ("/businesses/{tenant_id}/inbox", "?view=done"),
    ("/businesses/{tenant_id}/inbox", "?q=boiler"),
    ("/businesses/{tenant_id}/people", "?q=Carol"),
    ("/businesses/{tenant_id}/agenda", "?view=day&day={day}"),
    ("/businesses/{tenant_id}/agenda", "?view=list&day={day}"),
    ("/businesses/{tenant_id}/agenda", "?day={day}&open={appointment_id}"),
    ("/businesses/{tenant_id}/campaigns/{draft_id}", ""),
    ("/operations/runbooks/{slug}", "?look=now"),
    ("/login", ""),
    ("/nowhere", ""),
)
EXPECTED = {"/nowhere": 404}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page: its pattern, its address, and whether strangers see it."""

    pattern: str
    address: str
    open: bool

    @property
    def name(self) -> str:
        """Name its picture."""
        words = re.sub(r"/businesses/\{tenant_id\}|_id\b", "", self.pattern) + self.address.partition("?")[2][:12]
        return re.sub(r"[^a-z]+", "-", words.lower()).strip("-") or "home"


async def list_pages(house: House, ids: Mapping[str, str]) -> list[Leaf]:
    """Find every whole page by the program's routes; one whose ids nobody has filled in fails."""
    looker = await house.as_person(ADMIN)
    looker.headers["Accept"] = "text/html"
    found: list[Leaf] = []
    for route in create_app(house.parts).routes:
        if not isinstance(route, APIRoute) or route.include_in_schema or "GET" not in (route.methods or ()):
            continue
        if route.path.endswith("/stream") or ASKED.get(route.path, "") is None or route.path == "/login":
            continue
        if "{report}" in route.path:  # files, not pages
            continue
        address = (route.path + (ASKED.get(route.path) or "")).format(**_safe(ids))
        answer = await looker.get(address)
        if answer.text.lstrip().lower().startswith("<!doctype html"):
            assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:300]}"
            found.append(Leaf(route.path, address, access_of(route)[0] == "open" and "/welcome" not in address))
    for pattern, query in STATES:
        address = (pattern + query).format(**_safe(ids))
        found.append(Leaf(pattern + query, address, pattern == "/login"))
    return found


def _safe(ids: Mapping[str, str]) -> dict[str, str]:
    return {name: quote(value, safe="") for name, value in ids.items()}


@dataclass
class Walker:
    """Somebody in front of a page, and whatever the browser found wrong meanwhile."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)
    expected: int = 200

    def __post_init__(self) -> None:
        """Listen to everything that a page can do wrong."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script failed: {error}"))
        self.page.on("request", self._watch)
        self.page.on("dialog", lambda dialog: self.complaints.append(f"asked: {dialog.message}"))
        self.page.on("popup", lambda popup: self.complaints.append(f"opened: {popup.url}"))

    def _hear(self, message: ConsoleMessage) -> None:
        wanted = self.expected != 200 and "Failed to load resource" in message.text
        if message.type in {"error", "warning"} and not wanted:
            self.complaints.append(f"console: {message.text}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:")):
            self.complaints.append(f"asked {urlsplit(request.url).netloc or request.url[:60]} for something")

    async def open(self, leaf: Leaf) -> Response:
        """Go to a page, which must be there."""
        self.expected = EXPECTED.get(leaf.pattern, 200)
        answer = await self.page.goto(self.home + leaf.address)
        assert answer is not None
        assert answer.status == self.expected, f"{leaf.address}: {answer.status}"
        return answer


@asynccontextmanager
async def walker(
    browser: Browser, house: House, *, email: str | None = ADMIN, size: str = "desktop", dark: bool = False
) -> AsyncIterator[Walker]:
    """Put somebody in front of a browser: logged in, or (None) a stranger."""
    width, height = SIZES[size]
    context: BrowserContext = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", has_touch=size == "phone"
    )
    if email is not None:
        answer = await context.request.post(f"{house.url}/api/auth/login", data={"email": email, "password": PASSWORD})
        assert answer.ok, await answer.text()
    yield Walker(await context.new_page(), house.url)
    await context.close()


SHAPE = """() => {
    const all = (selector) => document.querySelectorAll(selector).length;
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const labelled = (one) => one.labels?.length || one.ariaLabel || one.getAttribute("aria-labelledby") || one.title;
    return {
      headings: all("h1"),
      title: document.title.trim(),
      mains: all("main"),
      language: document.documentElement.lang,
      wide,
      bytes: entries.filter((one) => !one.name.includes("/stream")).reduce((sum, one) => sum + one.encodedBodySize, 0),
      document: performance.getEntriesByType("navigation")[0].encodedBodySize,
      plain: document.documentElement.outerHTML,
      unnamed: [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
        .filter((one) => !labelled(one)).map((one) => one.outerHTML.slice(0, 100)),
      uncaptioned: [...document.querySelectorAll("table")].filter((one) => !one.caption).length,
    };
}"""
MOST_BYTES = 200 * 1024


async def faults_of_shape(page: Page) -> Sequence[str]:
    """List what a page lacks that every page has: one heading, a title, a landmark, names of fields, its width."""
    shape = await page.evaluate(SHAPE)
    # The page itself as a compressing proxy sends it; what it loads comes compressed from us.
    html = shape["plain"].encode()
    weight = shape["bytes"] - shape["document"] + len(gzip.compress(html))
    checks = {
        f"{shape['headings']} headings of the first order": shape["headings"] == 1,
        "no title": bool(shape["title"]),
        f"{shape['mains']} main landmarks": shape["mains"] == 1,
        "no language": shape["language"] == "en",
        f"runs {shape['wide']} px off the side": shape["wide"] <= 0,
        f"weighs {weight} bytes": 0 < weight < MOST_BYTES,
        f"fields without a name: {shape['unnamed']}": not shape["unnamed"],
        f"{shape['uncaptioned']} tables without a caption": shape["uncaptioned"] == 0,
    }
    return [fault for fault, fine in checks.items() if not fine]


async def faults_by_axe(page: Page) -> Sequence[str]:
    """List what keeps people with impairments out, by axe's judgement."""
    found = (await Axe().run(page)).response["violations"]
    grave = [one for one in found if one["impact"] in GRAVE]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in grave]


FOCUS = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return "";
    const style = getComputedStyle(one);
    const lined = (from) => from.outlineStyle !== "none" && parseFloat(from.outlineWidth) > 0;
    const ring = (from) => lined(from) || from.boxShadow !== "none";
    const seen = ring(style) || [...one.labels ?? []].some((label) => ring(getComputedStyle(label)));
    const box = one.getBoundingClientRect();
    return seen && box.width > 0 && box.height > 0 ? "" : one.outerHTML.slice(0, 120);
}"""


async def faults_of_focus(page: Page, *, steps: int = 8) -> Sequence[str]:
    """Tab through the beginning of a page and list what does not show that it has the focus."""
    faults = []
    for _ in range(steps):
        await page.keyboard.press("Tab")
        if unseen := await page.evaluate(FOCUS):
            faults.append(f"focus is not seen: {unseen}")
    return faults
