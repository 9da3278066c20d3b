"""Markup, scripts and code that people from outside write: no page is sent with an element that they made."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

import frontdesk
from frontdesk.web.manual import ManualPage, render_manual
from frontdesk.web.pages.operations_markdown import render_page
from tests.support.furnished import Furnished
from tests.support.house import ADMIN
from tests.support.pages import list_pages
from tests.support.payloads import births_in, load_payloads, open_hostile_house

SOURCE = Path(frontdesk.__file__).parent
# What would let words through as markup, and what reads mail.
TRUSTING = re.compile(
    r"\|\s*safe\b|\bMarkup\(|autoescape\s+false|\bimaplib\b|\bpoplib\b|email\.(?:parser|message_from)"
)

# They make elements: of our own pages' words, by a reader that escapes what it is given, and a QR code.
WRITTEN_BY_US = {"markdown.py", "account_views.py"}


def render_as_runbook(words: str) -> str:
    """Render words as a runbook's."""
    return str(render_page(words, {}))


def render_as_manual(words: str) -> str:
    """Render words as the manual's."""
    page = ManualPage(slug="a", place="a.md", section="", title="A", text=words)
    return str(render_manual(page)[0])


@pytest.fixture
async def hostile(database_url: str, home: Path) -> AsyncIterator[Furnished]:
    """Open a house in which everybody writes payloads."""
    async with open_hostile_house(database_url, home) as filled:
        yield filled


def test_there_are_two_hundred_payloads_and_each_is_another_one() -> None:
    payloads = load_payloads()
    assert len(payloads) >= 200
    assert len(set(payloads)) == len(payloads)


@pytest.mark.parametrize(
    "page",
    [
        "<p><script>fdx()</script>",
        "<img src=x onerror=fdx()>",
        "<a href=' JavaScript:fdx()'>x</a>",
        "<fdx>",
        "<p style='x'>",
        "<base href=//evil.example>",
        '<input value="" onfocus=fdx() fdx="">',
        "<form action=//evil.example/fdx>",
    ],
)
def test_a_birth_is_noticed(page: str) -> None:
    assert births_in(page) != []


@pytest.mark.timeout(180)
async def test_no_page_is_sent_with_an_element_that_somebody_from_outside_made(hostile: Furnished) -> None:
    house = hostile.house
    admin, stranger = await house.as_person(ADMIN), house.client()
    faults: list[str] = []
    for leaf in await list_pages(house, hostile.ids):
        page = await (stranger if leaf.open else admin).get(leaf.address, headers={"Accept": "text/html"})
        faults += [f"{leaf.address}: {birth}" for birth in births_in(page.text)]
    assert not faults, "\n".join(faults)


def test_nothing_of_ours_takes_words_for_markup_and_nothing_reads_mail() -> None:
    ours = [path for kind in ("*.py", "*.html") for path in SOURCE.rglob(kind)]
    assert {path.name for path in ours if TRUSTING.search(path.read_text(encoding="utf-8"))} == WRITTEN_BY_US


@pytest.mark.parametrize("render", [render_as_runbook, render_as_manual])
def test_our_own_pages_take_over_no_markup_that_stands_in_them(render: Callable[[str], str]) -> None:
    written = [one for one in load_payloads() if "<" in one and "](" not in one]
    assert len(written) > 100
    for words in (*written, "[x](javascript:fdx())"):
        born = [one for one in births_in(render(words)) if not one.startswith("<a href=http")]  # links out stay
        assert born == [], words
