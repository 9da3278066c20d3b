"""The next file of the log's second copy, made before every commit waits for the receiver to make it.

pg_receivewal fills each new file with zeros and syncs it before it takes the first byte of the log into it: 16 MiB,
a tenth of a second on a common disk. It uses a file of the right size that is there already.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

PARTIAL = ".partial"
UNFINISHED = ".next-"
STEP_BYTES = 512 * 1024
SYNC = getattr(os, "fdatasync", os.fsync)  # macOS has the latter only
REST_SECONDS = 0.02  # between two steps, so that commits come in between


class FilesAhead:
    """Keeps one file ahead of the receiver in its folder, made beside everything else."""

    def __init__(self) -> None:
        self._made = ""
        self._making: asyncio.Task[None] | None = None
        self._received = 0

    def want(self, folder: Path, name: str, *, size: int, received: int) -> None:
        """Begin to make the file that the log comes to next, unless that is done or under way.

        Nothing is made before the receiver has told that it took more than `received` at its start: until then it
        may be looking for the end of what it has.
        """
        idle = self._making is None or self._making.done()
        if idle and name != self._made and received > self._received:
            self._made = name
            self._making = asyncio.create_task(asyncio.to_thread(make_ahead, folder, name, size=size))

    async def clear(self, folder: Path, *, received: int) -> None:
        """Take away what is not begun, before a receiver starts whose predecessor took the log up to `received`."""
        await self.rest()
        await asyncio.to_thread(forget_unused, folder)
        self._made, self._received = "", received

    async def rest(self) -> None:
        """Wait until nothing is being made."""
        if self._making is not None:
            await asyncio.gather(self._making, return_exceptions=True)


def make_ahead(folder: Path, name: str, *, size: int) -> None:
    """Make the file `name` of the log, `size` bytes of zeros, unless the receiver has it; blocks about a second.

    Whatever goes wrong is left to the receiver, which makes the file itself.
    """
    target, unfinished = folder / f"{name}{PARTIAL}", folder / f"{UNFINISHED}{name}"
    if target.exists() or (folder / name).exists():
        return
    with suppress(OSError):
        try:
            _fill(unfinished, size)
            # Never in place of a file that the receiver has begun meanwhile: a link refuses that, a rename would not.
            os.link(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)


def forget_unused(folder: Path) -> None:
    """Delete what was made ahead and not begun: a receiver that starts would take it for the end of what it has."""
    for path in folder.glob(f"{UNFINISHED}*"):
        path.unlink()
    for path in folder.glob(f"*{PARTIAL}"):
        if not _is_begun(path):
            path.unlink()


def _is_begun(path: Path) -> bool:
    """Tell whether a page of the log is in a file: the first one begins with PostgreSQL's mark, which is never zero."""
    with path.open("rb") as file:
        return any(file.read(8))


def _fill(path: Path, size: int) -> None:
    zeros = bytes(STEP_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for start in range(0, size, STEP_BYTES):
            os.write(descriptor, zeros[: size - start])
            SYNC(descriptor)
            time.sleep(REST_SECONDS)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
