"""All SQL of the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.outbox.catalogue import encode

CLAIM_LEASE = timedelta(seconds=30)

WRITE = """
    insert into outbox_events (id, tenant_id, name, payload, correlation_id, causation_id, created_at, available_at,
                               handled, dispatched_at)
    select id, tenant_id, name, payload::jsonb, correlation_id, $6, $7, $7, string_to_array(handled, ',', ''),
           case when finished then $7::timestamptz end
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $8::text[], $9::boolean[])
         as announced (id, tenant_id, name, payload, correlation_id, handled, finished)
"""

CLAIM = """
    with due as (
      select id from outbox_events
      where dispatched_at is null and available_at <= $1 and claimed_by is null and claims = 0
      order by available_at, id
      limit $2
      for update skip locked
    )
    update outbox_events as event
    set claimed_by = $3, claimed_at = $1, claims = event.claims + 1
    from due where event.id = due.id
    returning event.id, event.tenant_id, event.name, event.payload, event.correlation_id, event.attempts,
              event.claims, event.handled, event.created_at
"""

CLAIM_SUSPECT = """
    with due as (
      select id from outbox_events
      where dispatched_at is null and available_at <= $1 and claims > 0
        and (claimed_by is null or claimed_at < $1 - $3::interval)
      order by available_at, id
      limit 1
      for update skip locked
    )
    update outbox_events as event
    set claimed_by = $2, claimed_at = $1, claims = event.claims + 1
    from due where event.id = due.id
    returning event.id, event.tenant_id, event.name, event.payload, event.correlation_id, event.attempts,
              event.claims, event.handled, event.created_at
"""

MARK_HANDLED = """
    update outbox_events set handled = array_append(handled, $3)
    where id = $1 and claimed_by = $2 and dispatched_at is null and not handled @> array[$3]
"""

FINISH = """
    update outbox_events set dispatched_at = $3, claimed_by = null, claims = 0, last_error = null
    where id = any($1::uuid[]) and claimed_by = $2
"""

POSTPONE = """
    update outbox_events
    set attempts = attempts + 1, claims = 0, claimed_by = null, last_error = $3, available_at = $4
    where id = $1 and claimed_by = $2
"""

RELEASE = "update outbox_events set claimed_by = null where claimed_by = $1 and dispatched_at is null"

GIVE_BACK = """
    update outbox_events set claimed_by = null, claims = greatest(claims - 1, 0)
    where claimed_by = $1 and dispatched_at is null
"""

BURY = """
    with poison as (
      delete from outbox_events where id = $1 and claimed_by = $2
      returning id, tenant_id, correlation_id, causation_id, created_at, attempts, claims, handled
    )
    insert into outbox_events_errors (id, tenant_id, name, payload, correlation_id, causation_id, created_at, attempts,
                                      claims, handled, last_error, failed_at)
    select id, tenant_id, $3, $4::jsonb, correlation_id, causation_id, created_at, attempts, claims, handled, $5, $6
    from poison
"""

LAG = """
    select coalesce(extract(epoch from $1 - min(available_at)), 0)::float8
    from outbox_events where dispatched_at is null and available_at <= $1
"""

PENDING = "select count(*) from outbox_events where dispatched_at is null and available_at <= $1"

FEED = """
    select id, tenant_id, name, payload, correlation_id, attempts, claims, handled, created_at
    from outbox_events
    where tenant_id = $1 and (created_at, id) > ($2, $3)
    order by created_at, id
    limit $4
"""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One announced fact as it is stored; `payload` is JSON text."""

    id: UUID
    tenant_id: UUID | None
    name: str
    payload: str
    correlation_id: UUID
    attempts: int
    claims: int
    handled: list[str]
    created_at: datetime


def _row(record: asyncpg.Record) -> OutboxRow:
    return OutboxRow(
        record["id"],
        record["tenant_id"],
        record["name"],
        record["payload"],
        record["correlation_id"],
        record["attempts"],
        record["claims"],
        record["handled"],
        record["created_at"],
    )


async def write_announced(tx: Transaction, *, done: dict[UUID, list[str]], finished: set[UUID]) -> None:
    """Write all that `tx` announced, with the listeners that are done; `finished` events need no dispatch."""
    facts = tx.announced
    await tx.execute(
        WRITE,
        [fact.event_id for fact in facts],
        [fact.tenant_id for fact in facts],
        [fact.event.name for fact in facts],
        [encode(fact.event) for fact in facts],
        [fact.correlation_id for fact in facts],
        tx.causation_id,
        tx.now,
        [",".join(done.get(fact.event_id, [])) for fact in facts],
        [fact.event_id in finished for fact in facts],
    )


async def claim_due(tx: Transaction, *, limit: int, owner: UUID) -> list[OutboxRow]:
    """Lease up to `limit` due events, never claimed before, to `owner` for 30 s, counting the claim."""
    rows = [_row(record) for record in await tx.fetch(CLAIM, tx.now, limit, owner)]
    return sorted(rows, key=lambda row: (row.created_at, row.id))


async def claim_suspect(tx: Transaction, *, owner: UUID) -> OutboxRow | None:
    """Lease one event that a process held when it died: alone, so that only a killer is counted as one."""
    record = await tx.fetchrow(CLAIM_SUSPECT, tx.now, owner, CLAIM_LEASE)
    return None if record is None else _row(record)


async def mark_handled(tx: Transaction, *, event_id: UUID, owner: UUID, handler: str) -> bool:
    """Note in the handler's own transaction that it is done; False if it was before, or the lease is lost."""
    return affected(await tx.execute(MARK_HANDLED, event_id, owner, handler)) == 1


async def finish(tx: Transaction, *, event_ids: list[UUID], owner: UUID) -> None:
    """Mark events as dispatched."""
    await tx.execute(FINISH, event_ids, owner, tx.now)


async def postpone(tx: Transaction, *, event_id: UUID, owner: UUID, error: str, until: datetime) -> None:
    """Give an event back until a later time, with the reason."""
    await tx.execute(POSTPONE, event_id, owner, error, until)


async def release_claims_of(tx: Transaction, *, owner: UUID) -> int:
    """Free what a dead process held; its claims stay counted, so that a killer event is noticed."""
    return affected(await tx.execute(RELEASE, owner))


async def give_back(tx: Transaction, *, owner: UUID) -> int:
    """Free what a living process claimed and did not finish; nothing died over it, so the claim is not counted."""
    return affected(await tx.execute(GIVE_BACK, owner))


async def bury(tx: Transaction, *, event_id: UUID, owner: UUID, name: str, payload: str, error: str) -> None:
    """Move an event to the errors, as an event of the catalogue."""
    await tx.execute(BURY, event_id, owner, name, payload, error, tx.now)


async def measure_lag(tx: Transaction) -> float:
    """Tell for how many seconds the oldest due event has waited; 0 if none waits."""
    lag = await tx.fetchval(LAG, tx.now)
    return float(lag) if isinstance(lag, float | int) else 0.0


async def count_pending(tx: Transaction) -> int:
    """Count the events that are due and not handed on."""
    count = await tx.fetchval(PENDING, tx.now)
    return count if isinstance(count, int) else 0


async def read_feed(tx: Transaction, *, after: datetime, after_id: UUID, limit: int) -> list[OutboxRow]:
    """Read a tenant's events that follow a cursor, oldest first."""
    return [_row(record) for record in await tx.fetch(FEED, tx.tenant, after, after_id, limit)]
