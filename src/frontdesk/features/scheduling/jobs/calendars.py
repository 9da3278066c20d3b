"""What scheduling does when bookings change: they are noted for the calendars outside."""

from __future__ import annotations

from frontdesk.features.scheduling.events import AppointmentBooked, AppointmentCancelled, AppointmentRescheduled
from frontdesk.features.scheduling.service.calendars import note_appointment
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox import Handler, NewsOf, on


def calendar_handlers() -> list[Handler]:
    """List what calendars listen to; the events are written by the loop that keeps them in step."""

    async def write_booked(tx: Transaction, news: NewsOf[AppointmentBooked]) -> None:
        await note_appointment(tx, appointment_id=news.event.appointment_id)

    async def write_moved(tx: Transaction, news: NewsOf[AppointmentRescheduled]) -> None:
        await note_appointment(tx, appointment_id=news.event.appointment_id)

    async def take_out(tx: Transaction, news: NewsOf[AppointmentCancelled]) -> None:
        await note_appointment(tx, appointment_id=news.event.appointment_id)

    return [
        on(AppointmentBooked, "scheduling.write_into_calendar", write_booked),
        on(AppointmentRescheduled, "scheduling.move_in_calendar", write_moved),
        on(AppointmentCancelled, "scheduling.take_out_of_calendar", take_out),
    ]
