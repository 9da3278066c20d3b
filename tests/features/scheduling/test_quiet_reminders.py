"""Reminders keep a business's quiet hours: they leave before them, never after the appointment."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features import scheduling
from frontdesk.features.scheduling.model import QuietHours
from tests.features.scheduling.stage import open_shop
from tests.features.scheduling.test_telling import remind

NEW_YORK = "America/New_York"
NIGHT = QuietHours(zone=NEW_YORK, begins=time(21), ends=time(9))


def _local(day: int, hour: int, minute: int = 0, *, month: int = 6) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)


@pytest.mark.parametrize(
    ("starts", "minutes", "due"),
    [
        (_local(9, 14), 120, _local(9, 12)),  # by day: as it is
        (_local(9, 10), 120, _local(8, 20, 30)),  # at eight in the morning: the evening before
        (_local(9, 23), 60, _local(9, 20, 30)),  # at ten at night: earlier the same evening
        (_local(9, 11), 120, _local(9, 9)),  # the moment at which quiet hours end is not quiet
        (_local(14, 10, month=3), 120, _local(13, 20, 30, month=3)),  # the night in which clocks go forward
        (_local(7, 10, month=11), 120, _local(6, 20, 30, month=11)),  # and back
    ],
)
def test_a_reminder_that_would_wake_somebody_leaves_the_evening_before(
    starts: datetime, minutes: int, due: datetime
) -> None:
    assert NIGHT.due(starts, minutes_before=minutes) == due


@given(
    starts=st.datetimes(datetime(2027, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    minutes=st.integers(0, 3000),
    begins=st.times(),
    ends=st.times(),
    zone=st.sampled_from(
        ["America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Europe/London", "Asia/Kolkata"]
    ),
)
def test_it_is_never_later_than_asked_for_and_never_quiet_when_the_quiet_is_short_enough(
    starts: datetime, minutes: int, begins: time, ends: time, zone: str
) -> None:
    quiet = QuietHours(zone=zone, begins=begins.replace(tzinfo=None), ends=ends.replace(tzinfo=None))
    due = quiet.due(starts, minutes_before=minutes)
    assert due <= starts - timedelta(minutes=minutes) <= starts
    if due < starts - timedelta(minutes=minutes):
        assert quiet.began(starts - timedelta(minutes=minutes)) is not None


def test_the_same_hour_twice_is_never_quiet() -> None:
    never = QuietHours(zone=NEW_YORK, begins=time(9), ends=time(9))
    assert never.began(_local(9, 9)) is None
    assert never.due(_local(9, 10), minutes_before=120) == _local(9, 8)


async def test_a_booking_for_the_morning_is_reminded_of_the_evening_before_and_nobody_by_night(
    database_url: str,
) -> None:
    async with open_shop(database_url) as shop:
        booked = await shop.booked(26)  # Tuesday, ten
        shop.travel_to(shop.at(12.5) + timedelta(seconds=1))  # Monday, half past eight in the evening
        assert await remind(shop) == 2
        assert len(shop.notebook.about("reminder")) == 1, "the one of a day before is too late by now"
        assert all(one.useful_until <= shop.at(13) for one in shop.notebook.told if "reminder_120" in one.key)
        assert booked.status is scheduling.AppointmentStatus.BOOKED


async def test_a_worker_that_was_away_reminds_nobody_by_night(database_url: str) -> None:
    async with open_shop(database_url) as shop:
        await shop.booked(26)
        shop.travel_to(shop.at(13.2))  # Monday, twelve past nine in the evening
        assert await remind(shop) == 2
        assert shop.notebook.about("reminder") == []
