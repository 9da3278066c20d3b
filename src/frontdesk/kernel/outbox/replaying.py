"""Events that could not be handled: looked at, and put back in their order once the reason is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.db import Transaction, affected

PER_SECOND = 50  # so that what they set off does not come all at once

LIST_REJECTED = """
    select id, tenant_id, name, attempts, claims, last_error, created_at, failed_at
    from outbox_events_errors order by created_at, id limit $1
"""

REPLAY_REJECTED = """
    with oldest as (
      select id from outbox_events_errors
      where $3::uuid[] is null or id = any($3::uuid[])
      order by created_at, id limit $1
      for update skip locked
    ),
    taken as (
      delete from outbox_events_errors as rejected using oldest where rejected.id = oldest.id
      returning rejected.id, rejected.tenant_id, rejected.name, rejected.payload, rejected.correlation_id,
                rejected.causation_id, rejected.created_at, rejected.handled
    )
    insert into outbox_events (id, tenant_id, name, payload, correlation_id, causation_id, created_at, available_at,
                               handled)
    select id, tenant_id, name, payload, correlation_id, causation_id, created_at,
           $2::timestamptz + make_interval(secs => (row_number() over (order by created_at, id) - 1)::float8 / $4::int),
           handled
    from taken
"""


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An event that could not be handled; `claims` counts the processes that it took down, `attempts` the tries."""

    id: UUID
    tenant_id: UUID | None
    name: str
    attempts: int
    claims: int
    last_error: str
    created_at: datetime
    failed_at: datetime


async def list_rejected(tx: Transaction, *, limit: int = 100) -> list[RejectedEvent]:
    """List events that could not be handled, in the order in which they happened."""
    return [RejectedEvent(**dict(row)) for row in await tx.fetch(LIST_REJECTED, limit)]


async def replay_rejected(tx: Transaction, *, by: Actor, limit: int = 1000, only: list[UUID] | None = None) -> int:
    """Put up to `limit` of them back, oldest first and 50 a second; returns how many.

    Each keeps its id and what was handled of it, so listeners that had taken effect do not do so again.
    """
    put_back = affected(await tx.execute(REPLAY_REJECTED, limit, tx.now, only, PER_SECOND))
    if put_back:
        await write_entry(
            tx, actor=by, action="outbox.replayed", subject="outbox_events_errors", details={"events": put_back}
        )
    return put_back
