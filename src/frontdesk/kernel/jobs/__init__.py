"""Background work: durable workflows of named steps on PgQueuer, and schedules."""

from __future__ import annotations

from frontdesk.kernel.jobs.context import RunContext, RunLost
from frontdesk.kernel.jobs.model import (
    Finished,
    RetryPolicy,
    Run,
    RunAgain,
    RunState,
    Schedule,
    StartedRun,
    Step,
    StepState,
    Workflow,
    Workflows,
)
from frontdesk.kernel.jobs.runner import Runner
from frontdesk.kernel.jobs.runs import (
    cancel_run,
    count_runs,
    forget_old_runs,
    fork_run,
    get_run,
    list_runs,
    list_runs_of,
    list_steps,
    replay_run,
    requeue_lost_runs,
    retry_step,
    skip_step,
    start_run,
)
from frontdesk.kernel.jobs.schedules import put_schedules, start_due_runs, time_to_next_schedule
from frontdesk.kernel.jobs.worker import JobsWorker

__all__ = [
    "Finished",
    "JobsWorker",
    "RetryPolicy",
    "Run",
    "RunAgain",
    "RunContext",
    "RunLost",
    "RunState",
    "Runner",
    "Schedule",
    "StartedRun",
    "Step",
    "StepState",
    "Workflow",
    "Workflows",
    "cancel_run",
    "count_runs",
    "forget_old_runs",
    "fork_run",
    "get_run",
    "list_runs",
    "list_runs_of",
    "list_steps",
    "put_schedules",
    "replay_run",
    "requeue_lost_runs",
    "retry_step",
    "skip_step",
    "start_due_runs",
    "start_run",
    "time_to_next_schedule",
]
