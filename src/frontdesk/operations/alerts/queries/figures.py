"""What is measured of the database, of checks and of alerts themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from frontdesk.kernel.db import Transaction

LIST_FAILING = "select name, severity from check_states where severity in ('info', 'warning', 'critical')"

CONNECTIONS = """
    select (sum(numbackends) * 100.0 / current_setting('max_connections')::int)::float8 from pg_stat_database
"""

# What other sessions do is hidden from the roles that we work under; they all belong to whom we log in as.
AS_WHOM_WE_LOG_IN = "set local role none"

OLDEST_TRANSACTION = """
    select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8
    from pg_stat_activity
    where backend_type = 'client backend' and state <> 'idle' and xact_start is not null and pid <> pg_backend_pid()
"""

LIST_FAILED_READINGS = """
    select name from alert_beats
    where starts_with(name, 'failed:') and beat_at > $1::timestamptz - interval '1 minute'
"""

SERVER_TIME = "select clock_timestamp()"

# Facts about calls, people and texts come in by webhooks; how long the oldest has waited for its consequences.
WEBHOOK_LAG = """
    select coalesce(extract(epoch from $1 - min(created_at)), 0)::float8
    from outbox_events
    where dispatched_at is null and available_at <= $1
      and (starts_with(name, 'calls.') or starts_with(name, 'conversations.') or starts_with(name, 'consent.'))
"""

# A group that people should know of for a while, and no sink has taken the newest that there is to tell.
COUNT_UNTOLD = """
    select count(*)::float8
    from alert_groups as known
    where known.notified_at < $1::timestamptz - $2::interval and cardinality(known.told) > 0
      and known.alertname <> all($3::text[])
      and exists (
        select from alert_instances as alert
        where alert.alertname = known.alertname and alert.state = 'firing'
          and coalesce(alert.labels ->> 'tenant', '') = known.tenant
          and alert.labels ->> 'severity' in ('warning', 'critical'))
      and not exists (
        select from alert_notifications as notification
        where notification.group_key = known.key and notification.status = 'sent'
          and notification.sequence = known.sequence)
"""


async def list_failing(tx: Transaction) -> list[tuple[str, str]]:
    """List checks that are not well, with how bad each is."""
    return [(row["name"], row["severity"]) for row in await tx.fetch(LIST_FAILING)]


async def list_failed_readings(tx: Transaction) -> list[str]:
    """List readings that could not be measured when alerts were last evaluated."""
    return [row["name"].removeprefix("failed:") for row in await tx.fetch(LIST_FAILED_READINGS, tx.now)]


async def measure_connections(tx: Transaction) -> float:
    """Tell how many of PostgreSQL's connections are in use, in percent."""
    return _number(await tx.fetchval(CONNECTIONS))


async def measure_oldest_transaction(tx: Transaction) -> float:
    """Tell for how many seconds the longest transaction of anybody else has run; ask nothing more of `tx` after it."""
    await tx.execute(AS_WHOM_WE_LOG_IN)
    return _number(await tx.fetchval(OLDEST_TRANSACTION))


async def get_server_time(tx: Transaction) -> datetime:
    """Ask the database server for its time of day."""
    found = await tx.fetchval(SERVER_TIME)
    if isinstance(found, datetime):
        return found
    raise LookupError("clock_timestamp")


async def measure_webhook_lag(tx: Transaction) -> float:
    """Tell for how many seconds the oldest news from a webhook has waited for its consequences; 0 if none waits."""
    return _number(await tx.fetchval(WEBHOOK_LAG, tx.now))


async def measure_untold(tx: Transaction, *, after: timedelta, except_for: list[str]) -> float:
    """Count groups that fire for longer than `after` and that nobody has been told of."""
    return _number(await tx.fetchval(COUNT_UNTOLD, tx.now, after, except_for))


def _number(value: object) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
