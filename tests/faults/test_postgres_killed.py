"""The postmaster is killed: under load, as an unreaped zombie, as an orphan, and again and again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.postgres.server import MAX_RAPID
from tests.support.load import LOST_CONNECTION, Writers

PROGRAM = [sys.executable, "-m", "frontdesk.kernel.postgres"]
SOURCE = str(Path(__file__).parents[2] / "src")
HOLD = """
import fcntl, sys
held = open(sys.argv[1], "r+")
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
UNREAPING = Path(__file__).parents[1] / "support" / "unreaping.py"


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def until_restarted(server: EmbeddedPostgres, times: int) -> None:
    while server.restarts < times or not await server.healthy():
        await asyncio.sleep(0.01)


async def until_computing(server: EmbeddedPostgres, backend: int) -> None:
    connection = await asyncpg.connect(server.dsn)
    while await connection.fetchval("select state from pg_stat_activity where pid = $1", backend) != "active":
        await asyncio.sleep(0.01)
    await connection.close()


async def until_gone(pid: int) -> None:
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        await asyncio.sleep(0.01)


def spawn(command: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


async def orphan_of_a_killed_owner(home: Path, starter: list[str] | None = None) -> tuple[int, subprocess.Popen[str]]:
    """Start the server in a program of its own, kill that program, and return the postmaster that is left."""
    first = await asyncio.to_thread(spawn, [*(starter or []), *PROGRAM, "--home", str(home)])
    postmaster = EmbeddedPostgres(home).pids()[0]
    owner = psutil.Process(postmaster).ppid()
    os.kill(owner, signal.SIGKILL)
    while psutil.Process(postmaster).ppid() == owner:
        await asyncio.sleep(0.01)
    return postmaster, first


def release(process: subprocess.Popen[str]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
async def test_a_postmaster_killed_under_load_loses_no_acknowledged_commit(
    home: Path, number: signal.Signals, record_property: Callable[[str, object], None]
) -> None:
    async with running(home) as server:
        writers = Writers(server.dsn)
        await writers.start()
        outages = []
        for kill in range(1, 4):
            await writers.wait_for(200)
            killed_at = time.perf_counter()
            os.kill(server.pids()[0], number)
            await until_restarted(server, kill)
            await writers.wait_for(1)
            outages.append(round(1000 * (time.perf_counter() - killed_at)))
        await writers.stop()
        record_property("outages_ms", outages)
        assert await writers.lost() == set()
        assert len(writers.acknowledged) > 600


async def test_a_backend_killed_under_load_loses_no_acknowledged_commit(home: Path) -> None:
    async with running(home) as server:
        writers = Writers(server.dsn)
        await writers.start()
        await writers.wait_for(100)
        connection = await asyncpg.connect(server.dsn)
        os.kill(await connection.fetchval("select pg_backend_pid()"), signal.SIGKILL)
        await writers.wait_for(500)
        await writers.stop()
        connection.terminate()
        assert await writers.lost() == set()
        assert server.restarts == 0


async def test_a_backend_that_outlives_its_postmaster_is_ended_before_a_new_server_starts(home: Path) -> None:
    async with running(home) as server:
        connection = await asyncpg.connect(server.dsn)
        busy = await connection.fetchval("select pg_backend_pid()")
        endless = asyncio.create_task(connection.fetchval("select count(*) from generate_series(1, 1000000000000)"))
        await until_computing(server, busy)
        os.kill(server.pids()[0], signal.SIGKILL)
        await until_restarted(server, 1)
        assert busy not in server.pids()
        with pytest.raises(LOST_CONNECTION):
            await endless
        connection.terminate()


@pytest.mark.skipif(sys.platform != "linux", reason="a process that adopts orphans and never reaps them is Linux's")
async def test_a_zombie_postmaster_and_its_stale_lock_files_do_not_block_the_next_start(home: Path) -> None:
    postmaster, unreaping = await orphan_of_a_killed_owner(home, [sys.executable, str(UNREAPING)])
    try:
        os.kill(postmaster, signal.SIGKILL)
        await until_gone(postmaster)
        places = EmbeddedPostgres(home).places
        assert psutil.Process(postmaster).status() == psutil.STATUS_ZOMBIE
        assert (places.data / "postmaster.pid").exists()
        assert list(places.socket_folder.glob(".s.PGSQL.*.lock"))
        async with running(home) as server:
            assert await server.healthy()
            assert postmaster not in server.pids()
        assert psutil.Process(postmaster).status() == psutil.STATUS_ZOMBIE
    finally:
        release(unreaping)


async def test_an_orphaned_server_is_adopted_watched_and_stopped(home: Path) -> None:
    orphan, starter = await orphan_of_a_killed_owner(home)
    release(starter)
    async with running(home) as server:
        assert server.pids()[0] == orphan
        os.kill(orphan, signal.SIGKILL)
        await until_restarted(server, 1)
        assert server.pids()[0] != orphan
    assert server.pids() == []


async def test_a_guest_that_was_waiting_takes_over_when_the_owner_ends_without_a_server(home: Path) -> None:
    first = EmbeddedPostgres(home)
    async with running(home) as server:
        pass
    holder = await asyncio.to_thread(spawn, [sys.executable, "-c", HOLD, str(server.places.owner_lock)])
    starting = asyncio.create_task(first.start())
    await asyncio.sleep(0)
    assert not starting.done()
    release(holder)
    await starting
    assert first.owned
    assert await first.healthy()
    await first.stop()


async def test_stopping_an_adopted_server_leaves_nothing_behind(home: Path) -> None:
    orphan, starter = await orphan_of_a_killed_owner(home)
    release(starter)
    async with running(home) as server:
        assert server.pids()[0] == orphan
    assert server.pids() == []


@pytest.mark.slow
async def test_an_orphan_that_does_not_answer_is_replaced(home: Path) -> None:
    orphan, starter = await orphan_of_a_killed_owner(home)
    release(starter)
    os.kill(orphan, signal.SIGSTOP)
    async with running(home) as server:
        assert server.pids()[0] != orphan
        assert await server.healthy()


async def test_lock_files_that_name_a_living_stranger_do_not_block_the_next_start(home: Path) -> None:
    async with running(home) as server:
        places, lines = server.places, (server.places.data / "postmaster.pid").read_text().splitlines()
        lock = next(places.socket_folder.glob(".s.PGSQL.*.lock"))
    owner = places.data.stat().st_uid
    stranger = await asyncio.create_subprocess_exec("sleep", "600", user=owner if owner != os.geteuid() else None)
    note = "\n".join([str(stranger.pid), *lines[1:], ""])
    (places.data / "postmaster.pid").write_text(note)
    lock.write_text(note)
    try:
        async with running(home) as server:
            assert await server.healthy()
    finally:
        stranger.kill()
        await stranger.wait()


async def test_a_server_that_dies_again_and_again_is_given_up_loudly(home: Path) -> None:
    async with running(home) as server:
        for death in range(MAX_RAPID):
            await until_restarted(server, death)
            os.kill(server.pids()[0], signal.SIGKILL)
        await server.gave_up.wait()
        assert not await server.healthy()
