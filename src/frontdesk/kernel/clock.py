"""Time as a dependency: every edge asks a clock, no service reads one."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the program knows of time."""

    def now(self) -> datetime:
        """Tell the time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Tell seconds since an arbitrary start, never going back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """Tell the machine's time of day."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell the machine's monotonic seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)


class DatabaseClock(SystemClock):
    """The database's clock, carried forward by the local monotonic one.

    Leases and quiet hours must mean the same on every machine, so all processes follow the one clock that they
    share; a jump of the host's own clock changes nothing until `anchor` is called with a newer reading.
    """

    def __init__(self) -> None:
        self._anchored_at = time.monotonic()
        self._database_time = datetime.now(UTC)

    def anchor(self, database_time: datetime) -> None:
        """Take `database_time` as the present moment."""
        self._anchored_at = time.monotonic()
        self._database_time = database_time

    def now(self) -> datetime:
        """Tell the database's time of day."""
        return self._database_time + timedelta(seconds=time.monotonic() - self._anchored_at)
