"""A verb of our own command line as a program of its own: its memory and work stay out of whoever orders it."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil

SAID = 1_000
KEPT_LINES = 40
LONGEST_LINE = 64 * 1024
GRACE_SECONDS = 5.0
NICENESS = 10
Hears = Callable[[str], Awaitable[None]]


class ProgramFailed(Exception):
    """A verb ended badly; the message holds the end of what it said."""


async def run_verb(
    *words: str, home: Path, hears: Hears | None = None, ends_well: tuple[int, ...] = (0,), gently: bool = False
) -> dict[str, object]:
    """Run a verb and return the JSON object that it printed; it ends with us.

    `hears` gets each line that it says on standard error, while it works. Raises `ProgramFailed` for an exit code that
    is not among `ends_well`, and for one that is but came without a document. `gently` lets whoever answers customers
    have the processor first.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frontdesk.kernel.supervision.tethered", "frontdesk"),
        *(*words, "--home", str(home), "--json"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    if gently:
        with suppress(psutil.Error):
            psutil.Process(process.pid).nice(NICENESS)
    try:
        said, complained = await _until_end(process, hears)
    except BaseException:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
        raise
    if process.returncode not in ends_well:
        raise _failed(words, said.decode(errors="replace") or complained)
    try:
        return msgspec.json.decode(said, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise _failed(words, complained or said.decode(errors="replace")) from error


def _failed(words: tuple[str, ...], said: str) -> ProgramFailed:
    return ProgramFailed(f"frontdesk {' '.join(words)}: {said.strip()[-SAID:]}")


async def _until_end(process: asyncio.subprocess.Process, hears: Hears | None) -> tuple[bytes, str]:
    """Read both outputs to their ends; its input stays open, because the end of that is the end of the program."""
    if process.stdout is None or process.stderr is None:
        raise LookupError("a program without outputs")
    said, complained = await asyncio.gather(process.stdout.read(), _listen(process.stderr, hears))
    await process.wait()
    return said, complained


async def _listen(stream: asyncio.StreamReader, hears: Hears | None) -> str:
    last: deque[str] = deque(maxlen=KEPT_LINES)
    async for raw in stream:
        line = raw.decode(errors="replace").rstrip()
        last.append(line)
        if hears is not None:
            await hears(line)
    return "\n".join(last)
