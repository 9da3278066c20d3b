"""What drills showed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.operations.drills.model import DrillReport

INSERT_RESULT = """
    insert into drill_results
      (id, slug, digest, passed, detected_seconds, repaired_seconds, words, report, started_at, finished_at)
    values ($1, $2, $3, $4, $5::float8, $6::float8, $7, $8::jsonb, $9, $10)
"""

LIST_RESULTS = """
    select slug, digest, passed, detected_seconds::float8 as detected_seconds,
           repaired_seconds::float8 as repaired_seconds, words, finished_at
    from drill_results where $1::text is null or slug = $1
    order by finished_at desc, id limit $2
"""

LIST_REPORTS = """
    select slug, digest, passed, detected_seconds::float8 as detected_seconds,
           repaired_seconds::float8 as repaired_seconds, words, finished_at, report::text as report
    from drill_results where slug = $1
    order by finished_at desc, id limit $2
"""

TAKE_LOCK = "select pg_advisory_lock(hashtext('a drill holds this'))"


CHANGE_HISTORY = """
    set session_replication_role = replica;
    update audit_log set actor = 'system:nobody'
    where tenant_id is null
      and seq = (select seq - 1 from chain_heads where chain = 'audit' and tenant_id is null);
"""


RUN_OLD = """
    insert into live_processes (id, kind, lock_key, started_at, lease_until, version)
    values ($1, 'worker', $2, now(), now() + interval '1 hour', '0.0.0')
"""
HOLD_LOCK = "select pg_advisory_lock($1)"
END_OLD = "update live_processes set ended_at = now() where id = $1"

# Two processes of one kind and more: unique it cannot be, and what a failed build leaves is an index that is not valid.
HALF_MAKE = "create unique index concurrently drill_half_made on live_processes ((true))"
MAKE_TWO = """
    insert into live_processes (id, kind, lock_key, started_at, lease_until, ended_at)
    select gen_random_uuid(), 'drill', -number, now(), now(), now() from generate_series(1, 2) as number
"""
TAKE_TWO_AWAY = "delete from live_processes where kind = 'drill'"
DROP_HALF_MADE = "drop index concurrently if exists drill_half_made"


@dataclass(frozen=True, slots=True)
class OldProcess:
    """A session that holds what a living process holds, under another version's name."""

    connection: asyncpg.Connection
    process_id: UUID

    async def end(self) -> None:
        """End it as a person does: it signs off, and its session is over."""
        await self.connection.execute(END_OLD, self.process_id)
        await self.connection.close()


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Two sessions, of which one waits for what the other one holds."""

    holder: asyncpg.Connection
    waiter: asyncpg.Connection
    waiting: asyncio.Task[str]

    def let_go(self) -> None:
        """End both, as whoever owns the database would."""
        self.waiting.cancel()
        self.holder.terminate()
        self.waiter.terminate()


async def hold_up(database_url: str) -> HeldUp:
    """Let one session wait for a lock that another one holds and forgets."""
    holder, waiter = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    await holder.execute(TAKE_LOCK)
    return HeldUp(holder, waiter, asyncio.ensure_future(waiter.execute(TAKE_LOCK)))


async def add_old_process(database_url: str) -> OldProcess:
    """Let a process of another version sign on and hold its lock."""
    process_id = new_id()
    lock_key = int.from_bytes(process_id.bytes[8:], "big", signed=True)
    connection = await asyncpg.connect(database_url)
    await connection.execute(HOLD_LOCK, lock_key)
    await connection.execute(RUN_OLD, process_id, lock_key)
    return OldProcess(connection, process_id)


async def add_half_made_index(database_url: str) -> None:
    """Begin an index that cannot be finished."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(MAKE_TWO)
        with suppress(asyncpg.UniqueViolationError):
            await owner.execute(HALF_MAKE)
        await owner.execute(TAKE_TWO_AWAY)
    finally:
        await owner.close()


async def drop_half_made_index(database_url: str) -> None:
    """Take away what the broken build has left."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(DROP_HALF_MADE)
    finally:
        await owner.close()


async def update_history(database_url: str) -> None:
    """Change who did something in the platform's audit log, as only the owner of the database can."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(CHANGE_HISTORY)
    finally:
        await owner.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """A drill that was performed."""

    slug: str
    digest: str
    passed: bool
    detected_seconds: float | None
    repaired_seconds: float | None
    words: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A drill that was performed, with its whole report."""

    result: DrillResult
    report: Mapping[str, object]


async def record_result(tx: Transaction, report: DrillReport, *, started_at: datetime) -> None:
    """Keep what a drill showed."""
    await tx.execute(
        INSERT_RESULT,
        new_id(),
        report.slug,
        report.digest,
        report.passed,
        report.times.detected,
        report.times.repaired,
        report.words,
        json.dumps(report.document()),
        started_at,
        tx.now,
    )


async def list_results(tx: Transaction, *, slug: str | None = None, limit: int = 100) -> list[DrillResult]:
    """List what drills showed, newest first."""
    return [DrillResult(**dict(row)) for row in await tx.fetch(LIST_RESULTS, slug, limit)]


async def list_reports(tx: Transaction, *, slug: str, limit: int) -> list[KeptReport]:
    """List the drills of a page with their reports, newest first."""
    found = [dict(row) for row in await tx.fetch(LIST_REPORTS, slug, limit)]
    return [KeptReport(report=json.loads(row.pop("report")), result=DrillResult(**row)) for row in found]
