"""Executes one run: claims it, lets its workflow go on where it stopped, and records how that ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.db import Database
from frontdesk.kernel.jobs import queries
from frontdesk.kernel.jobs.context import RunContext, RunLost, describe
from frontdesk.kernel.jobs.model import Finished, Run, RunAgain, RunOutcome, RunState, Step, Workflow, Workflows
from frontdesk.kernel.telemetry import correlated, get_logger

_log = get_logger("jobs")


class Runner:
    """Executes runs; the steps of a tenant's run work as the app role for that tenant alone."""

    def __init__(self, workflows: Workflows, *, app: Database, system: Database) -> None:
        self._workflows = workflows
        self._app = app
        self._system = system

    async def execute(self, run_id: UUID, enqueued: int) -> RunOutcome:
        """Execute a run as far as it goes; `enqueued` is the place in the queue that this execution stands for."""
        async with self._system.transaction() as tx:
            run = await queries.claim_run(tx, run_id=run_id, enqueued=enqueued)
            if run is None:
                return Finished()
            done = await queries.list_done_steps(tx, run_id=run_id)
        with correlated(correlation_id=run.correlation_id, causation_id=run.id, tenant_id=run.tenant_id):
            workflow = self._workflows.find(run.workflow)
            if workflow is None:
                return await self._postpone(run, RunAgain(timedelta(seconds=5)), error="unknown workflow", forgiven=1)
            if run.attempts > workflow.retry.max_attempts:
                # It took its process down every time; it must not take down another.
                return await self._end(run, RunState.FAILED, step=run.failed_step, error="no tries left")
            return await self._go_on(run, done, workflow)

    async def hand_back(self, run_id: UUID, enqueued: int) -> None:
        """Return an interrupted run to the queue; the interrupted try does not count."""
        async with self._system.transaction() as tx:
            run = await queries.lock_run(tx, run_id=run_id)
            if run is not None and run.enqueued == enqueued and run.state is RunState.RUNNING:
                await queries.postpone_run(
                    tx, run_id=run_id, fence=run.fence, failed_step=None, error="interrupted", forgiven=1
                )

    async def _go_on(self, run: Run, done: list[Step], workflow: Workflow) -> RunOutcome:
        context = RunContext(run, done, database=self._system if run.tenant_id is None else self._app)
        try:
            await workflow.body(context)
        except RunLost:
            _log.warning("jobs.run_lost", run_id=run.id, workflow=run.workflow, fence=run.fence)
            return Finished()
        except Exception as error:  # noqa: BLE001 - whatever a workflow does ends its try, not its worker
            final = workflow.retry.permanent(error) or run.attempts >= workflow.retry.max_attempts
            _log.exception("jobs.run_failed", run_id=run.id, workflow=run.workflow, attempt=run.attempts, final=final)
            if final:
                return await self._end(run, RunState.FAILED, step=context.failed_step, error=describe(error))
            again = RunAgain(workflow.retry.delay_after(run.attempts))
            return await self._postpone(run, again, step=context.failed_step, error=describe(error))
        return await self._end(run, RunState.SUCCEEDED)

    async def _end(self, run: Run, state: RunState, *, step: str | None = None, error: str | None = None) -> Finished:
        async with self._system.transaction() as tx:
            await queries.finish_run(tx, run_id=run.id, fence=run.fence, state=state, failed_step=step, error=error)
        return Finished()

    async def _postpone(
        self, run: Run, again: RunAgain, *, error: str, step: str | None = None, forgiven: int = 0
    ) -> RunOutcome:
        async with self._system.transaction() as tx:
            ours = await queries.postpone_run(
                tx, run_id=run.id, fence=run.fence, failed_step=step, error=error, forgiven=forgiven
            )
        return again if ours else Finished()
