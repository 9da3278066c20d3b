"""What backups are, which one leads to a moment, and which may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

WAL_NAME_LENGTH = 24
TIMELINE_LENGTH = 8


class BackupKind(StrEnum):
    """How a backup was taken."""

    BASE = "base"  # the files of the embedded server; with the log, any moment since
    DUMP = "dump"  # the rows of a server of your own, at one moment


class BackupState(StrEnum):
    """How the taking of a backup ended."""

    FINISHED = "finished"
    FAILED = "failed"


class StreamState(StrEnum):
    """How the second copy of the log stands."""

    STARTING = "starting"
    SYNCHRONOUS = "synchronous"  # a commit is acknowledged once it is in both places
    DEGRADED = "degraded"  # commits are acknowledged by the server alone
    OFF = "off"


class DrillState(StrEnum):
    """How a restore drill stands."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that is complete, as `backup.json` beside its files says.

    `cluster` is PostgreSQL's system identifier; the log is needed from `first_wal` (a segment's name, empty for a
    dump). `finished_at` is the earliest moment that it leads to. `size_bytes` is that of the sealed file.
    """

    name: str
    kind: BackupKind
    cluster: str
    server_version: int
    first_wal: str
    started_at: datetime
    finished_at: datetime
    size_bytes: int
    content_bytes: int
    key_id: str


def choose_backup(backups: Sequence[Backup], *, to: datetime | None) -> Backup | None:
    """Choose the latest backup from which a moment can be reached (None: the latest moment there is)."""
    fitting = [one for one in backups if to is None or one.finished_at <= to]
    return max(fitting, key=lambda one: one.finished_at, default=None)


def choose_expired(backups: Sequence[Backup], *, before: datetime) -> list[Backup]:
    """List the backups that nobody needs to reach a moment after `before`; the latest always stays."""
    ordered = sorted(backups, key=lambda one: one.finished_at)
    return [one for one, following in pairwise(ordered) if following.finished_at <= before]


def is_segment(name: str) -> bool:
    """Tell whether a file's name is that of a piece of the log: timeline and number, 24 hexadecimal digits."""
    return len(name) == WAL_NAME_LENGTH and all(letter in "0123456789ABCDEF" for letter in name)


def is_history(name: str) -> bool:
    """Tell whether a file tells where a timeline comes from."""
    stem, dot, rest = name.partition(".")
    return bool(dot) and rest == "history" and len(stem) == TIMELINE_LENGTH


def segment_number(name: str, *, segments_per_file: int = 256) -> int:
    """Count the log's segments from its beginning up to this one; one of 16 MiB, 256 to PostgreSQL's own 4 GiB file."""
    return int(name[8:16], 16) * segments_per_file + int(name[16:24], 16)


def first_gap(names: Sequence[str], *, start: str) -> str | None:
    """Find the first number that is missing between `start` and the last segment, as a name; None if none is.

    Segments of several timelines overlap where one began: a number counts as present on any of them.
    """
    present = {segment_number(name) for name in names}
    last = max(present, default=segment_number(start) - 1)
    for number in range(segment_number(start), last + 1):
        if number not in present:
            return f"{start[:8]}{number // 256:08X}{number % 256:08X}"
    return None
