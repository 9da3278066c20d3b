"""What checks of bookings ask, remedies repair and drills break; across tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

COUNT_OVERDUE_HOLDS = "select count(*)::int from sched_holds where expires_at < $1::timestamptz - $2::interval"

# What the constraint rules out is looked at all the same: a restored or copied database may have lost it.
COUNT_OVERLAPS = """
    select count(*)::int
    from sched_occupancies as one
    join sched_occupancies as other
      on other.resource_id = one.resource_id and other.tenant_id = one.tenant_id and other.seat = one.seat
     and other.during && one.during and other.id > one.id and other.binding
    where one.binding and one.during && tstzrange($1, $1::timestamptz + $2::interval)
"""

LIST_WITHOUT_TIME = """
    select appointment.id, appointment.tenant_id
    from sched_appointments as appointment
    where appointment.status = 'booked' and appointment.ends_at > $1 and appointment.collided_at is null
      and not exists (
        select from sched_occupancies as taken
        where taken.tenant_id = appointment.tenant_id and taken.appointment_id = appointment.id)
    order by appointment.id limit $2
"""

COUNT_UNSETTLED = """
    select count(*)::int from sched_appointments
    where status = 'booked' and starts_at > $1 and collided_at < $1::timestamptz - $2::interval
"""

MEASURE_REMINDERS = """
    select count(*)::int as late, min(due_at) as oldest_at from sched_reminders
    where status = 'waiting' and due_at < $1::timestamptz - $2::interval
"""

HAS_GUARD = """
    select exists (
      select from pg_constraint where conname = 'sched_nothing_overlaps' and contype = 'x' and convalidated)
"""

TAKE_OVERDUE = """
    with gone as (
      delete from sched_occupancies as taken using sched_holds as hold
      where hold.id = taken.hold_id and hold.tenant_id = taken.tenant_id and hold.expires_at < $1
      returning taken.hold_id
    ), ended as (
      delete from sched_holds as hold where hold.expires_at < $1
      returning hold.id, hold.tenant_id, hold.resource_id, hold.service_id, hold.contact_id, hold.starts_at,
                hold.ends_at, hold.awaits_payment, hold.source
    ), kept as (
      insert into sched_past_holds as known (hold_id, tenant_id, outcome, resource_id, service_id, contact_id,
                                             starts_at, ends_at, source, ended_at)
      select ended.id, ended.tenant_id, 'expired', ended.resource_id, ended.service_id, ended.contact_id,
             ended.starts_at, ended.ends_at, ended.source, $1
      from ended
      on conflict (hold_id) do update set ended_at = excluded.ended_at
    )
    select ended.id as hold_id, ended.tenant_id, ended.resource_id, ended.service_id, ended.contact_id,
           ended.starts_at, ended.ends_at, ended.awaits_payment, ended.source
    from ended
"""

TAKE_TIME = """
    insert into sched_occupancies (id, tenant_id, resource_id, seat, during, kind, appointment_id)
    select $2, appointment.tenant_id, appointment.resource_id, chosen.seat,
           tstzrange(appointment.starts_at - make_interval(mins => service.buffer_before_minutes),
                     appointment.ends_at + make_interval(mins => service.buffer_after_minutes)),
           'appointment', appointment.id
    from sched_appointments as appointment
    join sched_services as service
      on service.id = appointment.service_id and service.tenant_id = appointment.tenant_id
    join sched_resources as resource
      on resource.id = appointment.resource_id and resource.tenant_id = appointment.tenant_id
    cross join lateral generate_series(1, resource.capacity) as chosen (seat)
    where appointment.id = $1 and not exists (
      select from sched_occupancies as other
      where other.tenant_id = appointment.tenant_id and other.resource_id = appointment.resource_id
        and other.seat = chosen.seat and other.during && tstzrange(appointment.starts_at, appointment.ends_at))
    order by chosen.seat limit 1
    on conflict do nothing
    returning seat
"""

NOTE_LOST = """
    update sched_appointments set collided_at = $2, updated_at = $2 where id = $1
    returning tenant_id, contact_id, resource_id, starts_at, ends_at
"""

# A hold that has run out and cannot be put away: what became of it is written down already.
ADD_STUCK_HOLD = """
    with giving as (
      select service_id, resource_id, tenant_id from sched_service_resources order by tenant_id, service_id limit 1
    ), hold as (
      insert into sched_holds (id, tenant_id, resource_id, service_id, seat, starts_at, ends_at, expires_at, source,
                               created_at)
      select $1, tenant_id, resource_id, service_id, 1, $3::timestamptz + interval '9 days',
             $3::timestamptz + interval '9 days 1 hour', $3::timestamptz - interval '10 minutes', 'drill', $3
      from giving
      returning id, tenant_id, resource_id, service_id, starts_at, ends_at
    ), past as (
      insert into sched_past_holds (hold_id, tenant_id, outcome, resource_id, service_id, starts_at, ends_at, source,
                                    ended_at)
      select id, tenant_id, 'expired', resource_id, service_id, starts_at, ends_at, 'drill', $3 from hold
    )
    insert into sched_occupancies (id, tenant_id, resource_id, seat, during, kind, hold_id)
    select $2, tenant_id, resource_id, 1, tstzrange(starts_at, ends_at), 'hold', id from hold
