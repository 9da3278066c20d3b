"""Incidents without a database: how grave they are, what the clocks of the sources ask for, and what is due now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID

from frontdesk.kernel.upkeep import Severity

TOP_LEVEL = 3
FAILED_REPAIRS = 2  # the health runbook of the source: escalate after two failures in a row
REPEAT_AFTER = timedelta(minutes=30)


class Grade(IntEnum):
    """How grave an incident is; P0 is the gravest."""

    P0 = 0  # nothing works
    P1 = 1
    P2 = 2
    P3 = 3  # next business day

    @property
    def severity(self) -> Severity:
        """How bad the same is among alerts."""
        return (Severity.CRITICAL, Severity.CRITICAL, Severity.WARNING, Severity.INFO)[self]


class NoteKind(StrEnum):
    """Who a line of the timeline is from, and for whom."""

    NOTE = "note"
    STATUS = "status"  # may be told to businesses
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What has to happen how soon after an incident was opened.

    `escalate` is the time per level: an open incident reaches the second level after it, the third after twice of it.
    `decide` is when somebody decides whether to roll back; `postmortem` counts from its end.
    """

    acknowledge: timedelta
    escalate: timedelta
    decide: timedelta | None
    postmortem: timedelta | None


# Acknowledge in 5 min and write up in 48 h what was critical: S3. Escalation, rollback: S4's table. 2 h: S0.
PACES: Mapping[Grade, Pace] = {
    Grade.P0: Pace(
        acknowledge=timedelta(minutes=5),
        escalate=timedelta(minutes=15),
        decide=timedelta(minutes=30),
        postmortem=timedelta(hours=48),
    ),
    Grade.P1: Pace(
        acknowledge=timedelta(minutes=5),
        escalate=timedelta(minutes=30),
        decide=timedelta(minutes=15),
        postmortem=timedelta(hours=48),
    ),
    Grade.P2: Pace(
        acknowledge=timedelta(minutes=15), escalate=timedelta(hours=2), decide=None, postmortem=timedelta(days=7)
    ),
    Grade.P3: Pace(acknowledge=timedelta(days=1), escalate=timedelta(days=7), decide=None, postmortem=None),
}

# What S4 asks for after every incident that is not minor: within an hour, a day, a week of its end.
AFTERWARDS: tuple[tuple[timedelta, str], ...] = (
    (timedelta(hours=1), "Write down the root cause and the permanent fix, and watch that it holds"),
    (timedelta(hours=24), "Report; bring the runbook, monitoring and alerts up to date; call the meeting"),
    (timedelta(days=7), "Hold the meeting; decide on prevention; bring documents and ways of working up to date"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident. `began_at` is when the trouble began, `opened_at` when somebody knew of it.

    `level` is how far up the people on call were told (0: nobody yet), `notices` counts what was told.
    """

    id: UUID
    number: int
    title: str
    grade: Grade
    tenant: str
    runbook: str
    alert_group: str
    opened_by: str
    opened_at: datetime
    began_at: datetime
    level: int
    told_at: datetime | None
    notices: int
    asked_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    resolved_at: datetime | None
    resolved_by: str
    resolution: str
    postmortem_due_at: datetime | None
    published_at: datetime | None

    @property
    def pace(self) -> Pace:
        """What has to happen how soon."""
        return PACES[self.grade]

    @property
    def state(self) -> str:
        """How it stands, in a word: open, acknowledged or resolved."""
        if self.resolved_at is not None:
            return "resolved"
        return "open" if self.acknowledged_at is None else "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line that was written down while an incident was worked on."""

    id: UUID
    kind: NoteKind
    words: str
    written_by: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What has to be done after an incident, by whom and until when."""

    id: UUID
    words: str
    owner: str
    due_at: datetime
    done_at: datetime | None
    done_by: str


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What happened at a moment: `source` is alert, runbook, audit, sending, told, or the kind of a note."""

    at: datetime
    source: str
    words: str
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What an incident did to texts, counted in the database; `businesses` had at least one that was hit."""

    texts: int
    late: int
    failed: int
    blocked: int
    waiting: int
    businesses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What people write about an incident; empty is not written yet."""

    summary: str = ""
    impact: str = ""
    root_cause: str = ""
    contributing: str = ""
    went_well: str = ""
    went_badly: str = ""


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody has to be told now: who is on call at `level`, and why."""

    level: int
    because: str


@dataclass(frozen=True, slots=True)
class AskToDecide:
    """Somebody has to decide now whether to roll back."""

    because: str


Step = Tell | AskToDecide


def steps_due(incident: Incident, *, now: datetime, failed_repairs: int) -> tuple[Step, ...]:
    """Tell what is due for an open incident; `failed_repairs` counts the latest runs of its runbook that failed."""
    found: list[Step] = []
    telling = _telling_due(incident, now, failed_repairs)
    if telling is not None:
        found.append(telling)
    decide = incident.pace.decide
    if decide is not None and incident.asked_at is None and now - incident.opened_at >= decide:
        found.append(AskToDecide(f"open for {spoken(decide)}: roll back, or say why not"))
    return tuple(found)


def _telling_due(incident: Incident, now: datetime, failed_repairs: int) -> Tell | None:
    level, pace = incident.level, incident.pace
    if level == 0 or incident.told_at is None:
        return Tell(1, "opened")
    unheard = incident.acknowledged_at is None
    if level == TOP_LEVEL:
        late = unheard and now - incident.told_at >= max(pace.acknowledge, REPEAT_AFTER)
        return Tell(TOP_LEVEL, "still not acknowledged") if late else None
    if unheard and now - incident.told_at >= pace.acknowledge:
        return Tell(level + 1, f"not acknowledged within {spoken(pace.acknowledge)}")
    if now - incident.opened_at >= pace.escalate * level:
        return Tell(level + 1, f"not resolved within {spoken(pace.escalate * level)}")
    if failed_repairs >= FAILED_REPAIRS and level == 1:
        return Tell(2, "two repairs in a row have failed")
    return None


def spoken(span: timedelta) -> str:
    """Write a span as people say it: 5 min, 2 h, 3 d."""
    if span < timedelta(hours=2):
        return f"{round(span / timedelta(minutes=1))} min"
    return f"{span // timedelta(hours=1)} h" if span < timedelta(days=2) else f"{span // timedelta(days=1)} d"
