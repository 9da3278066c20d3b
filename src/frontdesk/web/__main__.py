"""Runs one web process: `python -m frontdesk.web`, which is `frontdesk web`."""

from __future__ import annotations

import asyncio
import sys

from frontdesk.kernel.loops import keep_going
from frontdesk.kernel.telemetry import get_logger
from frontdesk.web.server import serve
from frontdesk.wiring import EXIT_AGAIN, EXIT_STOPPED, Frontdesk, run_part, sign_of_life
from frontdesk.wiring.alerting import counting

log = get_logger("process")


async def _work(parts: Frontdesk, _database_url: str, stop: asyncio.Event) -> int:
    """Serve HTTP with a sign of life beside it; without one, what this process sends could be sent by another too."""
    web = parts.settings.web
    ending = asyncio.Event()
    loops = (sign_of_life(parts), counting(parts))
    tasks = [
        *(asyncio.create_task(keep_going(loop, ending)) for loop in loops),
        asyncio.create_task(_first(stop, parts.presence.lost, ending)),
    ]
    try:
        await serve(parts, host=web.host, port=web.port, stop=ending)
    finally:
        ending.set()
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


if __name__ == "__main__":
    sys.exit(run_part("web", _work))
