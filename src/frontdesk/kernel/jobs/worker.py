"""The worker for background runs: PgQueuer hands out places in the queue, the runner executes what they stand for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.domain.models import Context, HealthCheckEvent, Job
from pgqueuer.ports.driver import NotifyCallback

from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.jobs.model import Finished, RunAgain, Workflows
from frontdesk.kernel.jobs.queue import CHANNEL, queue_over, read_place
from frontdesk.kernel.jobs.runner import Runner
from frontdesk.kernel.jobs.runs import requeue_lost_runs
from frontdesk.kernel.jobs.schedules import put_schedules, start_due_runs, time_to_next_schedule
from frontdesk.kernel.telemetry import get_logger

BATCH_SIZE = 4
POLL = timedelta(seconds=2)
HEARTBEAT = timedelta(seconds=10)
HEALTH_TIMEOUT = timedelta(seconds=10)
TICK_SECONDS = 5.0
RECONNECT_SECONDS = 0.5
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, FailingListenerError, TimeoutError)

_log = get_logger("jobs")


class JobsWorker:
    """Runs the background work of one process over connections of its own, one of them only listening."""

    def __init__(
        self,
        database_url: str,
        workflows: Workflows,
        *,
        app: Database,
        system: Database,
        concurrency: int = 16,
        drain_seconds: float = 20.0,
        heartbeat: timedelta = HEARTBEAT,
    ) -> None:
        if concurrency < 2 * BATCH_SIZE:
            raise ValueError(f"concurrency must be at least {2 * BATCH_SIZE}")
        self._url = database_url
        self._workflows = workflows
        self._system = system
        self._runner = Runner(workflows, app=app, system=system)
        self._concurrency = concurrency
        self._drain_seconds = drain_seconds
        self._heartbeat = heartbeat
        self._executing: set[asyncio.Task[Finished | RunAgain]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what runs within `drain_seconds`, and hand back the rest.

        A database that is away is waited for.
        """
        ticking = asyncio.create_task(self._tick(stop))
        try:
            while not stop.is_set():
                try:
                    await self._work(stop)
                except AWAY as error:
                    _log.warning("jobs.database_away", error=error)
                    await _wait(stop, RECONNECT_SECONDS)
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking

    async def execute(self, run_id: UUID, enqueued: int) -> Finished | RunAgain:
        """Execute one run so that a drain can interrupt it and hand it back."""
        task = asyncio.create_task(self._runner.execute(run_id, enqueued))
        self._executing.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._executing.discard(task)
            task.cancel()
        if task.cancelled():
            await self._runner.hand_back(run_id, enqueued)
            return RunAgain()
        return task.result()

    async def _work(self, stop: asyncio.Event) -> None:
        async with asyncpg.create_pool(
            self._url,
            min_size=2,
            max_size=4,
            command_timeout=35,
            server_settings={"role": Role.SYSTEM.value, "application_name": "frontdesk jobs", "timezone": "UTC"},
        ) as pool:
            manager = ListeningManager(pool)
            for workflow in self._workflows:
                parameters = EntrypointExecutorParameters(concurrency_limit=workflow.concurrency, func=_unused)
                manager.register_executor(workflow.name, _Executor(parameters, self))
            stopping = asyncio.create_task(self._stop(stop, manager))
            try:
                await manager.run(
                    dequeue_timeout=POLL,
                    batch_size=BATCH_SIZE,
                    max_concurrent_tasks=self._concurrency,
                    shutdown_on_listener_failure=True,
                    heartbeat_timeout=self._heartbeat,
                )
            finally:
                stopping.cancel()
                with suppress(asyncio.CancelledError):
                    await stopping

    async def _stop(self, stop: asyncio.Event, manager: QueueManager) -> None:
        await stop.wait()
        manager.shutdown.set()
        await asyncio.sleep(self._drain_seconds)
        for task in self._executing:
            task.cancel()

    async def _tick(self, stop: asyncio.Event) -> None:
        """Start what is due by the clock, and find runs that lost their place in the queue."""
        known = False
        while not stop.is_set():
            pause = TICK_SECONDS
            try:
                async with self._system.transaction() as tx:
                    if not known:
                        await put_schedules(tx, self._workflows)
                    await start_due_runs(tx, self._workflows)
                    await requeue_lost_runs(tx)
                    due_in = await time_to_next_schedule(tx, self._workflows)
                known = True
                if due_in is not None:
                    pause = min(TICK_SECONDS, max(due_in.total_seconds(), 0.02))
            except AWAY as error:
                _log.warning("jobs.database_away", error=error)
            except Exception:  # noqa: BLE001 - the clock must not stop for one bad tick
                _log.exception("jobs.tick_failed")
            await _wait(stop, pause)


class ListeningManager(QueueManager):
    """PgQueuer's manager, which asks whether it hears notices only once it listens.

    PgQueuer sends its first question while it is still subscribing. If the question is first, nobody hears it, and
    10 s later a healthy worker takes itself for deaf and starts anew.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        driver = _ListeningDriver(pool)
        super().__init__(queue_over(driver), CHANNEL)
        self._listening = driver.listening

    async def listener_healthy(self, timeout: timedelta = HEALTH_TIMEOUT) -> HealthCheckEvent:  # noqa: ASYNC109 - PgQueuer's
        """Ask, and wait for the answer; `FailingListenerError` if there is none."""
        try:
            await asyncio.wait_for(self._listening.wait(), timeout.total_seconds())
        except TimeoutError as error:
            raise FailingListenerError from error
        return await super().listener_healthy(timeout)


class _ListeningDriver(AsyncpgPoolDriver):
    """A driver that tells when it has begun to listen."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self.listening = asyncio.Event()

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await super().add_listener(channel, callback)
        self.listening.set()


class _Executor(AbstractEntrypointExecutor):
    """Hands PgQueuer's jobs to our runner; a failure of the bookkeeping itself keeps the place in the queue."""

    def __init__(self, parameters: EntrypointExecutorParameters, worker: JobsWorker) -> None:
        super().__init__(parameters)
        self._worker = worker

    async def execute(self, job: Job, context: Context) -> None:  # noqa: ARG002 - the signature is PgQueuer's
        place = read_place(job.payload)
        if place is None:
            raise ValueError(f"queue row {job.id} names no run")
        try:
            outcome = await self._worker.execute(*place)
        except AWAY as error:
            raise RetryRequested(delay=timedelta(seconds=1), reason=type(error).__name__) from error
        if isinstance(outcome, RunAgain):
            raise RetryRequested(delay=outcome.delay)


async def _unused(_job: Job) -> None:
    """Stand in for the function that PgQueuer's own executors would call."""


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
