"""The web and the worker process: put together, run until a signal, taken apart in order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from frontdesk.cli.office import base_url, home_of, read_settings
from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.postgres import PostgresFailed
from frontdesk.kernel.telemetry import configure_logging, get_logger
from frontdesk.wiring import Frontdesk, assemble
from frontdesk.worker.loops import keep_going
from frontdesk.worker.main import EXIT_AGAIN, EXIT_STOPPED, run_worker, sign_of_life

if TYPE_CHECKING:
    from frontdesk.kernel.settings import Settings

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0

log = get_logger("process")
Work = Callable[["Frontdesk", str, asyncio.Event], Awaitable[int]]


def run_web(*, home: Path | None, host: str | None, port: int | None) -> int:
    """Run the web process and return its exit code; 75 asks to be started anew."""
    settings = _settings(home, host=host, port=port)

    async def work(parts: Frontdesk, _database_url: str, stop: asyncio.Event) -> int:
        return await _serve(parts, stop)

    return _run(settings, "web", work)


def run_worker_process(*, home: Path | None) -> int:
    """Run the worker process and return its exit code; 75 asks to be started anew."""
    settings = _settings(home, host=None, port=None)

    async def work(parts: Frontdesk, database_url: str, stop: asyncio.Event) -> int:
        from frontdesk.providers.http import HttpClient
        from frontdesk.worker.background import background_worker

        http = HttpClient(connections_per_origin=4)
        try:
            background = background_worker(parts, database_url=database_url, home=home_of(settings), http=http)
            return await run_worker(parts, stop, background=background)
        finally:
            await http.close()

    return _run(settings, "worker", work)


def _settings(home: Path | None, *, host: str | None, port: int | None) -> Settings:
    settings = read_settings(home)
    change: dict[str, object] = {}
    if host is not None:
        change["host"] = host
    if port is not None:
        change["port"] = port
    if change:
        settings = replace(settings, web=settings.web.model_copy(update=change))
    return settings


def _run(settings: Settings, kind: str, work: Work) -> int:
    import uvloop

    configure_logging(level=settings.process.log_level.value, secrets=settings.secret_values())
    with _database_address(settings) as database_url:
        return uvloop.run(_live(settings, kind, database_url, work))


@contextmanager
def _database_address(settings: Settings) -> Iterator[str]:
    """Lend the database's address; the embedded one runs as a program beside us, because uvloop cannot start it."""
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    command = [sys.executable, "-m", "frontdesk.kernel.postgres", "--home", str(home_of(settings))]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        address = server.stdout.readline().strip() if server.stdout else ""
        if not address:
            raise PostgresFailed(f"the embedded PostgreSQL of {home_of(settings)} did not start")
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
                public_base_url=base_url(settings),
                home=home_of(settings),
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


async def _serve(parts: Frontdesk, stop: asyncio.Event) -> int:
    """Serve HTTP with a sign of life beside it; without one, what this process sends could be sent by another too."""
    from frontdesk.web.server import serve

    web = parts.settings.web
    ending = asyncio.Event()
    life = sign_of_life(parts)
    tasks = [
        asyncio.create_task(keep_going(life, ending)),
        asyncio.create_task(_first(stop, parts.presence.lost, ending)),
    ]
    try:
        await serve(parts, host=web.host, port=web.port, stop=ending)
    finally:
        ending.set()
        life.wake.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if parts.presence.lost.is_set() and not stop.is_set():
        log.error("process.presence_lost", kind="web")
        return EXIT_AGAIN
    return EXIT_STOPPED


async def _first(one: asyncio.Event, other: asyncio.Event, then: asyncio.Event) -> None:
    """Set `then` once either of two events is set."""
    waits = [asyncio.create_task(one.wait()), asyncio.create_task(other.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        then.set()
    finally:
        for wait in waits:
            wait.cancel()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
