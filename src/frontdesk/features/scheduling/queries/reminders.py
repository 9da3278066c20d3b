"""Reminders as rows: set with a booking, due by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.scheduling.model import QuietHours, ReminderStatus
from frontdesk.kernel.db import Transaction

DROP = "delete from sched_reminders where tenant_id = $1 and appointment_id = $2 and status = 'waiting'"

SET = """
    insert into sched_reminders (appointment_id, minutes_before, tenant_id, due_at, status)
    select $2, minutes, $1, due_at, 'waiting'
    from unnest($3::int[], $4::timestamptz[]) as wanted (minutes, due_at)
    where due_at > $5
    on conflict (appointment_id, minutes_before) do update
    set due_at = excluded.due_at, status = 'waiting', decided_at = null
"""

GET_QUIET = "select timezone, quiet_from, quiet_until from tenants where id = $1"

LIST_TENANTS_WITH_DUE = (
    "select distinct tenant_id from sched_reminders where status = 'waiting' and due_at <= $1 limit 1000"
)

CLAIM_DUE = """
    select reminder.appointment_id, reminder.minutes_before, reminder.due_at
    from sched_reminders as reminder
    where reminder.tenant_id = $1 and reminder.status = 'waiting' and reminder.due_at <= $2
    order by reminder.due_at limit $3 for update skip locked
"""

DECIDE = """
    update sched_reminders set status = $4, decided_at = $5
    where tenant_id = $1 and appointment_id = $2 and minutes_before = $3
"""


LIST = """
    select minutes_before, due_at, status from sched_reminders
    where tenant_id = $1 and appointment_id = $2
    order by due_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetReminder:
    """A reminder of an appointment, and what became of it."""

    minutes_before: int
    due_at: datetime
    status: ReminderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminder:
    """A reminder whose time has come."""

    appointment_id: UUID
    minutes_before: int
    due_at: datetime


async def list_reminders(tx: Transaction, *, appointment_id: UUID) -> list[SetReminder]:
    """List the reminders of an appointment, the next first."""
    return [
        SetReminder(minutes_before=row["minutes_before"], due_at=row["due_at"], status=ReminderStatus(row["status"]))
        for row in await tx.fetch(LIST, tx.tenant, appointment_id)
    ]


async def drop_waiting(tx: Transaction, *, appointment_id: UUID) -> None:
    """Drop an appointment's reminders that have not been asked for."""
    await tx.execute(DROP, tx.tenant, appointment_id)


async def put_waiting(tx: Transaction, *, appointment_id: UUID, due: Mapping[int, datetime]) -> None:
    """Set reminders by their minutes before; those still to come, even if it had one of that kind before."""
    await tx.execute(SET, tx.tenant, appointment_id, list(due), list(due.values()), tx.now)


async def get_quiet_hours(tx: Transaction) -> QuietHours:
    """Get the quiet hours of the business."""
    row = await tx.fetchrow(GET_QUIET, tx.tenant)
    if row is None:
        raise LookupError(f"no business {tx.tenant}")
    return QuietHours(zone=row["timezone"], begins=row["quiet_from"], ends=row["quiet_until"])


async def list_tenants_with_due(tx: Transaction) -> list[UUID]:
    """List the businesses with reminders that are due."""
    return [row["tenant_id"] for row in await tx.fetch(LIST_TENANTS_WITH_DUE, tx.now)]


async def claim_due(tx: Transaction, *, limit: int) -> list[DueReminder]:
    """Take reminders that are due, oldest first; nobody else has them meanwhile."""
    return [DueReminder(**row) for row in await tx.fetch(CLAIM_DUE, tx.tenant, tx.now, limit)]


async def settle_reminder(tx: Transaction, reminder: DueReminder, status: ReminderStatus) -> None:
    """Write what became of a reminder."""
    await tx.execute(DECIDE, tx.tenant, reminder.appointment_id, reminder.minutes_before, status.value, tx.now)
