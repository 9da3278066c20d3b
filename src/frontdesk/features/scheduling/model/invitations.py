"""Calendar files of appointments (RFC 5545, 5546): the same event for as long as the appointment lives."""

from __future__ import annotations

from datetime import UTC
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress, vText

from frontdesk.features.scheduling.model.bookings import Appointment, AppointmentStatus

PRODUCT = "-//Frontdesk//Bookings//EN"
DOMAIN = "frontdesk"


class Method(StrEnum):
    """What a calendar is to do with the event."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


def invitation(appointment: Appointment, *, business: str, organizer_email: str = "", link: str = "") -> bytes:
    """Write an appointment as a calendar file: REQUEST while it is booked, CANCEL once it is called off.

    UID is the appointment's own and SEQUENCE counts its changes, so that a calendar moves the event it knows. Times are
    in UTC: no clock change moves them.
    """
    cancelled = appointment.status is AppointmentStatus.CANCELLED
    event = Event()
    event.add("uid", f"{appointment.id}@{DOMAIN}")
    event.add("sequence", appointment.revision)
    event.add("dtstamp", appointment.updated_at.astimezone(UTC))
    event.add("created", appointment.created_at.astimezone(UTC))
    event.add("last-modified", appointment.updated_at.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("summary", f"{appointment.service_name}, {business}")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    if link:
        event.add("url", link)
        event.add("description", f"Details or changes: {link}")
    organizer = vCalAddress(f"mailto:{organizer_email}" if organizer_email else f"urn:uuid:{appointment.tenant_id}")
    organizer.params["cn"] = vText(business)
    event["organizer"] = organizer
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", (Method.CANCEL if cancelled else Method.REQUEST).value)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
