"""The database dies, ends sessions, is full or away: what was acknowledged is there, and sending fails closed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from frontdesk.features.delivery.model import VERDICT_SECONDS
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.supervision import Child, Supervisor
from frontdesk.schema.migrate import migrate
from tests.support.processes import LiveOffice, live_office
from tests.support.provider import Provider

CREATE = "messages.create"
OURS = """
    select pid from pg_stat_activity where datname = current_database() and application_name like 'frontdesk-w%'
    order by pid
"""
ACKNOWLEDGED = "select count(*) from webhook_events where dedupe_key like 'dial-action:%'"
NEXT_NEWS = {"DialCallStatus": "no-answer"}


@asynccontextmanager
async def own_server(home: Path, **settings: str) -> AsyncIterator[EmbeddedPostgres]:
    """Run a durable server that this test alone may break."""
    server = EmbeddedPostgres(home, settings=settings)
    await migrate(await server.start())
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def kept_up(office: LiveOffice, *, workers: int = 1) -> AsyncIterator[Supervisor]:
    """Keep one web process and some workers running, as the product's own supervisor does."""
    children = [
        Child("web", ("--port", office.url.rpartition(":")[2]), module="frontdesk.web", environment=office.environ)
    ]
    children += [
        Child(f"worker {number}", module="frontdesk.worker", environment=office.environ) for number in range(workers)
    ]
    supervisor, stop = Supervisor(children, log_folder=office.home / "log"), asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop))
    try:
        await office.eventually(office.answers, seconds=40)
        yield supervisor
        assert not running.done()
    finally:
        stop.set()
        await running


async def _check(office: LiveOffice, provider: Provider) -> None:
    """Everything acknowledged is there, and everybody got one text."""
    await provider.end()
    await office.settled()
    assert {status for told in provider.statuses for status in told} <= {0, 200, 503}
    assert await office.count(ACKNOWLEDGED) == len(provider.acknowledged)
    await office.each_got_one(provider.acknowledged)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_database_killed_under_load_loses_nothing_acknowledged_and_everything_comes_back_by_itself(
    home: Path,
) -> None:
    async with own_server(home) as server, live_office(server.dsn, home) as office, kept_up(office):
        provider = Provider(office, [office.url])
        await provider.has_told(30)
        for restarts in (1, 2):
            os.kill(server.pids()[0], signal.SIGKILL)

            async def back(wanted: int = restarts) -> bool:
                return server.restarts == wanted and await server.healthy()

            await office.eventually(back, seconds=30)
            await provider.has_told(30)
        await _check(office, provider)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_sessions_ended_at_random_under_load_cost_repeats_and_nothing_else(database_url: str, home: Path) -> None:
    chance = random.Random(20)
    async with live_office(database_url, home) as office, kept_up(office):
        provider = Provider(office, [office.url])
        for _ in range(12):
            await provider.has_told(8)
            async with office.login.transaction() as tx:
                backends = [row["pid"] for row in await tx.fetch(OURS)]
            if backends:
                await office.fetchval("select pg_terminate_backend($1)", chance.choice(backends))
        await provider.has_told(20)
        await _check(office, provider)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_with_every_connection_taken_the_kill_switch_works_over_http_and_on_the_command_line(home: Path) -> None:
    async with own_server(home, max_connections="30") as server, live_office(server.dsn, home) as office:
        token = await office.issue_token()
        await office.start_web(DATABASE_POOL_MAX_SIZE="2")
        async with AsyncExitStack() as taken:
            await _take_every_connection(taken, server)
            status, proof = await office.ask("POST", f"/tenants/{office.ada.id}/pause", token=token)
            assert (status, proof["paused"]) == (200, True)
            assert await _command(office, "pause", "--all", "--json") == 0
        assert await office.count("select count(*) from delivery_switches where paused_at is not null") == 2


async def _take_every_connection(taken: AsyncExitStack, server: EmbeddedPostgres) -> None:
    """Connect as an ordinary program until the server lets nobody in any more; what it keeps for its owner is left."""
    owner = await asyncpg.connect(server.dsn)
    await owner.execute("create role hog login password 'hog'")
    await owner.close()
    address = server.tcp_dsn.partition("@")[2]
    while True:
        try:
            hog = await asyncpg.connect(f"postgresql://hog:hog@{address}")
        except asyncpg.TooManyConnectionsError:
            return
        taken.callback(hog.terminate)


async def _command(office: LiveOffice, *arguments: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "frontdesk",
        *arguments,
        env={**os.environ, **office.environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    if process.returncode:
        sys.stdout.write(said.decode())
    return process.returncode


async def test_webhooks_that_are_stuck_on_a_lock_do_not_keep_anybody_from_the_kill_switch(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home, DATABASE_POOL_MAX_SIZE="2") as office:
        token = await office.issue_token()
        await office.start(workers=0)
        async with office.holding("lock table webhook_events in share mode"):
            stuck = [asyncio.create_task(office.miss_call(f"+1206555{number:04}")) for number in range(600, 606)]
            await office.eventually(lambda: office.has_waiting("insert into webhook_events", 2))
            status, proof = await office.ask("POST", f"/tenants/{office.ada.id}/pause", token=token)
            assert (status, proof["paused"]) == (200, True)
            assert not any(task.done() for task in stuck)
        assert [status for status, _ in await asyncio.gather(*stuck)] == [200] * 6
        assert await office.count("select count(*) from send_jobs where status = 'queued'") == 6
        assert len(await office.twin.journal(operation=CREATE)) == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_while_the_database_is_away_nothing_is_sent_and_the_switch_says_that_it_was_not_pulled(
    home: Path,
) -> None:
    async with own_server(home) as server, live_office(server.dsn, home) as office, kept_up(office, workers=2):
        token = await office.issue_token()
        recipients = await office.queue(5000)
        assert (await office.twin.wait_for_text(status="queued", count=100, within=30)).met
        await server.stop()
        gone = datetime.now(UTC)
        status, _ = await office.ask("POST", f"/tenants/{office.ada.id}/pause", token=token)
        assert status in {0, 503}
        assert await _command(office, "pause", "--all") == 1
        back = datetime.now(UTC)
        await server.start()
        posts = await office.twin.journal(operation=CREATE, limit=100_000)
        verdicts_die = gone + timedelta(seconds=VERDICT_SECONDS)
        assert back > verdicts_die
        arrived = [datetime.fromtimestamp(post.wall_us / 1e6, UTC) for post in posts]
        assert [moment for moment in arrived if verdicts_die < moment < back] == []
        assert len(posts) < len(recipients)

        async def pulled() -> bool:
            return (await office.ask("POST", f"/tenants/{office.ada.id}/pause", token=token))[0] == 200

        await office.eventually(pulled, seconds=40)
        await office.nothing_in_flight()
        everybody = [post.fields["To"] for post in await office.twin.journal(operation=CREATE, limit=100_000)]
        assert len(set(everybody)) == len(everybody)
