"""A run resumes after its last finished step, and a person can retry, skip, replay, fork or cancel it by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest

from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.db import Database, Role, Tx
from frontdesk.kernel.jobs import (
    Finished,
    RetryPolicy,
    RunAgain,
    RunContext,
    Runner,
    RunState,
    StepState,
    Workflows,
    list_runs,
    list_steps,
    start_run,
)
from tests.kernel.recordings import (
    NAME,
    OTHER_SHOP,
    SHOP,
    Recordings,
    go,
    run_of,
    started,
    steps_of,
)

NOTE = "insert into job_schedules (name, workflow, expression, zone, next_at) values ($1, 'x', 'x', 'x', now())"


class PowerCut(BaseException):
    """Ends a worker between two steps without giving it a chance to write anything."""


class Undo(Exception):
    """Ends a transaction without its changes."""


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.APP, clock=SystemClock())
    yield database
    await database.close()


@pytest.fixture
async def system(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, role=Role.SYSTEM, clock=SystemClock())
    yield database
    await database.close()


@pytest.fixture
def recordings() -> Recordings:
    return Recordings()


@pytest.fixture
def runner(recordings: Recordings, app: Database, system: Database) -> Runner:
    return Runner(recordings.workflows, app=app, system=system)


async def test_a_run_that_goes_well_does_each_step_once(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await started(app)
    assert await go(runner, system, run_id) == Finished()
    assert recordings.done == ["locate", "download", "link"]
    assert recordings.seen == [{"url": "https://x", "pair": [1, 2]}, 4096, "https://x:4096"]
    run = await run_of(system, run_id)
    assert (run.state, run.attempts, run.tenant_id) == (RunState.SUCCEEDED, 1, SHOP)
    assert await go(runner, system, run_id) == Finished()
    assert recordings.done == ["locate", "download", "link"]


async def test_a_run_is_queued_by_the_commit_and_vanishes_with_the_rollback(app: Database, system: Database) -> None:
    with suppress(Undo):
        async with app.transaction(SHOP) as tx:
            await start_run(tx, NAME, {}, key="k")
            raise Undo
    async with system.transaction() as tx:
        assert await tx.fetchval("select count(*) from job_runs") == 0
        assert await tx.fetchval("select count(*) from pgqueuer") == 0
    await started(app)
    async with system.transaction() as tx:
        assert await tx.fetchval("select count(*) from pgqueuer where status = 'queued'") == 1


async def test_a_key_starts_one_run_per_tenant(app: Database, system: Database) -> None:
    first = await started(app, "k")
    assert await started(app, "k") == first
    assert await started(app, "other") != first
    assert await started(app, "k", OTHER_SHOP) != first
    async with system.transaction() as tx:
        platform = await start_run(tx, NAME, {}, key="k")
        again = await start_run(tx, NAME, {}, key="k")
        assert (platform.is_new, again.is_new, again.run_id) == (True, False, platform.run_id)
        assert await tx.fetchval("select count(*) from pgqueuer") == 4


async def test_a_crash_between_steps_resumes_after_the_last_finished_one(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await started(app)
    recordings.faults = [PowerCut()]
    with pytest.raises(PowerCut):
        await go(runner, system, run_id)
    assert (await run_of(system, run_id)).state is RunState.RUNNING
    assert await go(runner, system, run_id) == Finished()
    assert recordings.done == ["locate", "download", "link"]
    assert recordings.seen[0] == {"url": "https://x", "pair": [1, 2]}
    assert (await run_of(system, run_id)).state is RunState.SUCCEEDED


async def test_a_step_and_its_record_commit_together_or_not_at_all(app: Database, system: Database) -> None:
    workflows, crash = Workflows(), [PowerCut()]

    @workflows.workflow("notes.write.v1")
    async def write(ctx: RunContext) -> None:
        async def insert(tx: Tx) -> None:
            await tx.execute(NOTE, "note")
            if crash:
                raise crash.pop()

        await ctx.step("insert", insert)

    async with system.transaction() as tx:
        run_id = (await start_run(tx, "notes.write.v1", {}, key="k")).run_id
    runner = Runner(workflows, app=app, system=system)
    with pytest.raises(PowerCut):
        await runner.execute(run_id, 1)
    async with system.transaction() as tx:
        assert await tx.fetchval("select count(*) from job_schedules") == 0
    assert await steps_of(system, run_id) == []
    await runner.execute(run_id, 1)
    assert await steps_of(system, run_id) == [("insert", StepState.SUCCEEDED)]


async def test_a_passing_fault_is_tried_again_later_each_time_and_fails_in_the_end(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await started(app)
    recordings.faults = [OSError("away"), OSError("away"), OSError("still away")]
    assert await go(runner, system, run_id) == RunAgain(timedelta(seconds=2))
    assert await go(runner, system, run_id) == RunAgain(timedelta(seconds=4))
    assert await go(runner, system, run_id) == Finished()
    run = await run_of(system, run_id)
    assert (run.state, run.failed_step, run.last_error) == (RunState.FAILED, "download", "OSError: still away")
    assert recordings.done == ["locate"]
    history = await steps_of(system, run_id, history=True)
    assert history == [("locate", StepState.SUCCEEDED)] + [("download", StepState.FAILED)] * 3


async def test_a_run_that_takes_its_worker_down_every_time_is_stopped_without_being_tried_again(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await started(app)
    recordings.faults = [PowerCut(), PowerCut(), PowerCut()]
    for _ in range(3):
        with pytest.raises(PowerCut):
            await go(runner, system, run_id)
    assert await go(runner, system, run_id) == Finished()
    assert (await run_of(system, run_id)).state is RunState.FAILED
    assert recordings.done == ["locate"]


async def test_a_worker_that_lost_its_run_writes_nothing_more(
    recordings: Recordings, app: Database, system: Database
) -> None:
    workflows, done = Workflows(), []
    run_id = await started(app)

    @workflows.workflow(NAME)
    async def stalled(ctx: RunContext) -> None:
        async def late(_tx: Tx) -> None:
            done.append("late")

        async def outside() -> None:
            done.append("outside")

        # While this worker was stopped, another one took the run and finished it.
        await go(Runner(recordings.workflows, app=app, system=system), system, run_id)
        with suppress(Exception):
            await ctx.call("outside", outside)
        await ctx.step("late", late)

    assert await Runner(workflows, app=app, system=system).execute(run_id, 1) == Finished()
    assert done == []
    assert recordings.done == ["locate", "download", "link"]
    assert (await run_of(system, run_id)).state is RunState.SUCCEEDED
    assert [name for name, _ in await steps_of(system, run_id)] == ["locate", "download", "link"]


async def test_a_tenants_run_works_as_that_tenant_and_is_seen_by_no_other(app: Database, system: Database) -> None:
    workflows: Workflows = Workflows()
    found: list[object] = []

    @workflows.workflow(NAME)
    async def look(ctx: RunContext) -> None:
        async def who(tx: Tx) -> str:
            found.append(await tx.fetchval("select current_user::text"))
            found.append(await tx.fetchval("select count(*) from job_runs"))
            return str(tx.tenant)

        found.append(await ctx.step("who", who))

    run_id = await started(app)
    await started(app, tenant=OTHER_SHOP)
    await Runner(workflows, app=app, system=system).execute(run_id, 1)
    assert found == ["frontdesk_app", 1, str(SHOP)]
    async with app.transaction(OTHER_SHOP) as tx:
        assert await list_runs(tx, state=RunState.SUCCEEDED) == []
        assert await list_steps(tx, run_id=run_id) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app.transaction(OTHER_SHOP) as tx:
            await tx.fetch("select payload from pgqueuer")


async def test_two_steps_of_one_name_are_a_mistake_that_is_told(app: Database, system: Database) -> None:
    workflows = Workflows()

    @workflows.workflow(NAME, retry=RetryPolicy(max_attempts=1))
    async def twice(ctx: RunContext) -> None:
        async def nothing(_tx: Tx) -> None:
            return None

        await ctx.step("same", nothing)
        await ctx.step("same", nothing)

    run_id = await started(app)
    await Runner(workflows, app=app, system=system).execute(run_id, 1)
    assert "two steps named same" in ((await run_of(system, run_id)).last_error or "")
