"""What tests of operations work with: the database as the dispatchers see it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with


@pytest.fixture
async def system(database_url: str) -> AsyncIterator[Database]:
    """Lend the database across tenants."""
    database = await Database.open(
        database_url, role=Role.SYSTEM, clock=DatabaseClock(), flush=flush_with(Handlers([])), max_size=4
    )
    yield database
    await database.close()
