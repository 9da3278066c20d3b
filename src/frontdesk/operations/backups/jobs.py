"""Backups by the clock: a backup each night, a restore drill each week, each by a program of its own."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

from frontdesk.kernel.jobs import RetryPolicy, RunContext, Workflows

TAKE = "backups.take.v1"
DRILL = "backups.drill.v1"
NIGHTLY = "0 2 * * *"
WEEKLY = "30 4 * * 0"
SAID = 1_000
GRACE_SECONDS = 5.0


class ProgramFailed(Exception):
    """A backup or a drill ended badly; the message holds the end of what it said."""


def add_backup_workflows(workflows: Workflows, *, home: Path) -> None:
    """Register the nightly backup at 02:00 and the drill on Sundays at 04:30, both UTC.

    Each is a verb of the command line in a process of its own: memory and work stay out of the worker, and ending the
    worker ends it.
    """
    policy = RetryPolicy(max_attempts=3, first_delay=timedelta(minutes=5), max_delay=timedelta(minutes=30))

    @workflows.workflow(TAKE, retry=policy, concurrency=1)
    async def take(run: RunContext) -> None:
        await run.call("take", lambda: _run_verb("backup", "now", home=home))

    @workflows.workflow(DRILL, retry=policy, concurrency=1)
    async def drill(run: RunContext) -> None:
        await run.call("drill", lambda: _run_verb("backup", "verify", home=home))

    workflows.schedule("backups.nightly", workflow=TAKE, expression=NIGHTLY)
    workflows.schedule("backups.weekly_drill", workflow=DRILL, expression=WEEKLY)


async def _run_verb(*words: str, home: Path) -> dict[str, object]:
    """Run a verb of our own program and return what it printed; it ends with us."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frontdesk.kernel.supervision.tethered", "frontdesk"),
        *(*words, "--home", str(home), "--json"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complained = await _until_end(process)
    except BaseException:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
        raise
    if process.returncode != 0:
        words_said = (said or complained).decode(errors="replace").strip()
        raise ProgramFailed(f"frontdesk {' '.join(words)}: {words_said[-SAID:]}")
    return msgspec.json.decode(said, type=dict[str, object])


async def _until_end(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Read both outputs to their ends; its input stays open, because the end of that is the end of the program."""
    if process.stdout is None or process.stderr is None:
        raise LookupError("a program without outputs")
    said, complained = await asyncio.gather(process.stdout.read(), process.stderr.read())
    await process.wait()
    return said, complained
