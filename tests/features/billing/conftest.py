"""What tests of billing may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.features.billing.stage import Till, open_till


@pytest.fixture
async def till(database_url: str, home: Path) -> AsyncIterator[Till]:
    """Lend an office that hears of what happens at the payment company."""
    async with open_till(database_url, home) as opened:
        yield opened


@pytest.fixture
async def deaf_till(database_url: str, home: Path) -> AsyncIterator[Till]:
    """Lend an office that hears of nothing by itself."""
    async with open_till(database_url, home, tells=False) as opened:
        yield opened
