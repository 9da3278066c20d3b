"""All statements of the background engine that are ours; the queue's own come from PgQueuer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Tx, affected
from frontdesk.kernel.jobs.model import Run, RunState, Schedule, StartedRun, Step, StepState

INSERT_RUN = """
insert into job_runs (id, tenant_id, workflow, key, args, state, forked_from, correlation_id, created_at)
values ($1, $2, $3, $4, $5::jsonb, 'queued', $6, $7, $8)
on conflict (tenant_id, workflow, key) do nothing
returning id
"""
FIND_RUN_BY_KEY = """
select id from job_runs where tenant_id is not distinct from $1 and workflow = $2 and key = $3
"""
FIND_RUN = """
select id, tenant_id, workflow, key, args::text as args, state, enqueued, fence, attempts, failed_step, last_error,
       forked_from, correlation_id, created_at, started_at, finished_at
from job_runs where id = $1
"""
LOCK_RUN = """
select id, tenant_id, workflow, key, args::text as args, state, enqueued, fence, attempts, failed_step, last_error,
       forked_from, correlation_id, created_at, started_at, finished_at
from job_runs where id = $1 for update
"""
LIST_RUNS = """
select id, tenant_id, workflow, key, args::text as args, state, enqueued, fence, attempts, failed_step, last_error,
       forked_from, correlation_id, created_at, started_at, finished_at
from job_runs where state = $1 order by created_at, id limit $2
"""
LIST_RUNS_OF = """
select id, tenant_id, workflow, key, args::text as args, state, enqueued, fence, attempts, failed_step, last_error,
       forked_from, correlation_id, created_at, started_at, finished_at
from job_runs where workflow = $1 and tenant_id is not distinct from $2 order by created_at desc, id desc limit $3
"""
COUNT_RUNS = (
    "select state, count(*) as runs from job_runs where state in ('queued', 'running', 'failed') group by state"
)
CLAIM_RUN = """
update job_runs
set state = 'running', fence = fence + 1, attempts = attempts + 1, started_at = coalesce(started_at, $3)
where id = $1 and enqueued = $2 and state in ('queued', 'running')
returning id, tenant_id, workflow, key, args::text as args, state, enqueued, fence, attempts, failed_step, last_error,
          forked_from, correlation_id, created_at, started_at, finished_at
"""
# A share lock: whoever claims the run next waits until this step's transaction has ended.
HOLD_FENCE = "select true from job_runs where id = $1 and fence = $2 and state = 'running' for share"
FINISH_RUN = """
update job_runs set state = $3, finished_at = $4, failed_step = $5, last_error = $6
where id = $1 and fence = $2 and state = 'running'
"""
POSTPONE_RUN = """
update job_runs set state = 'queued', failed_step = $3, last_error = $4, attempts = attempts - $5
where id = $1 and fence = $2 and state = 'running'
"""
REQUEUE_RUN = """
update job_runs
set state = 'queued', enqueued = enqueued + 1, fence = fence + 1, attempts = 0, finished_at = null,
    failed_step = null, last_error = null
where id = $1
returning enqueued
"""
CANCEL_RUN = """
update job_runs set state = 'canceled', fence = fence + 1, finished_at = $2
where id = $1 and state in ('queued', 'running', 'failed')
"""
CLAIM_LOST_RUNS = """
update job_runs set state = 'queued', enqueued = enqueued + 1, fence = fence + 1
where id in (
    select id from job_runs
    where state in ('queued', 'running')
      and not exists (
          select from pgqueuer
          where dedupe_key = job_runs.id::text || '/' || job_runs.enqueued and status in ('queued', 'picked'))
    order by created_at limit $1 for update skip locked)
returning id, workflow, enqueued
"""
DELETE_OLD_RUNS = "delete from job_runs where state in ('succeeded', 'canceled') and finished_at < $1"
FIND_STEP = """
select name, position, state, result::text as result, error, started_at, finished_at, superseded_at
from job_steps where run_id = $1 and name = $2 and superseded_at is null
"""
LIST_DONE_STEPS = """
select name, position, state, result::text as result, error, started_at, finished_at, superseded_at
from job_steps where run_id = $1 and superseded_at is null and state in ('succeeded', 'skipped')
"""
LIST_STEPS = """
select name, position, state, result::text as result, error, started_at, finished_at, superseded_at
from job_steps where run_id = $1 order by id
"""
SUPERSEDE_STEP = "update job_steps set superseded_at = $3 where run_id = $1 and name = $2 and superseded_at is null"
SUPERSEDE_FROM = """
update job_steps set superseded_at = $3 where run_id = $1 and position >= $2 and superseded_at is null
"""
INSERT_STEP = """
insert into job_steps (run_id, tenant_id, name, position, state, result, error, fence, started_at, finished_at)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10)
"""
COPY_STEPS = """
insert into job_steps (run_id, tenant_id, name, position, state, result, error, fence, started_at, finished_at)
select $2, tenant_id, name, position, state, result, error, 0, started_at, finished_at
from job_steps where run_id = $1 and position < $3 and superseded_at is null and state in ('succeeded', 'skipped')
"""
PUT_SCHEDULE = """
insert into job_schedules (name, workflow, expression, zone, next_at) values ($1, $2, $3, $4, $5)
on conflict (name) do update
set workflow = excluded.workflow, expression = excluded.expression, zone = excluded.zone, next_at = excluded.next_at
where (job_schedules.workflow, job_schedules.expression, job_schedules.zone)
    is distinct from (excluded.workflow, excluded.expression, excluded.zone)
