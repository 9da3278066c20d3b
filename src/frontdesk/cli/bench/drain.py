"""How fast queued texts leave through every gate: real worker processes against a stub carrier."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from frontdesk.cli.bench.callers import caller_number
from frontdesk.cli.bench.figures import peak_rss_mib
from frontdesk.cli.bench.money import lift_budgets
from frontdesk.cli.bench.stubbed import Stub, end, start_python, stub_carrier
from frontdesk.cli.seeding import DEMO_BUSINESSES, seed
from frontdesk.features import contacts, delivery, tenants
from frontdesk.kernel import actor, attendance
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.schema.migrate import migrate

if TYPE_CHECKING:
    from frontdesk.cli.bench.stub_carrier import Report

BY = actor.system("bench")
JOBS_PER_TRANSACTION = 100
PRELOADERS = 6
PATIENCE_SECONDS = 300.0
PACE_SECONDS = 0.05


class ClosedLane:
    """A lane that takes nothing, so that every text is queued: the state lane B is made for."""

    paused_by_setting = False

    def lease_owner(self) -> UUID | None:
        """Refuse every lease."""
        return None

    def monotonic(self) -> float:
        """Tell the loop's time; no verdict is acted on here."""
        return asyncio.get_running_loop().time()

    def take(self, job: delivery.LeasedJob) -> None:
        """Refuse a job that cannot have been leased."""
        raise Refused("bench.lane_closed", f"job {job.id} was leased to nobody")

    def wake_dispatch(self) -> None:
        """Wake nobody: no worker runs yet."""


async def run_drain(*, jobs: int, workers: int, delay_ms: float, database_url: str | None = None) -> dict[str, object]:
    """Queue `jobs` texts through the real gates, then let `workers` processes send them; returns the figures.

    The clock runs from the first POST to the last, as the stub saw them; nothing is sent while workers start,
    because the kill switch is pulled until all have reported for duty.
    """
    async with AsyncExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="fd-bench-", ignore_cleanup_errors=True)
        home = Path(stack.enter_context(folder))
        if database_url is None:
            server = EmbeddedPostgres(home)
            stack.push_async_callback(server.stop)
            database_url = await server.start()
        await migrate(database_url)
        stub = await stack.enter_async_context(stub_carrier(delay_ms=delay_ms))
        system, app = await open_databases(stack, database_url)
        await seed(system, home)
        await lift_budgets(system)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await preload(system, app, jobs)
        preload_s = loop.time() - began
        await switch(system, on=False)
        processes = [await start_worker(stack, home, database_url, stub) for _ in range(workers)]
        await until_present(system, workers)
        await stub.reset()
        await switch(system, on=True)
        report = await until_sent(stub, jobs)
        settled_s = await until_settled(system)
        peaks = [peak_rss_mib(process.pid) for process in processes]
    return _figures(report, jobs=jobs, workers=workers, preload_s=preload_s, settled_s=settled_s, peaks=peaks)


def _figures(
    report: Report, *, jobs: int, workers: int, preload_s: float, settled_s: float, peaks: Sequence[float]
) -> dict[str, object]:
    seconds = max(report.last_at - report.first_at, 1e-9)
    rate = report.posts / seconds
    missing = jobs - report.recipients
    return {
        "jobs": jobs,
        "workers": workers,
        "sends_per_s": round(rate, 1),
        "sends_per_s_per_worker": round(rate / workers, 1),
        "seconds": round(seconds, 3),
        "recorded_after_last_post_s": round(settled_s, 3),
        "queued_per_s": round(jobs / preload_s, 1),
        "peak_rss_mib": max(peaks, default=0.0),
        "posts": report.posts,
        "violations": report.repeated + missing,
    }


