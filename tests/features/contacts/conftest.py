"""Two businesses, their databases and a worker on demand, for tests of contacts on real rows."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import tenants
from frontdesk.features.contacts.jobs import add_import_workflow
from frontdesk.features.contacts.model import Card, Import, RowFault
from frontdesk.features.contacts.service import cards, importing
from frontdesk.features.contacts.service.reading import Job
from frontdesk.features.contacts.service.staging import Staged
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import Runner, Workflows
from frontdesk.kernel.outbox import Handlers, flush_with
from tests.support.actors import ADA_ACTS, TEST_ACTS
from tests.support.office import business

PLACE = "select id, enqueued from job_runs where state in ('queued', 'running') order by created_at, id limit 1"


@dataclass
class Desk:
    """What a test of contacts works with; `ada` and `mallory` are businesses."""

    url: str
    folder: Path
    app: Database
    system: Database
    login: Database
    ada: UUID
    mallory: UUID

    async def value(self, statement: str, *arguments: object) -> object:
        """Ask the database as its owner."""
        async with self.login.transaction() as tx:
            return await tx.fetchval(statement, *arguments)

    async def upload(
        self,
        content: str | bytes,
        *,
        name: str = "people.csv",
        country: str = "US",
        tags: Sequence[str] = (),
        known_wins: bool = False,
        batch: int = 2_000,
        **how: object,
    ) -> UUID:
        """Upload a file for Ada's business."""
        staged = Staged(self.folder, tenant_id=self.ada, import_id=(import_id := new_id()))
        size, sha256 = staged.keep(io.BytesIO(content.encode() if isinstance(content, str) else content))
        job = Job(country=country, batch=batch, **how)  # type: ignore[arg-type] # a test's own words
        settings = importing.make_settings(job, tags=tags, known_wins=known_wins)
        read = await staged.look(settings.job)
        async with self.app.transaction(self.ada) as tx:
            await importing.add_import(
                tx,
                import_id=import_id,
                filename=name,
                size=size,
                sha256=sha256,
                settings=settings,
                read=read,
                by=ADA_ACTS,
            )
        return import_id

    async def start(self, import_id: UUID, *, dry_run: bool = False) -> Import:
        """Start an import."""
        async with self.app.transaction(self.ada) as tx:
            return await importing.start_import(tx, import_id, dry_run=dry_run, by=ADA_ACTS)

    async def work(self) -> None:
        """Execute what is queued, as a worker does, until nothing is."""
        while await self.work_once() is not None:
            continue

    async def work_once(self) -> object:
        """Execute one run as far as it goes, without waiting between tries; None if there is none."""
        async with self.login.transaction() as tx:
            place = await tx.fetchrow(PLACE)
        return None if place is None else await self.execute(place["id"], place["enqueued"])

    async def execute(self, run_id: UUID, enqueued: int) -> object:
        """Execute one run."""
        workflows = Workflows()
        add_import_workflow(workflows, app=self.app, folder=self.folder)
        return await Runner(workflows, app=self.app, system=self.system).execute(run_id, enqueued)

    async def import_(self, content: str | bytes, **how: object) -> Import:
        """Upload a file, start it, and take it in to its end."""
        import_id = await self.upload(content, **how)  # type: ignore[arg-type] # a test's own words
        await self.start(import_id)
        await self.work()
        return await self.look_at(import_id)

    async def look_at(self, import_id: UUID) -> Import:
        """Read how far an import has come."""
        async with self.app.transaction(self.ada) as tx:
            return await importing.get_import(tx, import_id)

    async def faults(self, import_id: UUID) -> list[RowFault]:
        """List the rows that were not taken as they stand."""
        async with self.app.transaction(self.ada) as tx:
            return await importing.list_faults(tx, import_id, after=0, limit=1_000)

    async def card(self, phone_e164: str) -> Card:
        """Read what is kept of a person of Ada's."""
        async with self.app.transaction(self.ada) as tx:
            found = await cards.find_card_by_phone(tx, phone_e164)
        assert found is not None, phone_e164
        return found

    async def people(self) -> int:
        """Count Ada's people, deleted ones left out."""
        found = await self.value("select count(*) from contacts where tenant_id = $1 and deleted_at is null", self.ada)
        assert isinstance(found, int)
        return found


@pytest.fixture
async def desk(database_url: str, home: Path) -> AsyncIterator[Desk]:
    """Open the databases with Ada's and Mallory's businesses in them."""
    clock, flush = DatabaseClock(), flush_with(Handlers([]))
    app = await Database.open(database_url, role=Role.APP, clock=clock, flush=flush)
    system = await Database.open(database_url, role=Role.SYSTEM, clock=clock, flush=flush)
    login = await Database.open(database_url, role=Role.LOGIN, clock=clock)
    ids: list[UUID] = []
    for name, slug in (("Harbor Plumbing", "harbor"), ("Mesa Dental", "mesa")):
        tenant = business(name=name, slug=slug)
        async with system.transaction(tenant.id) as tx:
            await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
        ids.append(tenant.id)
    yield Desk(
        url=database_url, folder=home / "imports", app=app, system=system, login=login, ada=ids[0], mallory=ids[1]
    )
    for database in (app, system, login):
        await database.close()
