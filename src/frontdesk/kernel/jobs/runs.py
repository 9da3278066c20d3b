"""What can be done to runs: start one, and retry, skip, replay, fork or cancel what went wrong, by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import queries
from frontdesk.kernel.jobs.model import Run, RunState, StartedRun, Step, StepState
from frontdesk.kernel.jobs.queue import enqueue


async def start_run(tx: Tx, workflow: str, args: Mapping[str, object], *, key: str) -> StartedRun:
    """Start a run for the transaction's tenant (none: the platform), exactly once per `key`.

    It is queued by the transaction's commit and vanishes with its rollback. `args` is JSON. Its commit wakes workers by
    NOTIFY, which serialises commits, so hot webhooks announce an event instead and start the run from its handler.
    """
    run_id = new_id()
    started = await queries.insert_run(
        tx,
        run_id=run_id,
        tenant_id=tx.tenant_id,
        workflow=workflow,
        key=key,
        args=json.dumps(args, allow_nan=False),
        correlation_id=tx.correlation_id,
    )
    if started.is_new:
        await enqueue(tx, place=queries.Requeued(run_id, workflow, 1))
    return started


async def get_run(tx: Tx, *, run_id: UUID) -> Run:
    """Return a run; refuses `jobs.run_unknown` (404)."""
    run = await queries.find_run(tx, run_id=run_id)
    if run is None:
        raise _unknown()
    return run


async def list_runs(tx: Tx, *, state: RunState, limit: int = 100) -> list[Run]:
    """List runs in a state, oldest first."""
    return await queries.list_runs(tx, state=state, limit=limit)


async def list_runs_of(tx: Tx, *, workflow: str, limit: int = 10) -> list[Run]:
    """List the latest runs of a workflow for the transaction's tenant (none: the platform), newest first."""
    return await queries.list_runs_of(tx, workflow=workflow, limit=limit)


async def list_steps(tx: Tx, *, run_id: UUID) -> list[Step]:
    """List every try of every step of a run, in the order they ended; superseded ones are history."""
    return await queries.list_steps(tx, run_id=run_id)


async def count_runs(tx: Tx) -> dict[RunState, int]:
    """Count queued, running and failed runs."""
    return await queries.count_runs(tx)


async def retry_step(tx: Tx, *, run_id: UUID, step: str, actor: Actor) -> None:
    """Run a failed run on from its failed step; steps that finished stay finished.

    Refuses `jobs.run_unknown` (404) and `jobs.step_not_failed` (409) unless that is the step it failed at.
    """
    run = await _lock(tx, run_id)
    if run.state is not RunState.FAILED or run.failed_step != step:
        raise _not_failed(step)
    await _requeue(tx, run, actor=actor, action="jobs.step_retried", step=step)


async def skip_step(tx: Tx, *, run_id: UUID, step: str, result: object, actor: Actor) -> None:
    """Run a failed run on after its failed step, as if that step had returned `result`.

    Refuses `jobs.run_unknown` (404) and `jobs.step_not_failed` (409) unless that is the step it failed at.
    """
    run = await _lock(tx, run_id)
    failed = await queries.find_step(tx, run_id=run_id, name=step)
    if run.state is not RunState.FAILED or failed is None or failed.state is not StepState.FAILED:
        raise _not_failed(step)
    await queries.record_step(
        tx,
        run_id=run_id,
        tenant_id=run.tenant_id,
        name=step,
        position=failed.position,
        state=StepState.SKIPPED,
        result=json.dumps(result, allow_nan=False),
        error=None,
        fence=run.fence,
        started_at=tx.now,
    )
    await _requeue(tx, run, actor=actor, action="jobs.step_skipped", step=step)


async def replay_run(tx: Tx, *, run_id: UUID, from_step: str, actor: Actor) -> None:
    """Run a run that has ended again, from a step on; what that step and later ones did before becomes history.

    Refuses `jobs.run_unknown` (404), `jobs.run_not_ended` (409) and `jobs.step_unknown` (404).
    """
    run = await _lock(tx, run_id)
    if run.state in {RunState.QUEUED, RunState.RUNNING}:
        raise Refused("jobs.run_not_ended", "The run is not over; cancel it first.", status=409)
    await queries.supersede_from(tx, run_id=run_id, position=await _position(tx, run_id, from_step))
    await _requeue(tx, run, actor=actor, action="jobs.run_replayed", step=from_step)


async def fork_run(
    tx: Tx, *, run_id: UUID, from_step: str, key: str, actor: Actor, args: Mapping[str, object] | None = None
) -> StartedRun:
    """Start a new run that takes over what a run finished before a step, with other `args` if given.

    Refuses `jobs.run_unknown` (404) and `jobs.step_unknown` (404); a used `key` returns the run that has it.
    """
    run = await _lock(tx, run_id)
    position = await _position(tx, run_id, from_step)
    forked = new_id()
    started = await queries.insert_run(
        tx,
        run_id=forked,
        tenant_id=run.tenant_id,
        workflow=run.workflow,
        key=key,
        args=json.dumps(run.args if args is None else args, allow_nan=False),
        correlation_id=run.correlation_id,
        forked_from=run_id,
    )
    if started.is_new:
        await queries.copy_steps(tx, source=run_id, target=forked, before=position)
        await enqueue(tx, place=queries.Requeued(forked, run.workflow, 1))
        details = {"from_step": from_step, "forked_from": str(run_id)}
        await write_entry(tx, actor=actor, action="jobs.run_forked", subject=f"run:{forked}", details=details)
    return started


async def cancel_run(tx: Tx, *, run_id: UUID, actor: Actor) -> None:
    """End a run that is not finished; a step in progress can no longer record its result.

    Refuses `jobs.run_unknown` (404) and `jobs.run_ended` (409).
    """
    await _lock(tx, run_id)
    if not await queries.cancel_run(tx, run_id=run_id):
        raise Refused("jobs.run_ended", "The run is over already.", status=409)
    await write_entry(tx, actor=actor, action="jobs.run_canceled", subject=f"run:{run_id}")


async def requeue_lost_runs(tx: Tx, *, limit: int = 100) -> int:
    """Put runs back that lost their place in the queue, and return how many.

    That happens when the database is away at the moment a worker hands a run back.
    """
    lost = await queries.claim_lost_runs(tx, limit=limit)
    for place in lost:
        await enqueue(tx, place=place)
    return len(lost)


async def forget_old_runs(tx: Tx, *, before: datetime) -> int:
    """Delete runs that succeeded or were canceled before a moment; failed ones wait for a person."""
    return await queries.delete_old_runs(tx, before=before)


async def _lock(tx: Tx, run_id: UUID) -> Run:
    run = await queries.lock_run(tx, run_id=run_id)
    if run is None:
        raise _unknown()
    return run


async def _position(tx: Tx, run_id: UUID, step: str) -> int:
    found = await queries.find_step(tx, run_id=run_id, name=step)
    if found is None:
        raise Refused("jobs.step_unknown", f"The run has not come to a step named {step}.", status=404)
    return found.position


async def _requeue(tx: Tx, run: Run, *, actor: Actor, action: str, step: str) -> None:
    enqueued = await queries.requeue_run(tx, run_id=run.id)
    await enqueue(tx, place=queries.Requeued(run.id, run.workflow, enqueued))
    await write_entry(tx, actor=actor, action=action, subject=f"run:{run.id}", details={"step": step})


def _unknown() -> Refused:
    return Refused("jobs.run_unknown", "There is no such run.", status=404)


def _not_failed(step: str) -> Refused:
    return Refused("jobs.step_not_failed", f"The run did not fail at a step named {step}.", status=409)
