"""Holds as rows: won, ended, and what became of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.features.scheduling.model import Hold, HoldOutcome, PastHold, Stretch
from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.ids import new_id

# One statement: who comes second waits for the first to commit, and then wins nothing.
HOLD = """
    with kept as (
      insert into sched_occupancies (id, tenant_id, resource_id, seat, during, kind, hold_id)
      select $1, $2, $3, chosen.seat, tstzrange($5, $6), 'hold', $7
      from generate_series(1, $4::int) as chosen (seat)
      where not exists (
        select from sched_occupancies as other
        where other.tenant_id = $2 and other.resource_id = $3 and other.seat = chosen.seat
          and other.during && tstzrange($5, $6))
      order by chosen.seat limit 1
      on conflict do nothing
      returning seat
    )
    insert into sched_holds (id, tenant_id, resource_id, service_id, contact_id, seat, starts_at, ends_at, expires_at,
                             awaits_payment, source, created_at)
    select $7, $2, $3, $8, $9, kept.seat, $10, $11, $12, $13, $14, $15 from kept
    returning seat
"""

LOCK = """
    select id, tenant_id, resource_id, service_id, contact_id, seat, starts_at, ends_at, expires_at, awaits_payment,
           source
    from sched_holds where tenant_id = $1 and id = $2 for update
"""

GET = """
    select id, tenant_id, resource_id, service_id, contact_id, seat, starts_at, ends_at, expires_at, awaits_payment,
           source
    from sched_holds where tenant_id = $1 and id = $2
"""

AWAIT_PAYMENT = """
    update sched_holds set awaits_payment = true, contact_id = $3, expires_at = $4 where tenant_id = $1 and id = $2
"""

LOCK_PAST = """
    select hold_id, outcome, resource_id, service_id, contact_id, starts_at, ends_at, source, appointment_id
    from sched_past_holds where tenant_id = $1 and hold_id = $2 for update
"""

END = """
    with gone as (
      delete from sched_holds where tenant_id = $1 and id = $2
      returning id, tenant_id, resource_id, service_id, contact_id, starts_at, ends_at, source
    )
    insert into sched_past_holds (hold_id, tenant_id, outcome, resource_id, service_id, contact_id, starts_at, ends_at,
                                  source, appointment_id, ended_at)
    select gone.id, gone.tenant_id, $3, gone.resource_id, gone.service_id, gone.contact_id, gone.starts_at,
           gone.ends_at, gone.source, $4, $5
    from gone
"""

NOTE_BOOKED = """
    update sched_past_holds set outcome = 'booked', appointment_id = $3, ended_at = $4
    where tenant_id = $1 and hold_id = $2
"""

LOCK_OVER = """
    select hold.id, hold.tenant_id, hold.resource_id, hold.service_id, hold.contact_id, hold.seat, hold.starts_at,
           hold.ends_at, hold.expires_at, hold.awaits_payment, hold.source
    from sched_holds as hold
    where hold.tenant_id = $1 and hold.expires_at <= $2
      and ($3::uuid is null or exists (
        select from sched_occupancies as taken
        where taken.tenant_id = hold.tenant_id and taken.hold_id = hold.id and taken.resource_id = $3
          and taken.during && tstzrange($4, $5)))
    order by hold.id limit $6 for update skip locked
"""

FORGET_RELEASED = """
    delete from sched_past_holds
    where tenant_id = $1 and ended_at < $2 and appointment_id is null and outcome <> 'booked'
"""

LIST_TENANTS_WITH_OVER = "select distinct tenant_id from sched_holds where expires_at <= $1 limit 1000"


async def hold(tx: Transaction, wanted: Hold, *, capacity: int, occupies: Stretch) -> int | None:
    """Take a seat and keep it; returns the seat, None if none is free."""
    seat = await tx.fetchval(
        HOLD,
        new_id(),
        tx.tenant,
        wanted.resource_id,
        capacity,
        occupies[0],
        occupies[1],
        wanted.id,
        wanted.service_id,
        wanted.contact_id,
        wanted.starts_at,
        wanted.ends_at,
        wanted.expires_at,
        wanted.awaits_payment,
        wanted.source,
        tx.now,
    )
    return seat if isinstance(seat, int) else None


async def lock_hold(tx: Transaction, *, hold_id: UUID) -> Hold | None:
    """Find a hold and keep it from ending otherwise."""
    row = await tx.fetchrow(LOCK, tx.tenant, hold_id)
    return None if row is None else Hold(**row)


async def find_hold(tx: Transaction, *, hold_id: UUID) -> Hold | None:
    """Find a hold."""
    row = await tx.fetchrow(GET, tx.tenant, hold_id)
    return None if row is None else Hold(**row)


async def note_awaits_payment(tx: Transaction, wanted: Hold) -> None:
    """Let a hold wait for its payment."""
    await tx.execute(AWAIT_PAYMENT, tx.tenant, wanted.id, wanted.contact_id, wanted.expires_at)


async def lock_past(tx: Transaction, *, hold_id: UUID) -> PastHold | None:
    """Find what became of a hold, and keep others from changing it."""
    row = await tx.fetchrow(LOCK_PAST, tx.tenant, hold_id)
    return None if row is None else _past(row)


async def close_hold(tx: Transaction, *, hold_id: UUID, outcome: HoldOutcome, appointment_id: UUID | None) -> None:
    """Write down what became of a hold, and let it go; its time is another statement's."""
    await tx.execute(END, tx.tenant, hold_id, outcome.value, appointment_id, tx.now)


async def note_booked(tx: Transaction, *, hold_id: UUID, appointment_id: UUID) -> None:
    """Note that a hold which had ended was booked after all."""
    await tx.execute(NOTE_BOOKED, tx.tenant, hold_id, appointment_id, tx.now)


async def lock_over(
    tx: Transaction, *, resource_id: UUID | None = None, within: Stretch | None = None, limit: int = 100
) -> list[Hold]:
    """Find holds that have run out, in the way of a stretch or at all; those in somebody's hands are left to them."""
    start, end = within or (None, None)
    return [Hold(**row) for row in await tx.fetch(LOCK_OVER, tx.tenant, tx.now, resource_id, start, end, limit)]


async def forget_released(tx: Transaction, *, before: datetime) -> int:
    """Forget what became of holds that ended before a moment and booked nothing; returns how many."""
    return affected(await tx.execute(FORGET_RELEASED, tx.tenant, before))


async def list_tenants_with_over(tx: Transaction) -> list[UUID]:
    """List the businesses with holds that have run out."""
    return [row["tenant_id"] for row in await tx.fetch(LIST_TENANTS_WITH_OVER, tx.now)]


def _past(row: asyncpg.Record) -> PastHold:
    return PastHold(**(dict(row) | {"outcome": HoldOutcome(row["outcome"])}))
