"""What drills showed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime

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

TAKE_LOCK = "select pg_advisory_lock(hashtext('a drill holds this'))"


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
