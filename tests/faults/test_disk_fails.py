"""The disk fails or is full: what was acknowledged is there, what cannot be kept is told again, and nobody hangs."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest

from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.postgres.binaries import binary
from frontdesk.kernel.postgres.cluster import environment
from frontdesk.operations.alerts.readings import Machine, all_readings, by_name
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.schema.migrate import migrate
from tests.support.load import LOST_CONNECTION, Writers
from tests.support.processes import LiveOffice, live_office

pytestmark = pytest.mark.slow

SHIM = Path(__file__).parents[1] / "support" / "disk_faults.c"
COMPILER, MOUNT, UNMOUNT = (shutil.which(name) for name in ("cc", "mount", "umount"))
SIZE_MB, LEFT = 220, 64 * 1024
SMALL_LOG = {"max_wal_size": "48MB", "min_wal_size": "32MB"}
ACKNOWLEDGED = "select count(*) from webhook_events where dedupe_key like 'dial-action:%'"


def failing_flush(folder: Path) -> Path:
    """Compile what lets a flush fail whenever a file named eio appears in the folder."""
    folder.mkdir()
    folder.chmod(0o777)  # the server runs as somebody else
    library = folder / "disk_faults.so"
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", library, SHIM, "-ldl"], check=True, timeout=30)
    return library


@asynccontextmanager
async def on_a_failing_disk(home: Path, folder: Path) -> AsyncIterator[str]:
    """Run a server whose flushes fail on demand; lends its address."""
    library = await asyncio.to_thread(failing_flush, folder)
    made = EmbeddedPostgres(home)
    dsn = await made.start()
    port, owner = made.places.port(), made.places.data.stat()
    await made.stop()
    server = await asyncio.create_subprocess_exec(
        binary("postgres"),
        *("-D", str(made.places.data), "-c", f"port={port}", "-c", "listen_addresses="),
        *("-c", f"unix_socket_directories={made.places.socket_folder}", "-c", "restart_after_crash=on"),
        stdin=asyncio.subprocess.DEVNULL,
        env={**environment(), "LD_PRELOAD": str(library), "DISK_FAULTS": str(folder)},
        cwd=made.places.data,
        user=owner.st_uid,
        group=owner.st_gid,
        extra_groups=[],
    )
    try:
        yield dsn
    finally:
        server.send_signal(signal.SIGINT)  # fast: sessions are not waited for
        await server.wait()


async def until_answering(dsn: str) -> None:
    """Wait until the server lets us in."""
    async with asyncio.timeout(30):
        while True:
            try:
                await (await asyncpg.connect(dsn)).close()
            except LOST_CONNECTION:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.mark.skipif(COMPILER is None, reason="a C compiler makes the disk that fails")
@pytest.mark.timeout(120)
async def test_a_flush_that_fails_costs_no_acknowledged_commit(home: Path) -> None:
    folder = home / "faults"
    async with on_a_failing_disk(home, folder) as dsn:
        await until_answering(dsn)
        writers = Writers(dsn)
        await writers.start()
        for _ in range(3):
            await writers.wait_for(100)
            (folder / "eio").touch()
            while (folder / "eio").exists():
                await asyncio.sleep(0.01)
        await writers.wait_for(100)
        await writers.stop()
        assert await writers.lost() == set()


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Lend a disk of its own that can be filled; skips where nobody may mount one."""
    place.mkdir()
    mounted = subprocess.run(
        [str(MOUNT), "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "frontdesk-test", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs more rights")
    try:
        yield place
    finally:
        subprocess.run([str(UNMOUNT), "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Use up what the disk has left, to a few pages."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - LEFT)
    return filler


async def free_percent(dsn: str, disk: Path) -> float:
    """Measure what the alert on a full disk compares."""
    system = await Database.open(dsn, role=Role.SYSTEM, clock=DatabaseClock(), max_size=1)
    try:
        async with system.transaction() as tx:
            [sample] = await by_name(all_readings(Machine(home=disk)))["host_disk_free_percent"].measure(tx)
    finally:
        await system.close()
    return sample.value


async def call_until(office: LiveOffice, wanted: int, *, first: int) -> list[int]:
    """Let calls come in until one is answered as wanted; returns every answer."""
    seen: list[int] = []
    while not seen or seen[-1] != wanted:
        assert len(seen) < 2000
        seen.append((await office.miss_call(f"+1206{first + len(seen):07}"))[0])
    return seen


@pytest.mark.timeout(180)
async def test_on_a_full_disk_webhooks_are_told_again_and_everything_goes_on_once_there_is_room(home: Path) -> None:
    with small_disk(home / "disk") as disk:
        server = EmbeddedPostgres(disk, settings=SMALL_LOG)
        await migrate(await server.start())
        try:
            async with live_office(server.dsn, home) as office:
                [web] = await office.start(workers=0)
                assert (await office.miss_call("+12065550001"))[0] == 200
                filler = await asyncio.to_thread(fill, disk)
                full = our_rules().find("DiskNearlyFull")
                assert full is not None
                assert full.operator.holds(await free_percent(server.dsn, disk), full.threshold), "and it is told"
                told = await call_until(office, 503, first=1_000_000)
                assert set(told) <= {200, 503}
                assert await office.answers(), "reading goes on"
                assert web.runs
                filler.unlink()
                again = await call_until(office, 200, first=2_000_000)
                assert set(again) <= {200, 503}
                assert await office.count(ACKNOWLEDGED) == 1 + told.count(200) + 1
        finally:
            await server.stop()
