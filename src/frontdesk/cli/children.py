"""The programs that `up` runs: started, started anew when they end, stopped in the order opposite to their start."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from frontdesk.kernel.telemetry import get_logger

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
HEALTHY_SECONDS = 30.0  # a child that lived so long has earned a quick start
STOP_SECONDS = 30.0
LOG_LIMIT = 10 * 1024 * 1024

log = get_logger("up")


async def _nothing() -> None:
    """Do nothing after a start."""


@dataclass(slots=True)
class Child:
    """A program to keep running; `started` is called after each start, `pid` is the present one."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    started: Callable[[], Awaitable[None]] = field(default=_nothing)
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def pid(self) -> int | None:
        """Tell the process id of the running program."""
        return None if self.process is None or self.process.returncode is not None else self.process.pid


class Children:
    """Keeps programs running until `stop`; use it as an async context manager."""

    def __init__(self) -> None:
        self._kept: list[tuple[Child, asyncio.Task[None]]] = []
        self._ending = False

    async def start(self, child: Child) -> None:
        """Start a program and keep it running."""
        await self._spawn(child)
        self._kept.append((child, asyncio.create_task(self._keep(child), name=child.name)))

    def pids(self) -> dict[str, int]:
        """List the running programs."""
        return {child.name: child.pid for child, _ in self._kept if child.pid is not None}

    async def stop(self) -> None:
        """Stop all, the last started first; one that has not ended after 30 s is killed."""
        self._ending = True
        for child, task in reversed(self._kept):
            await _end(child)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._kept.clear()

    async def _keep(self, child: Child) -> None:
        pause = FIRST_PAUSE_SECONDS
        loop = asyncio.get_running_loop()
        while not self._ending:
            born = loop.time()
            if child.process is not None:
                code = await child.process.wait()
                if self._ending:
                    return
                log.warning("up.child_ended", child=child.name, exit_code=code)
            pause = FIRST_PAUSE_SECONDS if loop.time() - born > HEALTHY_SECONDS else pause
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            try:
                await self._spawn(child)
            except OSError as error:
                log.error("up.child_not_started", child=child.name, error=str(error))  # noqa: TRY400 - said in a line

    async def _spawn(self, child: Child) -> None:
        with _open_log(child.log) as said:
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, **child.environment},
                start_new_session=True,  # Ctrl-C reaches us alone, so that we stop them in order
            )
        child.starts += 1
        await child.started()


async def _end(child: Child) -> None:
    process = child.process
    if process is None or process.returncode is not None:
        return
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        process.send_signal(number)
        try:
            async with asyncio.timeout(patience):
                await process.wait()
                return
        except TimeoutError:
            log.warning("up.child_slow_to_end", child=child.name)


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
