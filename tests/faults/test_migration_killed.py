"""A migration that is killed leaves a database on which both the old and the new program can begin."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from frontdesk.schema import migrate as migration

SOURCE = str(Path(__file__).parents[2] / "src")
BEFORE, WAITS_FOR = "0011", "live_processes"  # the revision after it changes this table
WAITING = "select count(*) from pg_locks where not granted"
# As the program of that revision wrote it: it knows no version.
OLD_PROGRAM = """
    insert into live_processes (id, kind, lock_key, started_at, lease_until)
    values (gen_random_uuid(), 'worker', $1, now(), now())
"""
NEW_TABLE = "select to_regclass('chain_verifications') is not null"


@pytest.fixture
async def owner(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection to a database of the revision before."""
    await migration.upgrade(empty_database_url, BEFORE)
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


async def test_a_migration_killed_in_the_middle_is_done_by_the_next_start(
    empty_database_url: str, owner: asyncpg.Connection, home: Path
) -> None:
    reader = await asyncpg.connect(empty_database_url)
    reading = reader.transaction()
    await reading.start()
    await reader.fetch(f"select id from {WAITS_FOR}")  # noqa: S608 - a name of this file
    environ = {**os.environ, "DATABASE_URL": empty_database_url, "FRONTDESK_HOME": str(home), "PYTHONPATH": SOURCE}
    migrating = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frontdesk", "migrate", "--json"), stdout=asyncio.subprocess.DEVNULL, env=environ
    )
    while not await owner.fetchval(WAITING):
        assert migrating.returncode is None
        await asyncio.sleep(0.01)
    migrating.kill()
    await migrating.wait()
    await reading.rollback()
    await reader.close()
    assert await migration.current_revision(empty_database_url) == BEFORE
    assert await owner.fetchval(NEW_TABLE) is False, "a revision is done as a whole or not at all"
    await owner.execute(OLD_PROGRAM, 1)
    await migration.migrate(empty_database_url)
    assert await migration.current_revision(empty_database_url) == migration.head_revision()
    await owner.execute(OLD_PROGRAM, 2)
    versions = await owner.fetch("select version from live_processes order by lock_key")
    assert [row["version"] for row in versions] == ["", ""], "the old program runs on the new schema"
