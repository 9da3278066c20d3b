"""PostgreSQL as a simulated process sees it: real connections, with a boundary before every transaction and commit."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import TypeVar

import asyncpg

from frontdesk.kernel.db import BIND, Role, identify
from tests.simulation.turnstile import PLACE, Place, Turnstile

Result = TypeVar("Result")
LOOK_SECONDS = 0.004  # real time after which a statement is asked whether it waits for a lock
NUMBERS = itertools.count(1)
BLOCKERS = "select pg_blocking_pids($1)"


class Stock:
    """Real connections by role, kept from world to world, and the one that watches over the others' locks."""

    def __init__(self, url: str, *, alterations: Mapping[str, str]) -> None:
        self._url = url
        self._alterations = alterations
        self._altered: dict[str, str] = {}
        self._watch: asyncpg.Connection | None = None
        self._free: dict[Role, list[asyncpg.Connection]] = {Role.APP: [], Role.SYSTEM: []}
        self._watching = asyncio.Lock()
        self.by_pid: dict[int, Session] = {}
        self.deadlocks = 0

    def alter(self, statement: str) -> str:
        """Give a statement as the server gets it: as the product wrote it, unless this simulation is sabotaged."""
        known = self._altered.get(statement)
        if known is None:
            known = statement
            for words, others in self._alterations.items():
                known = known.replace(words, others)
            self._altered[statement] = known
        return known

    def untouched(self) -> list[str]:
        """List the words that were to be altered and that no statement had."""
        return [words for words in self._alterations if not any(words in statement for statement in self._altered)]

    async def take(self, role: Role) -> asyncpg.Connection:
        """Lend a connection of a role."""
        if self._free[role]:
            return self._free[role].pop()
        # Waits show up in 1 ms, long before LOOK_SECONDS: whoever closes a circle is always the one to lose.
        connection = await asyncpg.connect(
            self._url,
            server_settings={
                "role": role.value,
                "timezone": "UTC",
                "jit": "off",
                "deadlock_timeout": "1ms",
                "application_name": "simulation",
            },
        )
        await identify(connection)
        return connection

    def give_back(self, role: Role, connection: asyncpg.Connection) -> None:
        """Take a connection back that is in no transaction."""
        assert not connection.is_in_transaction()
        self._free[role].append(connection)

    async def blockers(self, pid: int) -> list[int]:
        """List who holds the lock that a backend waits for."""
        async with self._watching:
            if self._watch is None:
                self._watch = await asyncpg.connect(self._url)
            found: list[int] = await self._watch.fetchval(BLOCKERS, pid)
        return found

    async def close(self) -> None:
        """Close every connection."""
        for connection in (self._watch, *self._free[Role.APP], *self._free[Role.SYSTEM]):
            if connection is not None:
                await connection.close()


