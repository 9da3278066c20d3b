"""Backups by the clock: a backup each night, a restore drill each week, each by a program of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from frontdesk.kernel.jobs import RetryPolicy, RunContext, Workflows
from frontdesk.operations.verbs import run_verb

TAKE = "backups.take.v1"
DRILL = "backups.drill.v1"
NIGHTLY = "0 2 * * *"
WEEKLY = "30 4 * * 0"


def add_backup_workflows(workflows: Workflows, *, home: Path) -> None:
    """Register the nightly backup at 02:00 and the drill on Sundays at 04:30, both UTC.

    Each is a verb of the command line in a process of its own: memory and work stay out of the worker, and ending the
    worker ends it.
    """
    policy = RetryPolicy(max_attempts=3, first_delay=timedelta(minutes=5), max_delay=timedelta(minutes=30))

    @workflows.workflow(TAKE, retry=policy, concurrency=1)
    async def take(run: RunContext) -> None:
        await run.call("take", lambda: run_verb("backup", "now", home=home, gently=True))

    @workflows.workflow(DRILL, retry=policy, concurrency=1)
    async def drill(run: RunContext) -> None:
        await run.call("drill", lambda: run_verb("backup", "verify", home=home, gently=True))

    workflows.schedule("backups.nightly", workflow=TAKE, expression=NIGHTLY)
    workflows.schedule("backups.weekly_drill", workflow=DRILL, expression=WEEKLY)
