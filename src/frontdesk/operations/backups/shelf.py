"""The folder of all backups: one folder per cluster, with its base backups, the log as it arrives, and its archive.

`<folder>/<cluster>/wal` belongs to the receiver of the log and holds what arrives, in the clear; full pieces of it are
sealed into `archive` and taken away. A backup is a folder of its own that gets its name once it is complete.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from frontdesk.kernel.errors import Refused
from frontdesk.operations.backups.model import (
    Backup,
    BackupKind,
    choose_expired,
    first_gap,
    is_history,
    is_segment,
    segment_number,
)
from frontdesk.operations.backups.sealing import SUFFIX, damaged, seal, sync_folder, unseal

FACTS = "backup.json"
ACCESS = f"access{SUFFIX}"
CONTENT = {BackupKind.BASE: f"base.tar{SUFFIX}", BackupKind.DUMP: f"database.dump{SUFFIX}"}
DUMPS = "dumps"
PARTIAL = ".partial"
UNFINISHED = ".unfinished-"
CHUNK_BYTES = 1024 * 1024
SEGMENT_BYTES = 16 * 1024 * 1024
GIVEN_UP_AFTER = timedelta(days=1)
CLUSTER = re.compile(r"[0-9]{10,20}")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder for all backups of an installation, and the key that seals them."""

    folder: Path
    key: str

    def cluster(self, cluster: str) -> ClusterShelf:
        """Go to the backups of one cluster; `cluster` is PostgreSQL's system identifier, or 'dumps'."""
        return ClusterShelf(self.folder / cluster, self.key)

    def clusters(self) -> list[ClusterShelf]:
        """List what has backups here."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir() if CLUSTER.fullmatch(path.name))
        return [self.cluster(name) for name in names]

    def list_backups(self) -> list[Backup]:
        """List every complete backup, the latest first; blocks while reading."""
        found = [one for shelf in (*self.clusters(), self.cluster(DUMPS)) for one in shelf.list_backups()]
        return sorted(found, key=lambda one: one.finished_at, reverse=True)

    def is_empty(self) -> bool:
        """Tell whether there is nothing of any embedded server that could be restored."""
        return not any(shelf.list_backups() for shelf in self.clusters())

    def make(self) -> None:
        """Create the folder, for us alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class ClusterShelf:
    """The backups and the log of one cluster."""

    folder: Path
    key: str

    @property
    def arriving(self) -> Path:
        """Where the log arrives, in the clear."""
        return self.folder / "wal"

    @property
    def archive(self) -> Path:
        """Where full pieces of the log are kept, sealed."""
        return self.folder / "archive"

    def make(self) -> None:
        """Create the folders, for us alone."""
        for path in (self.folder.parent, self.folder, self.arriving, self.archive):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def list_backups(self) -> list[Backup]:
        """List the complete backups, oldest first; blocks while reading.

        Refuses `backups.damaged`, naming the file, when one does not say what it is.
        """
        if not self.folder.is_dir():
            return []
        return sorted(
            (self._read(path) for path in self.folder.glob(f"*/{FACTS}") if not path.parent.name.startswith(".")),
            key=lambda one: one.finished_at,
        )

    def _read(self, path: Path) -> Backup:
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Backup)
        except msgspec.DecodeError as error:
            raise damaged(path, f"it does not say what the backup is ({error})") from error
        if found.name != path.parent.name:
            raise damaged(path, f"it is of {found.name}")
        return found

    def begin(self, name: str) -> Path:
        """Make the folder in which a backup is taken."""
        path = self.folder / f"{UNFINISHED}{name}"
        path.mkdir(mode=0o700, parents=True)
        return path

    def finish(self, unfinished: Path, backup: Backup) -> None:
        """Give a complete backup its name; from now on it is one."""
        facts = unfinished / FACTS
        facts.write_bytes(msgspec.json.format(msgspec.json.encode(backup), indent=2) + b"\n")
        descriptor = os.open(facts, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(unfinished)
        unfinished.rename(self.folder / backup.name)
        sync_folder(self.folder)

    def content_of(self, backup: Backup) -> Path:
        """Name the sealed file of a backup."""
        return self.folder / backup.name / CONTENT[backup.kind]

    def access_of(self, backup: Backup) -> Path:
        """Name the sealed file with the database's own password."""
        return self.folder / backup.name / ACCESS

    def forget_expired(self, *, before: datetime) -> list[str]:
        """Delete what is not needed to reach a moment after `before`, and the log from before the rest; blocks.

        Returns the names of the backups that went. What was begun a day ago and never finished goes too.
        """
        backups = self.list_backups()
        expired = choose_expired(backups, before=before)
        for one in expired:
            shutil.rmtree(self.folder / one.name)
        kept = [one.first_wal for one in backups if one not in expired and one.first_wal]
        if kept and self.archive.is_dir():
            needed = min(segment_number(name) for name in kept)
            for path in self.archive.glob(f"*{SUFFIX}"):
                name = path.name.partition(".")[0]
                if is_segment(name) and segment_number(name) < needed:
                    path.unlink()
        for path in self.folder.glob(f"{UNFINISHED}*"):
            begun = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if begun < datetime.now(UTC) - GIVEN_UP_AFTER:
                shutil.rmtree(path)
        return [one.name for one in expired]

    def archive_full(self) -> int:
        """Seal every full piece of the log that has arrived and take it away; returns how many; blocks."""
        count = 0
        for path in sorted(self.arriving.iterdir()) if self.arriving.is_dir() else ():
            if is_segment(path.name) or is_history(path.name):
                seal(_read_chunks(path), self.archive / f"{path.name}{SUFFIX}", key=self.key)
                path.unlink()
                count += 1
        return count

    def archive_all(self) -> int:
        """Seal all that has arrived, the last, partly filled piece too, so that a new stream can begin; blocks."""
        count = self.archive_full()
        for path in sorted(self.arriving.glob(f"*{PARTIAL}")):
            stem, number = path.name.removesuffix(PARTIAL), 1
            while (target := self.archive / f"{stem}{PARTIAL}-{number:04d}{SUFFIX}").exists():
                number += 1
            seal(_read_chunks(path), target, key=self.key)
            path.unlink()
            count += 1
        return count

    def lay_out_log(self, target: Path, *, start: str) -> LogLaidOut:
        """Write the log from segment `start` on into `target`, in the clear, for a server to replay; blocks.

        A piece that is damaged is left out and named: whoever needs what comes after it must not get less in silence.
        """
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        wrong, names = "", []
        for path, name in self._pieces(start):
            try:
                _lay_out(self._open(path, name), target / name, whole=is_segment(name))
            except Refused as refusal:
                (target / name).unlink(missing_ok=True)
                wrong = wrong or refusal.message
                continue
            if is_segment(name):
                names.append(name)
        gap = first_gap(names, start=start)
        if gap is not None and not wrong:
            wrong = f"the log has a gap: {gap} is missing in {self.archive}"
        return LogLaidOut(len(set(names)) * SEGMENT_BYTES, wrong)

    def _pieces(self, start: str) -> Iterator[tuple[Path, str]]:
        """List files and the names they are replayed under; of the same piece the fullest comes last and wins."""
        # What moves from one to the other while we look is then seen twice, never missed.
        arriving = sorted(self.arriving.iterdir()) if self.arriving.is_dir() else []
        sealed = sorted(self.archive.glob(f"*{SUFFIX}")) if self.archive.is_dir() else []
        full = {path.name for path in sealed}
        named = [
            (path, path.name.partition(PARTIAL if PARTIAL in path.name else SUFFIX)[0])
            for path in sorted(sealed, key=lambda one: PARTIAL not in one.name)
        ]
        named += [
            (path, name) for path in arriving if f"{(name := path.name.removesuffix(PARTIAL))}{SUFFIX}" not in full
        ]
        for path, name in named:
            if is_history(name) or (is_segment(name) and segment_number(name) >= segment_number(start)):
                yield path, name

    def _open(self, path: Path, name: str) -> Iterator[bytes]:
        """Read a piece wherever it is by now: the receiver renames it when it is full, and then it is sealed."""
        if path.suffix == SUFFIX:
            return unseal(path, key=self.key)
        for place in (path, self.arriving / name):
            with suppress(FileNotFoundError):
                return _read_chunks(place)
        return unseal(self.archive / f"{name}{SUFFIX}", key=self.key)


@dataclass(frozen=True, slots=True)
class LogLaidOut:
    """How much of the log there is to replay, in bytes, and what is missing of it in words (empty: nothing)."""

    size_bytes: int
    wrong: str


def _read_chunks(path: Path) -> Iterator[bytes]:
    """Open a file at once and read it bit by bit."""
    file = path.open("rb")

    def read() -> Iterator[bytes]:
        with file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    return read()


def _lay_out(chunks: Iterator[bytes], target: Path, *, whole: bool) -> None:
    """Write a piece; PostgreSQL takes none that is shorter than it has to be."""
    with target.open("wb") as file:
        file.writelines(chunks)
        if whole:
            file.truncate(SEGMENT_BYTES)
