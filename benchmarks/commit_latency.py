"""What the second copy of the log costs: the same commits with and without it, in turns, on one embedded server."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.settings import load_settings
from frontdesk.kernel.telemetry import configure_logging
from frontdesk.operations.backups.keeping import shelf_of
from frontdesk.operations.backups.streaming import kept
from frontdesk.schema.migrate import migrate

MAKE = "create table if not exists bench_commits (id bigserial primary key, body text not null)"
COMMIT = "insert into bench_commits (body) values ($1)"
BODY = "a text of the usual length, " * 6


async def commit(url: str, count: int) -> list[float]:
    """Commit one row after the other; returns the milliseconds of each."""
    connection = await asyncpg.connect(url)
    took = []
    try:
        for _ in range(count):
            started = time.perf_counter()
            await connection.execute(COMMIT, BODY)
            took.append((time.perf_counter() - started) * 1000)
    finally:
        await connection.close()
    return took


async def measure(url: str, *, writers: int, commits: int) -> tuple[list[float], float]:
    """Commit from several connections at once; returns all milliseconds, and commits per second."""
    started = time.perf_counter()
    took = [one for part in await asyncio.gather(*(commit(url, commits) for _ in range(writers))) for one in part]
    return took, len(took) / (time.perf_counter() - started)


def figures(took: list[float], rates: list[float]) -> dict[str, float]:
    """Sum up, in milliseconds and per second."""
    took.sort()
    at = {f"p{share}_ms": round(took[min(len(took) - 1, len(took) * share // 100)], 3) for share in (50, 95, 99)}
    return {**at, "commits_per_s": round(sorted(rates)[len(rates) // 2], 1)}


async def run(home: Path, *, writers: int, commits: int, rounds: int) -> dict[str, object]:
    """Take turns: without the second copy, with it."""
    settings, server = load_settings({}, home), EmbeddedPostgres(home)
    url = await server.start()
    without: tuple[list[float], list[float]] = ([], [])
    with_copy: tuple[list[float], list[float]] = ([], [])
    try:
        await migrate(url)
        system = await Database.open(url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=2)
        connection = await asyncpg.connect(url)
        await connection.execute(MAKE)
        await connection.close()
        await measure(url, writers=writers, commits=200)
        for _ in range(rounds):
            took, rate = await measure(url, writers=writers, commits=commits)
            without[0].extend(took)
            without[1].append(rate)
            async with kept(url, system=system, shelf=shelf_of(settings), log_folder=home / "log") as keeper:
                await keeper.synchronous.wait()
                took, rate = await measure(url, writers=writers, commits=commits)
            with_copy[0].extend(took)
            with_copy[1].append(rate)
        await system.close()
    finally:
        await server.stop()
    return {"writers": writers, "one_copy": figures(*without), "two_copies": figures(*with_copy)}


def main() -> None:
    """Parse the arguments, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--commits", type=int, default=1000, help="per writer and round")
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    configure_logging(level="ERROR")
    home = Path(tempfile.mkdtemp(prefix="fd-bench-")).resolve()
    try:
        report = asyncio.run(run(home, writers=given.writers, commits=given.commits, rounds=given.rounds))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
