"""The parts of Google Calendar's documents that we read, and the events that we write."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from frontdesk.ports.calendars import OURS, Busy, OutgoingEvent


class Moment(msgspec.Struct):
    """A time of day with its offset, or a whole day."""

    dateTime: str = ""  # noqa: N815 - Google's own name
    date: str = ""


class Attendee(msgspec.Struct):
    """Somebody invited; `self` marks the owner of the calendar."""

    responseStatus: str = ""  # noqa: N815 - Google's own name
    is_owner: bool = msgspec.field(name="self", default=False)


class Event(msgspec.Struct, rename="camel"):
    """An event, as far as it tells whether somebody is busy."""

    id: str = ""
    status: str = ""
    etag: str = ""
    transparency: str = ""
    event_type: str = ""
    start: Moment = msgspec.field(default_factory=Moment)
    end: Moment = msgspec.field(default_factory=Moment)
    attendees: list[Attendee] = []


class Events(msgspec.Struct, rename="camel"):
    """A page of events."""

    items: list[Event] = []
    next_page_token: str = ""
    next_sync_token: str = ""
    time_zone: str = ""


class CalendarEntry(msgspec.Struct, rename="camel"):
    """A calendar in the owner's list."""

    id: str
    summary: str = ""
    summary_override: str = ""
    time_zone: str = ""
    access_role: str = ""
    primary: bool = False
    deleted: bool = False


class CalendarList(msgspec.Struct, rename="camel"):
    """A page of the owner's list."""

    items: list[CalendarEntry] = []
    next_page_token: str = ""


class Period(msgspec.Struct):
    """A busy time."""

    start: str
    end: str


class PeriodFault(msgspec.Struct):
    """Why a calendar in a freeBusy answer has none; it stands inside a 200."""

    reason: str = ""


class CalendarPeriods(msgspec.Struct):
    """One calendar in a freeBusy answer."""

    busy: list[Period] = []
    errors: list[PeriodFault] = []


class FreeBusy(msgspec.Struct):
    """A freeBusy answer."""

    calendars: dict[str, CalendarPeriods] = {}


class WatchAnswer(msgspec.Struct, rename="camel"):
    """A channel that was opened; `expiration` is in Unix milliseconds, as text."""

    id: str
    resource_id: str
    expiration: str = ""


def zone_of(name: str, fallback: str) -> ZoneInfo:
    """Give a zone by its name, the fallback for one that nobody knows."""
    try:
        return ZoneInfo(name or fallback)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(fallback)


def instant(moment: Moment, zone: ZoneInfo) -> datetime:
    """Tell when a moment is, in UTC; a whole day begins at the calendar's midnight. ValueError if it is none."""
    if moment.dateTime:
        read = datetime.fromisoformat(moment.dateTime)
        return (read if read.tzinfo is not None else read.replace(tzinfo=zone)).astimezone(UTC)
    return datetime.combine(date.fromisoformat(moment.date), time(), tzinfo=zone).astimezone(UTC)


def keeps_busy(event: Event, *, without_ours: bool) -> bool:
    """Tell whether an event takes its owner's time."""
    if event.status == "cancelled" or event.transparency == "transparent" or event.event_type == "workingLocation":
        return False
    if without_ours and event.id.startswith(OURS):
        return False
    return not any(one.is_owner and one.responseStatus == "declined" for one in event.attendees)


def busy_time(event: Event, zone: ZoneInfo) -> Busy:
    """Tell when an event is, in UTC; ValueError for one without times."""
    return Busy(instant(event.start, zone), instant(event.end, zone))


def event_body(event: OutgoingEvent) -> dict[str, object]:
    """Write an appointment as Google keeps it; `confirmed` also brings back one that was deleted there."""
    return {
        "id": event.uid,
        "status": "confirmed",
        "summary": event.title,
        "description": event.description,
        "location": event.location,
        "start": {"dateTime": event.starts_at.astimezone(UTC).isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": event.ends_at.astimezone(UTC).isoformat(), "timeZone": "UTC"},
        "sequence": event.revision,
        "extendedProperties": {"private": {"frontdesk": event.uid}},
        "reminders": {"useDefault": True},
    }
