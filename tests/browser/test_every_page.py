"""Every page of the program in a real browser, found by its routes: a new page is looked at from its first day on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.backroom import noon
from tests.support.furnished import Furnished
from tests.support.house import open_house
from tests.support.pages import (
    SIZES,
    Leaf,
    Walker,
    faults_by_axe,
    faults_of_focus,
    faults_of_shape,
    list_pages,
    walker,
)

AT_ONCE = 3
Look = Callable[[Walker, Leaf], Awaitable[Sequence[str]]]
LEAST_PAGES = 70


@pytest.fixture
async def furnished(database_url: str, home: Path) -> AsyncIterator[Furnished]:
    """Open a house that has something on every page."""
    clock = noon()
    async with open_house(database_url, home, clock=clock) as house:
        filled = Furnished(house, clock)
        await filled.fill()
        yield filled


async def walk(browser: Browser, furnished: Furnished, look: Look, *, size: str, dark: bool = False) -> Sequence[str]:
    """Look at every page, several at once; returns what was found wrong."""
    pages = await list_pages(furnished.house, furnished.ids)
    assert len(pages) >= LEAST_PAGES, "pages are found"
    faults: list[str] = []
    waiting = iter(pages)

    async def stroll() -> None:
        async with AsyncExitStack() as stack:
            inside = await stack.enter_async_context(walker(browser, furnished.house, size=size, dark=dark))
            outside = await stack.enter_async_context(
                walker(browser, furnished.house, email=None, size=size, dark=dark)
            )
            for leaf in waiting:
                one = outside if leaf.open else inside
                one.complaints.clear()
                await one.open(leaf)
                found = [*await look(one, leaf), *one.complaints]
                faults.extend(f"{leaf.address} ({size}{', dark' if dark else ''}): {fault}" for fault in found)

    await asyncio.gather(*(stroll() for _ in range(AT_ONCE)))
    return faults


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_every_page_is_whole_on_a_phone(furnished: Furnished, browser: Browser) -> None:
    async def look(one: Walker, _leaf: Leaf) -> Sequence[str]:
        return await faults_of_shape(one.page)

    faults = await walk(browser, furnished, look, size="phone")
    assert not faults, "\n".join(faults)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_page_is_good_to_look_at_and_keeps_nobody_out(
    furnished: Furnished, browser: Browser, shots: Path, size: str, *, dark: bool
) -> None:
    async def look(one: Walker, leaf: Leaf) -> Sequence[str]:
        name = f"every-{size}{'-dark' if dark else ''}-{leaf.name}.png"
        await one.page.screenshot(path=shots / name, full_page=True)
        faults = [*await faults_of_shape(one.page), *await faults_by_axe(one.page)]
        return [*faults, *await faults_of_focus(one.page)]

    faults = await walk(browser, furnished, look, size=size, dark=dark)
    assert not faults, "\n".join(faults)
