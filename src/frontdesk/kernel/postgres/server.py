"""The embedded server itself: start, adopt or attach, watch over it, stop."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

import asyncpg

from frontdesk.kernel.postgres import leftovers, tuning
from frontdesk.kernel.postgres.account import Account, hand_over, open_installation, open_way, server_account
from frontdesk.kernel.postgres.binaries import binary, installation
from frontdesk.kernel.postgres.cluster import (
    PostgresFailed,
    environment,
    forget_standbys,
    lay_up_log,
    make_cluster,
)
from frontdesk.kernel.postgres.places import DATABASE, Places, port_is_free
from frontdesk.kernel.telemetry import get_logger

__all__ = ["EmbeddedPostgres", "PostgresFailed"]

START_PATIENCE_S = 300.0  # replaying a gigabyte of WAL after a crash takes minutes on a slow disk
ORPHAN_PATIENCE_S = 10.0
STOP_PATIENCE_S = 30.0
POLL_S = 0.02
WATCH_S = 0.2
RAPID_S, MAX_RAPID = 60.0, 5  # this many deaths within this time is a fault that a restart does not cure
DATABASE_EXISTS = "select exists (select from pg_database where datname = $1)"
CREATE_DATABASE = f"create database {DATABASE}"
LOG_LIMIT = 10 * 1024 * 1024
NOT_READY = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
)

log = get_logger("postgres")


class EmbeddedPostgres:
    """One PostgreSQL server under a home folder, shared by every Frontdesk that uses that folder.

    The first program to start it owns it: it restarts the server when it dies and stops it at the end. Later ones
    attach. A server orphaned by the death of its owner is adopted. `gave_up` is set when restarts do not help.
    `settings` are PostgreSQL's own and win over ours; `patience` is how many seconds a start may take.
    """

    def __init__(
        self, home: Path, *, settings: Mapping[str, str] | None = None, patience: float = START_PATIENCE_S
    ) -> None:
        self.places = Places(home.expanduser().resolve())
        self._settings = dict(settings or {})
        self._patience = patience
        self.gave_up = asyncio.Event()
        self.restarts = 0
        self._owner_lock: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._pid: int | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def owned(self) -> bool:
        """Whether this object runs the server, rather than being a guest of another program's."""
        return self._owner_lock is not None

    @property
    def dsn(self) -> str:
        """The address of the database `frontdesk` through the server's socket."""
        return self.places.socket_dsn()

    @property
    def tcp_dsn(self) -> str:
        """The same through the loopback interface."""
        return self.places.tcp_dsn()

    async def start(self) -> str:
        """Bring the server up, or attach to the one that runs on this home, and return its address.

        Creates the data directory and the database `frontdesk` the first time. PostgresFailed when the server does
        not come up; PermissionError when its place is not ours.
        """
        account = server_account(self.places.data, self.places.home)
        self.places.make(server_uid=account.uid)
        if not self._take_ownership() and await self._attached():
            return self.dsn
        try:
            await self._bring_up(account)
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_running(account), name="postgres-watch")
        return self.dsn

    @asynccontextmanager
    async def kept_down(self) -> AsyncIterator[None]:
        """Keep every program from running this server, whose orphan is stopped; BlockingIOError while one runs it."""
        account = server_account(self.places.data, self.places.home)
        self.places.make(server_uid=account.uid)
        if not self._take_ownership():
            raise BlockingIOError(f"another program runs the PostgreSQL of {self.places.home}")
        try:
            orphan = leftovers.live_postmaster(self.places.data)
            if orphan is not None:
                await self._end(orphan)
            yield
        finally:
            self._release_ownership()

    async def stop(self) -> None:
        """Stop the server if we own it: every session is ended, everything is flushed; a guest just leaves."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        if self.owned:
            pid = self._pid or leftovers.live_postmaster(self.places.data)
            if pid is not None:
                await self._end(pid)
            self._pid = self._process = None
        self._release_ownership()

    async def healthy(self) -> bool:
        """Tell whether the server answers a query within 2 s."""
        try:
            connection = await asyncpg.connect(self.dsn, timeout=2)
        except (*NOT_READY, asyncpg.PostgresError, LookupError):
            return False
        try:
            return bool(await connection.fetchval("select true", timeout=2))
        except (*NOT_READY, asyncpg.PostgresError):
            return False
        finally:
            connection.terminate()

    def pids(self) -> list[int]:
        """List the numbers of the server's living processes, the postmaster first."""
        postmaster = leftovers.live_postmaster(self.places.data)
        found = [process.pid for process in leftovers.server_processes(self.places.data)]
        return sorted(found, key=lambda pid: (pid != postmaster, pid))

    def _take_ownership(self) -> bool:
        """Lock the owner's file; False when another living program holds it."""
        descriptor = os.open(self.places.owner_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._owner_lock = descriptor
        return True

    def _release_ownership(self) -> None:
        """Unlock the owner's file."""
        if self._owner_lock is not None:
            os.close(self._owner_lock)
            self._owner_lock = None

    async def _attached(self) -> bool:
        """Wait until the other program's server answers; False when that program has ended and we own the home."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_PATIENCE_S):
                while not await self.healthy():
                    if self._take_ownership():
                        return False
                    await asyncio.sleep(WATCH_S)
            log.info("postgres.attached", home=str(self.places.home))
            return True
        raise PostgresFailed(f"another program holds {self.places.owner_lock}, but its server is silent")

    async def _bring_up(self, account: Account) -> None:
        """Adopt a living orphan if it answers, else start afresh."""
        for folder in open_way(self.places.data, account) + open_way(installation(), account):
            log.warning("postgres.folder_opened", folder=str(folder), why="its account must pass through")
        open_installation(installation(), account)
        hand_over(self.places.socket_folder, account)
        await make_cluster(self.places, account)
        orphan = leftovers.live_postmaster(self.places.data)
        if orphan is not None:
            if await self._answers_within(ORPHAN_PATIENCE_S):
                self._pid = orphan
                log.info("postgres.adopted", pid=orphan)
                return
            log.warning("postgres.orphan_silent", pid=orphan)
            await self._end(orphan)
        await self._launch(account)

    async def _answers_within(self, seconds: float) -> bool:
        """Wait for the server to answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await self.healthy():
                    await asyncio.sleep(POLL_S)
                return True
        return False

    async def _launch(self, account: Account) -> None:
        """Clear what a dead server left, start a new one and wait until its database can be used."""
        survivors = await leftovers.end_survivors(self.places.data)
        cleared = leftovers.clear_lock_files(self.places.data, self.places.socket_folder)
        forget_standbys(self.places.data)
        if survivors or cleared:
            log.warning("postgres.leftovers_cleared", survivors=survivors, files=[path.name for path in cleared])
        self._process = await self._spawn(account)
        self._pid = self._process.pid
        await self._wait_until_ready(self._process)
        log.info("postgres.started", pid=self._pid, port=self.places.port())

    async def _spawn(self, account: Account) -> asyncio.subprocess.Process:
        """Start the postmaster in a session of its own, so that Ctrl-C reaches us first."""
        port, overrides = self._port(), {"cluster_name": self.places.cluster_name(), **self._settings}
        if not port_is_free(port):
            overrides["listen_addresses"] = ""
            log.warning("postgres.port_taken", port=port, effect="reachable through its socket only")
        overrides |= {"port": str(port), "unix_socket_directories": str(self.places.socket_folder)}
        with _open_log(self.places.log) as said:
            return await asyncio.create_subprocess_exec(
                binary("postgres"),
                "-D",
                self.places.data,
                *tuning.arguments(overrides),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self.places.data,
                env=environment(),
                start_new_session=True,
                user=account.user,
                group=account.group,
                extra_groups=account.groups,
            )

    def _port(self) -> int:
        """Keep the port while we run, because others hold our address; choose it at the first start."""
        return self.places.choose_port() if self._pid is None else self.places.port()

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        """Wait until the database `frontdesk` accepts us; PostgresFailed with the log's end if it dies first."""
        exited = asyncio.create_task(process.wait())
        try:
            async with asyncio.timeout(self._patience):
                while not await self._usable():
                    done, _ = await asyncio.wait({exited}, timeout=POLL_S)
                    if done:
                        raise PostgresFailed(f"PostgreSQL ended at start: {_tail(self.places.log)}")
        except TimeoutError:
            raise PostgresFailed(f"PostgreSQL was not ready in time: {_tail(self.places.log)}") from None
        finally:
            exited.cancel()

    async def _usable(self) -> bool:
        """Connect, and create our database if the server has none yet; False while the server is not ready."""
        if not leftovers.says_ready(self.places.data):
            return False
        try:
            connection = await asyncpg.connect(self.places.socket_dsn("postgres"), timeout=2)
        except NOT_READY:
            return False
        try:
            if not await connection.fetchval(DATABASE_EXISTS, DATABASE):
                await connection.execute(CREATE_DATABASE)
                if self._settings.get("fsync") != "off":
                    await lay_up_log(connection)
        finally:
            await connection.close()
        return True

    async def _keep_running(self, account: Account) -> None:
        """Start the server again whenever it dies, until it dies too often."""
        loop, deaths = asyncio.get_running_loop(), deque[float](maxlen=MAX_RAPID)
        while True:
            await self._until_dead()
            deaths.append(loop.time())
            if not (self.places.data / "PG_VERSION").exists():
                log.critical("postgres.data_gone", folder=str(self.places.data))
                self.gave_up.set()
                return
            log.error("postgres.died", pid=self._pid, said=_tail(self.places.log))
            if len(deaths) == MAX_RAPID and deaths[-1] - deaths[0] < RAPID_S:
                log.critical("postgres.gave_up", deaths=MAX_RAPID, within_s=RAPID_S)
                self.gave_up.set()
                return
            recent = sum(loop.time() - death < RAPID_S for death in deaths)
            await asyncio.sleep(WATCH_S * (recent - 1))
            try:
                await self._launch(account)
            except (PostgresFailed, OSError) as failure:
                log.exception("postgres.restart_failed", error=str(failure))
            else:
                self.restarts += 1

    async def _until_dead(self) -> None:
        """Wait for the postmaster's end: our own child is reaped, an adopted one is looked at."""
        if self._process is not None:
            await self._process.wait()
            return
        while self._pid is not None and leftovers.is_alive(self._pid, self.places.data):
            await asyncio.sleep(WATCH_S)

    async def _end(self, pid: int) -> None:
        """End a postmaster: cleanly within 30 s, else at once, at the price of a recovery at the next start."""
        for number, patience in ((signal.SIGINT, STOP_PATIENCE_S), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
                os.kill(pid, signal.SIGCONT)  # one that was halted hears nothing else
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    while leftovers.is_alive(pid, self.places.data):
                        await asyncio.sleep(POLL_S)
                    break
        if self._process is not None and self._process.pid == pid:
            await self._process.wait()
        log.info("postgres.stopped", pid=pid)


def _open_log(path: Path) -> IO[bytes]:
    """Open the log for adding; one that has grown past 10 MiB becomes the previous one."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _tail(path: Path) -> str:
    """Read the last lines of the server's log."""
    try:
        return " | ".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
    except FileNotFoundError:
        return "nothing"
