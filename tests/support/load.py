"""Writers that remember which commits were acknowledged to them."""

from __future__ import annotations

import asyncio

import asyncpg

CREATE = "create table ledger (writer int, seq int, primary key (writer, seq))"
WRITE = "insert into ledger (writer, seq) values ($1, $2)"
READ = "select writer, seq from ledger"
# A server that says goodbye between two statements leaves asyncpg in a state it calls an internal error.
LOST_CONNECTION = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Writers:
    """Several clients that insert numbered rows as fast as the server takes them."""

    def __init__(self, dsn: str, *, clients: int = 4) -> None:
        self._dsn = dsn
        self._clients = clients
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledged: set[tuple[int, int]] = set()
        self._progress = asyncio.Condition()

    async def start(self) -> None:
        """Create the table and start writing."""
        connection = await asyncpg.connect(self._dsn)
        await connection.execute(CREATE)
        await connection.close()
        self._tasks = [asyncio.create_task(self._write(writer)) for writer in range(self._clients)]

    async def wait_for(self, more: int) -> None:
        """Wait until `more` further commits are acknowledged."""
        target = len(self.acknowledged) + more
        async with self._progress:
            await self._progress.wait_for(lambda: len(self.acknowledged) >= target)

    async def stop(self) -> None:
        """Stop writing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def lost(self) -> set[tuple[int, int]]:
        """List the acknowledged commits that the database no longer knows."""
        connection = await asyncpg.connect(self._dsn)
        rows = await connection.fetch(READ)
        await connection.close()
        return self.acknowledged - {(row["writer"], row["seq"]) for row in rows}

    async def _write(self, writer: int) -> None:
        """Insert one row after the other, reconnecting whenever the connection dies."""
        sequence = 0
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=2)
                while True:
                    sequence += 1
                    await connection.execute(WRITE, writer, sequence, timeout=10)
                    async with self._progress:
                        self.acknowledged.add((writer, sequence))
                        self._progress.notify_all()
            except LOST_CONNECTION:
                await asyncio.sleep(0.01)
