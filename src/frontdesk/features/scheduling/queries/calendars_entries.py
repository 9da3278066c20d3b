"""SQL of our appointments in calendars outside: what should stand there, and what has been written."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.scheduling.model.calendars import CalendarUse, EntryDue
from frontdesk.kernel.db import Transaction, affected

# What is booked and not over stands in the calendar of its resource; another version of it is written anew.
PUT_ENTRIES = """
    insert into calendar_entries (calendar_id, appointment_id, tenant_id, stands, revision, due_at)
    select calendar.id, booking.id, $1, true, booking.revision, $2
    from sched_appointments as booking
    join calendars as calendar
      on calendar.tenant_id = booking.tenant_id and calendar.resource_id = booking.resource_id and calendar.writes
    where booking.tenant_id = $1 and ($3::uuid is null or booking.id = $3)
      and ($4::uuid is null or calendar.id = $4) and booking.status = 'booked' and booking.ends_at > $2
    on conflict (calendar_id, appointment_id) do update
    set stands = true, revision = excluded.revision, due_at = excluded.due_at, attempts = 0, last_error = ''
    where not calendar_entries.stands or calendar_entries.revision <> excluded.revision
"""
DROP_ENTRIES = """
    update calendar_entries as entry
    set stands = false, revision = booking.revision, due_at = $2, attempts = 0, last_error = ''
    from sched_appointments as booking, calendars as calendar
    where entry.tenant_id = $1 and booking.id = entry.appointment_id and booking.tenant_id = $1
      and calendar.id = entry.calendar_id and calendar.tenant_id = $1 and entry.stands and booking.ends_at > $2
      and ($3::uuid is null or booking.id = $3) and ($4::uuid is null or calendar.id = $4)
      and (booking.status = 'cancelled' or not calendar.writes
           or calendar.resource_id is distinct from booking.resource_id)
"""
ADVANCE = """
    update calendar_connections as connection set due_at = least(connection.due_at, $2)
    where connection.tenant_id = $1 and connection.state = 'active' and exists (
      select from calendar_entries as entry join calendars as calendar on calendar.id = entry.calendar_id
      where entry.tenant_id = $1 and calendar.tenant_id = $1 and calendar.connection_id = connection.id
        and entry.due_at <= $2)
"""
LIST_DUE = """
    select calendar.id as calendar_id, calendar.provider_calendar_id, entry.appointment_id, entry.stands,
           entry.revision, entry.etag, entry.attempts, booking.starts_at, booking.ends_at,
           service.name as service_name, person.name as person, booking.note
    from calendar_entries as entry
    join calendars as calendar on calendar.id = entry.calendar_id and calendar.tenant_id = entry.tenant_id
    join sched_appointments as booking
      on booking.id = entry.appointment_id and booking.tenant_id = entry.tenant_id
    join sched_services as service on service.id = booking.service_id and service.tenant_id = booking.tenant_id
    join contacts as person on person.id = booking.contact_id and person.tenant_id = booking.tenant_id
    where entry.tenant_id = $1 and calendar.connection_id = $2 and entry.due_at <= $3
    order by entry.due_at limit $4
"""
SETTLE = """
    update calendar_entries set due_at = null, etag = $5, written_at = $6, last_error = '', attempts = 0
    where tenant_id = $1 and calendar_id = $2 and appointment_id = $3 and revision = $4 and stands = $7
"""
POSTPONE = """
    update calendar_entries set due_at = $4, attempts = attempts + 1, last_error = $5
    where tenant_id = $1 and calendar_id = $2 and appointment_id = $3
"""
FIND_NEXT_DUE = """
    select min(entry.due_at) from calendar_entries as entry
    join calendars as calendar on calendar.id = entry.calendar_id and calendar.tenant_id = entry.tenant_id
    where entry.tenant_id = $1 and calendar.connection_id = $2 and entry.due_at is not null
"""


async def put_entries(
    tx: Transaction, *, appointment_id: UUID | None = None, calendar: CalendarUse | None = None
) -> int:
    """Note what has to be written or taken out, of one appointment, one calendar or all; returns how much is new."""
    calendar_id = None if calendar is None else calendar.id
    put = affected(await tx.execute(PUT_ENTRIES, tx.tenant, tx.now, appointment_id, calendar_id))
    dropped = affected(await tx.execute(DROP_ENTRIES, tx.tenant, tx.now, appointment_id, calendar_id))
    if put + dropped:
        await tx.execute(ADVANCE, tx.tenant, tx.now)
    return put + dropped


async def list_due_entries(tx: Transaction, *, connection_id: UUID, limit: int) -> list[EntryDue]:
    """List what has to be written in the calendars of an account, longest due first."""
    rows = await tx.fetch(LIST_DUE, tx.tenant, connection_id, tx.now, limit)
    return [EntryDue(**dict(row)) for row in rows]


async def settle_entry(tx: Transaction, entry: EntryDue, *, etag: str) -> None:
    """Write down that it is so; an appointment that has changed meanwhile stays due."""
    await tx.execute(
        SETTLE,
        tx.tenant,
        entry.calendar_id,
        entry.appointment_id,
        entry.revision,
        etag,
        tx.now,
        entry.stands,
    )


async def postpone_entry(tx: Transaction, entry: EntryDue, *, due_at: datetime, error: str) -> None:
    """Write down that it could not be written, and when it is tried again."""
    await tx.execute(POSTPONE, tx.tenant, entry.calendar_id, entry.appointment_id, due_at, error)


async def find_next_due(tx: Transaction, *, connection_id: UUID) -> datetime | None:
    """Tell when the next write of an account is due."""
    found = await tx.fetchval(FIND_NEXT_DUE, tx.tenant, connection_id)
    return found if isinstance(found, datetime) else None
