"""Work that starts by the clock: each due time starts one run, however many workers look."""

from __future__ import annotations

from datetime import UTC, timedelta

from frontdesk.kernel.db import Tx
from frontdesk.kernel.jobs import queries
from frontdesk.kernel.jobs.model import StartedRun, Workflows
from frontdesk.kernel.jobs.runs import start_run


async def put_schedules(tx: Tx, workflows: Workflows) -> None:
    """Make every registered schedule known; a changed one is due by its new expression."""
    for schedule in workflows.schedules:
        await queries.put_schedule(tx, schedule=schedule)


async def start_due_runs(tx: Tx, workflows: Workflows) -> list[StartedRun]:
    """Start a run for every schedule whose time has come, and set its next time.

    Times that passed while no worker was up are made good by one run, not by one each.
    """
    by_name = {schedule.name: schedule for schedule in workflows.schedules}
    started: list[StartedRun] = []
    for due in await queries.claim_due_schedules(tx, names=list(by_name)):
        schedule = by_name[due.name]
        moment = due.due_at.astimezone(UTC).isoformat()
        key = f"{schedule.name}@{moment}"
        started.append(await start_run(tx, schedule.workflow, {"scheduled_for": moment}, key=key))
        await queries.move_schedule(tx, name=schedule.name, next_at=schedule.next_after(tx.now))
    return started


async def time_to_next_schedule(tx: Tx, workflows: Workflows) -> timedelta | None:
    """Tell how long it is until the next schedule is due; None when there is none."""
    return await queries.find_time_to_next(tx, names=[schedule.name for schedule in workflows.schedules])
