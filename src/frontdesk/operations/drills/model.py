"""What a drill works with and what it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from frontdesk.kernel.db import Database
from frontdesk.operations.runbooks import RunState
from frontdesk.providers.twin import TwinControl


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A throwaway installation: its database, its carrier, its processes by name, its address and its folder."""

    system: Database
    twin: TwinControl
    pids: Callable[[], Mapping[str, int]]
    database_url: str = field(repr=False)
    url: str
    api_token: str = field(repr=False)
    home: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One way to break a stage, and how the runbook's run has to end.

    `recover` is what no runbook does: the world outside gets well before the repair, or, `recover_after` it, a person
    does what the page told them to.
    """

    name: str
    sentence: str
    act: Callable[[Stage], Awaitable[None]]
    recover: Callable[[Stage], Awaitable[None]] | None = None
    recover_after: bool = False
    ends: RunState = RunState.REPAIRED


class Act(StrEnum):
    """What happens in a drill, in this order."""

    STAGED = "staged"
    HEALTHY = "healthy"
    BROKEN = "broken"
    FOUND = "found"
    REPAIRED = "repaired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that has just happened in a drill, in words for whoever watches."""

    act: Act
    words: str


Told = Callable[[News], None]


@dataclass(frozen=True, slots=True)
class StageTime:
    """Seconds from the break to its detection, and from there to verified repair."""

    detected: float | None
    repaired: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """How a drill went; `words` say why it failed, or that it passed. `steps` are those of the runbook's run."""

    slug: str
    broken_by: str
    digest: str
    passed: bool
    words: str
    times: StageTime
    steps: tuple[Mapping[str, str], ...]

    def document(self) -> dict[str, object]:
        """Write it for programs."""
        return {
            "runbook": self.slug,
            "broken_by": self.broken_by,
            "passed": self.passed,
            "words": self.words,
            "detected_seconds": self.times.detected,
            "repaired_seconds": self.times.repaired,
            "steps": [dict(step) for step in self.steps],
        }
