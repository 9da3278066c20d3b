"""What background work is made of: workflows, their retry rules, their schedules, runs and steps."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from cronsim import CronSim

from frontdesk.kernel.errors import Refused

if TYPE_CHECKING:
    from frontdesk.kernel.jobs.context import RunContext

_WORKFLOW_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")
_SCHEDULE_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")

WorkflowBody = Callable[["RunContext"], Awaitable[None]]


class RunState(StrEnum):
    """Where a run stands: queued -> running -> succeeded | failed | canceled; failed -> queued by a person."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class StepState(StrEnum):
    """How a try of a step ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, Refused)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a run is tried, and how long it waits in between: doubling from `first_delay` to `max_delay`.

    Every claim counts, also one that ended in a crash. `permanent` errors fail the run at once.
    """

    max_attempts: int = 5
    first_delay: timedelta = timedelta(seconds=1)
    max_delay: timedelta = timedelta(minutes=5)
    permanent: Callable[[Exception], bool] = _is_refusal

    def delay_after(self, attempts: int) -> timedelta:
        """Tell how long to wait after try number `attempts`."""
        return min(self.first_delay * (1 << min(attempts - 1, 30)), self.max_delay)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A named, versioned piece of background work; `concurrency` 0 means no limit over all workers."""

    name: str
    body: WorkflowBody
    retry: RetryPolicy
    concurrency: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A workflow that starts by the clock: five cron fields, read in a time zone."""

    name: str
    workflow: str
    expression: str
    zone: str

    def next_after(self, moment: datetime) -> datetime:
        """Tell the first due time after `moment`, right over daylight saving changes."""
        return next(CronSim(self.expression, moment.astimezone(ZoneInfo(self.zone)))).astimezone(UTC)


class Workflows:
    """Everything that a worker can run; filled at wiring."""

    def __init__(self) -> None:
        self._workflows: dict[str, Workflow] = {}
        self._schedules: dict[str, Schedule] = {}

    def workflow(
        self, name: str, *, retry: RetryPolicy | None = None, concurrency: int = 0
    ) -> Callable[[WorkflowBody], WorkflowBody]:
        """Register the decorated function under a name like 'recordings.fetch.v1', which is taken once."""
        if _WORKFLOW_NAME.fullmatch(name) is None or name in self._workflows:
            raise ValueError(f"workflow name {name!r} is taken or not like 'area.what.v1'")

        def register(body: WorkflowBody) -> WorkflowBody:
            self._workflows[name] = Workflow(name, body, retry or RetryPolicy(), concurrency)
            return body

        return register

    def schedule(self, name: str, *, workflow: str, expression: str, zone: str = "UTC") -> None:
        """Start a registered workflow by the clock; its args hold the due time as `scheduled_for`."""
        if _SCHEDULE_NAME.fullmatch(name) is None or name in self._schedules:
            raise ValueError(f"schedule name {name!r} is taken or not like 'area.what'")
        if workflow not in self._workflows:
            raise ValueError(f"schedule {name!r} names the unknown workflow {workflow!r}")
        schedule = Schedule(name, workflow, expression, zone)
        schedule.next_after(datetime(2026, 1, 1, tzinfo=UTC))
        self._schedules[name] = schedule

    def __iter__(self) -> Iterator[Workflow]:
        return iter(self._workflows.values())

    def find(self, name: str) -> Workflow | None:
        """Find a workflow by name."""
        return self._workflows.get(name)

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """List the schedules."""
        return tuple(self._schedules.values())


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a workflow."""

    id: UUID
    tenant_id: UUID | None
    workflow: str
    key: str
    args: Mapping[str, object]
    state: RunState
    enqueued: int
    fence: int
    attempts: int
    failed_step: str | None
    last_error: str | None
    forked_from: UUID | None
    correlation_id: UUID
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One finished try of a step of a run; a superseded one is history."""

    name: str
    position: int
    state: StepState
    result: object
    error: str | None
    started_at: datetime
    finished_at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that was asked for; `is_new` is False when its key had been used before."""

    run_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing is left to do for this place in the queue."""


@dataclass(frozen=True, slots=True)
class RunAgain:
    """The run waits in the queue for another try."""

    delay: timedelta = field(default=timedelta(0))


RunOutcome = Finished | RunAgain
