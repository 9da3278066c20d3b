"""The calendar's clock: every time at its row, an hour that comes twice twice, and overlaps side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from frontdesk.web.pages.agenda_axis import STEP, Axis, axis_of, clock_change, day_bounds, length_of
from frontdesk.web.pages.agenda_views import DAYS_IN_WEEK, Entry, View, Wanted, days_of, spread

ROWS = 288
AT = datetime(2027, 1, 1, tzinfo=UTC)
EVERY = (
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("Africa/Cairo", date(2027, 4, 30)),
    ("America/Havana", date(2027, 11, 7)),
    ("Asia/Kolkata", date(2027, 3, 14)),
)


def entry(title: str, row: int, rows: int) -> Entry:
    """Describe something that takes rows."""
    return Entry(kind="booked", row=row, rows=rows, starts_at=AT, ends_at=AT, when="", title=title, under="", tone=1)


@pytest.mark.parametrize(("zone", "day"), EVERY)
def test_every_moment_of_a_day_has_a_row_of_its_own_in_order(zone: str, day: date) -> None:
    axis = axis_of([day], zone=zone)
    start, end = day_bounds(day, zone)
    count = (end - start) // timedelta(minutes=STEP)
    rows = [axis.place(start + timedelta(minutes=STEP * one)) for one in range(count)]
    assert rows == sorted(set(rows))
    assert len(rows) + sum(rows for _, rows in axis.missing(day)) == axis.rows
    assert axis.span(start, end)[1] <= axis.rows


@pytest.mark.parametrize(("zone", "day"), EVERY)
def test_a_day_of_a_week_misses_what_another_day_has_twice(zone: str, day: date) -> None:
    axis = axis_of([day, day + timedelta(days=1)], zone=zone)
    extra = max(length_of(day, zone) - timedelta(days=1), timedelta()) // timedelta(minutes=STEP)
    assert axis.rows == ROWS + extra
    assert sum(rows for _, rows in axis.missing(day + timedelta(days=1))) == extra
    assert bool(clock_change(day, zone)) == (length_of(day, zone) != timedelta(days=1))


def test_the_hour_that_comes_twice_is_named_twice() -> None:
    axis = axis_of([date(2027, 11, 7)], zone="America/New_York")
    words = [label.words for label in axis.labels()]
    assert words[:4] == ["12 AM", "1 AM", "1 AM again", "2 AM"]
    narrowed = axis.narrowed(8 * 60, 18 * 60)
    assert (narrowed.rows, narrowed.labels()[0].row, narrowed.labels()[0].words) == (120, 1, "8 AM")


def test_what_lies_outside_the_shown_hours_takes_no_rows_and_what_reaches_in_is_cut() -> None:
    axis = Axis(zone="UTC", again=None, first=96, last=216)  # 8 to 18
    assert axis.span(AT, AT + timedelta(hours=2))[1] == 0
    assert axis.span(AT + timedelta(hours=19), AT + timedelta(hours=20))[1] == 0
    assert axis.span(AT + timedelta(hours=7), AT + timedelta(hours=9)) == (1, 12)


def test_overlaps_lie_side_by_side_and_what_follows_has_the_whole_width() -> None:
    laid = {
        one.title: one for one in spread([entry("a", 1, 12), entry("b", 7, 12), entry("c", 13, 6), entry("d", 30, 6)])
    }
    assert [(laid[one].track, laid[one].tracks) for one in "abcd"] == [(1, 6), (7, 6), (1, 6), (1, 12)]
    many = spread([entry(str(one), 1, 12) for one in range(9)])
    assert {one.tracks for one in many} == {2}
    assert all(1 <= one.track <= 11 for one in many)


def test_a_week_begins_on_the_countrys_first_day_and_holds_the_asked_one() -> None:
    wanted = Wanted(tenant_id=UUID(int=1), day=date(2026, 11, 25))
    for country, first in (("US", date(2026, 11, 22)), ("DE", date(2026, 11, 23)), ("AE", date(2026, 11, 21))):
        days = days_of(wanted, country=country)
        assert days[0] == first
        assert len(days) == DAYS_IN_WEEK
        assert wanted.day in days
    assert days_of(replace(wanted, view=View.DAY), country="US") == [wanted.day]