async def open_databases(stack: AsyncExitStack, url: str) -> tuple[Database, Database]:
    """Open a database as the system and as the app, for a bench that handles no events."""
    flush = flush_with(Handlers([]))
    clock = DatabaseClock()
    system = await Database.open(url, role=Role.SYSTEM, clock=clock, flush=flush, application_name="frontdesk-bench")
    stack.push_async_callback(system.close)
    app = await Database.open(url, role=Role.APP, clock=clock, flush=flush, application_name="frontdesk-bench")
    stack.push_async_callback(app.close)
    return system, app


async def preload(system: Database, app: Database, jobs: int) -> None:
    """Ask for `jobs` texts to as many people, 100 per transaction, through the same path as every text."""
    async with system.transaction() as tx:
        slugs = {tenant.slug: tenant.id for tenant in await tenants.list_tenants(tx)}
    business = DEMO_BUSINESSES[0]
    starts = iter(range(0, jobs, JOBS_PER_TRANSACTION))

    async def some() -> None:
        for start in starts:
            async with app.transaction(slugs[business.slug]) as tx:
                for index in range(start, min(start + JOBS_PER_TRANSACTION, jobs)):
                    await _ask(tx, index, sender_e164=business.phone_e164)

    await asyncio.gather(*(some() for _ in range(PRELOADERS)))


async def _ask(tx: Transaction, index: int, *, sender_e164: str) -> None:
    person = await contacts.ensure_contact(tx, phone_e164=caller_number(index))
    requested = await delivery.request_text(
        tx,
        delivery.TextIntent(
            key=f"bench:{new_id()}",
            message_class=delivery.MessageClass.TRANSACTIONAL,
            cause="bench",
            template="bench",
            basis="bench: the person asked for it",
            basis_at=tx.now,
            contact_id=person.id,
            recipient_e164=person.phone_e164,
            sender_e164=sender_e164,
            provider="twilio",
            body="Hi, this is Harbor Plumbing. Your appointment is tomorrow at 9 AM. Reply STOP to opt out.",
            useful_until=tx.now + timedelta(hours=4),
        ),
        ClosedLane(),
    )
    if requested.status is not delivery.JobStatus.QUEUED:
        raise Refused("bench.not_queued", f"a text that should wait is {requested.status}: {requested.code}")


async def start_worker(stack: AsyncExitStack, home: Path, database_url: str, stub: Stub) -> asyncio.subprocess.Process:
    """Start a worker that sends to the stub; `stack` ends it."""
    process = await start_python(
        ["-m", "frontdesk", "worker", "--home", str(home)],
        {
            "DATABASE_URL": database_url,
            "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "TWILIO_API_BASE_URL": stub.url,
            "LOG_LEVEL": "WARNING",
        },
    )
    stack.push_async_callback(end, process)
    return process


async def switch(system: Database, *, on: bool) -> None:
    """Pull the kill switch for everything, or let sending go on."""
    async with system.transaction() as tx:
        if on:
            await delivery.resume_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=BY)
        else:
            await delivery.pause_sending(
                tx, scope=delivery.Scope.GLOBAL, key="all", by=BY, reason="until the workers are there"
            )


async def until_present(system: Database, workers: int) -> None:
    """Wait until so many workers have reported for duty."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with system.transaction() as tx:
                present = [one for one in await attendance.list_processes(tx) if one.kind == "worker"]
            if len(present) >= workers:
                return
            await asyncio.sleep(PACE_SECONDS)


async def until_sent(stub: Stub, jobs: int, *, patience: float = PATIENCE_SECONDS) -> Report:
    """Wait until so many people have a text, at most `patience` seconds; returns what the stub saw."""
    async with asyncio.timeout(patience):
        while (report := await stub.report()).recipients < jobs:  # noqa: ASYNC110 - another program is watched
            await asyncio.sleep(PACE_SECONDS)
    return report


async def until_settled(system: Database) -> float:
    """Wait until every result is written; returns for how long."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with system.transaction() as tx:
                proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key="all")
            if proof.in_flight == 0 and proof.queued == 0:
                return loop.time() - began
            await asyncio.sleep(PACE_SECONDS)
