"""Appointments as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.features.scheduling.model import Appointment, AppointmentStatus, Deposit, Stretch
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

BOOK = """
    with kept as (
      insert into sched_occupancies (id, tenant_id, resource_id, seat, during, kind, appointment_id)
      select $1, $2, $3, chosen.seat, tstzrange($5, $6), 'appointment', $7
      from generate_series(1, $4::int) as chosen (seat)
      where not exists (
        select from sched_occupancies as other
        where other.tenant_id = $2 and other.resource_id = $3 and other.seat = chosen.seat
          and other.during && tstzrange($5, $6))
      order by chosen.seat limit 1
      on conflict do nothing
      returning seat
    )
    insert into sched_appointments (id, tenant_id, status, service_id, resource_id, contact_id, seat, starts_at,
                                    ends_at, deposit, source, note, created_at, updated_at)
    select $7, $2, 'booked', $8, $3, $9, kept.seat, $10, $11, $12, $13, $14, $15, $15 from kept
    returning seat
"""

BOOK_HELD = """
    with moved as (
      update sched_occupancies set kind = 'appointment', hold_id = null, appointment_id = $3
      where tenant_id = $1 and hold_id = $2
      returning resource_id, seat
    )
    insert into sched_appointments (id, tenant_id, status, service_id, resource_id, contact_id, seat, starts_at,
                                    ends_at, deposit, source, note, created_at, updated_at)
    select $3, $1, 'booked', $4, moved.resource_id, $5, moved.seat, $6, $7, $8, $9, $10, $11, $11 from moved
    returning seat
"""

TAKE_ANEW = """
    insert into sched_occupancies (id, tenant_id, resource_id, seat, during, kind, appointment_id)
    select $1, $2, $3, chosen.seat, tstzrange($5, $6), 'appointment', $7
    from generate_series(1, $4::int) as chosen (seat)
    where not exists (
      select from sched_occupancies as other
      where other.tenant_id = $2 and other.resource_id = $3 and other.seat = chosen.seat
        and other.during && tstzrange($5, $6))
    order by chosen.seat limit 1
    on conflict do nothing
    returning seat
"""

MOVE = """
    update sched_appointments
    set resource_id = $3, seat = $4, starts_at = $5, ends_at = $6, revision = revision + 1, collided_at = null,
        updated_at = $7
    where tenant_id = $1 and id = $2
"""

END = """
    update sched_appointments
    set status = $3, updated_at = $4, collided_at = null,
        revision = revision + case when $3 = 'cancelled' then 1 else 0 end,
        cancelled_at = case when $3 = 'cancelled' then $4::timestamptz end,
        cancelled_because = case when $3 = 'cancelled' then $5 else '' end
    where tenant_id = $1 and id = $2
"""

NOTE_DEPOSIT = "update sched_appointments set deposit = $3, updated_at = $4 where tenant_id = $1 and id = $2"

LOCK = "select id from sched_appointments where tenant_id = $1 and id = $2 for update"

LIST = """
    select appointment.id, appointment.tenant_id, appointment.status, appointment.service_id,
           service.name as service_name, appointment.resource_id, resource.name as resource_name,
           appointment.contact_id, appointment.seat, appointment.starts_at, appointment.ends_at,
           coalesce(resource.zone, business.timezone) as zone, appointment.deposit, appointment.source,
           appointment.note, appointment.revision, appointment.collided_at, appointment.created_at,
           appointment.updated_at, appointment.cancelled_at, appointment.cancelled_because
    from sched_appointments as appointment
    join sched_services as service
      on service.id = appointment.service_id and service.tenant_id = appointment.tenant_id
    join sched_resources as resource
      on resource.id = appointment.resource_id and resource.tenant_id = appointment.tenant_id
    join tenants as business on business.id = appointment.tenant_id
    where appointment.tenant_id = $1
      and ($2::uuid is null or appointment.id = $2)
      and ($3::timestamptz is null or appointment.starts_at >= $3)
      and ($4::timestamptz is null or appointment.starts_at < $4)
      and ($5::text is null or appointment.status = $5)
      and ($6::uuid is null or appointment.resource_id = $6)
      and ($7::uuid is null or appointment.contact_id = $7)
      and ($8::timestamptz is null or (appointment.starts_at, appointment.id) > ($8, $9::uuid))
    order by appointment.starts_at, appointment.id limit $10
"""

COMPLETE_OVER = """
    update sched_appointments set status = 'completed', updated_at = $1
    where (tenant_id, id) in (
      select tenant_id, id from sched_appointments
      where status = 'booked' and ends_at < $1::timestamptz - interval '1 day'
      order by ends_at limit $2 for update skip locked
    )
    returning id
"""

DROP_OLD_TIME = """
    delete from sched_occupancies where (tenant_id, id) in (
      select tenant_id, id from sched_occupancies
      where kind = 'external' and upper(during) < $1::timestamptz - interval '1 day' limit $2
    )
