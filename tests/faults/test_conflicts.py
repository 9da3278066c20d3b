"""Transactions that PostgreSQL ends for a deadlock or a conflict are run again, up to five times, and then told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import asyncpg
import pytest

from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role, Transaction

TABLE = "create table pairs (id int primary key, value int not null); insert into pairs values (1, 0), (2, 0)"
ADD = "update pairs set value = value + 1 where id = $1"
CONFLICT = "do $$ begin raise exception using errcode = '40001'; end $$"
MOST = 5


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Make two rows that transactions can want in two orders."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(TABLE)
    await connection.execute("grant all on pairs to frontdesk_system")
    yield connection
    await connection.close()


@pytest.fixture
async def system(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=4)
    yield database
    await database.close()


async def test_two_who_lock_each_other_out_are_both_done_once(system: Database, owner: asyncpg.Connection) -> None:
    both, tries = asyncio.Barrier(2), 0

    def taking(first: int, second: int) -> Awaitable[None]:
        met = False

        async def work(tx: Transaction) -> None:
            nonlocal met, tries
            tries += 1
            await tx.execute(ADD, first)
            if not met:
                met = True
                await both.wait()
            await tx.execute(ADD, second)

        return system.perform(work)

    await asyncio.gather(taking(1, 2), taking(2, 1))
    assert tries > 2, "one of them was ended and run again"
    assert [row["value"] for row in await owner.fetch("select value from pairs order by id")] == [2, 2]


@pytest.mark.parametrize("conflicts", [MOST - 1, MOST])
async def test_a_conflict_is_tried_five_times_and_then_told(
    system: Database, owner: asyncpg.Connection, conflicts: int
) -> None:
    tries = 0

    async def work(tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        await tx.execute(ADD, 1)
        if tries <= conflicts:
            await tx.execute(CONFLICT)

    if conflicts < MOST:
        await system.perform(work)
    else:
        with pytest.raises(asyncpg.SerializationError):
            await system.perform(work)
    assert tries == MOST
    assert await owner.fetchval("select value from pairs where id = 1") == int(conflicts < MOST)
