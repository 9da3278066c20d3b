"""The second copy of the log: a receiver that every commit waits for, and how to go on without it when it is gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from frontdesk.kernel.postgres.ahead import FilesAhead
from frontdesk.kernel.postgres.binaries import binary
from frontdesk.kernel.postgres.cluster import PostgresFailed
from frontdesk.kernel.postgres.programs import without_password
from frontdesk.kernel.telemetry import get_logger

NAME = "frontdesk_wal"
LOOK_SECONDS = 0.5
RETRY_SECONDS = 0.2
PATIENCE_SECONDS = 5.0  # this long commits wait for a receiver that is gone, then they go on without it
FAREWELL_SECONDS = 2.0
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

LOOK = """
    select receiver.pid is not null and receiver.state = 'streaming' as streaming,
           coalesce(receiver.sync_state, '') = 'sync' as synchronous,
           (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint as flushed,
           coalesce(receiver.flush_lsn - '0/0'::pg_lsn, 0)::bigint as received,
           coalesce(slot.wal_status, '') = 'lost' as slot_lost,
           pg_walfile_name(pg_current_wal_insert_lsn() + segment.bytes) as next_file, segment.bytes as file_bytes
    from (select setting::int as bytes from pg_settings where name = 'wal_segment_size') as segment
    left join pg_stat_replication as receiver on receiver.application_name = 'frontdesk_wal'
    left join pg_replication_slots as slot on slot.slot_name = 'frontdesk_wal'
    limit 1
"""
RECEIVED = """
    select coalesce(max(flush_lsn - '0/0'::pg_lsn), 0)::bigint
    from pg_stat_replication where application_name = 'frontdesk_wal'
"""
CLUSTER = "select system_identifier::text from pg_control_system()"
TIMELINE = "select left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)"
SLOT_EXISTS = "select exists (select from pg_replication_slots where slot_name = 'frontdesk_wal')"
# Reserved at once: else the log from before the receiver's first connection may be gone when it asks for it.
MAKE_SLOT = "select pg_create_physical_replication_slot('frontdesk_wal', true)"
DROP_SLOT = "select pg_drop_replication_slot('frontdesk_wal')"
WAIT_FOR_RECEIVER = "alter system set synchronous_standby_names = 'frontdesk_wal'"
WAIT_FOR_NOBODY = "alter system reset synchronous_standby_names"
RELOAD = "select pg_reload_conf()"
END_SENDER = "select pg_terminate_backend(pid) from pg_stat_replication where application_name = 'frontdesk_wal'"

log = get_logger("wal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How the second copy stands: whether commits wait for it, and how far it is behind."""

    cluster: str
    timeline: str
    synchronous: bool
    degraded: bool
    behind_bytes: int
    behind_seconds: float
    slot_was_lost: bool


class WalReceiver:
    """Keeps a copy of the log in `folder_of(cluster)` while `run` runs, and commits waiting for it while it is well.

    Gone or silent for 5 s, commits no longer wait, until it has caught up again; it is started anew all the time.
    `looked` hears twice a second how it stands. `set_aside` empties the cluster's folder where a stream begins that
    does not follow what lies there. What the receiving program says goes to the file `said`.
    """

    def __init__(
        self,
        url: str,
        folder_of: Callable[[str], Path],
        *,
        looked: Callable[[Stream], Awaitable[None]],
        set_aside: Callable[[str], Awaitable[None]],
        said: Path,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._url = url
        self._folder_of = folder_of
        self._looked = looked
        self._set_aside = set_aside
        self._said = said
        self._patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self._waiting_for_it = False
        self._degraded = False
        self._ahead = FilesAhead()

    @property
    def pid(self) -> int | None:
        """The number of the receiving program, if it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self, stop: asyncio.Event) -> None:
        """Receive until `stop` is set, whatever the server does meanwhile; commits then no longer wait."""
        try:
            while not stop.is_set():
                with suppress(*AWAY, PostgresFailed):
                    await self._attend(stop)
                await self._end_process()
                await _pause(stop, RETRY_SECONDS)
        finally:
            await self._end_process()
            await self._ahead.rest()

    async def _attend(self, stop: asyncio.Event) -> None:
        """Look after the stream on one connection to the server, until that ends."""
        connection = await asyncpg.connect(self._url, timeout=5, server_settings={"synchronous_commit": "local"})
        try:
            cluster = str(await connection.fetchval(CLUSTER))
            timeline = str(await connection.fetchval(TIMELINE))
            folder = self._folder_of(cluster)
            end_strays(folder)
            await self._wait_for_nobody(connection)
            if not await connection.fetchval(SLOT_EXISTS):
                await self._set_aside(cluster)
                await connection.fetchval(MAKE_SLOT)
            await self._look_after(connection, cluster, timeline, folder, stop)
            await self._say_farewell(connection)
        finally:
            connection.terminate()

    async def _look_after(
        self, connection: asyncpg.Connection, cluster: str, timeline: str, folder: Path, stop: asyncio.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        aim, received, failures, next_start = 0, 0, 0, 0.0
        aim_at = moved_at = loop.time()
        while not stop.is_set():
            if self.pid is None and loop.time() >= next_start:
                failures += 1
                next_start = loop.time() + min(RETRY_SECONDS * 2**failures, self._patience)
                await self._ahead.clear(folder, received=int(await connection.fetchval(RECEIVED)))
                await self._start_process(folder)
                moved_at = loop.time()
            row = await connection.fetchrow(LOOK, timeout=self._patience)
            if row is None:
                raise LookupError(LOOK)
            if row["streaming"] and row["received"] > received:
                received, moved_at = row["received"], loop.time()
            if row["streaming"] and row["received"] >= aim:
                aim, aim_at, moved_at, failures = row["flushed"], loop.time(), loop.time(), 0
                if not self._waiting_for_it:
                    await self._wait_for_receiver(connection)
            behind = loop.time() - aim_at
            if behind > self._patience:
                await self._go_on_without(connection, behind)
            self._ahead.want(folder, row["next_file"], size=row["file_bytes"], received=row["received"])
            if loop.time() - moved_at > self._patience and self.pid is not None:
                log.error("wal.receiver_hangs", pid=self.pid)
                await self._end_process()
                await connection.execute(END_SENDER)
            await self._looked(
                Stream(
                    cluster=cluster,
                    timeline=timeline,
                    synchronous=self._waiting_for_it and row["synchronous"],
                    degraded=self._degraded,
                    behind_bytes=max(0, row["flushed"] - received) if received else 0,
                    behind_seconds=behind if behind > 2 * LOOK_SECONDS else 0.0,
                    slot_was_lost=row["slot_lost"],
                )
            )
            if row["slot_lost"]:
                await self._begin_anew(connection, cluster)
            await self._rest(stop)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait for the next look, or for the end of the receiving program."""
        waits: list[asyncio.Task[bool] | asyncio.Task[None]] = [asyncio.create_task(stop.wait())]
        if self._process is not None and self._process.returncode is None:
            waits.append(asyncio.create_task(_ended(self._process)))
        try:
            await asyncio.wait(waits, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _wait_for_receiver(self, connection: asyncpg.Connection) -> None:
        await connection.execute(WAIT_FOR_RECEIVER)
        await connection.execute(RELOAD)
        log.info("wal.synchronous", after_degradation=self._degraded)
        self._waiting_for_it, self._degraded = True, False

    async def _go_on_without(self, connection: asyncpg.Connection, behind: float) -> None:
        """Let commits go on without the copy."""
        if self._waiting_for_it:
            await self._wait_for_nobody(connection)
        if not self._degraded:
            log.error("wal.degraded", silent_for_s=round(behind, 1), effect="commits are in one place only")
        self._degraded = True

    async def _wait_for_nobody(self, connection: asyncpg.Connection) -> None:
        await connection.execute(WAIT_FOR_NOBODY)
        await connection.execute(RELOAD)
        self._waiting_for_it = False

    async def _begin_anew(self, connection: asyncpg.Connection, cluster: str) -> None:
        """Give up a place in the log that the server no longer has; what lies between is in no copy."""
        log.error("wal.slot_lost", effect="the log has a gap: a new base backup is needed")
        await self._wait_for_nobody(connection)
        await self._end_process()
        await connection.execute(END_SENDER)
        await self._set_aside(cluster)
        await connection.fetchval(DROP_SLOT)
        await connection.fetchval(MAKE_SLOT)

    async def _say_farewell(self, connection: asyncpg.Connection) -> None:
        """Stop commits from waiting, let the receiver have all there is, and end it."""
        await self._wait_for_nobody(connection)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                aim = None
                while self.pid is not None:
                    row = await connection.fetchrow(LOOK)
                    if row is None or not row["streaming"]:
                        break
                    aim = row["flushed"] if aim is None else aim
                    if row["received"] >= aim:
                        break
                    await asyncio.sleep(RETRY_SECONDS / 10)
        await self._end_process()

    async def _start_process(self, folder: Path) -> None:
        address, env = without_password(self._url)
        joint = "&" if "?" in address else "?"
        with self._said.open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                binary("pg_receivewal"),
                f"--directory={folder}",
                f"--slot={NAME}",
                "--synchronous",
                "--no-loop",
                "--no-password",
                "--status-interval=1",
                f"--dbname={address}{joint}application_name={NAME}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=env,
                start_new_session=True,
            )
        log.info("wal.receiver_started", pid=self._process.pid)

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await process.wait()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def end_strays(folder: Path) -> int:
    """Kill receivers that outlived whoever started them and still write into `folder`; returns how many."""
    mark, ended = f"--directory={folder}", 0
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.name() == "pg_receivewal" and mark in process.cmdline() and process.pid != os.getpid():
                process.kill()
                process.wait(5)
                ended += 1
    return ended


async def _ended(process: asyncio.subprocess.Process) -> None:
    await process.wait()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
