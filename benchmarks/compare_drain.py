"""The same drain by us and by graphile-worker, side by side: same machine, same PostgreSQL, same stub carrier.

Per text both read the person and the opt-out, write the message, make one POST that the stub answers after 20 ms, and
record the result. Ours passes every gate on top of that and stores the decision. Rounds alternate, so that whatever
else the machine does slows both; the stub counts and times the POSTs of both. Needs Node >= 20 and npm.

Usage: python benchmarks/compare_drain.py [--jobs 20000] [--workers 2] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from frontdesk.cli.bench.callers import MAX_CALLERS, caller_number
from frontdesk.cli.bench.drain import run_drain
from frontdesk.cli.bench.figures import peak_rss_mib
from frontdesk.cli.bench.stubbed import Stub, end, stub_carrier
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.telemetry import configure_logging

PEER = Path(__file__).resolve().parent / "peers" / "graphile_worker"
FILL = "insert into people (id, phone_e164) select * from unnest($1::bigint[], $2::text[])"
ADD_JOBS = """
    select count(*) from (
      select graphile_worker.add_job('send_text', json_build_object('person_id', id), max_attempts => 3) from people
    ) as added
"""
PATIENCE_SECONDS = 300.0


def install() -> None:
    """Install the peer's packages once."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise SystemExit("the peer needs Node >= 20 and npm")
    if not (PEER / "node_modules").exists():
        subprocess.run([npm, "install", "--no-audit", "--no-fund"], cwd=PEER, check=True)  # noqa: S603 - npm itself


async def fresh_database(server_url: str, name: str) -> str:
    """Make an empty database beside ours."""
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"drop database if exists {name} with (force)")
    await connection.execute(f"create database {name}")
    await connection.close()
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


async def drain_peer(url: str, tcp_url: str, *, jobs: int, workers: int, concurrency: int) -> dict[str, float]:
    """Queue the same number of jobs for the peer and let its workers send them."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fd-peer-")))
        stub = await stack.enter_async_context(stub_carrier(delay_ms=20))
        await _migrate_peer(tcp_url)
        connection = await asyncpg.connect(url)
        await connection.execute((PEER / "schema.sql").read_text(encoding="utf-8"))
        await connection.execute(FILL, list(range(jobs)), [caller_number(index) for index in range(jobs)])
        await connection.fetchval(ADD_JOBS)
        await connection.execute("analyze")
        await connection.close()
        go = folder / "go"
        processes = []
        for _ in range(workers):
            process = await asyncio.create_subprocess_exec(
                "node",
                "worker.mjs",
                cwd=PEER,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(tcp_url, stub.url, concurrency, go),
            )
            stack.push_async_callback(end, process)
            processes.append(process)
        for process in processes:
            if process.stdout is None or await process.stdout.readline() != b"ready\n":
                raise SystemExit("a worker of the peer did not start")
        go.touch()
        await _until_sent(stub, jobs)
        report = await stub.report()
        peak = max(peak_rss_mib(process.pid) for process in processes)
    rate = report.posts / max(report.last_at - report.first_at, 1e-9)
    violations = report.repeated + jobs - report.recipients
    return {"sends_per_s": round(rate, 1), "peak_rss_mib": peak, "violations": violations}


async def _migrate_peer(url: str) -> None:
    program = PEER / "node_modules" / ".bin" / "graphile-worker"
    process = await asyncio.create_subprocess_exec(
        program, "--schema-only", "-c", url, cwd=PEER, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait() != 0:
        raise SystemExit("the peer could not make its schema")


def _environment(url: str, stub_url: str, concurrency: int, go: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "STUB_URL": stub_url,
        "CONCURRENCY": str(concurrency),
        "GO_FILE": str(go),
        "NODE_ENV": "production",
    }


async def _until_sent(stub: Stub, jobs: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await stub.report()).recipients < jobs:  # noqa: ASYNC110 - another program is watched
            await asyncio.sleep(0.05)


async def compare(*, jobs: int, workers: int, rounds: int, concurrency: int, say: bool) -> dict[str, object]:
    """Run both by turns and compare medians."""
    ours: list[float] = []
    peers: list[float] = []
    violations = 0.0
    memory = {"frontdesk": 0.0, "graphile-worker": 0.0}
    home = Path(tempfile.mkdtemp(prefix="fd-compare-"))
    server = EmbeddedPostgres(home)
    try:
        url = await server.start()
        for number in range(1, rounds + 1):
            mine = await run_drain(
                jobs=jobs, workers=workers, delay_ms=20, database_url=await fresh_database(url, "ours")
            )
            theirs = await drain_peer(
                await fresh_database(url, "peer"),
                urlunsplit(urlsplit(server.tcp_dsn)._replace(path="/peer")),
                jobs=jobs,
                workers=workers,
                concurrency=concurrency,
            )
            ours.append(float(str(mine["sends_per_s"])))
            peers.append(theirs["sends_per_s"])
            violations += float(str(mine["violations"])) + theirs["violations"]
            memory["frontdesk"] = max(memory["frontdesk"], float(str(mine["peak_rss_mib"])))
            memory["graphile-worker"] = max(memory["graphile-worker"], theirs["peak_rss_mib"])
            if say:
                print(f"round {number}: frontdesk {ours[-1]:,.0f}/s, graphile-worker {peers[-1]:,.0f}/s")
    finally:
        await server.stop()
        shutil.rmtree(home, ignore_errors=True)
    return {
        "jobs": jobs,
        "workers": workers,
        "rounds": rounds,
        "peer_concurrency": concurrency,
        "frontdesk_sends_per_s": statistics.median(ours),
        "graphile_worker_sends_per_s": statistics.median(peers),
        "ratio": round(statistics.median(ours) / statistics.median(peers), 2),
        "peak_rss_mib": memory,
        "violations": int(violations),
    }


def main() -> None:
    """Parse the arguments, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-concurrency", type=int, default=256, help="jobs in flight per worker of the peer")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.jobs > MAX_CALLERS:
        parser.error(f"at most {MAX_CALLERS} jobs")
    configure_logging(level="ERROR")
    install()
    figures = asyncio.run(
        compare(
            jobs=given.jobs,
            workers=given.workers,
            rounds=given.rounds,
            concurrency=given.peer_concurrency,
            say=not given.json,
        )
    )
    if given.json:
        print(json.dumps(figures))
    else:
        print(
            f"median of {given.rounds}: frontdesk {figures['frontdesk_sends_per_s']:,.0f}/s, graphile-worker"
            f" {figures['graphile_worker_sends_per_s']:,.0f}/s with {given.workers} workers each:"
            f" ratio {figures['ratio']}"
        )
    if figures["violations"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