"""

# Two bookings of one time, of which only one has it: as where the constraint was away for a while.
ADD_DOUBLE_BOOKING = """
    with giving as (
      select service_id, resource_id, tenant_id from sched_service_resources order by tenant_id, service_id limit 1
    ), person as (
      insert into contacts (id, tenant_id, phone_e164, created_at) select $1, tenant_id, '+12065550178', $5 from giving
      on conflict (tenant_id, phone_e164) do update set phone_e164 = excluded.phone_e164
      returning id
    ), made as (
      insert into sched_appointments (id, tenant_id, status, service_id, resource_id, contact_id, seat, starts_at,
                                      ends_at, source, created_at, updated_at)
      select which.id, giving.tenant_id, 'booked', giving.service_id, giving.resource_id, person.id, 1,
             $5::timestamptz + interval '9 days', $5::timestamptz + interval '9 days 1 hour', 'drill', $5, $5
      from giving cross join person cross join unnest(array[$2, $3]::uuid[]) as which (id)
      returning id, tenant_id, resource_id, starts_at, ends_at
    )
    insert into sched_occupancies (id, tenant_id, resource_id, seat, during, kind, appointment_id)
    select $4, tenant_id, resource_id, 1, tstzrange(starts_at, ends_at), 'appointment', id from made where id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueHold:
    """A hold that should have been cleared away."""

    hold_id: UUID
    tenant_id: UUID
    resource_id: UUID
    service_id: UUID
    contact_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    awaits_payment: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LostBooking:
    """A booking whose time somebody else has."""

    tenant_id: UUID
    contact_id: UUID
    resource_id: UUID
    starts_at: datetime
    ends_at: datetime


async def count_overdue_holds(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count holds that ran out longer ago than that and are still kept."""
    return _number(await tx.fetchval(COUNT_OVERDUE_HOLDS, tx.now, longer_than))


async def count_overlaps(tx: Transaction, *, within: timedelta) -> int:
    """Count pairs of stretches from now on that overlap on one seat."""
    return _number(await tx.fetchval(COUNT_OVERLAPS, tx.now, within))


async def list_without_time(tx: Transaction, *, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """List (booking, business) of the bookings to come that keep no time and whose person knows nothing of it."""
    return [(row["id"], row["tenant_id"]) for row in await tx.fetch(LIST_WITHOUT_TIME, tx.now, limit)]


async def count_unsettled(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count bookings to come whose time is lost for longer than that and that nobody has moved or called off."""
    return _number(await tx.fetchval(COUNT_UNSETTLED, tx.now, longer_than))


async def measure_reminders(tx: Transaction, *, later_than: timedelta) -> tuple[int, datetime | None]:
    """Tell how many reminders are later than that, and when the oldest was due."""
    row = await tx.fetchrow(MEASURE_REMINDERS, tx.now, later_than)
    return (0, None) if row is None else (row["late"], row["oldest_at"])


async def is_guarded(tx: Transaction) -> bool:
    """Tell whether the constraint stands that refuses overlaps."""
    return await tx.fetchval(HAS_GUARD) is True


async def take_overdue(tx: Transaction) -> list[OverdueHold]:
    """Clear away every hold that has run out, whatever keeps the collector from it; returns them."""
    return [OverdueHold(**row) for row in await tx.fetch(TAKE_OVERDUE, tx.now)]


async def take_time(tx: Transaction, *, appointment_id: UUID) -> bool:
    """Give a booking its time back if nobody has it."""
    return await tx.fetchval(TAKE_TIME, appointment_id, new_id()) is not None


async def note_lost(tx: Transaction, *, appointment_id: UUID) -> LostBooking | None:
    """Note that somebody else has the time of a booking."""
    row = await tx.fetchrow(NOTE_LOST, appointment_id, tx.now)
    return None if row is None else LostBooking(**row)


async def add_stuck_hold(tx: Transaction) -> None:
    """Write a hold that the collector cannot clear away."""
    await tx.execute(ADD_STUCK_HOLD, new_id(), new_id(), tx.now)


async def add_double_booking(tx: Transaction) -> None:
    """Write two bookings of one time."""
    await tx.execute(ADD_DOUBLE_BOOKING, new_id(), new_id(), new_id(), new_id(), tx.now)


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0