"""

DROP_OLD_NEWS = """
    delete from sched_busy_times where (tenant_id, resource_id, source, during) in (
      select tenant_id, resource_id, source, during from sched_busy_times
      where upper(during) < $1::timestamptz - interval '1 day' limit $2
    )
"""

FORGET_HOLDS = """
    delete from sched_past_holds where (tenant_id, hold_id) in (
      select tenant_id, hold_id from sched_past_holds where ended_at < $1::timestamptz - interval '90 days' limit $2
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFilter:
    """Which appointments are wanted; None does not ask."""

    starts_from: datetime | None = None
    starts_until: datetime | None = None
    status: AppointmentStatus | None = None
    resource_id: UUID | None = None
    contact_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """An appointment about to be written."""

    id: UUID
    service_id: UUID
    resource_id: UUID
    contact_id: UUID
    starts_at: datetime
    ends_at: datetime
    deposit: Deposit
    source: str
    note: str


async def add_appointment(tx: Transaction, new: NewAppointment, *, capacity: int, occupies: Stretch) -> int | None:
    """Take a seat and book it; returns the seat, None if none is free."""
    seat = await tx.fetchval(
        BOOK,
        new_id(),
        tx.tenant,
        new.resource_id,
        capacity,
        occupies[0],
        occupies[1],
        new.id,
        new.service_id,
        new.contact_id,
        new.starts_at,
        new.ends_at,
        new.deposit.value,
        new.source,
        new.note,
        tx.now,
    )
    return seat if isinstance(seat, int) else None


async def add_held(tx: Transaction, new: NewAppointment, *, hold_id: UUID) -> int | None:
    """Let an appointment have the time that a hold keeps; None if that time is gone."""
    seat = await tx.fetchval(
        BOOK_HELD,
        tx.tenant,
        hold_id,
        new.id,
        new.service_id,
        new.contact_id,
        new.starts_at,
        new.ends_at,
        new.deposit.value,
        new.source,
        new.note,
        tx.now,
    )
    return seat if isinstance(seat, int) else None


async def take_anew(
    tx: Transaction, *, appointment_id: UUID, resource_id: UUID, capacity: int, occupies: Stretch
) -> int | None:
    """Take a seat for an appointment that has none; None if none is free."""
    seat = await tx.fetchval(
        TAKE_ANEW, new_id(), tx.tenant, resource_id, capacity, occupies[0], occupies[1], appointment_id
    )
    return seat if isinstance(seat, int) else None


async def move(tx: Transaction, *, appointment_id: UUID, resource_id: UUID, seat: int, stretch: Stretch) -> None:
    """Write an appointment's new time."""
    await tx.execute(MOVE, tx.tenant, appointment_id, resource_id, seat, stretch[0], stretch[1], tx.now)


async def close_appointment(
    tx: Transaction, *, appointment_id: UUID, status: AppointmentStatus, because: str = ""
) -> None:
    """Write how an appointment ended."""
    await tx.execute(END, tx.tenant, appointment_id, status.value, tx.now, because)


async def note_deposit(tx: Transaction, *, appointment_id: UUID, deposit: Deposit) -> None:
    """Write how the deposit of an appointment stands."""
    await tx.execute(NOTE_DEPOSIT, tx.tenant, appointment_id, deposit.value, tx.now)


async def find_appointment(tx: Transaction, *, appointment_id: UUID, lock: bool = False) -> Appointment | None:
    """Find an appointment; with `lock`, nobody else changes it meanwhile."""
    if lock and await tx.fetchval(LOCK, tx.tenant, appointment_id) is None:
        return None
    row = await tx.fetchrow(LIST, tx.tenant, appointment_id, None, None, None, None, None, None, None, 1)
    return None if row is None else _appointment(row)


async def list_appointments(
    tx: Transaction, wanted: AppointmentFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Appointment]:
    """List appointments by their start; `after` is the start and id of the last one known."""
    moment, key = after or (None, None)
    rows = await tx.fetch(
        LIST,
        tx.tenant,
        None,
        wanted.starts_from,
        wanted.starts_until,
        None if wanted.status is None else wanted.status.value,
        wanted.resource_id,
        wanted.contact_id,
        moment,
        key,
        limit,
    )
    return [_appointment(row) for row in rows]


async def finish_over(tx: Transaction, *, limit: int) -> int:
    """Mark appointments of yesterday and before as kept, and forget what is over outside; returns how many.

    What became of a hold is forgotten after 90 days.
    """
    done = len(await tx.fetch(COMPLETE_OVER, tx.now, limit))
    await tx.execute(DROP_OLD_TIME, tx.now, limit)
    await tx.execute(DROP_OLD_NEWS, tx.now, limit)
    await tx.execute(FORGET_HOLDS, tx.now, limit)
    return done


def _appointment(row: asyncpg.Record) -> Appointment:
    return Appointment(**(dict(row) | {"status": AppointmentStatus(row["status"]), "deposit": Deposit(row["deposit"])}))
