"""Two businesses and their databases, for tests of consent on real rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import senders, tenants
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.journal import Journal
from tests.support.actors import TEST_ACTS
from tests.support.office import ADAS_NUMBER, MALLORYS_NUMBER, business


class TravelClock(DatabaseClock):
    """The database's clock, which a test may put forward."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Tell the time of the test's choice."""
        return super().now() + self.ahead


@dataclass
class Desk:
    """What a test of consent works with; `ada` and `mallory` are businesses."""

    app: Database
    system: Database
    login: Database
    journal: Journal
    clock: TravelClock
    ada: UUID
    mallory: UUID
    told: list[Mapping[str, object]] = field(default_factory=list)

    async def value(self, statement: str, *arguments: object) -> object:
        """Ask the database as its owner."""
        async with self.login.transaction() as tx:
            return await tx.fetchval(statement, *arguments)

    async def column(self, statement: str, *arguments: object) -> list[object]:
        """Ask the database as its owner for a list."""
        async with self.login.transaction() as tx:
            return [row[0] for row in await tx.fetch(statement, *arguments)]

    async def events(self, phone_e164: str) -> list[object]:
        """List what the ledger says of a person, oldest first."""
        return await self.column(
            "select event_type from compliance_events where phone_e164 = $1 order by seq", phone_e164
        )


@pytest.fixture
async def desk(database_url: str, home: Path) -> AsyncIterator[Desk]:
    """Open the databases with Ada's and Mallory's businesses in them."""
    clock = TravelClock()
    app = await Database.open(database_url, role=Role.APP, clock=clock)
    system = await Database.open(database_url, role=Role.SYSTEM, clock=clock)
    login = await Database.open(database_url, role=Role.LOGIN, clock=clock)
    journal = Journal(home / "journal")
    ids: list[UUID] = []
    for name, slug, number in (
        ("Harbor Plumbing", "harbor", ADAS_NUMBER),
        ("Mesa Dental", "mesa", MALLORYS_NUMBER),
    ):
        tenant = business(name=name, slug=slug)
        async with system.transaction(tenant.id) as tx:
            await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
            await senders.add_number(tx, phone_e164=number, provider="twilio")
        ids.append(tenant.id)
    yield Desk(app=app, system=system, login=login, journal=journal, clock=clock, ada=ids[0], mallory=ids[1])
    await journal.close()
    for database in (app, system, login):
        await database.close()
