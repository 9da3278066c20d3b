"""Reminders follow their booking: set with it, set anew when it moves, gone when it is called off."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.scheduling.model import Appointment
from frontdesk.features.scheduling.queries import appointments, offers, reminders
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


async def list_reminders(tx: Transaction, *, appointment_id: UUID) -> list[reminders.SetReminder]:
    """List the reminders of an appointment, the next first; refuses `scheduling.appointment_not_found`."""
    if await appointments.find_appointment(tx, appointment_id=appointment_id) is None:
        raise Refused("scheduling.appointment_not_found", "no such appointment", status=404)
    return await reminders.list_reminders(tx, appointment_id=appointment_id)


async def set_reminders(tx: Transaction, appointment: Appointment) -> None:
    """Set the reminders of an appointment as its service asks; one whose time has passed is left out.

    None is due in the business's quiet hours: it leaves before them, not after.
    """
    await reminders.drop_waiting(tx, appointment_id=appointment.id)
    found = await offers.list_services(tx, only=appointment.service_id, active_only=False)
    if found:
        quiet = await reminders.get_quiet_hours(tx)
        due = {one: quiet.due(appointment.starts_at, minutes_before=one) for one in found[0].reminder_minutes}
        await reminders.put_waiting(tx, appointment_id=appointment.id, due=due)


async def drop_reminders(tx: Transaction, *, appointment_id: UUID) -> None:
    """Drop the reminders of an appointment that is over."""
    await reminders.drop_waiting(tx, appointment_id=appointment_id)
