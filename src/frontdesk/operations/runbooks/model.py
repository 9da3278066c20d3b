"""What a runbook is made of once it is read, and the states that a run of it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from frontdesk.kernel.upkeep import Approval


class StepKind(StrEnum):
    """What a link in a runbook asks for."""

    CHECK = "check"  # look, in Diagnosis or as the condition of a resolution
    DO = "do"  # a remedy, in Resolution
    EXPECT = "expect"  # look until it is well, in Verification
    UNDO = "undo"  # written by the program only


class StepResult(StrEnum):
    """How a step ended."""

    WELL = "well"
    FAILING = "failing"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class RunState(StrEnum):
    """Where a run of a runbook stands; the last six are ends."""

    DIAGNOSING = "diagnosing"
    AWAITING_APPROVAL = "awaiting_approval"
    REPAIRING = "repairing"
    VERIFYING = "verifying"
    TAKING_BACK = "taking_back"
    HEALTHY = "healthy"  # nothing was wrong, nothing was changed
    REPAIRED = "repaired"
    NEEDS_PERSON = "needs_person"  # something is wrong that only a person can mend
    UNRESOLVED = "unresolved"  # repaired, and still not well
    REFUSED = "refused"  # a remedy would not act
    CANCELED = "canceled"

    @property
    def is_end(self) -> bool:
        """Whether nothing more happens."""
        return self not in {
            RunState.DIAGNOSING,
            RunState.AWAITING_APPROVAL,
            RunState.REPAIRING,
            RunState.VERIFYING,
            RunState.TAKING_BACK,
        }


@dataclass(frozen=True, slots=True)
class Link:
    """A link to the program: what to do, with which check or remedy, as the page words it."""

    kind: StepKind
    name: str
    words: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolution:
    """One item of Resolution: if any of `when` fails, `remedies` are done in order; without any, a person acts."""

    words: str
    when: tuple[str, ...]
    remedies: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A page that runs. `within` bounds verification; `automatic` lets remedies that need nobody act on an alert.

    `digest` is the SHA-256 of the page, so that a run says which words it followed.
    """

    slug: str
    title: str
    severity: str
    owner: str
    alerts: tuple[str, ...]
    sources: tuple[str, ...]
    drill: tuple[str, ...]
    automatic: bool
    within: timedelta
    escalate_after: timedelta
    text: str
    digest: str
    diagnosis: tuple[Link, ...]
    resolutions: tuple[Resolution, ...]
    verification: tuple[Link, ...]

    @property
    def checks(self) -> tuple[str, ...]:
        """List every check that a diagnosis looks at, once, in the page's order."""
        named = [link.name for link in self.diagnosis]
        for resolution in self.resolutions:
            named += resolution.when
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRemedy:
    """A remedy that a run proposes."""

    name: str
    sentence: str
    approval: Approval
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """One step of a run as it was done."""

    position: int
    kind: StepKind
    name: str
    result: StepResult
    words: str
    evidence: Mapping[str, object]
    arguments: Mapping[str, str]
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a runbook; `remedies` is what it proposes or does, `words` how it stands or ended.

    `approval` is what the remedies need, `granted` what `approved_by` has given.
    """

    id: UUID
    slug: str
    digest: str
    state: RunState
    reason: str
    started_by: str
    alert_name: str
    remedies: tuple[PlannedRemedy, ...]
    approval: Approval
    approved_by: str
    granted: Approval
    words: str
    verify_until: datetime | None
    started_at: datetime
    finished_at: datetime | None