"""
CLAIM_DUE_SCHEDULES = """
select name, next_at from job_schedules
where name = any ($1::text[]) and next_at <= $2 and not paused
order by next_at for update skip locked
"""
MOVE_SCHEDULE = "update job_schedules set last_at = next_at, next_at = $2 where name = $1"
FIND_NEXT_DUE = "select min(next_at) from job_schedules where name = any ($1::text[]) and not paused"


@dataclass(frozen=True, slots=True)
class Requeued:
    """A run's new place in the queue."""

    run_id: UUID
    workflow: str
    enqueued: int


@dataclass(frozen=True, slots=True)
class DueSchedule:
    """A schedule whose time has come; its row is locked."""

    name: str
    due_at: datetime


async def insert_run(
    tx: Tx,
    *,
    run_id: UUID,
    tenant_id: UUID | None,
    workflow: str,
    key: str,
    args: str,
    correlation_id: UUID,
    forked_from: UUID | None = None,
) -> StartedRun:
    """Add a run, or find the one of this tenant that has this key."""
    new = await tx.fetchval(INSERT_RUN, run_id, tenant_id, workflow, key, args, forked_from, correlation_id, tx.now)
    if new is not None:
        return StartedRun(run_id, is_new=True)
    row = await tx.fetchrow(FIND_RUN_BY_KEY, tenant_id, workflow, key)
    if row is None:
        raise LookupError("a run that blocks its key was not found")
    return StartedRun(row["id"], is_new=False)


async def find_run(tx: Tx, *, run_id: UUID) -> Run | None:
    """Find a run."""
    row = await tx.fetchrow(FIND_RUN, run_id)
    return None if row is None else _run(row)


async def lock_run(tx: Tx, *, run_id: UUID) -> Run | None:
    """Find a run and keep others from changing it."""
    row = await tx.fetchrow(LOCK_RUN, run_id)
    return None if row is None else _run(row)


async def list_runs(tx: Tx, *, state: RunState, limit: int) -> list[Run]:
    """List runs in a state, oldest first."""
    return [_run(row) for row in await tx.fetch(LIST_RUNS, state.value, limit)]


async def list_runs_of(tx: Tx, *, workflow: str, limit: int) -> list[Run]:
    """List the latest runs of a workflow for the transaction's tenant (none: the platform), newest first."""
    return [_run(row) for row in await tx.fetch(LIST_RUNS_OF, workflow, tx.tenant_id, limit)]


async def count_runs(tx: Tx) -> dict[RunState, int]:
    """Count the runs that are not finished, by state."""
    return {RunState(row["state"]): row["runs"] for row in await tx.fetch(COUNT_RUNS)}


async def claim_run(tx: Tx, *, run_id: UUID, enqueued: int) -> Run | None:
    """Take a run for execution, fencing off whoever had it; None when this place in the queue no longer counts."""
    row = await tx.fetchrow(CLAIM_RUN, run_id, enqueued, tx.now)
    return None if row is None else _run(row)


async def hold_fence(tx: Tx, *, run_id: UUID, fence: int) -> bool:
    """Tell whether the run is still ours, and keep it ours until the transaction ends."""
    return await tx.fetchval(HOLD_FENCE, run_id, fence) is True


async def finish_run(
    tx: Tx, *, run_id: UUID, fence: int, state: RunState, failed_step: str | None = None, error: str | None = None
) -> bool:
    """End a run; False when it is no longer ours."""
    tag = await tx.execute(FINISH_RUN, run_id, fence, state.value, tx.now, failed_step, error)
    return affected(tag) == 1


async def postpone_run(
    tx: Tx, *, run_id: UUID, fence: int, failed_step: str | None, error: str | None, forgiven: int
) -> bool:
    """Put a run back for another try, not counting `forgiven` tries; False when it is no longer ours."""
    return affected(await tx.execute(POSTPONE_RUN, run_id, fence, failed_step, error, forgiven)) == 1


