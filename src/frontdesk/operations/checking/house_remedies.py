"""What a runbook may do to the program as a whole: its processes, its rejected events, its failed background work."""

from __future__ import annotations

from frontdesk.kernel import audit, jobs
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.jobs import RunState
from frontdesk.kernel.outbox.replaying import replay_rejected
from frontdesk.kernel.upkeep import Approval, Order, Parameter, Remedy
from frontdesk.operations.checking import queries

MOST_RUNS = 100


async def _release_silent(tx: Transaction, order: Order) -> str:
    ended = await queries.close_silent_processes(tx)
    await audit.write_entry(
        tx, actor=order.by, action="operations.silent_released", subject="live_processes", details={"processes": ended}
    )
    return f"{ended} processes without a sign of life are counted as gone; what they held is taken over"


async def _replay_events(tx: Transaction, order: Order) -> str:
    put_back = await replay_rejected(tx, by=order.by, limit=order.count("limit"))
    return f"{put_back} events were put back, oldest first"


async def _retry_failed_runs(tx: Transaction, order: Order) -> str:
    retried = 0
    for run in await jobs.list_runs(tx, state=RunState.FAILED, limit=MOST_RUNS):
        if run.failed_step is not None:
            await jobs.retry_step(tx, run_id=run.id, step=run.failed_step, actor=order.by)
            retried += 1
    return f"{retried} background runs go on from the step at which they failed"


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="operations.release_silent",
        sentence="Count processes without a sign of life as gone, so that others take over what they held",
        approval=Approval.NOBODY,
        act=_release_silent,
    ),
    Remedy(
        name="operations.replay_events",
        sentence="Put events back that could not be handled, in their order and 50 a second",
        approval=Approval.OPERATOR,
        act=_replay_events,
        parameters=(Parameter(name="limit", kind="count", sentence="How many at most.", default="1000"),),
    ),
    Remedy(
        name="operations.retry_failed_runs",
        sentence="Let background runs go on from the step at which they failed",
        approval=Approval.OPERATOR,
        act=_retry_failed_runs,
    ),
)
