"""Times of events as calendars hold them: recurrences, exceptions, zones and whole days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.ports.calendars import Busy, BusyQuery, OutgoingEvent, merge_busy
from frontdesk.providers.caldav.events import BadCalendar, busy_times, event_text

QUERY = BusyQuery(
    starts_at=datetime(2027, 3, 1, tzinfo=UTC), ends_at=datetime(2027, 4, 1, tzinfo=UTC), zone="America/New_York"
)
ZONE = """BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:STANDARD
DTSTART:20071104T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20070311T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*events: str) -> str:
    blocks = "".join(
        f"BEGIN:VEVENT\nUID:{at}\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n" for at, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{ZONE}{blocks}END:VCALENDAR\n".replace("\n", "\r\n")


def found(*events: str, query: BusyQuery = QUERY) -> list[tuple[str, str]]:
    times = merge_busy(busy_times(calendar(*events), query), starts_at=query.starts_at, ends_at=query.ends_at)
    return [(f"{one.starts_at:%d %H:%M}", f"{one.ends_at:%d %H:%M}") for one in times]


def test_a_weekly_event_keeps_its_hour_on_the_wall_through_the_change_of_the_clocks() -> None:
    weekly = (
        "DTSTART;TZID=America/New_York:20270301T090000\nDTEND;TZID=America/New_York:20270301T100000\nRRULE:FREQ=WEEKLY"
    )
    assert found(weekly) == [
        ("01 14:00", "01 15:00"),
        ("08 14:00", "08 15:00"),
        ("15 13:00", "15 14:00"),  # summer time since the 14th
        ("22 13:00", "22 14:00"),
        ("29 13:00", "29 14:00"),
    ]


def test_a_daily_event_without_the_days_left_out_and_with_the_one_that_was_moved() -> None:
    series = (
        "DTSTART;TZID=America/New_York:20270301T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\n"
        "EXDATE;TZID=America/New_York:20270302T090000"
    )
    moved = (
        "RECURRENCE-ID;TZID=America/New_York:20270303T090000\n"
        "DTSTART;TZID=America/New_York:20270303T150000\nDTEND;TZID=America/New_York:20270303T160000"
    )
    text = calendar(series, moved).replace("UID:1\r\n", "UID:0\r\n")
    times = [f"{one.starts_at:%d %H:%M}" for one in sorted(busy_times(text, QUERY))]
    assert times == ["01 14:00", "03 20:00", "04 14:00"]


def test_an_occurrence_that_was_called_off_takes_no_time() -> None:
    series = "DTSTART:20270301T090000Z\nDTEND:20270301T100000Z\nRRULE:FREQ=DAILY;UNTIL=20270303T090000Z"
    off = "RECURRENCE-ID:20270302T090000Z\nDTSTART:20270302T090000Z\nDTEND:20270302T100000Z\nSTATUS:CANCELLED"
    text = calendar(series, off).replace("UID:1\r\n", "UID:0\r\n")
    assert [f"{one.starts_at:%d}" for one in sorted(busy_times(text, QUERY))] == ["01", "03"]


def test_the_end_of_a_series_is_its_last_occurrence_in_any_zone() -> None:
    late = (
        "DTSTART;TZID=America/New_York:20270301T210000\nDTEND;TZID=America/New_York:20270301T220000\n"
        "RRULE:FREQ=DAILY;UNTIL=20270303T020000Z"
    )
    assert found(late) == [("02 02:00", "02 03:00"), ("03 02:00", "03 03:00")]


def test_a_whole_day_is_the_day_of_whoever_is_asked_for() -> None:
    assert found("DTSTART;VALUE=DATE:20270314\nDTEND;VALUE=DATE:20270315") == [("14 05:00", "15 04:00")]
    assert found("DTSTART;VALUE=DATE:20270310") == [("10 05:00", "11 05:00")]


def test_a_time_without_a_zone_is_by_the_asked_clock() -> None:
    assert found("DTSTART:20270301T090000\nDTEND:20270301T100000") == [("01 14:00", "01 15:00")]


def test_what_takes_no_time_is_left_out() -> None:
    at = "DTSTART:20270301T090000Z\nDTEND:20270301T100000Z\n"
    assert found(at + "TRANSP:TRANSPARENT", at + "STATUS:CANCELLED", "SUMMARY:no time at all") == []
    assert found("DTSTART:20270301T090000Z") == [], "an event without length"


def test_our_own_events_are_known_by_their_id() -> None:
    event = OutgoingEvent(
        uid="frontdesk00ff",
        title="Carol; \\ , pipe\nEND:VEVENT",
        starts_at=QUERY.starts_at,
        ends_at=QUERY.starts_at + timedelta(hours=1),
    )
    text = event_text(event, written_at=QUERY.starts_at).decode()
    assert busy_times(text, QUERY) == []
    theirs = BusyQuery(starts_at=QUERY.starts_at, ends_at=QUERY.ends_at, zone="UTC", without_ours=False)
    assert busy_times(text, theirs) == [Busy(event.starts_at, event.ends_at)]
    assert text.count("END:VEVENT") == 2, "the words stay one line of text, escaped"
    assert "\r\nEND:VEVENT\r\nEND:VCALENDAR" in text


def test_a_series_without_end_is_walked_through_its_window_only() -> None:
    assert len(found("DTSTART:19700101T090000Z\nDTEND:19700101T091000Z\nRRULE:FREQ=DAILY")) == 31


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:nonsense",
        "DTSTART:20270301T090000Z\nRRULE:FREQ=SOMETIMES",
        "DTSTART:20270301T090000Z\nDTEND:soon",
    ],
)
def test_an_event_that_cannot_be_read_is_refused_or_left_out_and_nothing_else_breaks(event: str) -> None:
    try:
        busy_times(calendar(event), QUERY)
    except BadCalendar:
        return


def test_text_that_is_no_calendar_is_refused() -> None:
    with pytest.raises(BadCalendar):
        busy_times("hello", QUERY)
