"""Loops that survive: one turn after the other, waiting out a database that is away, never ending by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.telemetry import get_logger

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0

log = get_logger("worker")


@dataclass(frozen=True, slots=True)
class Loop:
    """Work that is done again and again: `turn` returns the seconds to rest, cut short whenever `wake` is set."""

    name: str
    turn: Callable[[], Awaitable[float]]
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Tempo:
    """How long to rest between looks: `quick` while there is work, twice as long after each look in vain."""

    def __init__(self, *, quick: float, slow: float) -> None:
        self._quick = quick
        self._slow = slow
        self._rest = quick

    def after(self, *, found_work: bool) -> float:
        """Tell how many seconds to rest after a look."""
        if found_work:
            self._rest = self._quick
            return 0.0
        rest, self._rest = self._rest, min(self._rest * 2, self._slow)
        return rest


async def keep_going(loop: Loop, stop: asyncio.Event, *, first_pause: float = FIRST_PAUSE_SECONDS) -> None:
    """Take turns until `stop` is set; a turn that fails is told once per kind of failure and tried again later.

    Pauses after failures double from `first_pause` to 5 s. The turn that runs when `stop` comes is finished.
    """
    failures, told = 0, ""
    while not stop.is_set():
        loop.wake.clear()
        try:
            pause = await loop.turn()
        except Exception as error:  # noqa: BLE001 - whatever it was, the loop is needed
            failures += 1
            pause = min(first_pause * 2 ** min(failures - 1, 8), LONGEST_PAUSE_SECONDS)
            told = _tell(loop, error, told)
            await _until(stop, pause)
            continue
        if failures:
            log.info("worker.loop_recovered", loop=loop.name, failed_turns=failures)
            failures, told = 0, ""
        if pause > 0:
            await _until(loop.wake, pause)
        else:
            await asyncio.sleep(0)


def _tell(loop: Loop, error: Exception, told: str) -> str:
    """Log a failure unless the turn before failed alike; a bug comes with its traceback."""
    kind = type(error).__name__
    if kind == told:
        return told
    if isinstance(error, UNAVAILABLE):
        log.warning("worker.loop_waits_for_database", loop=loop.name, error=kind)
    else:
        log.error("worker.loop_failed", loop=loop.name, error=kind, exc_info=error)
    return kind


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
