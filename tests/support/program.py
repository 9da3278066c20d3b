"""One program of the product: started by its command line, watched, halted and killed by its number."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import psutil

from frontdesk.providers.twin import TwinConfig, TwinServer
from tests.support.office import ACCOUNT, TOKEN

SOURCE = str(Path(__file__).parents[2] / "src")


@dataclass(slots=True)
class Program:
    """One started program; `url` is where a web process listens."""

    kind: str
    process: asyncio.subprocess.Process
    log: Path
    url: str = ""

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def runs(self) -> bool:
        return self.process.returncode is None

    def said(self, event_name: str) -> list[dict[str, object]]:
        """List the log lines of one kind."""
        whole = self.log.read_text(encoding="utf-8").rpartition("\n")[0]  # the last line may be half written
        named = f'"event_name":"{event_name}"'
        return [json.loads(line) for line in whole.split("\n") if line.startswith("{") and named in line]

    @property
    def process_id(self) -> UUID:
        """The id under which it leases work."""
        return UUID(str(self.said("process.started")[0]["process_id"]))

    def memory(self) -> int:
        """Tell its resident memory in bytes."""
        return int(psutil.Process(self.pid).memory_info().rss)

    async def kill(self) -> None:
        """End it without a word and bury it."""
        os.kill(self.pid, signal.SIGKILL)
        await self.process.wait()

    async def halt(self) -> None:
        """Stop it where it is, and return once it stands still."""
        os.kill(self.pid, signal.SIGSTOP)
        while psutil.Process(self.pid).status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(0.002)

    def go_on(self) -> None:
        """Let it go on after a halt."""
        os.kill(self.pid, signal.SIGCONT)

    def step_back(self) -> None:
        """Let others have the processor first, so that they can witness what it does without a delay of their own."""
        os.setpriority(os.PRIO_PROCESS, self.pid, 15)

    def ask_to_stop(self) -> None:
        """Ask it politely."""
        self.process.terminate()

    async def ended(self, *, within: float = 25) -> int:
        """Wait for its end and return its code."""
        async with asyncio.timeout(within):
            return await self.process.wait()


async def start_program(kind: str, *arguments: str, log: Path, environ: Mapping[str, str]) -> Program:
    """Start `frontdesk <kind>`, tied to our life so that nothing is left running when the tests are killed."""
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "frontdesk.kernel.supervision.tethered",
            f"frontdesk.{kind}",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=said,
            stderr=said,
            env={**os.environ, **environ},
        )
    return Program(kind, process, log)


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def twin_here() -> AsyncIterator[tuple[str, int]]:
    async with TwinServer(TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN)) as server:
        yield server.url, os.getpid()


@asynccontextmanager
async def twin_program(home: Path) -> AsyncIterator[tuple[str, int]]:
    ready = home / "twin.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "frontdesk.providers.twin",
        "--ready-file",
        str(ready),
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": SOURCE, "TWIN_ACCOUNT_SID": ACCOUNT, "TWIN_AUTH_TOKEN": TOKEN},
    )
    try:
        async with asyncio.timeout(30):
            while not ready.exists():
                assert process.returncode is None
                await asyncio.sleep(0.02)
        yield str(msgspec.json.decode(ready.read_bytes())["url"]), process.pid
    finally:
        process.kill()
        await process.wait()