async def requeue_run(tx: Tx, *, run_id: UUID) -> int:
    """Give a run a new place in the queue and return its number."""
    row = await tx.fetchrow(REQUEUE_RUN, run_id)
    if row is None:
        raise LookupError("a run that was locked is gone")
    return int(row["enqueued"])


async def cancel_run(tx: Tx, *, run_id: UUID) -> bool:
    """End a run that is not finished; False when it is."""
    return affected(await tx.execute(CANCEL_RUN, run_id, tx.now)) == 1


async def claim_lost_runs(tx: Tx, *, limit: int) -> list[Requeued]:
    """Give runs that lost their place in the queue a new one."""
    return [Requeued(row["id"], row["workflow"], row["enqueued"]) for row in await tx.fetch(CLAIM_LOST_RUNS, limit)]


async def delete_old_runs(tx: Tx, *, before: datetime) -> int:
    """Delete runs, with their steps, that succeeded or were canceled before a moment."""
    return affected(await tx.execute(DELETE_OLD_RUNS, before))


async def find_step(tx: Tx, *, run_id: UUID, name: str) -> Step | None:
    """Find the try of a step that counts."""
    row = await tx.fetchrow(FIND_STEP, run_id, name)
    return None if row is None else _step(row)


async def list_done_steps(tx: Tx, *, run_id: UUID) -> list[Step]:
    """List the steps of a run that need not be done again."""
    return [_step(row) for row in await tx.fetch(LIST_DONE_STEPS, run_id)]


async def list_steps(tx: Tx, *, run_id: UUID) -> list[Step]:
    """List all tries of all steps of a run, in the order they ended."""
    return [_step(row) for row in await tx.fetch(LIST_STEPS, run_id)]


async def record_step(  # noqa: PLR0913 - one argument per column
    tx: Tx,
    *,
    run_id: UUID,
    tenant_id: UUID | None,
    name: str,
    position: int,
    state: StepState,
    result: str | None,
    error: str | None,
    fence: int,
    started_at: datetime,
) -> None:
    """Record how a try of a step ended, in place of an earlier try."""
    await tx.execute(SUPERSEDE_STEP, run_id, name, tx.now)
    await tx.execute(
        INSERT_STEP, run_id, tenant_id, name, position, state.value, result, error, fence, started_at, tx.now
    )


async def supersede_from(tx: Tx, *, run_id: UUID, position: int) -> None:
    """Make the steps from a position on history."""
    await tx.execute(SUPERSEDE_FROM, run_id, position, tx.now)


async def copy_steps(tx: Tx, *, source: UUID, target: UUID, before: int) -> None:
    """Copy the finished steps before a position to another run."""
    await tx.execute(COPY_STEPS, source, target, before)


async def put_schedule(tx: Tx, *, schedule: Schedule) -> None:
    """Make a schedule known; its next time is set anew only when it changed."""
    await tx.execute(
        PUT_SCHEDULE, schedule.name, schedule.workflow, schedule.expression, schedule.zone, schedule.next_after(tx.now)
    )


async def claim_due_schedules(tx: Tx, *, names: list[str]) -> list[DueSchedule]:
    """Lock the schedules whose time has come; what another worker holds is its business."""
    rows = await tx.fetch(CLAIM_DUE_SCHEDULES, names, tx.now)
    return [DueSchedule(row["name"], row["next_at"]) for row in rows]


async def move_schedule(tx: Tx, *, name: str, next_at: datetime) -> None:
    """Set a schedule's next time."""
    await tx.execute(MOVE_SCHEDULE, name, next_at)


async def find_time_to_next(tx: Tx, *, names: list[str]) -> timedelta | None:
    """Tell how long it is until the next schedule is due."""
    row = await tx.fetchrow(FIND_NEXT_DUE, names)
    return None if row is None or row["min"] is None else row["min"] - tx.now


def _run(row: asyncpg.Record) -> Run:
    return Run(
        id=row["id"],
        tenant_id=row["tenant_id"],
        workflow=row["workflow"],
        key=row["key"],
        args=json.loads(row["args"]),
        state=RunState(row["state"]),
        enqueued=row["enqueued"],
        fence=row["fence"],
        attempts=row["attempts"],
        failed_step=row["failed_step"],
        last_error=row["last_error"],
        forked_from=row["forked_from"],
        correlation_id=row["correlation_id"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def _step(row: asyncpg.Record) -> Step:
    return Step(
        name=row["name"],
        position=row["position"],
        state=StepState(row["state"]),
        result=None if row["result"] is None else json.loads(row["result"]),
        error=row["error"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        superseded_at=row["superseded_at"],
    )
