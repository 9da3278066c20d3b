"""The worker process: it wakes, drains, survives kill -9 and a lost database, and never takes names from the air."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from pgqueuer.adapters.persistence import schema_ddl

import frontdesk
from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.db import Database, Role, Tx
from frontdesk.kernel.jobs import JobsWorker, Run, RunContext, RunState, Workflows, get_run, list_steps, start_run
from frontdesk.kernel.jobs.queue import queue_names
from frontdesk.kernel.jobs.worker import ListeningManager
from frontdesk.schema.engine_tables import PGQUEUER

SHOP = UUID(int=1)
NAME = "calls.link.v1"


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


async def start(app: Database, key: str = "k") -> UUID:
    async with app.transaction(SHOP) as tx:
        return (await start_run(tx, NAME, {}, key=key)).run_id


async def run_of(system: Database, run_id: UUID) -> Run:
    async with system.transaction() as tx:
        return await get_run(tx, run_id=run_id)


async def nothing(_tx: Tx) -> None:
    return None


async def test_workers_share_the_runs_and_a_drain_finishes_them(
    database_url: str, app: Database, system: Database
) -> None:
    workflows, seen, all_seen = Workflows(), list[UUID](), asyncio.Event()

    @workflows.workflow(NAME)
    async def link(ctx: RunContext) -> None:
        await ctx.step("one", nothing)
        seen.append(ctx.run_id)
        if len(seen) == 30:
            all_seen.set()
        await ctx.step("two", nothing)

    stop = asyncio.Event()
    workers = [
        asyncio.create_task(JobsWorker(database_url, workflows, app=app, system=system).run(stop)) for _ in range(2)
    ]
    ids = [await start(app, f"k{number}") for number in range(30)]
    await all_seen.wait()
    stop.set()
    await asyncio.gather(*workers)
    assert sorted(seen) == sorted(ids)
    assert {(await run_of(system, run_id)).state for run_id in ids} == {RunState.SUCCEEDED}
    async with system.transaction() as tx:
        assert await tx.fetchval("select count(*) from pgqueuer") == 0


async def test_a_worker_asks_whether_it_hears_only_once_it_listens(database_url: str) -> None:
    async with asyncpg.create_pool(
        database_url, min_size=2, max_size=4, server_settings={"role": Role.SYSTEM.value}
    ) as pool:
        manager = ListeningManager(pool)
        asked = asyncio.create_task(manager.listener_healthy())
        # Round trips during which a question that is asked too early would be sent, and lost.
        for _ in range(20):
            await pool.fetchval("select 1")
        assert not manager.pending_health_check
        working = asyncio.create_task(manager.run())
        assert (await asked).id is not None
        manager.shutdown.set()
        await working


async def test_a_failing_run_is_tried_again_by_the_queue(database_url: str, app: Database, system: Database) -> None:
    workflows, tries, done = Workflows(), list[int](), asyncio.Event()

    @workflows.workflow(NAME)
    async def link(ctx: RunContext) -> None:
        tries.append(ctx.attempt)
        if ctx.attempt == 1:
            raise OSError("away")
        done.set()

    run_id = await start(app)
    stop = asyncio.Event()
    worker = asyncio.create_task(JobsWorker(database_url, workflows, app=app, system=system).run(stop))
    await done.wait()
    stop.set()
    await worker
    assert tries == [1, 2]
    assert (await run_of(system, run_id)).state is RunState.SUCCEEDED


async def test_what_a_drain_cannot_finish_is_handed_back_and_goes_on_elsewhere(
    database_url: str, app: Database, system: Database
) -> None:
    workflows, reached, finished, elsewhere = Workflows(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    @workflows.workflow(NAME)
    async def link(ctx: RunContext) -> None:
        await ctx.step("quick", nothing)
        reached.set()
        if not elsewhere.is_set():  # also if the first worker takes it again while it ends
            await asyncio.Event().wait()
        await ctx.step("last", nothing)
        finished.set()

    run_id = await start(app)
    stop = asyncio.Event()
    first = JobsWorker(database_url, workflows, app=app, system=system, drain_seconds=0)
    working = asyncio.create_task(first.run(stop))
    await reached.wait()
    stop.set()
    await working
    handed_back = await run_of(system, run_id)
    assert (handed_back.state, handed_back.attempts) == (RunState.QUEUED, 0)
    elsewhere.set()
    stop = asyncio.Event()
    working = asyncio.create_task(JobsWorker(database_url, workflows, app=app, system=system).run(stop))
    await finished.wait()
    stop.set()
    await working
    assert (await run_of(system, run_id)).state is RunState.SUCCEEDED
    async with system.transaction() as tx:
        steps = await list_steps(tx, run_id=run_id)
    assert [(step.name, step.superseded_at) for step in steps] == [("quick", None), ("last", None)]


async def test_a_worker_outlives_the_loss_of_all_its_connections(
    database_url: str, app: Database, system: Database
) -> None:
    workflows, done = Workflows(), asyncio.Event()

    @workflows.workflow(NAME)
    async def link(ctx: RunContext) -> None:
        if ctx.run_id == second:
            done.set()

    stop = asyncio.Event()
    first, second = await start(app, "first"), UUID(int=0)
    worker = asyncio.create_task(JobsWorker(database_url, workflows, app=app, system=system).run(stop))
    owner = await asyncpg.connect(database_url)
    while (await run_of(system, first)).state is not RunState.SUCCEEDED:
        await asyncio.sleep(0)
    cut = await owner.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'frontdesk jobs'"
    )
    assert cut >= 2
    second = await start(app, "second")
    await done.wait()
    stop.set()
    await worker
    await owner.close()
    assert (await run_of(system, second)).state is RunState.SUCCEEDED


SCRIPT = """
import asyncio, os, signal, sys
from datetime import timedelta
from frontdesk.kernel.clock import SystemClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.jobs import JobsWorker, Workflows

