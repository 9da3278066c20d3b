"""The life of a web or worker process: put together, run until a signal, taken apart in order."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import uvloop

from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.liveness import BEAT_SECONDS
from frontdesk.kernel.loops import Loop
from frontdesk.kernel.postgres import PostgresFailed
from frontdesk.kernel.settings import Settings, SettingsFaulty, load_settings
from frontdesk.kernel.supervision import EX_CONFIG
from frontdesk.kernel.telemetry import configure_logging, get_logger
from frontdesk.wiring.parts import Frontdesk, assemble

EXIT_STOPPED = 0
EXIT_BROKEN = 1
EXIT_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: start me anew

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0

log = get_logger("process")
Work = Callable[[Frontdesk, str, asyncio.Event], Awaitable[int]]


def run_part(kind: str, work: Work) -> int:
    """Run a process of `kind` as its command line and settings say; returns its exit code.

    0 after a stop that was asked for, 75 to be started anew, 78 for faulty settings, each of which is named.
    """
    parser = argparse.ArgumentParser(prog=f"frontdesk {kind}")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    given = parser.parse_args()
    try:
        settings = _settings(given.home, host=given.host, port=given.port)
    except SettingsFaulty as faulty:
        for fault in faulty.faults:
            sys.stderr.write(f"{fault}\n")
        return EX_CONFIG
    configure_logging(level=settings.process.log_level.value, secrets=settings.secret_values())
    with _database_address(settings) as database_url:
        return uvloop.run(_live(settings, kind, database_url, work))


def sign_of_life(parts: Frontdesk) -> Loop:
    """Make the loop that every process needs, each 5 s: follow the database's clock, renew the lease, see the fence."""

    async def live() -> float:
        await parts.system.anchor_clock()
        await parts.presence.beat()
        parts.courier.fenced = not await parts.claims.agree(parts.system)
        return BEAT_SECONDS

    return Loop("show a sign of life", live)


def _settings(home: Path | None, *, host: str | None, port: int | None) -> Settings:
    settings = load_settings(os.environ, home.expanduser().resolve() if home is not None else None)
    change = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return replace(settings, web=settings.web.model_copy(update=change)) if change else settings


@contextmanager
def _database_address(settings: Settings) -> Iterator[str]:
    """Lend the database's address; the embedded one runs as a program beside us, because uvloop cannot start it."""
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    command = [sys.executable, "-m", "frontdesk.kernel.postgres", "--home", str(settings.home)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        address = server.stdout.readline().strip() if server.stdout else ""
        if not address:
            raise PostgresFailed(f"the embedded PostgreSQL of {settings.home} did not start")
        yield address


async def _live(settings: Settings, kind: str, database_url: str, work: Work) -> int:
    """Put the parts together, work until a signal or the loss of our sign of life, take them apart."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        parts = await _assemble_when_reachable(stack, settings, kind, database_url, stop)
        if parts is None:
            return EXIT_STOPPED
        log.info("process.started", kind=kind, pid=os.getpid(), process_id=str(parts.process_id))
        code = await work(parts, database_url, stop)
    log.info("process.ended", kind=kind, exit_code=code)
    return code


async def _assemble_when_reachable(
    stack: AsyncExitStack, settings: Settings, kind: str, database_url: str, stop: asyncio.Event
) -> Frontdesk | None:
    """Wait for a database that is away, longer each time; None if a stop comes first."""
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        attempt = AsyncExitStack()
        try:
            parts = await assemble(
                attempt,
                settings=settings,
                database_url=database_url,
                kind=kind,
                public_base_url=settings.base_url,
                home=settings.home,
            )
        except UNAVAILABLE as error:
            log.warning("process.waits_for_database", kind=kind, error=type(error).__name__)
            await attempt.aclose()
            await _wait(stop, pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            continue
        except BaseException:
            await attempt.aclose()
            raise
        stack.push_async_exit(attempt)
        return parts
    return None


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
