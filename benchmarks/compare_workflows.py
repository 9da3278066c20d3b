"""A durable workflow of three steps by us and by DBOS, side by side: same machine, same PostgreSQL, fsync on.

Each step returns a small value that is remembered, so what is measured is the price of durability alone. All runs are
queued first; the rate is taken from the database's own moments, between the first run that ended and the last. The
peer is installed in a virtual environment of its own, below build/; it is left out by name where that fails.

Usage: python benchmarks/compare_workflows.py [--runs 1000] [--workers 2] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from drain_peers import fresh_database, on_database

from frontdesk.cli.bench.stubbed import end
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.jobs import JobsWorker, RunContext, Workflows, start_run
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.telemetry import configure_logging
from frontdesk.schema.migrate import migrate

NAME = "bench.text.v1"
PER_TRANSACTION = 100
PATIENCE_SECONDS = 600.0
THIS = Path(__file__).resolve()
ROOT = THIS.parent.parent
PEER = ROOT / "benchmarks" / "peers" / "dbos"
PEER_HOME = ROOT / "build" / "peers" / "dbos"
OURS_ENDED = """
    select count(*) as runs, extract(epoch from max(finished_at) - min(finished_at))::float8 as seconds
    from job_runs where state = 'succeeded'
"""
PEERS_ENDED = """
    select count(*) as runs, (max(updated_at) - min(updated_at))::float8 / 1000 as seconds
    from dbos.workflow_status where status = 'SUCCESS'
"""


def workflows() -> Workflows:
    """Make the workflow: three steps, each remembered in a transaction of its own."""
    found = Workflows()

    @found.workflow(NAME)
    async def text(run: RunContext) -> None:
        number = run.args["number"]
        await run.step("read", lambda _tx: _value({"number": number}))
        await run.step("send", lambda _tx: _value({"sent": number}))
        await run.step("record", lambda _tx: _value({"recorded": number}))

    return found


async def _value(value: dict[str, object]) -> dict[str, object]:
    return value


async def _open(stack: AsyncExitStack, url: str, role: Role) -> Database:
    flush = flush_with(Handlers([]))
    database = await Database.open(url, role=role, clock=DatabaseClock(), flush=flush, max_size=20)
    stack.push_async_callback(database.close)
    return database


async def work(url: str, *, concurrency: int) -> None:
    """Be one of our workers until a signal comes."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as stack:
        app, system = await _open(stack, url, Role.APP), await _open(stack, url, Role.SYSTEM)
        await JobsWorker(url, workflows(), app=app, system=system, concurrency=concurrency).run(stop)


async def run_ours(url: str, *, runs: int, workers: int, concurrency: int) -> float:
    """Queue and run our workflows; returns runs per second."""
    await migrate(url)
    async with AsyncExitStack() as stack:
        system = await _open(stack, url, Role.SYSTEM)
        for start in range(0, runs, PER_TRANSACTION):
            async with system.transaction() as tx:
                for number in range(start, min(start + PER_TRANSACTION, runs)):
                    await start_run(tx, NAME, {"number": number}, key=f"bench:{number}")
        environment = {"WORK_ON": url, "CONCURRENCY": str(concurrency)}
        for _ in range(workers):
            await _start(stack, [sys.executable, str(THIS)], environment)
        return await _until_ended(url, OURS_ENDED, runs)


async def run_peers(url: str, tcp_url: str, *, runs: int, workers: int, concurrency: int) -> float:
    """Queue and run the peer's workflows; returns runs per second."""
    program = [str(PEER_HOME / "bin" / "python"), str(PEER / "worker.py")]
    environment = {"DATABASE_URL": tcp_url, "CONCURRENCY": str(concurrency)}
    async with AsyncExitStack() as stack:
        adding = await _start(stack, [*program, "add", str(runs)], environment)
        if await adding.wait() != 0:
            raise SystemExit("the peer could not queue its workflows")
        for number in range(workers):
            await _start(stack, [*program, "work", f"worker-{number}"], environment)
        return await _until_ended(url, PEERS_ENDED, runs)


async def _start(
    stack: AsyncExitStack, command: list[str], environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **environment})
    stack.push_async_callback(end, process)
    return process


async def _until_ended(url: str, statement: str, runs: int) -> float:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (row := await connection.fetchrow(statement)) is None or row["runs"] < runs:  # noqa: ASYNC110 - others work
                await asyncio.sleep(0.2)
    finally:
        await connection.close()
    return (runs - 1) / max(float(row["seconds"]), 1e-9)


def install() -> str:
    """Install the peer once; returns why it cannot be, else nothing."""
    if (PEER_HOME / "bin" / "python").exists():
        return ""
    try:
        _run(sys.executable, "-m", "venv", str(PEER_HOME))
        requirements = str(PEER / "requirements.txt")
        _run(str(PEER_HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", "--requirement", requirements)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(PEER_HOME, ignore_errors=True)
        return f"it cannot be installed: {error}"
    return ""


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - our own constants


async def compare(*, runs: int, workers: int, rounds: int, concurrency: int, left_out: str) -> dict[str, object]:
    """Run both by turns and compare medians."""
    rates: dict[str, list[float]] = {"frontdesk": [], **({} if left_out else {"dbos": []})}
    home = Path(tempfile.mkdtemp(prefix="fd-compare-"))
    server = EmbeddedPostgres(home)
    sizes = {"runs": runs, "workers": workers, "concurrency": concurrency}
    try:
        url = await server.start()
        for number in range(1, rounds + 1):
            rates["frontdesk"].append(await run_ours(await fresh_database(url, "ours"), **sizes))
            if not left_out:
                tcp_url = on_database(server.tcp_dsn, "peer")
                rates["dbos"].append(await run_peers(await fresh_database(url, "peer"), tcp_url, **sizes))
            said = ", ".join(f"{name} {found[-1]:,.0f}/s" for name, found in rates.items())
            sys.stderr.write(f"round {number}: {said}\n")
    finally:
        await server.stop()
        shutil.rmtree(home, ignore_errors=True)
    medians = {name: round(statistics.median(found), 1) for name, found in rates.items()}
    ratio = None if left_out else round(medians["frontdesk"] / medians["dbos"], 2)
    return {**sizes, "rounds": rounds, "workflows_per_s": medians, "ratio": ratio, "left_out": left_out}


def main() -> None:
    """Parse the arguments, compare, print."""
    if "WORK_ON" in os.environ:
        asyncio.run(work(os.environ["WORK_ON"], concurrency=int(os.environ["CONCURRENCY"])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=16, help="workflows in flight per worker, of both")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    configure_logging(level="ERROR")
    figures = asyncio.run(
        compare(
            runs=given.runs,
            workers=given.workers,
            rounds=given.rounds,
            concurrency=given.concurrency,
            left_out=install(),
        )
    )
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name}: {json.dumps(value)}")


if __name__ == "__main__":
    main()
