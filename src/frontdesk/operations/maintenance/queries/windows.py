"""Windows of maintenance, and the checks that are looked at after one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction
from frontdesk.operations.maintenance.model import Window

INSERT_WINDOW = """
    insert into maintenance_windows (id, reason, started_by, started_at, expected_until, pulled)
    values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
    returning id, reason, started_by, started_at, expected_until, pulled, drained_at, ended_at, ended_by, watch_until
"""

LOCK_OPEN = """
    select id, reason, started_by, started_at, expected_until, pulled, drained_at, ended_at, ended_by, watch_until
    from maintenance_windows where ended_at is null for update
"""

FIND_CURRENT = """
    select id, reason, started_by, started_at, expected_until, pulled, drained_at, ended_at, ended_by, watch_until
    from maintenance_windows where ended_at is null or watch_until > $1
    order by ended_at is null desc, started_at desc limit 1
"""

RECORD_DRAINED = "update maintenance_windows set drained_at = $2 where id = $1 and drained_at is null"

RECORD_ENDED = """
    update maintenance_windows set ended_at = $2, ended_by = $3, watch_until = $4
    where id = $1 and ended_at is null
    returning id, reason, started_by, started_at, expected_until, pulled, drained_at, ended_at, ended_by, watch_until
"""

LIST_NOT_WELL = """
    select name from check_states
    where severity = any($1::text[]) and since_at >= $2 and looked_at >= $3 and name <> all($4::text[])
    order by name
"""

BACKDATE = """
    update maintenance_windows
    set started_at = started_at - $1::interval, expected_until = expected_until - $1::interval
    where ended_at is null
"""


async def insert_window(
    tx: Transaction, *, window_id: UUID, reason: str, by: str, until: datetime, pulled: bool
) -> Window | None:
    """Begin a window; None while another is open."""
    row = await tx.fetchrow(INSERT_WINDOW, window_id, reason, by, tx.now, until, pulled)
    return None if row is None else _window(row)


async def lock_open_window(tx: Transaction) -> Window | None:
    """Find the window that is open, and keep it for this transaction."""
    row = await tx.fetchrow(LOCK_OPEN)
    return None if row is None else _window(row)


async def find_current(tx: Transaction) -> Window | None:
    """Find the window that is open, else the newest that is still watched."""
    row = await tx.fetchrow(FIND_CURRENT, tx.now)
    return None if row is None else _window(row)


async def record_drained(tx: Transaction, *, window_id: UUID) -> None:
    """Note that nothing was in flight any more; the first moment counts."""
    await tx.execute(RECORD_DRAINED, window_id, tx.now)


async def record_ended(tx: Transaction, *, window_id: UUID, by: str, watch_until: datetime) -> Window:
    """End a window that this transaction has locked."""
    row = await tx.fetchrow(RECORD_ENDED, window_id, tx.now, by, watch_until)
    if row is None:
        raise LookupError(window_id)
    return _window(row)


async def list_not_well(
    tx: Transaction, *, severities: list[str], since: datetime, looked_since: datetime, except_for: list[str]
) -> list[str]:
    """List checks that are bad since a moment or later, by a look at `looked_since` or later."""
    return [row["name"] for row in await tx.fetch(LIST_NOT_WELL, severities, since, looked_since, except_for)]


async def move_back(tx: Transaction, *, by: timedelta) -> None:
    """Move the open window into the past, for drills."""
    await tx.execute(BACKDATE, by)


def _window(row: asyncpg.Record) -> Window:
    return Window(
        id=row["id"],
        reason=row["reason"],
        started_by=row["started_by"],
        started_at=row["started_at"],
        expected_until=row["expected_until"],
        pulled=row["pulled"],
        drained_at=row["drained_at"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        watch_until=row["watch_until"],
    )