async def main():
    url = sys.argv[1]
    app = await Database.open(url, role=Role.APP, clock=SystemClock())
    system = await Database.open(url, role=Role.SYSTEM, clock=SystemClock())
    workflows = Workflows()

    @workflows.workflow("calls.link.v1")
    async def link(ctx):
        async def count(tx):
            return str(await tx.fetchval("select txid_current()"))
        await ctx.step("one", count)
        os.kill(os.getpid(), signal.SIGKILL)

    await JobsWorker(url, workflows, app=app, system=system).run(asyncio.Event())

asyncio.run(main())
"""


async def test_after_kill_9_between_two_steps_another_worker_goes_on_with_the_second(
    database_url: str, app: Database, system: Database
) -> None:
    run_id = await start(app)
    environment = {**os.environ, "PYTHONPATH": str(Path(frontdesk.__file__).parents[1])}
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, database_url, env=environment, stderr=subprocess.DEVNULL
    )
    assert await victim.wait() == -signal.SIGKILL
    async with system.transaction() as tx:
        before = await list_steps(tx, run_id=run_id)
    assert [step.name for step in before] == ["one"]

    workflows, done = Workflows(), asyncio.Event()

    @workflows.workflow(NAME)
    async def link(ctx: RunContext) -> None:
        async def never(_tx: Tx) -> str:
            raise AssertionError("a finished step was done again")

        await ctx.step("one", never)
        await ctx.step("two", nothing)
        done.set()

    stop = asyncio.Event()
    worker = JobsWorker(database_url, workflows, app=app, system=system, heartbeat=timedelta(seconds=1))
    working = asyncio.create_task(worker.run(stop))
    await done.wait()
    stop.set()
    await working
    assert (await run_of(system, run_id)).attempts == 2
    async with system.transaction() as tx:
        after = await list_steps(tx, run_id=run_id)
    assert after[0] == before[0]
    assert [step.name for step in after] == ["one", "two"]


def test_the_frozen_tables_are_those_of_the_installed_engine() -> None:
    def plain(statement: str) -> str:
        return re.sub(r"\s+", " ", re.sub(r"(?m)^--.*$", "", statement)).strip().rstrip(";").replace("; ", ";")

    rendered = schema_ddl.render_install(queue_names(), create_schema=False)
    assert plain("; ".join(statement.strip() for statement in PGQUEUER)) == plain(rendered)


def test_the_engine_takes_no_names_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHANNEL", "TRIGGER", "QUEUE_TABLE", "PGQUEUER_PREFIX", "PGQUEUER_SCHEMA", "DURABILITY"):
        monkeypatch.setenv(name, "volatile")
    names = queue_names()
    assert (names.channel, names.queue_table, names.db_schema) == ("ch_pgqueuer", "pgqueuer", None)
    assert names.durability.value == "durable"
