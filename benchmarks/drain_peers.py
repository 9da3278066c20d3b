"""The peers of compare_drain.py: the same work per job, each with its own fast settings, posting to the same stub."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from frontdesk.cli.bench.callers import caller_number
from frontdesk.cli.bench.figures import peak_rss_mib
from frontdesk.cli.bench.stubbed import Stub, end, stub_carrier

PEERS = Path(__file__).resolve().parent / "peers"
FILL = "insert into people (id, phone_e164) select * from unnest($1::bigint[], $2::text[])"
ADD_JOBS = """
    select count(*) from (
      select graphile_worker.add_job('send_text', json_build_object('person_id', id), max_attempts => 3) from people
    ) as added
"""
PATIENCE_SECONDS = 300.0


class NotHere(Exception):
    """A peer cannot run on this machine; says what is missing."""


class GraphileWorker:
    """graphile-worker: jobs in PostgreSQL, fetched and completed in batches."""

    name = "graphile-worker"
    folder = PEERS / "graphile_worker"

    def install(self) -> None:
        """Install the peer's packages."""
        _npm_install(self.folder)

    async def queue(self, stack: AsyncExitStack, *, url: str, tcp_url: str, jobs: int) -> Mapping[str, str]:
        """Make its schema and add the jobs."""
        del stack, jobs
        await _run("node_modules/.bin/graphile-worker", "--schema-only", "-c", tcp_url, cwd=self.folder)
        connection = await asyncpg.connect(url)
        await connection.fetchval(ADD_JOBS)
        await connection.close()
        return {}


class BullMq:
    """BullMQ: jobs in Redis, which is started here with its append-only file on, synced each second."""

    name = "bullmq"
    folder = PEERS / "bullmq"

    def install(self) -> None:
        """Install the peer's packages, and Redis if we may."""
        _npm_install(self.folder)
        apt = shutil.which("apt-get")
        if shutil.which("redis-server") is None and apt is not None and os.geteuid() == 0:
            environment = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
            command = [apt, "install", "-y", "--no-install-recommends", "redis-server"]
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - apt itself
        if shutil.which("redis-server") is None:
            raise NotHere("redis-server is not installed")

    async def queue(self, stack: AsyncExitStack, *, url: str, tcp_url: str, jobs: int) -> Mapping[str, str]:
        """Start a Redis of its own and add the jobs."""
        del url, tcp_url
        environment = {"REDIS_SOCKET": await stack.enter_async_context(_redis())}
        await _run("node", "add.mjs", str(jobs), cwd=self.folder, environment=environment)
        return environment


@asynccontextmanager
async def _redis() -> AsyncIterator[str]:
    """Run a Redis that only this program reaches; gives its socket."""
    with tempfile.TemporaryDirectory(prefix="fd-redis-") as folder:
        socket = Path(folder) / "redis.sock"
        process = await asyncio.create_subprocess_exec(
            *("redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", folder, "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "everysec"),
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(30):
                while not socket.exists():  # noqa: ASYNC110 - another program is watched
                    await asyncio.sleep(0.02)
            yield str(socket)
        finally:
            await end(process)


def _npm_install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotHere("Node >= 20 and npm are not installed")
    if not (folder / "node_modules").exists():
        command = [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)  # noqa: S603 - npm itself


async def _run(program: str, *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(cwd / program) if "/" in program else program, *arguments),
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.DEVNULL,
    )
    if await process.wait() != 0:
        raise SystemExit(f"the peer's {program} failed")


async def fresh_database(server_url: str, name: str) -> str:
    """Make an empty database beside ours."""
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"drop database if exists {name} with (force)")
    await connection.execute(f"create database {name}")
    await connection.close()
    return on_database(server_url, name)


def on_database(server_url: str, name: str) -> str:
    """Give the address of another database on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


async def drain(
    peer: GraphileWorker | BullMq, url: str, tcp_url: str, *, jobs: int, workers: int, concurrency: int
) -> dict[str, float]:
    """Queue `jobs` jobs for a peer and let its workers send them, from the first POST to the last."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fd-peer-")))
        stub = await stack.enter_async_context(stub_carrier(delay_ms=20))
        connection = await asyncpg.connect(url)
        await connection.execute((peer.folder / "schema.sql").read_text(encoding="utf-8"))
        await connection.execute(FILL, list(range(jobs)), [caller_number(index) for index in range(jobs)])
        environment = await peer.queue(stack, url=url, tcp_url=tcp_url, jobs=jobs)
        await connection.execute("analyze")
        await connection.close()
        go = folder / "go"
        own = {"DATABASE_URL": tcp_url, "STUB_URL": stub.url, "CONCURRENCY": str(concurrency), "GO_FILE": str(go)}
        processes = [await _start(stack, peer.folder, {**environment, **own}) for _ in range(workers)]
        for process in processes:
            if process.stdout is None or await process.stdout.readline() != b"ready\n":
                raise SystemExit(f"a worker of {peer.name} did not start")
        go.touch()
        await _until_sent(stub, jobs)
        report = await stub.report()
        peak = max(peak_rss_mib(process.pid) for process in processes)
    rate = report.posts / max(report.last_at - report.first_at, 1e-9)
    return {
        "sends_per_s": round(rate, 1),
        "peak_rss_mib": peak,
        "violations": report.repeated + jobs - report.recipients,
    }


async def _start(stack: AsyncExitStack, folder: Path, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *("node", "worker.mjs"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **environment, "NODE_ENV": "production"},
    )
    stack.push_async_callback(end, process)
    return process


async def _until_sent(stub: Stub, jobs: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await stub.report()).recipients < jobs:  # noqa: ASYNC110 - another program is watched
            await asyncio.sleep(0.05)
