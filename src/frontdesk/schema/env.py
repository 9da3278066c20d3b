"""Alembic's entry: runs the revisions on DATABASE_URL, on the embedded default, or as SQL to read."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import context
from sqlalchemy import Connection

from frontdesk.schema.migrate import LOCK_TIMEOUT, work_alone_on


def _print_sql() -> None:
    """Print what would run; no database is needed."""
    context.configure(url="postgresql+asyncpg://", literal_binds=True, transaction_per_migration=True)
    context.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
    with context.begin_transaction():
        context.run_migrations()


def _run_on(connection: Connection) -> None:
    """Run the revisions, each in a transaction of its own."""
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def _database_url() -> str | None:
    """Read DATABASE_URL, or the file that DATABASE_URL_FILE names."""
    file = os.environ.get("DATABASE_URL_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get("DATABASE_URL")


@contextmanager
def _embedded() -> Iterator[str]:
    """Run the embedded server of FRONTDESK_HOME (./var) meanwhile: as a program, because schema knows no kernel."""
    home = os.environ.get("FRONTDESK_HOME", "var")
    command = [sys.executable, "-m", "frontdesk.kernel.postgres", "--home", home]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - ours
        address = server.stdout.readline().strip() if server.stdout else ""
        if not address:
            raise ConnectionError(f"the embedded PostgreSQL of {home} did not start")
        yield address


def _run() -> None:
    """Choose among the four: SQL to read, the caller's connection, DATABASE_URL, the embedded server."""
    connection = context.config.attributes.get("connection")
    if context.is_offline_mode():
        _print_sql()
    elif connection is not None:
        _run_on(connection)
    elif url := _database_url():
        asyncio.run(work_alone_on(url, _run_on))
    else:
        with _embedded() as url:
            asyncio.run(work_alone_on(url, _run_on))


_run()
