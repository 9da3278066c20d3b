"""A real Chromium in front of a real house; without one these tests are skipped by name."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.house import House, open_house

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HERE = Path(__file__).parent
SHOTS = HERE.parents[1] / "build" / "screenshots"
PATIENCE_SECONDS = 180  # a page waits for its own signs of life; the usual minute would cut off a busy machine
expect.set_options(timeout=20_000)  # for one sign of life: what comes by a live stream comes late on such a machine


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a browser its time, walk a journey in one size and theme unless all are asked for, name what is missing."""
    for item in items:
        if not isinstance(item, pytest.Function) or not item.path.is_relative_to(HERE):
            continue
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(PATIENCE_SECONDS))
        if _is_another_look(item):
            item.add_marker(pytest.mark.slow)
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed (apt-get install chromium)"))


def _is_another_look(item: pytest.Function) -> bool:
    which = getattr(item, "callspec", None)
    return which is not None and any(which.indices.get(look, 0) for look in ("size", "dark"))


@pytest.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open the house for one test."""
    async with open_house(database_url, home) as opened:
        yield opened


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Start a browser for one test."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        await started.close()


@pytest.fixture(scope="session")
def shots() -> Path:
    """Give the folder that keeps pictures of the pages, for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
