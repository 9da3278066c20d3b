"""One installation for all journeys: bringing one up takes longer than a journey."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.journeys.journey import Journey, begin
from tests.support.database import clone_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let all that use the installation share the event loop it lives on, and under xdist one program."""
    for item in items:
        if isinstance(item, pytest.Function) and "journey" in item.fixturenames:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def journey(database_server: str, database_template: str) -> AsyncIterator[Journey]:
    """Lend the installation."""
    async with clone_of(database_server, database_template) as address, begin(address) as found:
        yield found
