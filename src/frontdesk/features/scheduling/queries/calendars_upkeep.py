"""What checks of calendars ask, readings measure, remedies change and drills break; across tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.kernel.db import Transaction, affected

MEASURE_STALE = """
    select count(*)::int as calendars, min(coalesce(calendar.synced_at, calendar.updated_at)) as oldest_at
    from calendars as calendar
    join calendar_connections as connection
      on connection.id = calendar.connection_id and connection.tenant_id = calendar.tenant_id
    where connection.state = 'active' and calendar.blocks and calendar.resource_id is not null
      and coalesce(calendar.synced_at, calendar.updated_at) < $1::timestamptz - $2::interval
"""
COUNT_SILENT = """
    select count(*)::int from calendars as calendar
    join calendar_connections as connection
      on connection.id = calendar.connection_id and connection.tenant_id = calendar.tenant_id
    where connection.state = 'active' and calendar.blocks and calendar.channel_id is not null
      and (calendar.channel_expires_at < $1 or calendar.channel_silent_at < $1::timestamptz - $2::interval)
"""
COUNT_LOST = """
    select count(*)::int from calendar_connections where state = 'revoked'
"""
COUNT_UNWRITTEN = """
    select count(*)::int from calendar_entries as entry
    join calendars as calendar on calendar.id = entry.calendar_id and calendar.tenant_id = entry.tenant_id
    join calendar_connections as connection
      on connection.id = calendar.connection_id and connection.tenant_id = calendar.tenant_id
    where connection.state = 'active' and entry.due_at < $1::timestamptz - $2::interval
"""
MEASURE_ERRORS = """
    select provider, sum(errors)::float8 as errors,
           count(*) filter (where state = 'active' and last_error <> '')::float8 as failing,
           count(*) filter (where state = 'revoked')::float8 as lost
    from calendar_connections group by provider order by provider
"""
ASK_ALL_NOW = """
    update calendar_connections set due_at = $1 where state = 'active' and due_at > $1
"""
DROP_CHANNELS = """
    update calendars set channel_expires_at = $1, channel_retry_at = null
    where channel_id is not null and (channel_expires_at < $1 or channel_silent_at is not null)
"""
TRY_LOST = """
    update calendar_connections
    set state = 'active', revoked_at = null, revoked_because = '', due_at = $1, fence = fence + 1, updated_at = $1
    where state = 'revoked'
"""
FALL_ASLEEP = """
    update calendar_connections set due_at = $1::timestamptz + interval '1 day' where state = 'active'
"""
AGE = """
    update calendars set synced_at = $1::timestamptz - interval '1 hour' where blocks
"""


@dataclass(frozen=True, slots=True)
class Errors:
    """How often a provider's accounts have failed, how many fail now, and how many let us in no longer."""

    provider: str
    errors: float
    failing: float
    lost: float


async def measure_stale(tx: Transaction, *, older_than: timedelta) -> tuple[int, datetime | None]:
    """Count calendars that block somebody's time and were not read for so long; and since when the oldest was not."""
    row = await tx.fetchrow(MEASURE_STALE, tx.now, older_than)
    return (0, None) if row is None else (row["calendars"], row["oldest_at"])


async def count_silent(tx: Transaction, *, older_than: timedelta) -> int:
    """Count calendars whose channel has ended, or has told nothing of changes for so long."""
    return _number(await tx.fetchval(COUNT_SILENT, tx.now, older_than))


async def count_lost(tx: Transaction) -> int:
    """Count accounts that no longer let us in."""
    return _number(await tx.fetchval(COUNT_LOST))


async def count_unwritten(tx: Transaction, *, older_than: timedelta) -> int:
    """Count bookings that should have been written into a calendar so long ago."""
    return _number(await tx.fetchval(COUNT_UNWRITTEN, tx.now, older_than))


async def measure_errors(tx: Transaction) -> list[Errors]:
    """Measure failures by provider."""
    return [Errors(**dict(row)) for row in await tx.fetch(MEASURE_ERRORS)]


async def advance_all(tx: Transaction) -> int:
    """Make every account's turn come now; returns how many were to wait."""
    return affected(await tx.execute(ASK_ALL_NOW, tx.now))


async def drop_channels(tx: Transaction) -> int:
    """Let channels that ended or are silent be opened anew; returns how many."""
    return affected(await tx.execute(DROP_CHANNELS, tx.now))


async def resume_lost(tx: Transaction) -> int:
    """Let accounts be tried again that let us in no longer; returns how many."""
    return affected(await tx.execute(TRY_LOST, tx.now))


async def postpone_all(tx: Transaction) -> None:
    """Let nobody's turn come for a day, and every calendar be an hour old: how a drill breaks the reading."""
    await tx.execute(FALL_ASLEEP, tx.now)
    await tx.execute(AGE, tx.now)


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0
