"""Runbooks: pages that a person reads at night and the program runs."""

from frontdesk.operations.runbooks.answering import answer_alerts
from frontdesk.operations.runbooks.engine import advance, advance_open_runs, follow_run
from frontdesk.operations.runbooks.finding import find_runbooks
from frontdesk.operations.runbooks.model import Run, Runbook, RunState, RunStep, StepKind, StepResult
from frontdesk.operations.runbooks.opening import approve_run, cancel_run, get_run, start_run
from frontdesk.operations.runbooks.queries import list_runs, list_steps
from frontdesk.operations.runbooks.reading import get_runbook, library

__all__ = [
    "Run",
    "RunState",
    "RunStep",
    "Runbook",
    "StepKind",
    "StepResult",
    "advance",
    "advance_open_runs",
    "answer_alerts",
    "approve_run",
    "cancel_run",
    "find_runbooks",
    "follow_run",
    "get_run",
    "get_runbook",
    "library",
    "list_runs",
    "list_steps",
    "start_run",
]
