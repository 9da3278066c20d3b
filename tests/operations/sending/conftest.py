"""What tests of sending's pages work with: an office, and a stage that is made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from frontdesk.operations.drills import Stage
from tests.support.office import Office, open_office


@pytest_asyncio.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, home) as found:
        yield found


@pytest.fixture
def stage(office: Office, database_url: str, home: Path) -> Stage:
    """Lend the office as a stage: its carrier and its webhooks are there, a worker is not."""
    return Stage(
        system=office.parts.system,
        twin=office.twin,
        pids=dict,
        database_url=database_url,
        url=office.url,
        api_token="",
        home=home,
    )
