"""Real PostgreSQL for the tests: one server for the run, one migrated template, one fresh clone per test."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from frontdesk.schema import migrate as migration

SERVER_ADDRESS = "FRONTDESK_TEST_DATABASE_URL"
# Nobody needs what a test wrote after a power cut; tests about durability start servers of their own.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=200")
ROOM_IN_MEMORY = 8 * 2**30
TEMPLATE_LOCK = 0x54_45_4D_50


@contextmanager
def server_for_the_run() -> Iterator[str]:
    """Start one server and name it in the environment, unless the environment names one already.

    The server is a program whose input we hold: it ends, and its files go, however this run ends.
    """
    given = os.environ.get(SERVER_ADDRESS)
    if given:
        yield given
        return
    home = tempfile.mkdtemp(prefix="frontdesk-tests-", dir=_quick_folder())
    command = [sys.executable, "-m", "frontdesk.kernel.postgres", "--home", home]
    for setting in QUICK:
        command += ["--set", setting]
    environment = {**os.environ, "PYTHONPATH": str(Path(migration.__file__).parents[2])}
    log = Path(home) / "starter.log"
    try:
        with (
            log.open("wb") as said,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=environment
            ) as server,
        ):
            address = server.stdout.readline().strip() if server.stdout else ""
            if not address:
                raise ConnectionError(f"no PostgreSQL for the tests: {log.read_text(encoding='utf-8')}")
            os.environ[SERVER_ADDRESS] = address
            yield address
            del os.environ[SERVER_ADDRESS]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def at_database(address: str, database: str) -> str:
    """Point a server's address at another of its databases."""
    return urlunsplit(urlsplit(address)._replace(path=f"/{database}"))


async def migrated_template(server: str) -> str:
    """Make the migrated template database once per state of the schema, and name it."""
    name = f"frontdesk_template_{_schema_digest()}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("select pg_advisory_lock($1)", TEMPLATE_LOCK)
        if not await connection.fetchval("select exists (select from pg_database where datname = $1)", name):
            await connection.execute(f"drop database if exists {name}_unfinished with (force)")
            await connection.execute(f"create database {name}_unfinished")
            await migration.migrate(at_database(server, f"{name}_unfinished"))
            await connection.execute(f"alter database {name}_unfinished rename to {name}")
    finally:
        await connection.close()
    return name


@asynccontextmanager
async def clone_of(server: str, template: str | None = None) -> AsyncIterator[str]:
    """Lend a fresh database, empty or cloned from `template`; it is dropped afterwards, whoever still uses it."""
    name = f"frontdesk_test_{secrets.token_hex(8)}"
    await _at_server(server, f"create database {name} template {template or 'template0'} strategy file_copy")
    try:
        yield at_database(server, name)
    finally:
        await _at_server(server, f"drop database {name} with (force)")


def _quick_folder() -> str | None:
    """Name the folder in memory, where a clone takes 30 ms instead of up to a second; none if it is small."""
    in_memory = Path("/dev/shm")  # noqa: S108  # the files in it get a folder of their own
    if in_memory.is_dir() and shutil.disk_usage(in_memory).free >= ROOM_IN_MEMORY:
        return str(in_memory)
    return None


async def _at_server(server: str, statement: str) -> None:
    """Run one statement that no transaction may hold."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _schema_digest() -> str:
    """Fingerprint every file that makes the schema."""
    folder = Path(migration.__file__).parent
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content.update(path.read_bytes())
    return content.hexdigest()[:16]
