"""Forgetting by hand, and how the database stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.jobs import start_run
from frontdesk.kernel.settings.parts import RetentionSettings
from frontdesk.operations.maintenance.queries import sizes
from frontdesk.operations.maintenance.queries.sizes import Old, TableStats

RETENTION = "retention.forget.v1"
RUNS_DAYS = 30  # S1: job queue > 30 days
MONITORS_DAYS = 14  # S1: error logs > 14 days
MANY_DEAD, DEAD_SHARE = 10_000, 0.2  # autovacuum's own share; below so many rows it does not matter
MANY_SCANNED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What forgetting deletes; `run_id` is the background run that does it, None for a dry run."""

    run_id: UUID | None
    deletes: tuple[Old, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, its oldest row if it forgets by age, and what should be done."""

    stats: TableStats
    oldest_at: datetime | None
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStats:
    """How large the database is, and each table."""

    total_bytes: int
    tables: tuple[Table, ...]


async def plan_cleanup(tx: Transaction, ages: RetentionSettings) -> tuple[Old, ...]:
    """Count what is older than it is kept. Consent, refusals, decisions and the audit log are kept for good."""
    return tuple(
        await sizes.list_old(
            tx,
            webhooks=tx.now - timedelta(days=ages.webhook_events_days),
            events=tx.now - timedelta(days=ages.outbox_events_days),
            texts=tx.now - timedelta(days=ages.conv_messages_days),
            runs=tx.now - timedelta(days=RUNS_DAYS),
            monitors=tx.now - timedelta(days=MONITORS_DAYS),
        )
    )


async def order_cleanup(tx: Transaction, ages: RetentionSettings, *, by: Actor, dry_run: bool) -> Ordered:
    """Start the nightly forgetting now, as a background run; orders within the same minute are one."""
    deletes = await plan_cleanup(tx, ages)
    if dry_run:
        return Ordered(run_id=None, deletes=deletes)
    started = await start_run(tx, RETENTION, {"ordered_by": by.shown}, key=f"ordered@{tx.now:%Y-%m-%dT%H:%M}")
    await audit.write_entry(
        tx,
        actor=by,
        action="maintenance.cleanup_ordered",
        subject=f"run:{started.run_id}",
        details={old.name: old.rows for old in deletes},
    )
    return Ordered(run_id=started.run_id, deletes=deletes)


async def measure_database(tx: Transaction) -> DatabaseStats:
    """Measure every table, the largest first."""
    oldest = await sizes.list_oldest(tx)
    tables = tuple(
        Table(stats=stats, oldest_at=oldest.get(stats.name), hint=hint_for(stats))
        for stats in await sizes.list_tables(tx)
    )
    return DatabaseStats(total_bytes=await sizes.get_database_bytes(tx), tables=tables)


def hint_for(stats: TableStats) -> str:
    """Say what should be done about a table; empty if nothing."""
    if stats.dead_rows > MANY_DEAD and stats.dead_rows > DEAD_SHARE * max(stats.live_rows, 1):
        return f"vacuum (analyze) {stats.name}: {stats.dead_rows} dead rows; if they stay, look for an old transaction"
    if stats.live_rows > MANY_SCANNED and stats.table_scans > stats.index_scans:
        return f"{stats.name} is read whole more often than by an index: look for a statement without one"
    return ""
