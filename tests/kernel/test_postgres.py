from __future__ import annotations

import asyncio
import os
import pwd
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from frontdesk.kernel.postgres import EmbeddedPostgres, PostgresFailed, binary
from frontdesk.kernel.postgres.account import Account, open_way
from frontdesk.kernel.postgres.binaries import installation
from frontdesk.kernel.postgres.places import MAX_SOCKET_PATH, port_is_free
from frontdesk.kernel.postgres.tuning import SETTINGS

SOURCE = str(Path(__file__).parents[2] / "src")
STEP_DOWN = Path(__file__).parents[1] / "support" / "step_down.py"


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def serve(home: Path, *starter: str) -> asyncio.subprocess.Process:
    program = (*(starter or (sys.executable, "-m", "frontdesk.kernel.postgres")), "--home", str(home))
    return await asyncio.create_subprocess_exec(
        *program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": SOURCE},
    )


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def end_of_input(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


async def test_a_first_start_makes_a_database_that_answers_on_socket_and_loopback(home: Path) -> None:
    async with running(home) as server:
        assert server.owned
        assert await server.healthy()
        assert await ask(server.dsn, "select current_database()") == "frontdesk"
        assert await ask(server.tcp_dsn, "select current_database()") == "frontdesk"


async def test_what_was_written_is_there_after_a_stop_and_a_second_start_on_the_same_address(home: Path) -> None:
    async with running(home) as server:
        await ask(server.dsn, "create table kept as select 42 as answer")
        first = server.dsn
    async with running(home) as server:
        assert server.dsn == first
        assert await ask(server.dsn, "select answer from kept") == 42


async def test_a_stopped_server_leaves_no_process_and_answers_no_more(home: Path) -> None:
    async with running(home) as server:
        pids = server.pids()
        assert len(pids) > 1
    assert server.pids() == []
    assert not await server.healthy()
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_commits_are_durable_pages_are_checked_and_passwords_are_asked_for(home: Path) -> None:
    async with running(home) as server:
        for name, value in {"fsync": "on", "synchronous_commit": "on", "data_checksums": "on"}.items():
            assert await ask(server.dsn, f"show {name}") == value
        assert await ask(server.dsn, "select count(*) from pg_hba_file_rules where auth_method <> 'scram-sha-256'") == 0
        wrong = server.tcp_dsn.replace(server.places.password(), "guess")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(wrong)


async def test_every_setting_is_in_force(home: Path) -> None:
    async with running(home) as server:
        connection = await asyncpg.connect(server.dsn)
        rows = await connection.fetch("select name, source from pg_settings where source = 'command line'")
        await connection.close()
    assert {row["name"].lower() for row in rows} >= {name.lower() for name in SETTINGS}


async def test_the_password_is_readable_by_its_owner_alone_and_stands_on_no_command_line(home: Path) -> None:
    async with running(home) as server:
        assert stat.S_IMODE(server.places.password_file.stat().st_mode) == 0o600
        assert len(server.places.password()) >= 32
        for pid in server.pids():
            assert server.places.password() not in " ".join(psutil.Process(pid).cmdline())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must step down")
async def test_the_server_of_root_runs_as_somebody_else(home: Path) -> None:
    async with running(home) as server:
        assert all(psutil.Process(pid).uids().real != 0 for pid in server.pids())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
async def test_a_normal_user_runs_it_as_themselves(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    open_way(installation(), Account(nobody.pw_uid, nobody.pw_gid, switch=True))
    process = await serve(home, sys.executable, str(STEP_DOWN))
    dsn = await first_line(process)
    assert await ask(dsn, "select 1") == 1
    assert {psutil.Process(pid).uids().real for pid in EmbeddedPostgres(home).pids()} == {nobody.pw_uid}
    await end_of_input(process)


async def test_a_home_with_a_long_path_still_gets_a_socket(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    async with running(deep) as server:
        assert len(str(server.places.socket_folder)) < MAX_SOCKET_PATH
        assert await ask(server.dsn, "select 1") == 1
    server.places.socket_folder.rmdir()


async def test_a_socket_folder_of_somebody_else_is_refused(home: Path) -> None:
    server = EmbeddedPostgres(home)
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    server.places.folder.mkdir()
    server.places.socket_folder.symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="belongs to somebody else"):
        await server.start()


async def test_a_second_frontdesk_on_the_same_home_is_a_guest_and_leaves_the_server_running(home: Path) -> None:
    async with running(home) as server:
        async with running(home) as guest:
            assert not guest.owned
            assert guest.dsn == server.dsn
            assert guest.pids() == server.pids()
        assert await server.healthy()


async def test_two_starts_at_the_same_moment_make_one_server(home: Path) -> None:
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    assert len({await start for start in asyncio.as_completed([first.start(), second.start()])}) == 1
    assert [first.owned, second.owned].count(True) == 1
    guest, owner = sorted((first, second), key=lambda server: server.owned)
    await guest.stop()
    assert await owner.healthy()
    await owner.stop()


async def test_a_port_taken_by_another_program_is_replaced(home: Path) -> None:
    async with running(home) as server:
        port = server.places.port()
    taker = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
    async with taker, running(home) as server:
        assert server.places.port() != port
        assert await ask(server.tcp_dsn, "select 1") == 1
    assert port_is_free(server.places.port())


async def test_a_half_made_data_directory_is_made_again(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.places.unfinished.mkdir(parents=True)
    (server.places.unfinished / "PG_VERSION").write_text("18\n")
    async with running(home) as server:
        assert await server.healthy()


async def test_a_server_that_cannot_start_says_why_and_leaves_the_home_free(home: Path) -> None:
    broken = EmbeddedPostgres(home, settings={"shared_preload_libraries": "no_such_library"})
    with pytest.raises(PostgresFailed, match="no_such_library"):
        await broken.start()
    assert not broken.owned
    async with running(home) as server:
        assert await server.healthy()


async def test_the_log_holds_neither_statements_nor_values(home: Path) -> None:
    async with running(home) as server:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute("create table people (email text primary key)")
        await connection.execute("insert into people values ($1)", "carol@example.test")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("insert into people values ($1)", "carol@example.test")
        await connection.close()
        said = server.places.log.read_text()
    assert "duplicate key" in said
    assert "carol" not in said
    assert "insert into" not in said


async def test_the_server_program_ends_when_its_starter_is_gone(home: Path) -> None:
    process = await serve(home)
    await first_line(process)
    await end_of_input(process)
    assert EmbeddedPostgres(home).pids() == []


async def test_the_server_program_stops_the_server_on_a_signal(home: Path) -> None:
    process = await serve(home)
    await first_line(process)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert EmbeddedPostgres(home).pids() == []


def test_the_tools_for_backup_and_restore_are_there() -> None:
    for name in ("pg_dump", "pg_restore", "pg_basebackup", "pg_receivewal", "pg_verifybackup", "psql"):
        assert os.access(binary(name), os.X_OK)
    with pytest.raises(FileNotFoundError, match="no program"):
        binary("pg_wishful")
