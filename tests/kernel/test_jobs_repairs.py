"""A person can retry, skip, replay, fork or cancel what went wrong, by name, and lost runs come back by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import (
    Finished,
    Runner,
    RunState,
    StepState,
    cancel_run,
    count_runs,
    forget_old_runs,
    fork_run,
    replay_run,
    requeue_lost_runs,
    retry_step,
    skip_step,
)
from tests.kernel.recordings import (
    SHOP,
    Recordings,
    failed_run,
    go,
    run_of,
    started,
    steps_of,
)
from tests.support.actors import ADA_ACTS


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


async def test_a_failed_step_can_be_retried_by_name(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await failed_run(runner, recordings, app, system)
    with pytest.raises(Refused) as refusal:
        async with system.transaction() as tx:
            await retry_step(tx, run_id=run_id, step="locate", actor=ADA_ACTS)
    assert refusal.value.code == "jobs.step_not_failed"
    async with system.transaction() as tx:
        await retry_step(tx, run_id=run_id, step="download", actor=ADA_ACTS)
    assert await go(runner, system, run_id) == Finished()
    assert recordings.done == ["locate", "download", "link"]
    async with system.transaction() as tx:
        assert [entry.action for entry in await list_entries(tx, tenant_id=None)] == ["jobs.step_retried"]


async def test_a_failed_step_can_be_skipped_with_a_result_given_by_a_person(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await failed_run(runner, recordings, app, system)
    async with system.transaction() as tx:
        await skip_step(tx, run_id=run_id, step="download", result=7, actor=ADA_ACTS)
    assert await go(runner, system, run_id) == Finished()
    assert recordings.done == ["locate", "link"]
    assert recordings.seen[1:] == [7, "https://x:7"]
    assert ("download", StepState.SKIPPED) in await steps_of(system, run_id)


async def test_a_run_can_be_replayed_from_a_step_and_its_past_stays_readable(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await started(app)
    await go(runner, system, run_id)
    async with system.transaction() as tx:
        await replay_run(tx, run_id=run_id, from_step="download", actor=ADA_ACTS)
    await go(runner, system, run_id)
    assert recordings.done == ["locate", "download", "link", "download", "link"]
    assert [name for name, _ in await steps_of(system, run_id)] == ["locate", "download", "link"]
    assert len(await steps_of(system, run_id, history=True)) == 5
    with pytest.raises(Refused) as refusal:
        async with system.transaction() as tx:
            await replay_run(tx, run_id=run_id, from_step="nowhere", actor=ADA_ACTS)
    assert refusal.value.code == "jobs.step_unknown"


async def test_a_run_can_be_forked_from_a_step_with_other_arguments(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await started(app)
    await go(runner, system, run_id)
    async with system.transaction() as tx:
        fork = await fork_run(tx, run_id=run_id, from_step="link", key="fork", actor=ADA_ACTS, args={"url": "y"})
        same = await fork_run(tx, run_id=run_id, from_step="link", key="fork", actor=ADA_ACTS)
    assert (same.run_id, same.is_new) == (fork.run_id, False)
    await go(runner, system, fork.run_id)
    assert recordings.done == ["locate", "download", "link", "link"]
    forked = await run_of(system, fork.run_id)
    assert (forked.state, forked.forked_from, forked.tenant_id) == (RunState.SUCCEEDED, run_id, SHOP)
    assert (await run_of(system, run_id)).args == {"url": "https://x"}


async def test_a_canceled_run_stays_canceled(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await started(app)
    async with system.transaction() as tx:
        await cancel_run(tx, run_id=run_id, actor=ADA_ACTS)
    assert await go(runner, system, run_id) == Finished()
    assert recordings.done == []
    assert (await run_of(system, run_id)).state is RunState.CANCELED
    with pytest.raises(Refused) as refusal:
        async with system.transaction() as tx:
            await cancel_run(tx, run_id=run_id, actor=ADA_ACTS)
    assert refusal.value.code == "jobs.run_ended"


async def test_a_run_that_lost_its_place_in_the_queue_gets_a_new_one_and_others_do_not(
    app: Database, system: Database
) -> None:
    lost, kept = await started(app, "lost"), await started(app, "kept")
    async with system.transaction() as tx:
        await tx.execute("delete from pgqueuer where dedupe_key = $1", f"{lost}/1")
        assert await requeue_lost_runs(tx) == 1
        assert await requeue_lost_runs(tx) == 0
        keys = {row["dedupe_key"] for row in await tx.fetch("select dedupe_key from pgqueuer")}
    assert keys == {f"{lost}/2", f"{kept}/1"}


async def test_an_old_place_in_the_queue_starts_nothing(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    run_id = await failed_run(runner, recordings, app, system)
    async with system.transaction() as tx:
        await retry_step(tx, run_id=run_id, step="download", actor=ADA_ACTS)
    assert await runner.execute(run_id, 1) == Finished()
    assert recordings.done == ["locate"]
    assert await runner.execute(run_id, 2) == Finished()
    assert recordings.done == ["locate", "download", "link"]


async def test_runs_are_counted_and_finished_ones_forgotten(
    runner: Runner, recordings: Recordings, app: Database, system: Database
) -> None:
    await failed_run(runner, recordings, app, system)
    await go(runner, system, await started(app, "done"))
    await started(app, "waiting")
    async with system.transaction() as tx:
        assert await count_runs(tx) == {RunState.FAILED: 1, RunState.QUEUED: 1}
        assert await forget_old_runs(tx, before=datetime.now(UTC) + timedelta(days=1)) == 1
        assert await count_runs(tx) == {RunState.FAILED: 1, RunState.QUEUED: 1}
    with pytest.raises(Refused) as refusal:
        await run_of(system, uuid4())
    assert refusal.value.code == "jobs.run_unknown"
