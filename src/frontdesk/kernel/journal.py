"""An append-only journal outside the database: what stands in it survives a restore to an earlier moment.

One JSON object per line, one file per month, every line with a checksum and the hash of the line before it. A line
counts once it is on the disk; concurrent appends share one flush, and several processes share one journal.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry import get_logger

LOCK_SECONDS = 5.0
LOCK_POLL_SECONDS = 0.002
FIRST = hashlib.sha256(b"frontdesk journal v1").hexdigest()


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line: its number from 1, its moment, what was written, and its hash."""

    seq: int
    at: datetime
    entry: Mapping[str, object]
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class JournalDamage:
    """A place where the journal is not as it was written: file, line from 1, and what is wrong there."""

    file: str
    line: int
    wrong: str


@dataclass(frozen=True, slots=True)
class JournalReading:
    """Every readable entry in order, and every damage found on the way."""

    entries: tuple[JournalEntry, ...]
    damage: tuple[JournalDamage, ...]


@dataclass(frozen=True, slots=True)
class _Tail:
    """Where the last good line ends, and which it is."""

    path: Path
    size: int
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class _Pending:
    entry: Mapping[str, object]
    at: datetime
    done: asyncio.Future[JournalEntry]


class Journal:
    """One journal of this installation, in `folder/<name>-YYYYMM.jsonl`."""

    def __init__(self, folder: Path, name: str = "opt-outs", *, lock_seconds: float = LOCK_SECONDS) -> None:
        self._folder = folder
        self._name = name
        self._lock_seconds = lock_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._waiting: list[_Pending] = []
        self._writer: asyncio.Task[None] | None = None
        self._tail: _Tail | None = None
        self.flushes = 0

    async def append(self, entry: Mapping[str, object], *, at: datetime) -> JournalEntry:
        """Write one entry and return once it is on the disk.

        Refuses `journal.unavailable` (503) when the disk does not take it; then nothing was kept of it. Whoever is
        cancelled while waiting does not know whether it was written. An entry that is not JSON is a `TypeError`.
        """
        # Tried here, so that a faulty entry cannot spoil the batch of others.
        _body(0, "", entry, "")
        pending = _Pending(entry, at, asyncio.get_running_loop().create_future())
        self._waiting.append(pending)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_waiting())
        return await pending.done

    async def close(self) -> None:
        """Finish what is waiting; the journal takes nothing after that."""
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()

    def read_all(self) -> JournalReading:
        """Read every file, oldest first; what is damaged is reported and the rest is read all the same.

        Blocks while reading; a line that another process is just writing is not damage.
        """
        entries: list[JournalEntry] = []
        damage: list[JournalDamage] = []
        files = self._files()
        for path in files:
            raw = path.read_bytes()
            lines = raw.split(b"\n")
            # What follows the last line break was never acknowledged.
            if lines.pop() and path != files[-1]:
                damage.append(JournalDamage(path.name, len(lines) + 1, "is cut off"))
            for number, line in enumerate(lines, start=1):
                entry = _parse(line)
                if entry is None:
                    damage.append(JournalDamage(path.name, number, "is not what was written"))
                    continue
                previous = entries[-1] if entries else None
                if (entry.seq, entry.prev) != _after(previous):
                    damage.append(JournalDamage(path.name, number, "does not follow the line before it"))
                entries.append(entry)
        return JournalReading(tuple(entries), tuple(damage))

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                written = await asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)
            except Exception as error:  # noqa: BLE001 - every waiter must hear of it
                self._fail(batch, error)
                continue
            for pending, entry in zip(batch, written, strict=True):
                if not pending.done.done():
                    pending.done.set_result(entry)

    def _fail(self, batch: list[_Pending], error: Exception) -> None:
        get_logger("journal").error("journal.append_failed", journal=self._name, entries=len(batch), error=error)
        for pending in batch:
            if not pending.done.done():
                refusal = Refused("journal.unavailable", "The journal cannot be written; try again.", status=503)
                refusal.__cause__ = error
                pending.done.set_exception(refusal)

    def _write(self, batch: list[_Pending]) -> list[JournalEntry]:
        """Append a batch under the lock of all processes; on any failure leave the file as it was."""
        with self._locked():
            tail = self._current_tail()
            month = max(pending.at.astimezone(UTC) for pending in batch).strftime("%Y%m")
            # A clock that went back must not put newer lines into an older file.
            path = max(self._folder / f"{self._name}-{month}.jsonl", tail.path)
            size = tail.size if path == tail.path else 0
            entries: list[JournalEntry] = []
            previous = (tail.seq, tail.hash)
            text = b""
            for pending in batch:
                entry, line = _compose(pending, previous)
                entries.append(entry)
                previous = (entry.seq, entry.hash)
                text += line
            self._tail = None
            self._put(path, text, at=size)
            self._tail = _Tail(path, size + len(text), *previous)
            return entries

    def _put(self, path: Path, text: bytes, *, at: int) -> None:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            try:
                rest = memoryview(text)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fdatasync(descriptor)
            except OSError:
                os.ftruncate(descriptor, at)
                raise
            self.flushes += 1
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self._folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the journal against other processes; a holder that does not let go in time is a `TimeoutError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / f"{self._name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + self._lock_seconds
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise TimeoutError("another process holds the journal") from None
                    time.sleep(LOCK_POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def _current_tail(self) -> _Tail:
        """Find the last good line, and cut off what a crash left after it."""
        known = self._tail
        files = self._files()
        if not files:
            return _Tail(self._folder / f"{self._name}-000000.jsonl", 0, 0, FIRST)
        newest = files[-1]
        size = newest.stat().st_size
        if known is not None and known.path == newest and known.size <= size:
            if known.size == size:
                return known
            return self._scan(newest, known.size, known)
        before: _Tail | None = None
        for path in reversed(files[:-1]):
            before = self._scan(path, 0, None, repair=False)
            if before.seq:
                break
        return self._scan(newest, 0, before)

    def _scan(self, path: Path, start: int, known: _Tail | None, *, repair: bool = True) -> _Tail:
        """Read lines from `start` and return the last good one; `repair` moves torn bytes after it aside."""
        with path.open("rb") as file:
            file.seek(start)
            raw = file.read()
        good, seq, last = start, known.seq if known else 0, known.hash if known else FIRST
        position = start
        # The piece after the last line break is torn, even if it reads well: its flush was never acknowledged.
        for line in raw.split(b"\n")[:-1]:
            position += len(line) + 1
            entry = _parse(line)
            if entry is not None:
                good, seq, last = position, entry.seq, entry.hash
        if repair and good < start + len(raw):
            self._move_aside(path, raw[good - start :], good)
        return _Tail(path, good, seq, last)

    def _move_aside(self, path: Path, torn: bytes, good: int) -> None:
        get_logger("journal").warning("journal.torn_line_moved_aside", file=path.name, offset=good, size=len(torn))
        with path.with_suffix(".torn").open("ab") as aside:
            aside.write(torn + b"\n")
            aside.flush()
            os.fsync(aside.fileno())
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, good)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._name}-[0-9][0-9][0-9][0-9][0-9][0-9].jsonl"))


def _after(previous: JournalEntry | None) -> tuple[int, str]:
    return (1, FIRST) if previous is None else (previous.seq + 1, previous.hash)


def _compose(pending: _Pending, previous: tuple[int, str]) -> tuple[JournalEntry, bytes]:
    seq, prev = previous[0] + 1, previous[1]
    at = pending.at.astimezone(UTC)
    body = _body(seq, at.isoformat(), pending.entry, prev)
    own = hashlib.sha256(body).hexdigest()
    line = {"seq": seq, "at": at.isoformat(), "entry": pending.entry, "prev": prev, "hash": own}
    text = json.dumps({**line, "crc": f"{zlib.crc32(body):08x}"}, separators=(",", ":"), allow_nan=False)
    return JournalEntry(seq, at, pending.entry, prev, own), text.encode() + b"\n"


def _body(seq: int, at: str, entry: Mapping[str, object], prev: str) -> bytes:
    # ASCII only, so that no text can break a line or a reader.
    fields = {"seq": seq, "at": at, "entry": entry, "prev": prev}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _parse(line: bytes) -> JournalEntry | None:
    """Read one line; None when it is not exactly what was written."""
    try:
        match json.loads(line):
            case {
                "seq": int(seq),
                "at": str(at),
                "entry": dict(entry),
                "prev": str(prev),
                "hash": str(own),
                "crc": str(crc),
            }:
                body = _body(seq, at, entry, prev)
                intact = crc == f"{zlib.crc32(body):08x}" and own == hashlib.sha256(body).hexdigest()
                return JournalEntry(seq, datetime.fromisoformat(at), entry, prev, own) if intact else None
            case _:
                return None
    except (ValueError, RecursionError):
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
