"""Markup, scripts and code that people from outside write: shown as it is on every page, and never taken for more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.backroom import work
from tests.support.furnished import CAROL, EVERYBODY, Furnished, did, no_tag
from tests.support.house import ADA, House
from tests.support.office import ADAS_NUMBER
from tests.support.pages import Leaf, Walker, list_pages, walker
from tests.support.payloads import (
    BORN,
    MOST_TEXT,
    SHOWN,
    Hostile,
    file_of,
    is_name,
    load_payloads,
    open_hostile_house,
    squeezed,
)

MOST_SEGMENT = 70  # letters, beside the number that makes each name another one
MOST_PAGES = 14  # of one list that goes on


@pytest.fixture
async def hostile(database_url: str, home: Path) -> AsyncIterator[Furnished]:
    """Open a house in which everybody writes payloads."""
    async with open_hostile_house(database_url, home) as filled:
        yield filled


async def plant(house: House, conversation_id: str) -> list[str]:
    """Write every payload as a customer's text and as a name in a file, and some as notes, segments and answers."""
    ada = await house.as_person(ADA)
    payloads = load_payloads()
    texts = [one for one in payloads if len(one) <= MOST_TEXT]
    names = [one for one in payloads if is_name(one)]
    for one in texts:
        await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body=one)
    await house.twin.wait_until_idle()
    notes, kept = payloads[::3], [one for one in names if no_tag(one)][::5]
    segments = [one for one in names if len(one) <= MOST_SEGMENT][::5]
    for one in notes:
        await did(ada.post(f"/api/conversations/{conversation_id}/notes", json={"body": one}))
    for one in segments:
        await did(ada.post("/api/segments", json={"name": f"{one} {len(one)}", "filter": EVERYBODY}))
    for number, one in enumerate(kept):
        await did(ada.post("/api/canned-replies", json={"name": f"kept {number}", "body": one}))
    await did(
        ada.post("/api/imports", files={"file": ("all.csv", file_of(names), "text/csv")}, data={"start": "import"})
    )
    await work(house)
    return [*texts, *notes, *names, *segments, *kept]


def lists_of(house: House, conversation_id: str) -> list[Leaf]:
    """Name the pages whose lists go on over many pages."""
    home = f"/businesses/{house.ada.id}"
    return [Leaf(path, home + path, open=False) for path in ("/people", f"/inbox/{conversation_id}")]


ONWARDS = "document.querySelector('[rel=next], #happenings .more a')?.getAttribute('href') ?? null"


def missing(words: Sequence[str], seen: Sequence[str]) -> list[str]:
    """List what no page shows as it was written."""
    shown = squeezed("\n".join(seen))
    return [one for one in dict.fromkeys(words) if squeezed(one) not in shown]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_no_payload_runs_builds_or_asks_for_anything_in_a_browser_and_each_is_shown(
    hostile: Furnished, browser: Browser
) -> None:
    house, say = hostile.house, hostile.say
    assert isinstance(say, Hostile)
    said = [*say.said, *await plant(house, hostile.ids["conversation_id"])]
    faults: list[str] = []
    seen: list[str] = []

    async def look(one: Walker, leaf: Leaf) -> None:
        one.complaints.clear()
        await one.open(leaf)
        faults.extend(f"{leaf.address}: {fault}" for fault in [*await one.page.evaluate(BORN), *one.complaints])
        seen.append(await one.page.evaluate(SHOWN))

    async with walker(browser, house) as inside, walker(browser, house, email=None) as outside:
        for leaf in await list_pages(house, hostile.ids):
            await look(outside if leaf.open else inside, leaf)
        for first in lists_of(house, hostile.ids["conversation_id"]):
            at: str | None = first.address
            visited: set[str] = set()
            while at and at not in visited and len(visited) < MOST_PAGES:
                visited.add(at)
                await look(inside, Leaf(first.pattern, at, open=False))
                at = await inside.page.evaluate(ONWARDS)
    assert not faults, "\n".join(faults)
    unseen = missing(said, seen)
    assert not unseen, "\n".join(unseen)
