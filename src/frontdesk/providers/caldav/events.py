"""Events as iCalendar has them: which times a resource takes, recurrences and zones included, and ours as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import TypeAlias
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event
from icalendar.prop import vDDDLists, vDDDTypes, vDuration, vRecur

from frontdesk.ports.calendars import OURS, Busy, BusyQuery, OutgoingEvent

PRODUCT = "-//Frontdesk//Calendars//EN"
MOST_OCCURRENCES = 5_000  # of one event in one window
Moment: TypeAlias = "date | datetime"


class BadCalendar(ValueError):
    """Calendar data that cannot be read."""


def busy_times(data: str, query: BusyQuery) -> list[Busy]:
    """List when the events of one calendar resource take their owner's time; refuses with BadCalendar."""
    try:
        calendar = Calendar.from_ical(data)
        events = [one for one in calendar.walk("VEVENT") if isinstance(one, Event)]
        return [found for series in _series_of(events) for found in _times_of(series, query)]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise BadCalendar("an event cannot be read") from error


def event_text(event: OutgoingEvent, *, written_at: datetime) -> bytes:
    """Write an appointment as a calendar resource."""
    calendar, entry = Calendar(), Event()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    entry.add("uid", event.uid)
    entry.add("dtstamp", written_at.astimezone(UTC))
    entry.add("dtstart", event.starts_at.astimezone(UTC))
    entry.add("dtend", event.ends_at.astimezone(UTC))
    entry.add("summary", event.title)
    entry.add("sequence", event.revision)
    entry.add("status", "CONFIRMED")
    entry.add("transp", "OPAQUE")
    if event.description:
        entry.add("description", event.description)
    if event.location:
        entry.add("location", event.location)
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def _series_of(events: Iterable[Event]) -> list[list[Event]]:
    """Put an event and the occurrences of it that were moved or changed together."""
    by_uid: dict[str, list[Event]] = {}
    for event in events:
        by_uid.setdefault(str(event.get("UID", "")), []).append(event)
    return list(by_uid.values())


def _times_of(series: list[Event], query: BusyQuery) -> Iterator[Busy]:
    if query.without_ours and str(series[0].get("UID", "")).startswith(OURS):
        return
    changed = {_instant(_moment(one, "RECURRENCE-ID"), query): one for one in series if "RECURRENCE-ID" in one}
    for event in series:
        if "RECURRENCE-ID" in event:
            if _takes_time(event):
                yield _busy(_moment(event, "DTSTART"), event, query)
            continue
        if not _takes_time(event):
            continue
        for start in _starts(event, query):
            if _instant(start, query) not in changed:
                yield _busy(start, event, query)


def _takes_time(event: Event) -> bool:
    return (
        str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT"
        and "DTSTART" in event
    )


def _starts(event: Event, query: BusyQuery) -> Iterator[Moment]:
    """List when an event begins, by the clock on the wall of its own zone, as far as it touches the window."""
    start = _moment(event, "DTSTART")
    extra = [one.dt for one in _dates(event, "RDATE") if isinstance(one.dt, date)]
    rule = event.get("RRULE")
    if not isinstance(rule, vRecur):
        yield from [start, *extra]
        return
    zone = start.tzinfo if isinstance(start, datetime) else None
    local = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime.combine(start, time())
    left_out = {_instant(one.dt, query) for one in _dates(event, "EXDATE") if isinstance(one.dt, date)}
    length = _length(event, start)
    # The rule is walked on the wall's clock; a day more on each side covers every zone.
    since = query.starts_at.replace(tzinfo=None) - length - timedelta(days=1)
    until = query.ends_at.replace(tzinfo=None) + timedelta(days=1)
    walk = rrulestr(_without_zone(rule, zone), dtstart=local).xafter(since, inc=True)
    for moment in islice(walk, MOST_OCCURRENCES):
        if moment > until:
            break
        found: Moment = moment.replace(tzinfo=zone) if isinstance(start, datetime) else moment.date()
        if _instant(found, query) not in left_out:
            yield found
    yield from extra


def _without_zone(rule: vRecur, zone: tzinfo | None) -> str:
    """Write a rule with its end on the wall's clock too: dateutil walks naive times by naive ends only."""
    until = rule.get("UNTIL")
    text = bytes(rule.to_ical()).decode()  # type: ignore[no-untyped-call]  # the library types it not
    if not until:
        return text
    end = until[0] if isinstance(until, list) else until
    if isinstance(end, datetime):
        local = end.astimezone(zone) if zone is not None and end.tzinfo is not None else end
        written = local.replace(tzinfo=None).strftime("%Y%m%dT%H%M%S")
    else:
        written = datetime.combine(end, time(23, 59, 59)).strftime("%Y%m%dT%H%M%S")
    return ";".join(f"UNTIL={written}" if part.startswith("UNTIL=") else part for part in text.split(";"))


def _dates(event: Event, name: str) -> list[vDDDTypes]:
    found = event.get(name)
    lists = found if isinstance(found, list) else [found]
    return [one for each in lists if isinstance(each, vDDDLists) for one in each.dts]


def _moment(event: Event, name: str) -> Moment:
    value = event.get(name)
    if not isinstance(value, vDDDTypes) or not isinstance(value.dt, date):
        raise BadCalendar(f"{name} is no time")
    return value.dt


def _length(event: Event, start: Moment) -> timedelta:
    if "DTEND" in event:
        end = _moment(event, "DTEND")
        if isinstance(end, datetime) and isinstance(start, datetime):
            if end.tzinfo is not None and start.tzinfo is not None:
                return end - start if end.tzinfo is start.tzinfo else end.astimezone(UTC) - start.astimezone(UTC)
            return end.replace(tzinfo=None) - start.replace(tzinfo=None)
        return timedelta(days=(end - start).days)
    if "DURATION" in event:
        length = event.get("DURATION")
        if isinstance(length, vDuration):
            return length.td
        if isinstance(length, vDDDTypes) and isinstance(length.dt, timedelta):
            return length.dt
    return timedelta() if isinstance(start, datetime) else timedelta(days=1)


def _busy(start: Moment, event: Event, query: BusyQuery) -> Busy:
    begins = _instant(start, query)
    if isinstance(start, datetime):
        if "DTEND" in event and _moment(event, "DTSTART") == start:
            return Busy(begins, _instant(_moment(event, "DTEND"), query))
        length = _length(event, _moment(event, "DTSTART"))
        return Busy(begins, _instant(start + length, query))
    days = _length(event, _moment(event, "DTSTART")).days
    return Busy(begins, _instant(start + timedelta(days=max(days, 1)), query))


def _instant(moment: Moment, query: BusyQuery) -> datetime:
    """Tell when a moment is, in UTC; one without a zone, and a whole day, are by the clock of the asked zone."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(query.zone))).astimezone(UTC)
