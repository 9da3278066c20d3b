"""Log files that end: each is set aside once a day or when it is large, packed, and deleted after its time."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from frontdesk.kernel.clock import Clock
from frontdesk.kernel.telemetry.logs import get_logger

LIVE = re.compile(r"[a-z_]+\.log")
PACKED = re.compile(r"([a-z_]+\.log)\.(\d{8}T\d{6}Z)\.gz")
STAMP = "%Y%m%dT%H%M%SZ"
PREVIOUS = re.compile(r"[a-z_]+\.log\.\d+")  # what a server sets aside by itself when it starts
PART = ".part"
LOOK_SECONDS = 60.0

log = get_logger("logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLimits:
    """How large a log may grow before it is set aside, and how long one that was set aside is kept."""

    largest_bytes: int
    keep: timedelta


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done to a folder of logs: names of files that were set aside, and of those that were deleted."""

    packed: tuple[str, ...]
    deleted: tuple[str, ...]


def tend(folder: Path, *, now: datetime, limits: LogLimits) -> Tended:
    """Set aside logs that are large or of an earlier day (UTC), and delete those that were kept long enough; blocks.

    Whoever writes goes on writing into the same file, which is emptied once its copy is on the disk: it must have been
    opened for adding. A line that is written in between is lost. What a death in the middle left is done again.
    """
    for unfinished in folder.glob(f"*{PART}"):
        unfinished.unlink(missing_ok=True)
    packed = tuple(
        _pack(path, now=now)
        for path in sorted(folder.glob("*.log"))
        if LIVE.fullmatch(path.name) and _is_due(path, now=now, largest=limits.largest_bytes)
    )
    deleted = []
    for path in sorted(folder.glob("*.gz")):
        since = _packed_at(path)
        if since is not None and now - since > limits.keep:
            path.unlink(missing_ok=True)
            deleted.append(path.name)
    for path in sorted(folder.glob("*.log.*")):
        if PREVIOUS.fullmatch(path.name) and now.timestamp() - path.stat().st_mtime > limits.keep.total_seconds():
            path.unlink(missing_ok=True)
            deleted.append(path.name)
    return Tended(packed, tuple(deleted))


@asynccontextmanager
async def tended(folder: Path, limits: LogLimits, *, clock: Clock) -> AsyncIterator[None]:
    """Tend a folder of logs each minute meanwhile; a disk that fails stops nobody."""
    task = asyncio.create_task(_keep_tending(folder, limits, clock), name="tend logs")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_tending(folder: Path, limits: LogLimits, clock: Clock) -> None:
    while True:
        try:
            done = await asyncio.to_thread(tend, folder, now=clock.now(), limits=limits)
        except OSError as error:
            log.warning("logs.not_tended", error=error)
        else:
            if done.packed or done.deleted:
                log.info("logs.tended", packed=len(done.packed), deleted=len(done.deleted))
        await clock.sleep(LOOK_SECONDS)


def _is_due(path: Path, *, now: datetime, largest: int) -> bool:
    size = path.stat().st_size
    if size == 0:
        return False
    days = [found.date() for one in path.parent.glob(f"{path.name}.*.gz") if (found := _packed_at(one)) is not None]
    return size > largest or now.astimezone(UTC).date() not in days


def _packed_at(path: Path) -> datetime | None:
    found = PACKED.fullmatch(path.name)
    return None if found is None else datetime.strptime(found[2], STAMP).replace(tzinfo=UTC)


def _pack(path: Path, *, now: datetime) -> str:
    """Copy a log into a packed file of this moment, on the disk before the log is emptied."""
    target = path.with_name(f"{path.name}.{now.astimezone(UTC).strftime(STAMP)}.gz")
    unfinished = target.with_name(target.name + PART)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, path.stat().st_mode & 0o777)
    with os.fdopen(descriptor, "wb") as raw, path.open("rb") as source:
        with gzip.GzipFile(fileobj=raw, mode="wb", mtime=now.timestamp()) as into:
            shutil.copyfileobj(source, into)
        raw.flush()
        os.fsync(raw.fileno())
    unfinished.replace(target)
    os.truncate(path, 0)
    return target.name
