"""Who is alive: a session lock per process, with a lease behind it, and news that wakes sleepers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg

from frontdesk import __version__
from frontdesk.kernel.db import UNAVAILABLE, Database, Role, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.telemetry import get_logger

log = get_logger("liveness")

LEASE = timedelta(seconds=30)
BEAT_SECONDS = 5.0
CHANNEL = "frontdesk_wake"

REGISTER = """
    insert into live_processes (id, kind, lock_key, started_at, lease_until, version)
    values ($1, $2, $3, $4::timestamptz, $4::timestamptz + $5::interval, $6)
"""

RENEW = """
    update live_processes set lease_until = $2::timestamptz + $3::interval
    where id = $1 and ended_at is null returning true
"""

LIST_DEAD = """
    select id, kind from live_processes
    where ended_at is null and id <> $1 and (lease_until < $2 or pg_try_advisory_xact_lock(lock_key))
    order by id
    limit 50
    for update skip locked
"""

END = "update live_processes set ended_at = $2 where id = any($1::uuid[])"

FORGET = "delete from live_processes where ended_at < $1::timestamptz - interval '1 day'"

Undertaker = Callable[[Transaction, UUID], Awaitable[None]]


class Presence:
    """This process's sign of life: one direct connection that holds its lock and listens for wake-ups.

    `lost` is set when the connection or the lease is gone: the process must stop claiming work; whatever it still
    writes is refused by the fences of the rows.
    """

    def __init__(self, url: str, *, kind: str, system: Database) -> None:
        self.process_id = new_id()
        self.lost = asyncio.Event()
        self._url = url
        self._kind = kind
        self._system = system
        self._connection: asyncpg.Connection | None = None
        self._sleepers: dict[str, set[asyncio.Event]] = {}
        self._notifying: dict[str, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Lock()

    @property
    def lock_key(self) -> int:
        """The session lock of this process, a signed 64-bit number made from its id."""
        return int.from_bytes(self.process_id.bytes[8:], "big", signed=True)

    async def start(self) -> None:
        """Take the lock, write the lease and start listening."""
        connection = await asyncpg.connect(
            self._url,
            server_settings={
                "role": Role.SYSTEM.value,
                "application_name": f"frontdesk-{self._kind}-presence",
                "tcp_keepalives_idle": "5",
            },
        )
        self._connection = connection
        await connection.execute("select pg_advisory_lock($1)", self.lock_key)
        connection.add_termination_listener(lambda _connection: self.lost.set())
        await connection.add_listener(CHANNEL, self._hear)
        async with self._system.transaction() as tx:
            await tx.execute(REGISTER, self.process_id, self._kind, self.lock_key, tx.now, LEASE, __version__)

    async def stop(self) -> None:
        """Sign off, so that nobody needs to look for what this process held; without a database the lock says it."""
        if self._connection is None:
            return
        try:
            async with self._system.transaction() as tx:
                await tx.execute(END, [self.process_id], tx.now)
        except UNAVAILABLE:
            log.warning("sign_off_not_written")
        finally:
            connection, self._connection = self._connection, None
            connection.terminate()

    async def beat(self) -> None:
        """Renew the lease; a lease that somebody ended counts as lost."""
        async with self._system.transaction() as tx:
            if await tx.fetchval(RENEW, self.process_id, tx.now, LEASE) is None:
                self.lost.set()

    def sleeper(self, topic: str) -> asyncio.Event:
        """Make an event that is set whenever `topic` is woken in any process."""
        event = asyncio.Event()
        self._sleepers.setdefault(topic, set()).add(event)
        return event

    def forget_sleeper(self, topic: str, event: asyncio.Event) -> None:
        """Stop waking `event`."""
        self._sleepers.get(topic, set()).discard(event)

    def wake(self, topic: str, *, within: float = 0.005) -> None:
        """Wake the sleepers on `topic`: at once here, elsewhere by one NOTIFY for all wakes of `within` seconds."""
        self._rouse(topic)
        waiting = self._notifying.get(topic)
        if waiting is None or waiting.done():
            self._notifying[topic] = asyncio.get_running_loop().create_task(self._notify(topic, within))

    async def _notify(self, topic: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        connection = self._connection
        if connection is None or connection.is_closed():
            return
        try:
            async with self._one_at_a_time:
                await connection.execute("select pg_notify($1, $2)", CHANNEL, topic)
        except UNAVAILABLE:
            log.warning("wake_up_not_sent")  # sleepers poll as well

    def _hear(self, _connection: object, _pid: int, _channel: str, topic: object) -> None:
        self._rouse(str(topic))

    def _rouse(self, topic: str) -> None:
        for event in self._sleepers.get(topic, ()):
            event.set()


async def bury_dead(system: Database, *, own_id: UUID, undertaker: Undertaker) -> list[UUID]:
    """Find processes that are gone and free what each held; returns their ids.

    Gone: the session lock is free, or the lease of 30 s ran out. All of it in one transaction per round.
    """
    async with system.transaction() as tx:
        dead = [row["id"] for row in await tx.fetch(LIST_DEAD, own_id, tx.now)]
        for process_id in dead:
            await undertaker(tx, process_id)
        if dead:
            await tx.execute(END, dead, tx.now)
            await tx.execute(FORGET, tx.now)
    for process_id in dead:
        log.warning("process_found_dead", process_id=str(process_id))
    return dead
