"""Bringing a database up to the newest revision, by whoever starts first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

VERSIONS = Path(__file__).parent / "versions"
LOCK_KEY = 0x46_44_53_4B  # one migration at a time in a database
LOCK_TIMEOUT = "5s"  # a revision that waits longer would stop everybody behind it
PATIENT = "10min"  # for an index built concurrently: it waits for others, and nobody waits for it
RETRY_SECONDS = 0.05

CURRENT_REVISION = "select version_num from alembic_version"
TRY_LOCK = "select pg_try_advisory_lock($1)"
RELEASE_LOCK = "select pg_advisory_unlock($1)"


def head_revision() -> str:
    """Name the newest revision: revisions are numbered, and their files start with the number."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


async def current_revision(dsn: str) -> str | None:
    """Tell which revision the database has; None when it has none."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        revision = await connection.fetchval(CURRENT_REVISION)
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return None if revision is None else str(revision)


async def migrate(dsn: str) -> None:
    """Bring the database at `dsn` to the newest revision; one cheap query when it is there, or further, already.

    Safe to call from several programs at once: the first works, the others wait and find it done.
    """
    current = await current_revision(dsn)
    if current is not None and current >= head_revision():
        return
    await upgrade(dsn)


async def upgrade(dsn: str, revision: str = "head") -> None:
    """Run Alembic up to `revision` on `dsn`, in this program."""
    from alembic import command  # noqa: PLC0415 - half a second of imports that a migrated database never needs

    config = _configuration()

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    await work_alone_on(dsn, run)


def print_sql(revision: str = "head") -> None:
    """Print the SQL that makes an empty database one of `revision`; the dry run, which needs no database."""
    from alembic import command  # noqa: PLC0415 - imported when it is needed, see above

    command.upgrade(_configuration(), revision, sql=True)


def _configuration() -> Config:
    """Tell Alembic where the revisions are, wherever the program was started."""
    from alembic.config import Config  # noqa: PLC0415 - imported when it is needed, see above

    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent).replace("%", "%%"))
    return config


async def work_alone_on(dsn: str, work: Callable[[Connection], None]) -> None:
    """Give `work` the connection that Alembic wants, while no other program migrates the same database."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - imported when it is needed, see above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - the same

    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: _connect(dsn), poolclass=NullPool)
    async with one_migration_at_a_time(dsn), engine.connect() as connection:
        await connection.run_sync(work)


@asynccontextmanager
async def one_migration_at_a_time(dsn: str) -> AsyncIterator[None]:
    """Hold the database's migration lock; another program that wants it waits.

    It asks again and again: a statement that waited would hold a snapshot, for which an index built concurrently waits.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        while not await connection.fetchval(TRY_LOCK, LOCK_KEY):  # noqa: ASYNC110 - other programs hold it
            await asyncio.sleep(RETRY_SECONDS)
        yield
        await connection.execute(RELEASE_LOCK, LOCK_KEY)
    finally:
        await connection.close()


async def _connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """Open the connection that Alembic works on."""
    return await asyncpg.connect(
        dsn,
        timeout=10,
        server_settings={"application_name": "frontdesk migrate", "lock_timeout": LOCK_TIMEOUT, "jit": "off"},
    )
