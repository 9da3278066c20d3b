"""Making a data directory, completely or not at all."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import asyncpg

from frontdesk.kernel.postgres.account import Account, hand_over
from frontdesk.kernel.postgres.binaries import binary
from frontdesk.kernel.postgres.places import USER, Places

ACCESS_RULES = """\
# TYPE  DATABASE     USER  ADDRESS        METHOD
local   all          all                  scram-sha-256
local   replication  all                  scram-sha-256
host    all          all   127.0.0.1/32   scram-sha-256
host    replication  all   127.0.0.1/32   scram-sha-256
"""

SPARE_FILES = 5
SOMETHING = "select pg_logical_emit_message(true, 'frontdesk', 'new')"


class PostgresFailed(Exception):
    """The embedded PostgreSQL could not be made or started; the message holds the end of what it said."""


def environment() -> dict[str, str]:
    """Give PostgreSQL's programs a plain environment, so that no PG* variable of ours bends them."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "HOME") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


async def make_cluster(places: Places, account: Account) -> None:
    """Create the data directory with checksums and a scram password, unless it is there.

    A half-made one from an interrupted start is thrown away. PostgresFailed with initdb's words when it cannot.
    """
    if (places.data / "PG_VERSION").exists():
        return
    unfinished, secret = _fresh_folder(places, account), places.folder / "password.initdb"
    _write_secret(secret, places.password(), account)
    try:
        process = await asyncio.create_subprocess_exec(
            binary("initdb"),
            f"--pgdata={unfinished}",
            f"--username={USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--no-instructions",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment(),
            user=account.user,
            group=account.group,
            extra_groups=account.groups,
        )
        said, _ = await process.communicate()
    finally:
        secret.unlink()
    if process.returncode != 0:
        raise PostgresFailed(f"PostgreSQL's initdb failed: {said.decode(errors='replace').strip()}")
    _finish(unfinished, places.data)


async def lay_up_log(connection: asyncpg.Connection) -> None:
    """Have the next files of a new server's log made now: later commits would wait for each, a tenth of a second.

    16 MiB of zeros each; from the first checkpoint on PostgreSQL uses them again instead of making new ones, as many
    as `min_wal_size` says.
    """
    for _ in range(SPARE_FILES):
        await connection.execute(SOMETHING)  # an empty file is not left for the next
        await connection.execute("select pg_switch_wal()")
    await connection.execute("checkpoint")


def forget_standbys(data: Path) -> None:
    """Take out of a stopped server's own settings that commits wait for a copy: nobody is there yet to take it."""
    path = data / "postgresql.auto.conf"
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return
    kept = [line for line in lines if not line.startswith("synchronous_standby_names")]
    if kept != lines:
        with path.open("r+", encoding="utf-8") as file:
            file.writelines(kept)
            file.truncate()


def _fresh_folder(places: Places, account: Account) -> Path:
    """Make the empty folder in which initdb works."""
    shutil.rmtree(places.unfinished, ignore_errors=True)
    places.unfinished.mkdir(mode=0o700)
    hand_over(places.unfinished, account)
    return places.unfinished


def _write_secret(path: Path, password: str, account: Account) -> None:
    """Write the password where initdb, running as the account, can read it."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password)
    hand_over(path, account)


def _finish(unfinished: Path, data: Path) -> None:
    """Set who may come in, then give the data directory its name."""
    (unfinished / "pg_hba.conf").write_text(ACCESS_RULES, encoding="utf-8")
    unfinished.rename(data)
