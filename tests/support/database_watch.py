"""A look into the database from outside: who waits for what, and locks that keep programs from going on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from frontdesk.kernel.db import Database

WAITING = """
    select pid from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
      and strpos(query, $1) > 0 and strpos(application_name, $2) > 0
"""
ACTIVITY = """
    select application_name, state, wait_event_type, query from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
BACKENDS = """
    select pid from pg_stat_activity
    where datname = current_database() and application_name like 'frontdesk-' || $1 || '%'
    order by pid
"""


@dataclass(slots=True)
class Hold:
    """A lock in the database that keeps programs from going on."""

    connection: asyncpg.Connection

    async def release(self) -> None:
        """Let go; what waits goes on."""
        if not self.connection.is_closed():
            await self.connection.execute("rollback")
            await self.connection.close()


@dataclass
class DatabaseWatch:
    """Asks the database as its owner, for the test's own purposes."""

    database_url: str
    login: Database

    async def fetchval(self, statement: str, *arguments: object) -> object:
        """Ask the database as its owner."""
        async with self.login.transaction() as tx:
            return await tx.fetchval(statement, *arguments)

    async def count(self, statement: str, *arguments: object) -> int:
        """Ask the database for a number."""
        number = await self.fetchval(statement, *arguments)
        assert isinstance(number, int)
        return number

    @asynccontextmanager
    async def holding(self, statement: str, *arguments: object) -> AsyncIterator[Hold]:
        """Hold what a statement locks until the end of the block, or its release before."""
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute("begin")
            await connection.execute(statement, *arguments)
            hold = Hold(connection)
            yield hold
            await hold.release()
        finally:
            connection.terminate()

    async def stuck_in(self, part_of_statement: str, *, kind: str = "") -> int:
        """Wait until a connection (of a kind of program) waits for a lock in a statement; returns its backend."""
        found: list[object] = []

        async def look() -> bool:
            found[:] = [await self.fetchval(WAITING, part_of_statement, kind)]
            return found[0] is not None

        try:
            await self.eventually(look)
        except TimeoutError:
            async with self.login.transaction() as tx:
                seen = [tuple(row) for row in await tx.fetch(ACTIVITY)]
            raise AssertionError(f"nobody waits in {part_of_statement!r}: {seen}") from None
        assert isinstance(found[0], int)
        return found[0]

    async def has_waiting(self, part_of_statement: str, count: int) -> bool:
        """Tell whether at least `count` connections wait for a lock in a statement."""
        async with self.login.transaction() as tx:
            return len(await tx.fetch(WAITING, part_of_statement, "")) >= count

    async def backends(self, kind: str) -> list[int]:
        """List the connections of a kind of program."""
        async with self.login.transaction() as tx:
            return [row["pid"] for row in await tx.fetch(BACKENDS, kind)]

    async def end_backends(self, backends: list[int]) -> None:
        """End connections at the server, and return once they are gone."""
        await self.fetchval("select count(pg_terminate_backend(pid)) from unnest($1::int[]) as pid", backends)

        async def gone() -> bool:
            return not await self.fetchval("select exists (select from pg_stat_activity where pid = any($1))", backends)

        await self.eventually(gone)

    async def eventually(self, question: Callable[[], Awaitable[bool]], *, seconds: float = 15) -> None:
        """Wait until an answer is yes; fails after `seconds`."""
        async with asyncio.timeout(seconds):
            while not await question():
                await asyncio.sleep(0.01)
