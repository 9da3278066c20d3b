"""Commits wait for the second copy of the log, go on without it when it is gone, and wait again when it is back."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import pytest

from frontdesk.kernel.postgres.holding import log_held
from frontdesk.kernel.postgres.receiver import end_strays
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.backups.checks import CHECKS
from frontdesk.operations.backups.model import StreamState
from frontdesk.operations.backups.queries import find_stream
from frontdesk.operations.backups.shelf import ClusterShelf
from tests.operations.backups.embedded import Embedded, embedded

ORDERED = "select exists (select from job_runs where workflow = 'backups.take.v1' and key like 'gap@%')"
FILE = "select pg_walfile_name(pg_current_wal_insert_lsn())"
NEXT_FILE = "select pg_walfile_name(pg_current_wal_insert_lsn() + 16777216)"
FILL = """
    insert into kept
    select $1, (select string_agg(md5(random()::text || n || part), '') from generate_series(1, 16) as part)
    from generate_series(1, 36000) as n
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

[LOG_IS_COPIED] = [check for check in CHECKS if check.name == "backups.log_is_copied"]


def receiver(office: Embedded) -> int:
    assert office.keeper is not None
    pid = office.keeper.receiver.pid
    assert pid is not None
    return pid


async def noted(office: Embedded, state: StreamState) -> None:
    """Wait until the keeper has written that the copy stands like this."""
    async with asyncio.timeout(30):
        while True:
            async with office.system.transaction() as tx:
                row = await find_stream(tx)
            if row is not None and row.state == state:
                return
            await asyncio.sleep(0.05)


async def severity(office: Embedded) -> Severity:
    async with office.system.transaction() as tx:
        return (await LOG_IS_COPIED.look(tx)).severity


async def test_a_receiver_that_hangs_holds_commits_for_a_few_seconds_and_is_replaced(home: Path) -> None:
    async with embedded(home, copied=True) as office:
        await office.synchronous()
        await noted(office, StreamState.SYNCHRONOUS)
        assert await severity(office) is Severity.OK
        await office.ask("create table kept (number int)")
        hanging = receiver(office)
        os.kill(hanging, signal.SIGSTOP)
        commit = asyncio.create_task(office.ask("insert into kept values (1)"))
        await office.degraded()
        await commit
        await noted(office, StreamState.DEGRADED)
        assert await severity(office) is Severity.WARNING
        await office.synchronous()
        assert receiver(office) != hanging
        await office.ask("insert into kept values (2)")
        await noted(office, StreamState.SYNCHRONOUS)


async def test_a_killed_receiver_is_started_anew_and_no_commit_fails(home: Path) -> None:
    async with embedded(home, copied=True) as office:
        await office.synchronous()
        await office.ask("create table kept (number int)")
        connection = await asyncpg.connect(office.url)
        for number in range(60):
            if number % 20 == 10:
                os.kill(receiver(office), signal.SIGKILL)
            await connection.execute("insert into kept values ($1)", number)
        assert await connection.fetchval("select count(*) from kept") == 60
        await connection.close()
        await office.synchronous()


async def test_the_copy_is_whole_although_its_files_are_made_ahead_and_the_receiver_is_killed(home: Path) -> None:
    async with embedded(home, copied=True) as office:
        await office.synchronous()
        cluster = next(shelf for shelf in office.shelf.clusters())
        first = str(await office.ask(FILE))
        await office.ask("create table kept (number int, filler text)")
        for number in range(4):
            await made_ahead(office, cluster)
            await office.ask(FILL, number)
            os.kill(receiver(office), signal.SIGKILL)
            await office.ask("insert into kept values (0, '')")
        await office.synchronous()
        last = str(await office.ask(FILE))
        assert int(last, 16) - int(first, 16) >= 4
        laid_out = home / "laid out"
        assert not (await asyncio.to_thread(cluster.lay_out_log, laid_out, start=first)).wrong
        for original in (office.server.places.data / "pg_wal").iterdir():
            if first <= original.name < last:
                assert (laid_out / original.name).read_bytes() == original.read_bytes()
        assert (laid_out / first).exists()


async def made_ahead(office: Embedded, cluster: ClusterShelf) -> None:
    """Wait until the receiver's next file is there."""
    async with asyncio.timeout(30):
        while not (cluster.arriving / f"{await office.ask(NEXT_FILE)}.partial").exists():
            await asyncio.sleep(0.05)


async def test_a_stopped_keeper_leaves_nobody_waiting_and_an_orphan_is_ended(home: Path) -> None:
    async with embedded(home, copied=True) as office:
        await office.synchronous()
        await office.ask("create table kept (number int)")
        await office.ask("select pg_switch_wal()")
    cluster = next(shelf for shelf in office.shelf.clusters())
    assert not [one.name for one in cluster.arriving.iterdir() if not one.name.endswith(".partial")]
    assert list(cluster.archive.iterdir())
    async with embedded(home) as alone:
        assert await alone.ask("show synchronous_standby_names") == ""
        await alone.ask("insert into kept values (1)")
        orphan = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", f"exec -a pg_receivewal sleep 60 --directory={cluster.arriving}"
        )
        orphan.kill()
        await orphan.wait()
        assert end_strays(cluster.arriving) == 0


async def test_a_place_in_the_log_that_the_server_gave_up_is_made_anew_and_a_backup_is_ordered(home: Path) -> None:
    tight = {"max_slot_wal_keep_size": "16MB", "max_wal_size": "32MB", "min_wal_size": "32MB"}
    async with embedded(home, copied=True, tuning=tight) as office:
        await office.synchronous()
        await office.ask("create table kept (number int)")
        os.kill(receiver(office), signal.SIGSTOP)
        connection = await asyncpg.connect(office.url, server_settings={"synchronous_commit": "local"})
        for number in range(8):
            await connection.execute("insert into kept values ($1)", number)
            await connection.execute("select pg_switch_wal()")
        await connection.execute("checkpoint")
        async with asyncio.timeout(60):
            while not await connection.fetchval(ORDERED):
                await asyncio.sleep(0.1)
        await connection.close()
        await office.synchronous()


async def test_the_log_is_kept_while_somebody_copies_the_files(home: Path) -> None:
    async with embedded(home, tuning={"max_wal_size": "32MB", "min_wal_size": "32MB"}) as office:
        first = str(await office.ask("select pg_walfile_name(pg_current_wal_lsn())"))
        there = f"select exists (select from pg_ls_waldir() where name = '{first}')"  # noqa: S608 - PostgreSQL's own word
        await office.ask("create table kept (number int)")
        async with log_held(office.url):
            for _ in range(4):
                await office.ask("insert into kept values (1)")
                await office.ask("select pg_switch_wal()")
            await office.ask("checkpoint")
            assert await office.ask(there)
        await office.ask("insert into kept values (1)")
        await office.ask("checkpoint")
        assert not await office.ask(there)
        assert (await office.back_up()).size_bytes > 0
        assert await office.ask("select count(*) from pg_replication_slots") == 0
