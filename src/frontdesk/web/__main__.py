"""Runs one web process: `python -m frontdesk.web`, which is `frontdesk web`."""

from __future__ import annotations

import asyncio
import gc
import sys

from frontdesk.kernel.loops import keep_going
from frontdesk.kernel.telemetry import get_logger
from frontdesk.web.server import serve
from frontdesk.wiring import EXIT_AGAIN, EXIT_STOPPED, Frontdesk, run_part, sign_of_life
from frontdesk.wiring.alerting import counting

# What stands once all is put together stays to the end: looking through it again and again halts every request 150 ms.
COLLECT_EVERY = (20_000, 50, 100)

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
        await serve(parts, host=web.host, port=web.port, stop=ending, ready=_settle)
    finally:
        ending.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if parts.presence.lost.is_set() and not stop.is_set():
        log.error("process.presence_lost", kind="web")
        return EXIT_AGAIN
    return EXIT_STOPPED


def _settle(_address: str) -> None:
    """Leave what was made at the start out of every later collection of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


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
