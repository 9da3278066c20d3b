"""The waiting list as rows, first come first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.features.scheduling.model import Waiter, WaiterStatus
from frontdesk.kernel.db import Transaction

JOIN = """
    insert into sched_waiters (id, tenant_id, service_id, resource_id, contact_id, wanted_from_at, wanted_until, status,
                               created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $8)
"""

LIST = """
    select id, service_id, resource_id, contact_id, wanted_from_at, wanted_until, status, hold_id, created_at
    from sched_waiters
    where tenant_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or hold_id = $3)
      and ($4::text is null or status = $4) and ($5::uuid is null or id < $5)
    order by id desc limit $6
"""

# A slot's own length and service decide whom it suits; who cannot be served now is passed over, not forgotten.
FIRST_IN_LINE = """
    select id, service_id, resource_id, contact_id, wanted_from_at, wanted_until, status, hold_id, created_at
    from sched_waiters
    where tenant_id = $1 and service_id = any($2::uuid[]) and (resource_id is null or resource_id = $3)
      and wanted_from_at < $5 and wanted_until > $4 and status = 'waiting'
    order by created_at, id limit $6 for update skip locked
"""

SET = """
    update sched_waiters
    set status = $3, hold_id = $4, updated_at = $5, offers = offers + case when $3 = 'offered' then 1 else 0 end
    where tenant_id = $1 and id = $2
"""


async def add_waiter(tx: Transaction, waiter: Waiter) -> None:
    """Write somebody onto the waiting list."""
    await tx.execute(
        JOIN,
        waiter.id,
        tx.tenant,
        waiter.service_id,
        waiter.resource_id,
        waiter.contact_id,
        waiter.wanted_from_at,
        waiter.wanted_until,
        tx.now,
    )


async def list_waiters(
    tx: Transaction,
    *,
    only: UUID | None = None,
    hold_id: UUID | None = None,
    status: WaiterStatus | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Waiter]:
    """List who waits or waited, latest first."""
    word = None if status is None else status.value
    return [_waiter(row) for row in await tx.fetch(LIST, tx.tenant, only, hold_id, word, before, limit)]


async def pick_in_line(
    tx: Transaction, *, service_ids: list[UUID], resource_id: UUID, starts_at: datetime, ends_at: datetime, limit: int
) -> list[Waiter]:
    """Find who has waited longest for a time like this; nobody else serves them meanwhile."""
    rows = await tx.fetch(FIRST_IN_LINE, tx.tenant, service_ids, resource_id, starts_at, ends_at, limit)
    return [_waiter(row) for row in rows]


async def update_waiter(tx: Transaction, *, waiter_id: UUID, status: WaiterStatus, hold_id: UUID | None) -> None:
    """Write where somebody on the list stands."""
    await tx.execute(SET, tx.tenant, waiter_id, status.value, hold_id, tx.now)


def _waiter(row: asyncpg.Record) -> Waiter:
    return Waiter(**(dict(row) | {"status": WaiterStatus(row["status"])}))
