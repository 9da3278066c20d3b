"""How long the way back is: a database of about a gigabyte, backed up, lost and restored, with the log since."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from frontdesk.cli.auditing import open_book
from frontdesk.cli.seeding import seed
from frontdesk.kernel import actor, epoch
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.settings import load_settings
from frontdesk.kernel.telemetry import configure_logging
from frontdesk.operations.backups.keeping import shelf_of, take
from frontdesk.operations.backups.proving import prove
from frontdesk.operations.backups.restoring import restore_embedded
from frontdesk.operations.backups.streaming import kept
from frontdesk.schema.migrate import migrate

MAKE = "create table bench_rows (id bigint primary key, body text not null)"
FILL = """
    insert into bench_rows
    select n, repeat(md5(n::text) || md5((n + 1)::text), 12)
    from generate_series($1::bigint, $2::bigint) as n
"""
COUNT = "select count(*) from bench_rows"
SIZE = "select pg_database_size(current_database())"
ROW_BYTES = 840
BATCH = 20_000
BY = actor.system("bench")


async def fill(connection: asyncpg.Connection, *, start: int, size: int) -> int:
    """Add about `size` bytes of rows; returns the number after the last."""
    end = start + size // ROW_BYTES
    for first in range(start, end, BATCH):
        await connection.execute(FILL, first, min(first + BATCH, end) - 1, timeout=300)
    return end


async def run(home: Path, *, megabytes: int, log_megabytes: int) -> dict[str, object]:
    """Fill, back up, prove, write on, lose everything, restore, start; returns sizes and seconds."""
    settings, server = load_settings({}, home), EmbeddedPostgres(home)
    shelf, report = shelf_of(settings), dict[str, object]()
    url = await server.start()
    await migrate(url)
    system = await Database.open(
        url, role=Role.SYSTEM, clock=DatabaseClock(), flush=flush_with(Handlers([])), max_size=3
    )
    await seed(system, home)
    await system.perform(epoch.found)
    async with kept(url, system=system, shelf=shelf, log_folder=home / "log") as keeper:
        await keeper.synchronous.wait()
        connection = await asyncpg.connect(url)
        await connection.execute(MAKE)
        rows = await fill(connection, start=0, size=megabytes * 1_000_000)
        report["database_mb"] = round(float(await connection.fetchval(SIZE)) / 1e6)
        started = time.perf_counter()
        backup = await take(system, settings, url=url)
        report["backup_s"] = round(time.perf_counter() - started, 2)
        rows = await fill(connection, start=rows, size=log_megabytes * 1_000_000)
        started = time.perf_counter()
        proof = await prove(system, shelf, backup, home=home, book=open_book(home), by=BY)
        report |= {"drill_s": round(time.perf_counter() - started, 2), "drill_passed": proof.passed}
        os.kill(server.pids()[0], signal.SIGKILL)
        shutil.rmtree(server.places.data.rename(home / "gone"), ignore_errors=True)
        system.terminate()
    await server.stop()
    restored = await restore_embedded(shelf, home=home, to=None, by=BY)
    started = time.perf_counter()
    again = EmbeddedPostgres(home)
    found = await asyncpg.connect(await again.start())
    report |= {
        "log_mb": round(restored.log_bytes / 1e6),
        "restore_s": round(restored.seconds, 2),
        "start_s": round(time.perf_counter() - started, 2),
        "rows_lost": rows - int(await found.fetchval(COUNT)),
    }
    await found.close()
    await again.stop()
    return report


def main() -> None:
    """Parse the arguments, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--log-megabytes", type=int, default=150, help="written after the backup")
    parser.add_argument("--folder", type=Path, default=None, help="where there is room for three times as much")
    given = parser.parse_args()
    configure_logging(level="CRITICAL")
    home = Path(tempfile.mkdtemp(prefix="fd-bench-", dir=given.folder)).resolve()
    try:
        report = asyncio.run(run(home, megabytes=given.megabytes, log_megabytes=given.log_megabytes))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
