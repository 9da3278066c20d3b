"""The guide, the API page and the design page: all that ships is found and shown, and is nothing more than words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from pathlib import Path

import httpx2
import pytest

from frontdesk.web.design import ENOUGH, contrast, list_icons, list_macros, list_other_tokens, list_swatches
from frontdesk.web.manual import ManualPage, manual, render_manual, search_manual
from tests.support.house import ADA, ADMIN, BEN, House

ROOT = Path(__file__).parents[2]


async def visitor(house: House, email: str = BEN) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


def test_every_page_of_the_documentation_is_in_the_guide_and_leads_nowhere_wrong() -> None:
    places = {page.place for page in manual().values()}
    assert places == {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")} | {
        "README.md"
    }
    for page in manual().values():
        body, _ = render_manual(page)
        for slug in re.findall(r'href="/guide/([^"#]+)', body):
            assert slug in manual(), (page.place, slug)


def test_nothing_in_a_page_becomes_html_of_its_own() -> None:
    text = "# X\n\n<script>x</script> [a](javascript:alert(1)) [b](/evil) [c](https://example.com/)\n\n<img src=x>\n"
    page = ManualPage(slug="x", place="x.md", section="", title="X", text=text)
    body, _ = render_manual(page)
    assert "<script" not in body
    assert "<img" not in body
    assert re.findall(r'href="([^"]*)"', body) == ["https://example.com/"]


@pytest.mark.parametrize(
    ("asked", "first"), [("quickstart", "quickstart"), ("kill switch paused", "runbook-kill-switch")]
)
def test_a_search_finds_the_page_that_is_meant(asked: str, first: str) -> None:
    found = search_manual(asked)
    assert first in [one.page.slug for one in found[:4]]
    assert all(one.line for one in found)
    assert not search_manual("qqqqqq zzzzzz")
    assert not search_manual("  <> ")


async def test_the_guide_is_read_page_by_page_by_anybody_who_is_logged_in(house: House) -> None:
    ben = await visitor(house)
    table = await ben.get("/guide")
    assert 'href="/guide/quickstart"' in table.text
    page = await ben.get("/guide/quickstart")
    assert "<h1>Quickstart</h1>" in page.text
    assert 'aria-current="page">Quickstart' in page.text
    found = await ben.get("/guide", params={"q": "opt-in <script>"})
    assert "<script>" not in found.text.partition("<main")[2]
    assert (await ben.get("/guide/nothing-like-it")).status_code == 404
    assert (await ben.get("/guide/..%2f..%2fpyproject")).status_code == 404
    nobody = house.client(Accept="text/html")
    for path in ("/guide", "/guide/quickstart", "/design", "/docs"):
        assert (await nobody.get(path)).status_code in {303, 401}


async def test_every_request_has_a_command_and_what_needs_nothing_is_tried_at_once(house: House) -> None:
    ada = await visitor(house, ADA)
    page = html.unescape((await ada.get("/docs")).text)
    assert f'"{house.url}/api/calls"' in page
    assert 'curl -X POST \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H "X-Tenant-Id: $BUSINESS"' in page
    tried = set(re.findall(r'href="(/api/[^"]+)">Try it here', page))
    assert "/api/calls" in tried
    assert not [one for one in tried if "{" in one]
    few = (await ada.get("/docs", params={"q": "segments"})).text
    assert "/api/segments" in few
    assert "<code>/api/calls</code>" not in few


async def test_the_signed_example_is_signed_as_a_real_message_is(house: House) -> None:
    ada = await visitor(house, ADA)
    page = html.unescape((await ada.get("/docs")).text)
    told = re.search(
        r"webhook-id: (\S+)\nwebhook-timestamp: (\d+)\nwebhook-signature: v1,(\S+)\n\n(.+?)</code>", page, re.DOTALL
    )
    secret = re.search(r"whsec_([A-Za-z0-9+/=]+)", page)
    assert told is not None
    assert secret is not None
    signed = f"{told[1]}.{told[2]}.{told[4]}".encode()
    expected = hmac.new(base64.b64decode(secret[1]), signed, hashlib.sha256).digest()
    assert base64.b64encode(expected).decode() == told[3]


async def test_the_design_page_shows_every_component_token_and_icon(house: House) -> None:
    page = (await (await visitor(house, ADMIN)).get("/design")).text
    shown = set(re.findall(r'data-shows="(\w+)"', page))
    assert shown == set(list_macros())
    for swatch in list_swatches():
        assert f'id="token-{swatch.name}"' in page
    for name, _ in list_other_tokens():
        assert f"--{name}<" in page
    for name in list_icons():
        assert f"</svg>\n {name}</li>" in page or f"</svg> {name}</li>" in page or f" {name}</li>" in page


def test_words_can_be_read_in_both_themes() -> None:
    for swatch in list_swatches():
        for measured in (swatch.light_contrast, swatch.dark_contrast):
            assert measured is None or measured >= ENOUGH, swatch
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
