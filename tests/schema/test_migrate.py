from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from frontdesk.kernel.postgres import EmbeddedPostgres, binary
from frontdesk.schema import migrate as migration

ROOT = Path(__file__).parents[2]


def alembic(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "alembic", *arguments]
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "FRONTDESK_HOME"}}
    done = subprocess.run(
        command, cwd=ROOT, env={**inherited, **environment}, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def structure(dsn: str) -> str:
    dump = [str(binary("pg_dump")), "--schema-only", "--restrict-key=fixed", dsn]
    return subprocess.run(dump, capture_output=True, text=True, check=True, timeout=50).stdout


def run_sql(dsn: str, statements: str) -> None:
    psql = [str(binary("psql")), "--quiet", "--set=ON_ERROR_STOP=1", dsn]
    subprocess.run(psql, input=statements, text=True, check=True, capture_output=True, timeout=50)


def test_the_newest_revision_is_the_one_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(migration.VERSIONS.parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migration.head_revision()


async def test_an_empty_database_is_brought_to_the_newest_revision(empty_database_url: str) -> None:
    assert await migration.current_revision(empty_database_url) is None
    await migration.migrate(empty_database_url)
    assert await migration.current_revision(empty_database_url) == migration.head_revision()


async def test_several_starters_at_once_migrate_once(empty_database_url: str) -> None:
    await asyncio.gather(*(migration.migrate(empty_database_url) for _ in range(4)))
    assert await migration.current_revision(empty_database_url) == migration.head_revision()


async def test_a_database_that_is_ahead_is_left_alone(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("update alembic_version set version_num = '9999'")
    await connection.close()
    await migration.migrate(database_url)
    assert await migration.current_revision(database_url) == "9999"


async def test_the_dry_run_prints_the_sql_that_makes_the_same_database(
    empty_database_url: str, database_url: str
) -> None:
    printed = await asyncio.to_thread(alembic, "upgrade", "head", "--sql")
    await asyncio.to_thread(run_sql, empty_database_url, printed)
    assert await asyncio.to_thread(structure, empty_database_url) == await asyncio.to_thread(structure, database_url)


def test_the_dry_run_is_the_same_from_within_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    migration.print_sql()
    assert capsys.readouterr().out == alembic("upgrade", "head", "--sql")


async def test_alembic_on_the_command_line_upgrades_the_database_that_database_url_names(
    empty_database_url: str,
) -> None:
    await asyncio.to_thread(alembic, "upgrade", "head", DATABASE_URL=empty_database_url)
    assert await migration.current_revision(empty_database_url) == migration.head_revision()


async def test_alembic_on_the_command_line_upgrades_the_embedded_database_by_default(home: Path) -> None:
    await asyncio.to_thread(alembic, "upgrade", "head", FRONTDESK_HOME=str(home))
    shown = await asyncio.to_thread(alembic, "current", FRONTDESK_HOME=str(home))
    assert shown.split()[0] == migration.head_revision()


async def test_a_login_that_may_only_create_roles_can_migrate_a_new_server_and_speak_as_both_roles(home: Path) -> None:
    server = EmbeddedPostgres(home, settings={"fsync": "off"})
    admin = await asyncpg.connect(await server.start())
    try:
        await admin.execute("create role ada login createrole password 'plain'")
        await admin.execute("create database office owner ada")
        plain = f"postgresql://ada:plain@127.0.0.1:{server.places.port()}/office"
        await migration.migrate(plain)
        for role in ("frontdesk_app", "frontdesk_system"):
            connection = await asyncpg.connect(plain, server_settings={"role": role})
            assert await connection.fetchval("select current_user") == role
            await connection.close()
    finally:
        await admin.close()
        await server.stop()


async def test_a_revision_never_waits_longer_for_a_lock_than_promised(database_url: str) -> None:
    seen: list[str] = []

    def look(connection: Connection) -> None:
        seen.append(str(connection.execute(text("show lock_timeout")).scalar_one()))

    await migration.work_alone_on(database_url, look)
    assert seen == [migration.LOCK_TIMEOUT]
