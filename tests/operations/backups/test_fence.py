"""Nothing leaves from a copied, restored or promoted database until a person claims it; then everything goes on."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest

from frontdesk.features import delivery
from frontdesk.kernel import epoch
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.operations.backups.restoring import opened
from frontdesk.wiring import sign_of_life
from tests.operations.backups.embedded import embedded
from tests.support.actors import ADA_ACTS
from tests.support.office import CAROL, open_office

QUEUED = "select failure_code from send_jobs where status = 'queued'"
MOVE_ON = "update send_jobs set available_at = now() where status = 'queued'"


async def test_a_missed_call_in_a_fenced_office_waits_and_is_answered_after_the_claim(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        beat = sign_of_life(office.parts)
        async with office.parts.system.transaction() as tx:
            await epoch.end_epoch(tx, because="restored", by=ADA_ACTS)
        await office.missed_call()
        await office.settle()
        assert await office.fetchval(QUEUED) == "delivery.epoch_unclaimed"
        assert await office.posts_to(CAROL) == 0

        await beat.turn()
        assert office.parts.courier.fenced
        assert office.parts.courier.room_for_a_set() == 0

        async with office.parts.system.transaction() as tx:
            await epoch.claim(tx, by=ADA_ACTS, reason="it is the only one")
            await tx.execute(MOVE_ON)
        await beat.turn()
        await office.settle()
        assert len(await office.texts_to(CAROL)) == 1
        assert await office.posts_to(CAROL) == 1


async def test_the_gates_hold_what_a_set_would_send_even_before_the_process_knows(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        async with office.parts.system.transaction() as tx:
            await delivery.pause_sending(
                tx, scope=delivery.Scope.GLOBAL, key="all", by=ADA_ACTS, reason="so that it waits"
            )
        await office.missed_call()
        async with office.parts.system.transaction() as tx:
            await delivery.resume_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=ADA_ACTS)
            await epoch.end_epoch(tx, because="restored", by=ADA_ACTS)
            await tx.execute(MOVE_ON)
        await office.settle()
        assert not office.parts.courier.fenced
        assert await office.fetchval(QUEUED) == "delivery.epoch_unclaimed"
        assert await office.posts_to(CAROL) == 0


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_copied_data_directory_is_fenced_and_the_original_is_not(home: Path) -> None:
    async with embedded(home) as office:
        assert (await office.ask_for_text(phone_e164=CAROL)).code == "ok"
    twin = home / "copy"
    await asyncio.to_thread(
        shutil.copytree, home / "postgres", twin / "postgres", ignore=shutil.ignore_patterns("socket", "port", "*.lock")
    )
    await asyncio.to_thread(shutil.copystat, home / "postgres" / "data", twin / "postgres" / "data")
    account = (home / "postgres" / "data").stat()
    for path in (twin / "postgres" / "data").rglob("*"):
        shutil.chown(path, account.st_uid, account.st_gid)
    shutil.chown(twin / "postgres" / "data", account.st_uid, account.st_gid)
    for folder, fenced in ((twin, True), (home, False)):
        server = EmbeddedPostgres(folder)
        url = await server.start()
        try:
            async with opened(url) as system, system.transaction() as tx:
                assert (not await epoch.is_claimed(tx)) is fenced
        finally:
            await server.stop()


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_restart_and_a_crash_do_not_fence(home: Path) -> None:
    for phone_e164 in (CAROL, "+12065550124"):
        async with embedded(home) as office:
            assert (await office.ask_for_text(phone_e164=phone_e164)).code == "ok"
            [postmaster, *_] = office.server.pids()
            os.kill(postmaster, signal.SIGKILL)
            async with asyncio.timeout(60):
                while office.server.restarts == 0:
                    await asyncio.sleep(0.05)
        async with embedded(home) as office, office.system.transaction() as tx:
            assert await epoch.is_claimed(tx)
