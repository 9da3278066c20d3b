"""The supervisor: starts the programs, restarts those that die, and drains them at the end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from frontdesk.kernel.supervision.child import Child
from frontdesk.kernel.supervision.strays import bury_strays, take_orphans_in
from frontdesk.kernel.telemetry import get_logger

READY_POLL_S = 0.05
WATCH_S, HALTED_S = 5.0, 30.0
RAPID_S, MAX_RAPID = 30.0, 5  # this many deaths within this time is a fault that a restart does not cure
BACKOFF_S = (0.0, 0.25, 0.5, 1.0, 2.0)
EX_CONFIG = 78  # sysexits.h: wrong settings, which no restart cures

log = get_logger("supervision")


class GaveUp(Exception):
    """A program died so often, or so finally, that starting it again is pointless."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} does not stay up: {reason}")
        self.name = name
        self.reason = reason


class Supervisor:
    """Keeps `children` running; `ready` is set once every one of them has been ready.

    With `log_folder`, what a child prints goes to `<name>.log` there, else it appears where ours does. At the end
    children are stopped in reverse order, within `drain_seconds` in all; those still there are killed.
    """

    def __init__(
        self, children: Sequence[Child], *, log_folder: Path | None = None, drain_seconds: float = 20.0
    ) -> None:
        self._children = tuple(children)
        self._log_folder = log_folder
        self._drain_seconds = drain_seconds
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._ready: set[str] = set()
        self._stopping = asyncio.Event()
        self.ready = asyncio.Event()
        self.restarts: dict[str, int] = {child.name: 0 for child in children}

    def pids(self) -> dict[str, int]:
        """Name the process of each living child."""
        return {name: process.pid for name, process in self._running.items() if process.returncode is None}

    async def run(self, stop: asyncio.Event) -> None:
        """Start the children and keep them up until `stop` is set; then drain them.

        GaveUp, after draining the others, when one dies 5 times within 30 s or ends with the code EX_CONFIG (78).
        """
        take_orphans_in()
        tasks = [asyncio.create_task(self._keep_up(child), name=child.name) for child in self._children]
        burial, stopped = asyncio.create_task(bury_strays()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            await self._drain()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            burial.cancel()
            stopped.cancel()
            await asyncio.gather(burial, stopped, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    async def _keep_up(self, child: Child) -> None:
        """Run one child again and again."""
        loop, deaths = asyncio.get_running_loop(), deque[float](maxlen=MAX_RAPID)
        while True:
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            deaths.append(loop.time())
            log.error("child.died", child=child.name, **_cause(code))
            if code == EX_CONFIG:
                raise GaveUp(child.name, "its settings are wrong")
            if len(deaths) == MAX_RAPID and deaths[-1] - deaths[0] < RAPID_S:
                raise GaveUp(child.name, f"it died {MAX_RAPID} times within {deaths[-1] - deaths[0]:.0f} s")
            recent = sum(loop.time() - death < RAPID_S for death in deaths)
            with suppress(TimeoutError):
                async with asyncio.timeout(BACKOFF_S[min(recent, len(BACKOFF_S)) - 1]):
                    await self._stopping.wait()
                return
            self.restarts[child.name] += 1

    async def _run_once(self, child: Child) -> int:
        """Run one child to its end and return its code; negative is the signal that ended it."""
        output = self._output_of(child)
        try:
            process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
                stdout=output,
                stderr=output,
                env={**os.environ, **child.environment},
                start_new_session=True,  # Ctrl-C reaches us, and we pass it on in order
            )
        finally:
            if output is not None:
                output.close()
        self._running[child.name] = process
        log.info("child.started", child=child.name, pid=process.pid)
        if self._stopping.is_set():
            process.kill()  # it came too late to be drained and has not begun anything
        watch = asyncio.create_task(self._watch(child, process))
        try:
            return await process.wait()
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _watch(self, child: Child, process: asyncio.subprocess.Process) -> None:
        """Ask the child until it is ready, then whether it still works; kill one that has stopped working."""
        await self._until_ready(child)
        loop, silent_since = asyncio.get_running_loop(), None
        while silent_since is None or loop.time() - silent_since < HALTED_S:
            await asyncio.sleep(WATCH_S)
            halted = await child.halted()
            silent_since = (silent_since or loop.time()) if halted else None
        log.error("child.halted", child=child.name, pid=process.pid)
        with suppress(ProcessLookupError):
            process.kill()

    async def _until_ready(self, child: Child) -> None:
        """Ask the child until it is ready."""
        while not await child.ready():
            await asyncio.sleep(READY_POLL_S)
        log.info("child.ready", child=child.name)
        self._ready.add(child.name)
        if len(self._ready) == len(self._children):
            self.ready.set()

    async def _drain(self) -> None:
        """Ask the children to stop, the last one first, and kill those that take too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._drain_seconds
        for child in reversed(self._children):
            process = self._running.get(child.name)
            if process is None or process.returncode is not None:
                continue
            with suppress(ProcessLookupError):
                process.terminate()
                os.kill(process.pid, signal.SIGCONT)  # one that was halted hears nothing else
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await process.wait()
                continue
            log.error("child.killed", child=child.name, reason="did not stop in time")
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _output_of(self, child: Child) -> IO[bytes] | None:
        """Open the child's log, if it has one."""
        if self._log_folder is None:
            return None
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return (self._log_folder / f"{child.name}.log").open("ab")


def _cause(code: int) -> dict[str, object]:
    """Spell an end for the log: a code, or the signal's name."""
    return {"signal": signal.Signals(-code).name} if code < 0 else {"code": code}
