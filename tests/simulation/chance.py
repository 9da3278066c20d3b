"""The machine's clock and chance, taken from the seed: identifiers come out the same in every run."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random

from frontdesk.kernel.clock import DatabaseClock
from tests.simulation.turnstile import PLACE, Turnstile


class SimulatedClock(DatabaseClock):
    """A process's clock: the server's time as last read, carried on by simulated seconds."""

    def __init__(self, turnstile: Turnstile, *, beginning: datetime) -> None:
        super().__init__()
        self._turnstile = turnstile
        self._read_at = turnstile.now
        self._read = beginning

    def anchor(self, database_time: datetime) -> None:
        """Take the server's time as the present moment."""
        self._read_at, self._read = self._turnstile.now, database_time

    def now(self) -> datetime:
        """Tell the server's time of day as far as this process knows."""
        return self._read + timedelta(seconds=self._turnstile.now - self._read_at)

    def monotonic(self) -> float:
        """Tell the simulated seconds."""
        return self._turnstile.now

    async def sleep(self, seconds: float) -> None:
        """Wait for a turn."""
        await self._turnstile.sleep("sleep", seconds)


@contextmanager
def seeded_machine(turnstile: Turnstile, seed: str, *, beginning: datetime) -> Iterator[None]:
    """Draw the operating system's random bytes and its wall clock from the simulation, for one world.

    Each process has a wall clock of its own, which may be wrong and may jump; only identifiers come from it.
    """
    chance = Random(seed)
    real_bytes, real_time = os.urandom, time.time_ns

    def wall_clock() -> int:
        place = PLACE.get(None)
        offset = 0.0 if place is None else place.wall_offset
        return int((beginning.timestamp() + turnstile.now + offset) * 1e9)

    os.urandom = chance.randbytes
    time.time_ns = wall_clock
    random.seed(seed)
    try:
        yield
    finally:
        os.urandom, time.time_ns = real_bytes, real_time
