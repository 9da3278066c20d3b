"""Where a file of people waits on the disk, and the program of its own that reads it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import msgspec

from frontdesk.features.contacts.service.drafts import Draft
from frontdesk.features.contacts.service.reading import Job, Progress, Read, Unreadable, Word
from frontdesk.features.contacts.sheets import MAX_FILE_BYTES
from frontdesk.kernel.errors import Refused

LONGEST_LINE = 8 * 1024 * 1024
READING_SECONDS = 600.0
LOOKING_SECONDS = 60.0
KEPT_DAYS = 7
_PART = 1024 * 1024
_UPLOAD, _DRAFTS = "upload", "drafts"
# All that the reader needs of our environment; our secrets are in the rest of it.
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "TMPDIR")
_words: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)
_drafts = msgspec.json.Decoder(Draft)


class Staged:
    """The folder of one import: the file as it came, and its drafts once it was read."""

    def __init__(self, folder: Path, *, tenant_id: UUID, import_id: UUID) -> None:
        self.folder = folder / str(tenant_id) / str(import_id)
        self.upload = self.folder / _UPLOAD
        self.drafts = self.folder / _DRAFTS

    def keep(self, source: BinaryIO) -> tuple[int, str]:
        """Copy a file here, flushed to the disk; returns its size and SHA-256.

        Refuses one over 50 MB (`contacts.import_too_large`).
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(self.upload, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while part := source.read(_PART):
                size += len(part)
                if size > MAX_FILE_BYTES:
                    self.forget()
                    message = f"The file is larger than {MAX_FILE_BYTES // 1024**2} MB; split it."
                    raise Refused("contacts.import_too_large", message, status=413)
                digest.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        return size, digest.hexdigest()

    def forget(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def read_drafts(self, *, offset: int, count: int) -> list[Draft]:
        """Read drafts from a place on; refuses `contacts.import_file_lost` if the file is gone."""
        try:
            with self.drafts.open("rb") as file:
                file.seek(offset)
                return [_drafts.decode(line) for line, _ in zip(file, range(count), strict=False)]
        except FileNotFoundError:
            raise lost() from None

    async def look(self, job: Job) -> Read:
        """Look at the first rows of the file; refuses as `read` does."""
        return await self._run(job, drafts="", seconds=LOOKING_SECONDS, told=_nobody)

    async def read(self, job: Job, *, told: Callable[[int], Awaitable[None]]) -> Read:
        """Read the whole file into drafts, telling how many rows are read.

        Refuses a file that is no table or takes more memory or time than it may (`contacts.import_…`).
        """
        return await self._run(job, drafts=str(self.drafts), seconds=READING_SECONDS, told=told)

    async def _run(self, job: Job, *, drafts: str, seconds: float, told: Callable[[int], Awaitable[None]]) -> Read:
        if not self.upload.is_file():
            raise lost()
        reader = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "frontdesk.kernel.supervision.tethered", "frontdesk.features.contacts.service"),
            *(str(self.upload), drafts, msgspec.json.encode(job).decode()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LONGEST_LINE,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        )
        try:
            async with asyncio.timeout(seconds):
                return await _listen(reader, told)
        except TimeoutError:
            raise _too_much() from None
        finally:
            if reader.returncode is None:
                reader.kill()
            await reader.wait()


async def _listen(reader: asyncio.subprocess.Process, told: Callable[[int], Awaitable[None]]) -> Read:
    if reader.stdout is None:
        raise RuntimeError("the reader has no output")
    async for line in reader.stdout:
        match _words.decode(line):
            case Progress(rows=rows):
                await told(rows)
            case Unreadable(code=code, message=message, status=status):
                raise Refused(code, message, status=status)
            case Read() as found:
                return found
    raise _too_much()


def tidy(folder: Path) -> int:
    """Remove what has waited for a week; returns how many files of people that were."""
    oldest = time.time() - KEPT_DAYS * 86_400
    stale = [one for one in folder.glob("*/*") if one.is_dir() and one.stat().st_mtime < oldest]
    for one in stale:
        shutil.rmtree(one, ignore_errors=True)
    return len(stale)


def lost() -> Refused:
    """Make the refusal of an import whose file is not here any more."""
    return Refused("contacts.import_file_lost", "The file is not kept any more; upload it again.", status=409)


def _too_much() -> Refused:
    return Refused(
        "contacts.import_too_much",
        "Reading the file takes more memory or time than it may; save the sheet as .csv, or split it.",
        status=422,
    )


async def _nobody(_rows: int) -> None:
    return
