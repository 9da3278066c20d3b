"""The keeper of the log's second copy, beside everything that `up` runs: it receives, seals, and says how it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from frontdesk.kernel.db import UNAVAILABLE, Database
from frontdesk.kernel.jobs import start_run
from frontdesk.kernel.postgres import Stream, WalReceiver
from frontdesk.kernel.telemetry import get_logger
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.jobs import TAKE
from frontdesk.operations.backups.model import BackupKind, StreamState
from frontdesk.operations.backups.shelf import Shelf

NOTE_SECONDS = 10.0
SEAL_SECONDS = 5.0
FIRST_BACKUP_SECONDS = 20.0  # the first minute belongs to whoever tries the program out

log = get_logger("wal")


@dataclass(slots=True)
class _Noted:
    """What was written last, and when."""

    state: StreamState = StreamState.OFF
    at: float = float("-inf")
    sealed_at: float = float("-inf")
    synchronous_since: float | None = None
    asked_for: str = ""
    archived: int = 0


class WalKeeper:
    """Keeps the second copy of the embedded server's log at `url`; `system` is where its state is written.

    `synchronous` is set while every commit waits for that copy.
    """

    def __init__(self, url: str, *, system: Database, shelf: Shelf, log_folder: Path) -> None:
        self._system = system
        self._shelf = shelf
        self._noted = _Noted()
        self._work: set[asyncio.Task[None]] = set()
        self.receiver = WalReceiver(
            url, self._folder_of, looked=self._look, set_aside=self._set_aside, said=log_folder / "wal.log"
        )
        self.stream: Stream | None = None
        self.synchronous = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep it until `stop` is set; what has arrived by then is sealed, but for the last, partly filled piece."""
        try:
            await self.receiver.run(stop)
        finally:
            await asyncio.gather(*self._work, return_exceptions=True)
            if self.stream is not None:
                await self._seal(self.stream.cluster)
                await self._note(StreamState.OFF, self.stream)

    def _folder_of(self, cluster: str) -> Path:
        place = self._shelf.cluster(cluster)
        place.make()
        return place.arriving

    async def _look(self, stream: Stream) -> None:
        """Follow the stream; nothing that is done about it may keep the receiver's own look waiting."""
        self.stream, now = stream, asyncio.get_running_loop().time()
        state = _state_of(stream)
        if state is StreamState.SYNCHRONOUS:
            self.synchronous.set()
        else:
            self.synchronous.clear()
        if stream.slot_was_lost:
            self._start(self._ask_for_backup(stream, f"gap@{stream.cluster}/{now:.0f}"))
        if self._work:
            return
        if state is not self._noted.state or now - self._noted.at > NOTE_SECONDS:
            self._noted.state, self._noted.at = state, now
            self._start(self._note(state, stream))
        elif now - self._noted.sealed_at > SEAL_SECONDS:
            self._noted.sealed_at = now
            self._start(self._seal(stream.cluster))
        if state is not StreamState.SYNCHRONOUS:
            self._noted.synchronous_since = None
        elif self._noted.synchronous_since is None:
            self._noted.synchronous_since = now
        elif now - self._noted.synchronous_since > FIRST_BACKUP_SECONDS:
            self._start(self._ask_for_first(stream))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _note(self, state: StreamState, stream: Stream) -> None:
        archived, self._noted.archived = self._noted.archived, 0
        with suppress(*UNAVAILABLE):
            async with self._system.transaction() as tx:
                await queries.put_stream(
                    tx, state=state, words=_words_of(state), lag_bytes=stream.behind_bytes,
                    lag_ms=round(stream.behind_seconds * 1000), archived=archived,
                )  # fmt: skip

    async def _seal(self, cluster: str) -> None:
        try:
            self._noted.archived += await asyncio.to_thread(self._shelf.cluster(cluster).archive_full)
        except OSError as error:
            log.exception("wal.not_sealed", error=type(error).__name__)

    async def _set_aside(self, cluster: str) -> None:
        await asyncio.gather(*self._work, return_exceptions=True)
        await asyncio.to_thread(self._shelf.cluster(cluster).archive_all)

    async def _ask_for_first(self, stream: Stream) -> None:
        """Order a base backup for a cluster, or a timeline of it, that has none."""
        key = f"first@{stream.cluster}/{stream.timeline}"
        if self._noted.asked_for == key:
            return
        self._noted.asked_for = key
        backups = await asyncio.to_thread(self._shelf.cluster(stream.cluster).list_backups)
        if not any(one.kind is BackupKind.BASE and one.first_wal.startswith(stream.timeline) for one in backups):
            await self._ask_for_backup(stream, key)

    async def _ask_for_backup(self, stream: Stream, key: str) -> None:
        with suppress(*UNAVAILABLE):
            async with self._system.transaction() as tx:
                await start_run(tx, TAKE, {"cluster": stream.cluster}, key=key)


@asynccontextmanager
async def kept(url: str, *, system: Database, shelf: Shelf, log_folder: Path) -> AsyncIterator[WalKeeper]:
    """Keep the second copy of the log while the block runs."""
    keeper, stop = WalKeeper(url, system=system, shelf=shelf, log_folder=log_folder), asyncio.Event()
    keeping = asyncio.create_task(keeper.run(stop), name="keep the second copy of the log")
    try:
        yield keeper
    finally:
        stop.set()
        await asyncio.gather(keeping, return_exceptions=True)


def _state_of(stream: Stream) -> StreamState:
    if stream.synchronous:
        return StreamState.SYNCHRONOUS
    return StreamState.DEGRADED if stream.degraded else StreamState.STARTING


def _words_of(state: StreamState) -> str:
    return {
        StreamState.SYNCHRONOUS: "every acknowledged commit is in two places",
        StreamState.DEGRADED: "commits are in one place only: the second copy is not being written",
        StreamState.STARTING: "the second copy is catching up",
        StreamState.OFF: "no second copy is being written",
    }[state]
