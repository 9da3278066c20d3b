"""What a monitor is: something a customer does, and what has to come of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.ports import CallPlacer, MessagingProvider
from frontdesk.providers.twin import TwinControl

EVERY = timedelta(seconds=60)
DAY = timedelta(days=1)
ESCALATES_AT = 2  # S4: two consecutive failures


class Failed(Exception):
    """The program did not answer as it must; says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where monitors call and write: one of our numbers, and the phones of the pretended world."""

    number: str
    reach: Callable[[], TwinControl]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierLine:
    """The same at a real carrier: monitors use a second number of ours, and hear through our own webhook.

    `placer` is None where the carrier rings nobody for us: then no monitor calls. `runs_per_day` bounds the cost.
    """

    number: str
    from_number: str
    carrier: MessagingProvider
    placer: CallPlacer | None
    runs_per_day: int

    @property
    def every(self) -> timedelta:
        """How long each monitor waits for its next turn."""
        return DAY / self.runs_per_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Something a customer does; `attempt` returns what came of it in words, or raises `Failed`."""

    name: str
    sentence: str
    attempt: Callable[[TwinControl, str, datetime], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one try went."""

    monitor: str
    started_at: datetime
    finished_at: datetime
    passed: bool
    words: str
    seconds: float
