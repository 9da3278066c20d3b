"""A worker process: what it does by itself, how it ends, and what it does while the database misbehaves."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from structlog.testing import capture_logs

from frontdesk.wiring import EXIT_AGAIN, EXIT_STOPPED, assemble
from frontdesk.worker.main import run_worker
from tests.support.office import CAROL
from tests.worker.place import workplace

PRESENCE = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'frontdesk-worker-presence'
"""


async def test_a_worker_sends_what_is_queued_and_ends_when_asked(database_url: str, home: Path) -> None:
    async with workplace(database_url, home) as place:
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(place.parts, stop))
        await place.queue(CAROL)
        await place.status_is(CAROL, "accepted")
        stop.set()
        assert await asyncio.wait_for(worker, 20) == EXIT_STOPPED
        assert len(await place.twin.journal(operation="messages.create", to=CAROL)) == 1


async def test_a_worker_that_lost_its_sign_of_life_claims_nothing_more_and_asks_to_be_started_anew(
    database_url: str, home: Path
) -> None:
    async with workplace(database_url, home) as place:
        worker = asyncio.create_task(run_worker(place.parts, asyncio.Event()))
        await place.login.execute(PRESENCE)
        assert await asyncio.wait_for(worker, 20) == EXIT_AGAIN
        await place.queue(CAROL)
        assert await place.login.fetchval("select status from send_jobs") == "queued"


async def test_loops_outlive_a_table_that_is_away_and_go_on_once_it_is_back(database_url: str, home: Path) -> None:
    async with workplace(database_url, home) as place:
        stop = asyncio.Event()
        with capture_logs() as lines:
            worker = asyncio.create_task(run_worker(place.parts, stop))
            await place.login.execute("alter table send_jobs rename to send_jobs_away")

            async def three_loops_failed() -> bool:
                failed = {line["loop"] for line in lines if line["event"] == "worker.loop_failed"}
                return failed >= {"send what is due", "reconcile texts in doubt"}

            await place.eventually(three_loops_failed)
            await place.login.execute("alter table send_jobs_away rename to send_jobs")
            await place.queue(CAROL)
            await place.status_is(CAROL, "accepted")
            stop.set()
            assert await asyncio.wait_for(worker, 20) == EXIT_STOPPED


async def test_a_worker_takes_over_what_a_dead_process_was_posting(database_url: str, home: Path) -> None:
    async with workplace(database_url, home) as place, AsyncExitStack() as other:
        doomed = await assemble(
            other,
            settings=place.parts.settings,
            database_url=database_url,
            kind="web",
            public_base_url="http://127.0.0.1:9",
            home=home,
        )
        await place.queue(CAROL)
        await place.login.execute(
            "update send_jobs set status = 'posting', fence = 1, attempts = 1, lease_owner = $1, posting_at = now(),"
            " available_at = now() + interval '1 hour'",
            doomed.process_id,
        )
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(place.parts, stop))
        await place.login.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = 'frontdesk-web-presence'"
        )
        await place.status_is(CAROL, "unknown")
        stop.set()
        assert await asyncio.wait_for(worker, 20) == EXIT_STOPPED
