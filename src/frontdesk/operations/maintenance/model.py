"""What maintenance is made of: windows and their phases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LONGEST = timedelta(hours=24)
WATCH = timedelta(minutes=15)  # S3's maintenance window, step 10


class Phase(StrEnum):
    """How far a window is."""

    DRAINING = "draining"  # announced, nothing new leaves, the last POSTs come back
    WORKING = "working"
    WATCHING = "watching"  # over, and looked at for 15 minutes
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time in which people work on the program; `pulled`: it was this window that stopped all sending."""

    id: UUID
    reason: str
    started_by: str
    started_at: datetime
    expected_until: datetime
    pulled: bool
    drained_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    watch_until: datetime | None

    @property
    def switch_reason(self) -> str:
        """The reason under which the window holds the kill switch."""
        return f"maintenance: {self.reason}"

    def phase(self, now: datetime) -> Phase:
        """Tell how far it is."""
        if self.ended_at is not None:
            watched = self.watch_until is not None and now < self.watch_until
            return Phase.WATCHING if watched else Phase.OVER
        return Phase.DRAINING if self.drained_at is None else Phase.WORKING


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A window, and how sending stands."""

    window: Window
    phase: Phase
    in_flight: int
    queued: int
    not_well: tuple[str, ...]