class Session:
    """One connection for one transaction; every statement waits for its turn, and a lost connection stays lost."""

    def __init__(self, role: Role, *, turnstile: Turnstile, stock: Stock, faults: DatabaseFaults) -> None:
        self.place = PLACE.get()
        self._role = role
        self._raw: asyncpg.Connection | None = None
        self.holder: Session | None = None
        self._turnstile = turnstile
        self._stock = stock
        self._faults = faults
        self._waited = False
        self._is_cut = False
        self._began = 0
        self._timer: asyncio.TimerHandle | None = None
        self._statements = 0
        self._heard: asyncio.Future[None] | None = None
        self._bound = ""
        self._number = next(NUMBERS)

    async def execute(self, statement: str, *arguments: object, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's
        """Run a statement; the first, the commit and what follows the commit are boundaries."""
        del timeout
        if statement == "commit":
            return await self._commit()
        if statement == "rollback":
            return await self._roll_back()
        if statement.startswith("begin;"):
            return await self._begin(statement)
        if statement == BIND:
            self._bound = f"; set local app.tenant_id = '{arguments[0]}'"
            return "SELECT 1"
        return await self._run(lambda: self.raw.execute(self._stock.alter(statement), *arguments))

    def get_server_pid(self) -> int:
        """Name this session: another one for every use, so that nobody takes it for bound to a tenant."""
        return self._number

    async def _begin(self, statement: str) -> str:
        await self._turnstile.step("begin", session=self)
        self._began = self._turnstile.steps
        if self._faults.strikes(self._faults.refused):
            raise self._lose(ConnectionRefusedError("the database cannot be reached"))
        await self._connect()
        return await self._talk(lambda: self.raw.execute(statement))

    @property
    def raw(self) -> asyncpg.Connection:
        """The real connection, from the beginning of the transaction on."""
        assert self._raw is not None
        return self._raw

    async def _connect(self) -> None:
        self._turnstile.talking += 1
        try:
            self._raw = await self._stock.take(self._role)
        finally:
            self._turnstile.talking -= 1
        self._stock.by_pid[self._raw.get_server_pid()] = self

    def release(self) -> None:
        """Give the real connection back."""
        if self._raw is not None:
            self._stock.give_back(self._role, self._raw)

    async def fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a statement and return its rows."""
        return await self._run(lambda: self.raw.fetch(self._stock.alter(statement), *arguments))

    async def fetchrow(self, statement: str, *arguments: object) -> asyncpg.Record | None:
        """Run a statement and return its first row."""
        return await self._run(lambda: self.raw.fetchrow(self._stock.alter(statement), *arguments))

    async def fetchval(self, statement: str, *arguments: object) -> object:
        """Run a statement and return its first value."""
        return await self._run(lambda: self.raw.fetchval(self._stock.alter(statement), *arguments))

    async def executemany(self, statement: str, arguments: Iterable[Sequence[object]]) -> None:
        """Run a statement once per row."""
        await self._run(lambda: self.raw.executemany(self._stock.alter(statement), arguments))

    def terminate(self) -> None:
        """Give the connection up."""
        self._is_cut = True

    async def _run(self, call: Callable[[], Awaitable[Result]]) -> Result:
        if self._raw is None:
            return await self._run_alone(call)
        self._refuse_if_lost()
        if self._turnstile.fine:
            await self._turnstile.step("statement", session=self)
            self._refuse_if_lost()
        return await self._talk(call)

    async def _run_alone(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Run a statement outside a transaction: it has one of its own, with the same boundaries."""
        await self._begin(f"begin{self._bound}")
        try:
            result = await self._run(call)
            await self._commit()
        except BaseException:
            await self._roll_back()
            raise
        return result

    async def _commit(self) -> str:
        self._refuse_if_lost()
        await self._turnstile.step("commit", session=self)
        self._refuse_if_lost()
        if self._faults.strikes(self._faults.cut_before_commit):
            await self._end("rollback")
            raise self._lose(asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"))
        turnstile = self._turnstile
        await self._end(
            f"set local sim.tick = '{turnstile.steps}'; set local sim.began = '{self._began}'; "
            f"set local sim.at = '{turnstile.now!r}'; commit"
        )
        if self._faults.strikes(self._faults.cut_after_commit):
            raise self._lose(asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"))
        await self._turnstile.step("committed")
        return "COMMIT"

    async def _roll_back(self) -> str:
        if self.place.dead or self._is_cut:
            return "ROLLBACK"
        await self._end("rollback")
        return "ROLLBACK"

    async def _end(self, statement: str) -> None:
        try:
            await self._talk(lambda: self.raw.execute(statement))
        finally:
            if self.raw.is_in_transaction():  # a commit that failed
                await self._talk(lambda: self.raw.execute("rollback"))
            self._turnstile.let_go(self)

    async def abandon(self) -> None:
        """End the transaction as the server does when its client is gone."""
        if self._raw is not None and self._raw.is_in_transaction():
            self._is_cut = True
            await self._end("rollback")

    def cut_off(self) -> None:
        """End the transaction from the server's side, while the client is not looking."""
        self._turnstile.talking += 1
        self._turnstile.loop.create_task(self._cut_off())

    async def _cut_off(self) -> None:
        try:
            await self.abandon()
        finally:
            self._turnstile.talking -= 1

    def _lose(self, error: Exception) -> Exception:
        self._is_cut = True
        return error

    def _refuse_if_lost(self) -> None:
        if self.place.dead:
            raise asyncio.CancelledError
        if self._is_cut:
            raise asyncpg.InterfaceError("cannot perform operation: connection is closed")

    async def _talk(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Run one real statement; meanwhile nobody else gets a turn, unless it waits for somebody's lock."""
        self._waited = False
        lost_to_a_circle = False
        self._turnstile.talking += 1
        self._statements += 1
        self._look_later()
        try:
            return await call()
        except asyncpg.DeadlockDetectedError:
            self._stock.deadlocks += 1
            lost_to_a_circle = True
            raise
        finally:
            if self.holder is not None and not lost_to_a_circle:
                # The lock was free before we heard that its holder had let go: whoever lets go is always heard first.
                self._heard = self._turnstile.loop.create_future()
                await self._heard
            self._statements += 1
            if self._timer is not None:
                self._timer.cancel()
            if self.holder is None:
                self._turnstile.talking -= 1
            else:
                self.holder = None
                self._turnstile.parked.remove(self)
            if self._waited:
                await self._turnstile.step("woken", session=self)

    def _look_later(self) -> None:
        self._timer = self._turnstile.loop.call_later(LOOK_SECONDS, self._look, self._statements)

    def _look(self, statement: int) -> None:
        self._turnstile.loop.create_task(self._park_if_blocked(statement))

    async def _park_if_blocked(self, statement: int) -> None:
        if statement != self._statements:
            return
        pids = await self._stock.blockers(self.raw.get_server_pid())
        if statement != self._statements:
            return  # it has ended meanwhile
        if not pids:
            self._look_later()
            return
        holders = [self._stock.by_pid[pid] for pid in pids]
        self.holder = holders[0]
        self._waited = True
        self._turnstile.parked.append(self)
        self._turnstile.note(f"{self.place.name} waits for {self.holder.place.name}")
        self._turnstile.talking -= 1

    def watch_again(self) -> None:
        """Count as talking again: the lock that was waited for may be free."""
        self.holder = None
        self._turnstile.talking += 1
        self._look_later()
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)


class DatabaseFaults:
    """How likely a connection is lost: before a transaction, before its commit, after its commit."""

    def __init__(self, random: Random, *, refused: float, cut_before_commit: float, cut_after_commit: float) -> None:
        self._random = random
        self.refused = refused
        self.cut_before_commit = cut_before_commit
        self.cut_after_commit = cut_after_commit

    def strikes(self, likelihood: float) -> bool:
        """Draw whether a fault strikes now."""
        return likelihood > 0 and self._random.random() < likelihood

    def stop(self) -> None:
        """Let no fault strike any more."""
        self.refused = self.cut_before_commit = self.cut_after_commit = 0.0


class SteppedPool:
    """What a Database of a simulated process draws connections from."""

    def __init__(self, *, role: Role, turnstile: Turnstile, stock: Stock, faults: DatabaseFaults) -> None:
        self._role = role
        self._turnstile = turnstile
        self._stock = stock
        self._faults = faults
        self.server_time: Callable[[], object] = lambda: None

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Session]:
        """Lend a connection for one transaction."""
        place: Place = PLACE.get()
        if place.dead:
            raise asyncio.CancelledError
        session = Session(self._role, turnstile=self._turnstile, stock=self._stock, faults=self._faults)
        place.sessions[session] = None
        try:
            yield session
        finally:
            place.sessions.pop(session, None)
            session.release()

    async def fetchval(self, _statement: str, *, timeout: float | None = None) -> object:  # noqa: ASYNC109 - asyncpg's
        """Read the simulated server's time of day: all that is asked outside a transaction."""
        del timeout
        return self.server_time()
