"""A standby that lags is promoted, and the old primary comes back: nobody who said STOP is texted, nothing twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from frontdesk.features import delivery
from frontdesk.kernel import epoch
from frontdesk.kernel.postgres import EmbeddedPostgres, Places
from frontdesk.kernel.postgres.account import server_account
from frontdesk.kernel.postgres.programs import run_program
from frontdesk.kernel.settings import load_settings
from frontdesk.operations.backups.restoring import reconcile_journal
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.wiring import Frontdesk, assemble, sign_of_life
from tests.operations.backups.embedded import HARBOR, Embedded, start_embedded
from tests.support.actors import ADA_ACTS
from tests.support.office import ACCOUNT, CAROL, TOKEN
from tests.support.wishes import ask_for_text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

DAVE, ERIN, FRANK = "+12065550124", "+12065550125", "+12065550126"
REPLAYED = "select pg_last_wal_replay_lsn() >= $1::text::pg_lsn"


@dataclass
class Desk:
    """A process that sends, on one of the servers; the carrier is the twin's."""

    parts: Frontdesk
    tenant_id: UUID

    def fenced(self) -> bool:
        """Tell whether this process sends nothing because of the fence."""
        return self.parts.courier.fenced

    async def text(self, phone_e164: str, *, key: str) -> str:
        """Ask for a text and let whatever may leave, leave; returns what the gates said."""
        async with self.parts.app.transaction(self.tenant_id) as tx:
            asked = await ask_for_text(
                tx,
                self.parts.courier,
                recipient_e164=phone_e164,
                sender_e164=HARBOR.phone_e164,
                key=f"{key}:{phone_e164}",
                body=f"A word from Harbor Plumbing, {key}.",
                useful_for=timedelta(days=365),
            )
        lane = delivery.SetDispatch(
            system=self.parts.system, courier=self.parts.courier, process_id=self.parts.process_id
        )
        while await lane.dispatch_once():
            await self.parts.courier.idle()
        await self.parts.courier.idle()
        return asked.code


@asynccontextmanager
async def desk(url: str, home: Path, carrier: str, tenant_id: UUID) -> AsyncIterator[Desk]:
    """Put a process together on one of the servers, with the home folder that all share."""
    environ = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_BASE_URL": carrier}
    async with AsyncExitStack() as stack:
        parts = await assemble(
            stack,
            settings=load_settings(environ, home),
            database_url=url,
            kind="worker",
            public_base_url="http://127.0.0.1:1",
            home=home,
        )
        yield Desk(parts, tenant_id)


async def make_standby(primary: Embedded, home: Path) -> EmbeddedPostgres:
    """Copy the running primary as `pg_basebackup -R` does, and let the copy follow it."""
    places, account = Places(home), server_account(primary.server.places.data, primary.home)
    places.make(server_uid=account.uid)
    await asyncio.to_thread(
        run_program,
        "pg_basebackup",
        "--write-recovery-conf",
        f"--pgdata={places.data}",
        "--checkpoint=fast",
        "--wal-method=stream",
        url=primary.server.tcp_dsn,
    )
    shutil.copyfile(primary.server.places.password_file, places.password_file)
    for path in (places.data, *places.data.rglob("*")):
        shutil.chown(path, account.uid, account.gid)
    standby = EmbeddedPostgres(home)
    await standby.start()
    return standby


async def cut_off(standby: EmbeddedPostgres, primary: Embedded) -> None:
    """Wait until the standby has all, then let it hear nothing more: from now on it lags."""
    end = await primary.ask("select pg_current_wal_lsn()::text")
    connection = await asyncpg.connect(standby.dsn)
    try:
        async with asyncio.timeout(60):
            while not await connection.fetchval(REPLAYED, end):
                await asyncio.sleep(0.05)
            await connection.execute("alter system set primary_conninfo = ''")
            await connection.execute("select pg_reload_conf()")
            while await connection.fetchval("select exists (select from pg_stat_wal_receiver)"):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def promote(standby: EmbeddedPostgres) -> None:
    """Make the standby a primary."""
    connection = await asyncpg.connect(standby.dsn)
    try:
        assert await connection.fetchval("select pg_promote(true, 60)") is True
    finally:
        await connection.close()


async def test_a_promoted_standby_sends_nothing_until_claimed_and_the_old_primary_nothing_after(home: Path) -> None:
    config = TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN)
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(TwinServer(config))
        twin = await stack.enter_async_context(TwinControl(carrier.url))
        await twin.configure_number(HARBOR.phone_e164)
        primary = await start_embedded(home)
        stack.push_async_callback(primary.close)
        harbor = primary.tenant_id

        async def posts(*people: str) -> list[int]:
            return [len(await twin.journal(operation="messages.create", to=one)) for one in people]

        async with desk(primary.url, home, carrier.url, harbor) as first:
            assert await first.text(CAROL, key="before") == "ok"
        standby = await make_standby(primary, home / "standby")
        stack.push_async_callback(standby.stop)
        await cut_off(standby, primary)
        await primary.says("STOP", phone_e164=CAROL)  # which the standby will never know of
        await primary.close()
        await promote(standby)

        second = await stack.enter_async_context(desk(standby.dsn, home, carrier.url, harbor))
        assert second.fenced()
        assert await second.text(FRANK, key="promoted") == "delivery.epoch_unclaimed"
        assert await posts(FRANK) == [0]

        # The old primary comes back with a process of its own, before anybody has decided.
        returned = await start_embedded(home)
        stack.push_async_callback(returned.close)
        third = await stack.enter_async_context(desk(returned.url, home, carrier.url, harbor))
        assert not third.fenced()

        assert await reconcile_journal(second.parts.system, home=home, since=None) == (1, ()), "the STOP of the lag"
        async with second.parts.system.transaction() as tx:
            await epoch.claim(tx, by=ADA_ACTS, reason="the primary is gone")
        await sign_of_life(second.parts).turn()
        assert not second.fenced()
        assert await second.text(CAROL, key="claimed") == "consent.opted_out"
        assert await second.text(DAVE, key="claimed") == "ok"

        await sign_of_life(third.parts).turn()
        assert third.fenced(), "a process that lived on sees that it is overtaken"
        assert await third.text(ERIN, key="split") == "delivery.epoch_unclaimed"
        async with desk(returned.url, home, carrier.url, harbor) as fourth:
            assert fourth.fenced(), "and so does one that starts there later"
            assert await fourth.text(ERIN, key="later") == "delivery.epoch_unclaimed"
        await sign_of_life(second.parts).turn()
        assert not second.fenced()
        assert await posts(CAROL, DAVE, ERIN) == [1, 1, 0]
