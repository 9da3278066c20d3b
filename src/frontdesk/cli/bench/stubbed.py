"""Programs that a bench runs beside itself: the stub carrier and real worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from frontdesk.cli.bench.stub_carrier import Report
from frontdesk.cli.calling import Caller

END_SECONDS = 30.0


class Stub:
    """A stub carrier in its own process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._caller = Caller(url)

    async def report(self) -> Report:
        """Ask what it saw."""
        return msgspec.convert(await self._caller.get_json("/_stub/report"), Report)

    async def reset(self) -> None:
        """Let it forget."""
        await self._caller.post_json("/_stub/reset", {})

    async def close(self) -> None:
        """Drop the connection."""
        await self._caller.__aexit__(None, None, None)


@asynccontextmanager
async def stub_carrier(*, delay_ms: float) -> AsyncIterator[Stub]:
    """Run a stub carrier that answers after `delay_ms`."""
    process = await start_python(
        ["-m", "frontdesk.cli.bench.stub_carrier", "--delay-ms", str(delay_ms)], {}, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise LookupError("the stub carrier has no output")
        stub = Stub((await process.stdout.readline()).decode().strip())
        try:
            yield stub
        finally:
            await stub.close()
    finally:
        await end(process)


async def start_python(
    arguments: list[str], environment: Mapping[str, str], *, stdout: int | None = None, log: Path | None = None
) -> asyncio.subprocess.Process:
    """Start this Python on `arguments` with more environment; its log goes to `log`, else to our standard error."""
    file = None if log is None else log.open("ab")
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout if stdout is not None else file,
            stderr=file,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    finally:
        if file is not None:
            file.close()


async def end(process: asyncio.subprocess.Process) -> int:
    """Ask a process to end, wait up to 30 s, then kill it; returns its exit code."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
    return await process.wait()
