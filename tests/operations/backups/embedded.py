"""An embedded server with two businesses in it, its log copied, its backups taken: what restores are tested on."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from frontdesk.cli.bench.drain import ClosedLane
from frontdesk.cli.seeding import DEMO_BUSINESSES, seed
from frontdesk.features import consent, delivery, tenants
from frontdesk.kernel import epoch
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.settings import Settings, load_settings
from frontdesk.operations.backups.keeping import shelf_of, take
from frontdesk.operations.backups.model import Backup
from frontdesk.operations.backups.shelf import Shelf
from frontdesk.operations.backups.streaming import WalKeeper, kept
from frontdesk.schema.migrate import migrate
from tests.support.wishes import ask_for_text

HARBOR = DEMO_BUSINESSES[0]


@dataclass
class Embedded:
    """A running embedded server; `keeper` is None where nobody copies its log."""

    home: Path
    settings: Settings
    shelf: Shelf
    server: EmbeddedPostgres
    url: str
    system: Database
    tenant_id: UUID
    journal: Journal
    keeper: WalKeeper | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def back_up(self) -> Backup:
        """Take a backup."""
        return await take(self.system, self.settings, url=self.url)

    async def now(self) -> datetime:
        """Tell the server's time of day."""
        moment = await self.ask("select clock_timestamp()")
        assert isinstance(moment, datetime)
        return moment

    async def ask(self, statement: str, *arguments: object) -> object:
        """Ask the database as its owner."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    async def says(self, body: str, *, phone_e164: str) -> None:
        """Let a person write to Harbor Plumbing."""
        async with self.system.transaction(self.tenant_id) as tx:
            await consent.hear(
                tx,
                consent.understand(body),
                phone_e164=phone_e164,
                sender_e164=HARBOR.phone_e164,
                source="test",
                carrier_answers=False,
                journal=self.journal,
            )

    async def ask_for_text(self, *, phone_e164: str, key: str = "") -> delivery.Requested:
        """Ask for a text that nobody posts."""
        async with self.system.transaction(self.tenant_id) as tx:
            return await ask_for_text(
                tx, ClosedLane(), recipient_e164=phone_e164, sender_e164=HARBOR.phone_e164, key=key
            )

    async def synchronous(self) -> None:
        """Wait until every commit waits for the second copy."""
        assert self.keeper is not None
        async with asyncio.timeout(60):
            await self.keeper.synchronous.wait()

    async def degraded(self) -> None:
        """Wait until commits go on without it."""
        async with asyncio.timeout(30):
            while self.keeper is None or self.keeper.stream is None or not self.keeper.stream.degraded:
                await asyncio.sleep(0.02)

    async def lose_everything(self) -> None:
        """Kill the postmaster and delete its data; then end what stood beside it."""
        os.kill(self.server.pids()[0], signal.SIGKILL)
        gone = self.server.places.data.rename(self.home / "gone")
        await asyncio.to_thread(shutil.rmtree, gone, ignore_errors=True)
        await self.close()

    async def close(self) -> None:
        """Take everything down."""
        await self.stack.aclose()


async def start_embedded(home: Path, *, copied: bool = False, tuning: Mapping[str, str] | None = None) -> Embedded:
    """Start the embedded server of a home folder, founded the first time, with or without the copy of its log."""
    settings = load_settings({}, home)
    server, stack = EmbeddedPostgres(home, settings=tuning), AsyncExitStack()
    stack.push_async_callback(server.stop)
    url = await server.start()
    await migrate(url)
    clock = DatabaseClock()
    system = await Database.open(url, role=Role.SYSTEM, clock=clock, flush=flush_with(Handlers([])), max_size=4)
    stack.callback(system.terminate)
    await seed(system, home)
    async with system.transaction() as tx:
        await epoch.found(tx)
        tenant = next(one for one in await tenants.list_tenants(tx) if one.slug == HARBOR.slug)
    journal = Journal(home / "journal")
    stack.push_async_callback(journal.close)
    shelf = shelf_of(settings)
    keeper = None
    if copied:
        keeper = await stack.enter_async_context(kept(url, system=system, shelf=shelf, log_folder=home / "log"))
    return Embedded(home, settings, shelf, server, url, system, tenant.id, journal, keeper, stack)


@asynccontextmanager
async def embedded(
    home: Path, *, copied: bool = False, tuning: Mapping[str, str] | None = None
) -> AsyncIterator[Embedded]:
    """Lend a running embedded server."""
    found = await start_embedded(home, copied=copied, tuning=tuning)
    try:
        yield found
    finally:
        await found.close()
