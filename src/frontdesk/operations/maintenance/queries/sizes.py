"""How large tables are, how dead, how used, and what would be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from frontdesk.kernel.db import Transaction

LIST_TABLES = """
    select stats.relname::text as name, pg_total_relation_size(stats.relid) as total_bytes,
           pg_indexes_size(stats.relid) as index_bytes, stats.n_live_tup as live_rows, stats.n_dead_tup as dead_rows,
           coalesce(stats.seq_scan, 0) as table_scans, coalesce(stats.idx_scan, 0) as index_scans,
           greatest(stats.last_vacuum, stats.last_autovacuum) as vacuumed_at,
           greatest(stats.last_analyze, stats.last_autoanalyze) as analyzed_at
    from pg_stat_user_tables as stats
    where stats.schemaname = 'public'
    order by pg_total_relation_size(stats.relid) desc, stats.relname
"""

DATABASE_BYTES = "select pg_database_size(current_database())"

LIST_OLDEST = """
    select 'webhook_events' as name, min(received_at) as oldest_at from webhook_events
    union all
    select 'outbox_events', min(dispatched_at) from outbox_events where dispatched_at is not null
    union all
    select 'conv_messages', min(first.created_at)
    from tenants as business
    cross join lateral (
      select created_at from conv_messages where tenant_id = business.id order by created_at limit 1
    ) as first
    union all
    select 'monitor_runs', min(started_at) from monitor_runs
"""

COUNT_OLD = """
    select 'webhook_events' as name, $1::timestamptz as before_at, count(*)::int as rows
    from webhook_events where received_at < $1
    union all
    select 'outbox_events', $2::timestamptz, count(*)::int
    from outbox_events where dispatched_at is not null and dispatched_at < $2
    union all
    select 'conv_messages', $3::timestamptz, coalesce(sum(old.rows), 0)::int
    from tenants as business
    cross join lateral (
      select count(*) as rows from conv_messages where tenant_id = business.id and created_at < $3
    ) as old
    union all
    select 'job_runs', $4::timestamptz, count(*)::int
    from job_runs where state in ('succeeded', 'canceled') and finished_at < $4
    union all
    select 'monitor_runs', $5::timestamptz, count(*)::int from monitor_runs where started_at < $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStats:
    """One table; `rows` are PostgreSQL's own estimates."""

    name: str
    total_bytes: int
    index_bytes: int
    live_rows: int
    dead_rows: int
    table_scans: int
    index_scans: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Old:
    """How many rows of a table are older than they are kept."""

    name: str
    before_at: datetime
    rows: int


async def list_tables(tx: Transaction) -> list[TableStats]:
    """List tables, the largest first."""
    return [TableStats(**dict(row)) for row in await tx.fetch(LIST_TABLES)]


async def get_database_bytes(tx: Transaction) -> int:
    """Tell how large the database is."""
    found = await tx.fetchval(DATABASE_BYTES)
    return found if isinstance(found, int) else 0


async def list_oldest(tx: Transaction) -> dict[str, datetime | None]:
    """List the oldest row of the tables that forget by age."""
    return {row["name"]: row["oldest_at"] for row in await tx.fetch(LIST_OLDEST)}


async def list_old(
    tx: Transaction, *, webhooks: datetime, events: datetime, texts: datetime, runs: datetime, monitors: datetime
) -> list[Old]:
    """Count rows from before the moments that are given."""
    rows = await tx.fetch(COUNT_OLD, webhooks, events, texts, runs, monitors)
    return [Old(row["name"], row["before_at"], row["rows"]) for row in rows]
