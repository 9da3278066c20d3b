"""PostgreSQL access: a pool that speaks as one role, and transactions that carry tenant, time and announcements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import asyncpg

from frontdesk.kernel.clock import Clock, DatabaseClock
from frontdesk.kernel.events import Event
from frontdesk.kernel.ids import new_id

Result = TypeVar("Result")
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
MAX_REPEATS = 5
BIND = "select set_config('app.tenant_id', $1, false)"

# Who the server is, for as long as a connection to it lasts: the cluster, its timeline (a promotion or a restore to an
# earlier moment makes a new one), the database in it, and, of an embedded server, the folder that it runs in.
IDENTIFY = """
    select set_config('app.server', case when pg_is_in_recovery() then '' else concat_ws(
      '/', (select system_identifier from pg_control_system()), left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
      (select oid from pg_database where datname = current_database()), current_database(),
      substring(current_setting('cluster_name') from '^frontdesk-([0-9a-f]{16})$')
    ) end, false)
"""

# What it looks like from here when PostgreSQL is away, starting, full or shutting down.
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


class Overtaken(Exception):
    """Another transaction was first, and this one cannot tell what it did: it must be run again, from its beginning."""


AGAIN = (Overtaken, asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Role(StrEnum):
    """Who a pool is to PostgreSQL; neither owns a table nor bypasses row-level security."""

    APP = "frontdesk_app"  # sees one tenant at a time
    SYSTEM = "frontdesk_system"  # dispatchers and look-ups across tenants
    LOGIN = "none"  # whoever the address names; for migrations and the tests' own checks


@dataclass(frozen=True, slots=True)
class Announcement:
    """A fact on its way to the outbox."""

    event_id: UUID
    event: Event
    tenant_id: UUID | None
    correlation_id: UUID


class Transaction:
    """One open transaction: its connection, its tenant, its moment, and what it announces.

    Services receive it, read `now` from it and never commit it. Announced events are written to the outbox in the
    same transaction; `on_commit` callbacks run once it is durable, in order, and must not raise.
    """

    __slots__ = (
        "_connection",
        "announced",
        "before",
        "causation_id",
        "committed",
        "correlation_id",
        "inline",
        "now",
        "tenant_id",
    )

    def __init__(
        self,
        connection: Connection,
        *,
        tenant_id: UUID | None,
        now: datetime,
        correlation_id: UUID,
        causation_id: UUID | None,
        inline: bool,
    ) -> None:
        self._connection = connection
        self.tenant_id = tenant_id
        self.now = now
        self.correlation_id = correlation_id
        self.causation_id = causation_id
        self.inline = inline
        self.announced: list[Announcement] = []
        self.before: list[Callable[[], Awaitable[None]]] = []
        self.committed: list[Callable[[], None]] = []

    @property
    def tenant(self) -> UUID:
        """The tenant this transaction speaks for; a platform transaction has none and fails here."""
        if self.tenant_id is None:
            raise LookupError("this transaction speaks for no tenant")
        return self.tenant_id

    def announce(self, event: Event, *, tenant_id: UUID | None = None, correlation_id: UUID | None = None) -> UUID:
        """Add a fact to the outbox of this transaction and return its event id.

        A system transaction that moves rows of many tenants names the tenant and the correlation of each.
        """
        event_id = new_id()
        self.announced.append(
            Announcement(event_id, event, tenant_id or self.tenant_id, correlation_id or self.correlation_id)
        )
        return event_id

    def before_commit(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` as the last of this transaction: for rows that many want, so that they are locked for a moment."""
        self.before.append(work)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` right after the commit; never after a rollback."""
        self.committed.append(callback)

    async def fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Run `statement` and return all its rows."""
        return await self._connection.fetch(statement, *arguments)

    async def fetchrow(self, statement: str, *arguments: object) -> asyncpg.Record | None:
        """Run `statement` and return its first row."""
        return await self._connection.fetchrow(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: object) -> object:
        """Run `statement` and return the first column of its first row."""
        return await self._connection.fetchval(statement, *arguments)

    async def execute(self, statement: str, *arguments: object) -> str:
        """Run `statement` and return PostgreSQL's command tag."""
        return await self._connection.execute(statement, *arguments)

    async def executemany(self, statement: str, arguments: Iterable[Iterable[object]]) -> None:
        """Run `statement` once per row of `arguments`, in one round trip."""
        await self._connection.executemany(statement, [tuple(row) for row in arguments])


Tx = Transaction
Flush = Callable[[Transaction], Awaitable[None]]


async def identify(connection: asyncpg.Connection) -> None:
    """Note in the session which server it is on, for the gates; a standby is no server that may act."""
    await connection.execute(IDENTIFY)


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Leave a released connection as it is: transactions set local state only."""


def affected(command_tag: str) -> int:
    """Read the row count from PostgreSQL's command tag ('UPDATE 3' is 3)."""
    return int(command_tag.rpartition(" ")[2])


class Database:
    """A pool of connections of one role, handing out transactions."""

    def __init__(self, pool: asyncpg.Pool, *, role: Role, clock: Clock, flush: Flush | None = None) -> None:
        self._pool = pool
        self.role = role
        self.clock = clock
        self._flush = flush
        self._bound: dict[int, str] = {}

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        role: Role,
        clock: Clock,
        flush: Flush | None = None,
        min_size: int = 1,
        max_size: int = 10,
        application_name: str = "frontdesk",
    ) -> Database:
        """Connect to `url` as `role`; `flush` writes what a transaction announced, before it commits.

        A transaction may stay idle for 15 s and a statement may run for 30 s, then PostgreSQL ends it.
        """
        pool = await asyncpg.create_pool(
            url,
            min_size=min_size,
            max_size=max_size,
            init=identify,
            reset=_keep_session,
            command_timeout=35,
            server_settings={
                "role": role.value,
                "application_name": application_name,
                "statement_timeout": "30000",
                "idle_in_transaction_session_timeout": "15000",
                "tcp_keepalives_idle": "5",
                "timezone": "UTC",
                "jit": "off",
                "client_connection_check_interval": "2000",
            },
        )
        database = cls(pool, role=role, clock=clock, flush=flush)
        await database.anchor_clock()
        return database

    async def anchor_clock(self) -> None:
        """Set a database clock to the server's time of day; other clocks are left alone."""
        if isinstance(self.clock, DatabaseClock):
            self.clock.anchor(await self._pool.fetchval("select clock_timestamp()"))

    async def close(self) -> None:
        """Close every connection once its transaction has ended."""
        await self._pool.close()

    def terminate(self) -> None:
        """Drop every connection at once."""
        self._pool.terminate()

    @asynccontextmanager
    async def transaction(
        self,
        tenant_id: UUID | None = None,
        *,
        correlation_id: UUID | None = None,
        causation_id: UUID | None = None,
        inline: bool = False,
    ) -> AsyncIterator[Transaction]:
        """Open a transaction that sees `tenant_id` alone (role app) or everything (role system).

        Commits on a clean exit and rolls back on any exception, which is passed on. With `inline`, the listeners that
        a person waits for run in it too, before it commits.
        """
        async with self._pool.acquire() as connection:
            tx = Transaction(
                connection,
                tenant_id=tenant_id,
                now=self.clock.now(),
                correlation_id=correlation_id or new_id(),
                causation_id=causation_id,
                inline=inline,
            )
            tenant = "" if tenant_id is None else str(UUID(str(tenant_id)))
            await connection.execute("begin; set local app.tenant_id = '" + tenant + "'")
            try:
                yield tx
                if tx.announced and self._flush is not None:
                    await self._flush(tx)
                for work in tx.before:
                    await work()
                await connection.execute("commit")
            except BaseException:
                await _roll_back(connection)
                raise
        for callback in tx.committed:
            callback()

    async def perform(
        self,
        work: Callable[[Transaction], Awaitable[Result]],
        *,
        tenant_id: UUID | None = None,
        correlation_id: UUID | None = None,
        causation_id: UUID | None = None,
        inline: bool = False,
    ) -> Result:
        """Run `work` in one transaction, again up to 5 times when PostgreSQL reports a deadlock or a conflict."""

        async def once() -> Result:
            async with self.transaction(
                tenant_id, correlation_id=correlation_id, causation_id=causation_id, inline=inline
            ) as tx:
                return await work(tx)

        return await _repeated(once)

    async def perform_alone(
        self,
        work: Callable[[Transaction], Awaitable[Result]],
        *,
        tenant_id: UUID | None = None,
        correlation_id: UUID | None = None,
    ) -> Result:
        """Run `work`, which is one statement, without the round trips of begin and commit: it commits by itself.

        It is committed when this returns. It announces nothing but what it writes itself, and is run again as `perform`
        runs again.
        """

        async def once() -> Result:
            async with self._pool.acquire() as connection:
                await self._bind(connection, tenant_id)
                tx = Transaction(
                    connection,
                    tenant_id=tenant_id,
                    now=self.clock.now(),
                    correlation_id=correlation_id or new_id(),
                    causation_id=None,
                    inline=False,
                )
                result = await work(tx)
            if tx.announced:
                raise LookupError("a statement that runs alone has no outbox")
            return result

        return await _repeated(once)

    async def _bind(self, connection: Connection, tenant_id: UUID | None) -> None:
        """Let a statement without a transaction see one tenant; a connection keeps its tenant until the next such one.

        Transactions set their own over it. A connection that is wrongly thought to be bound sees nothing.
        """
        tenant = "" if tenant_id is None else str(UUID(str(tenant_id)))
        session = connection.get_server_pid()
        if self._bound.get(session, "") != tenant:
            await connection.execute(BIND, tenant)
            self._bound[session] = tenant

    async def alive(self) -> bool:
        """Tell whether PostgreSQL answers within 2 s."""
        try:
            return bool(await self._pool.fetchval("select true", timeout=2))
        except (*UNAVAILABLE, asyncpg.PostgresError):
            return False


async def _repeated(once: Callable[[], Awaitable[Result]]) -> Result:
    for _ in range(MAX_REPEATS - 1):
        with suppress(*AGAIN):
            return await once()
    return await once()


async def _roll_back(connection: Connection) -> None:
    """End a failed transaction; a connection that cannot even do that is dropped from the pool."""
    try:
        await connection.execute("rollback", timeout=2)
    except Exception:  # noqa: BLE001 - whatever it is, the connection is no longer to be trusted
        connection.terminate()
