"""On the nights the clocks change, in thirty zones and three years, what is offered is really there, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from frontdesk.features import scheduling
from frontdesk.features.scheduling.model import Need, Seats, free_starts
from frontdesk.features.scheduling.service.openings import openings_of
from frontdesk.features.tenants.hours import DAYS
from frontdesk.kernel.ids import new_id
from tests.features.scheduling.stage import open_shop
from tests.support.actors import TEST_ACTS

ZONES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage"),
    *("America/Halifax", "America/St_Johns", "America/Havana", "America/Santiago", "Europe/Warsaw"),
    *("America/Nuuk", "America/Tijuana", "America/Port-au-Prince", "Atlantic/Azores", "Europe/London"),
    *("Europe/Dublin", "Europe/Lisbon", "Europe/Berlin", "Europe/Paris", "Europe/Athens"),
    *("Europe/Helsinki", "Europe/Chisinau", "Asia/Beirut", "Asia/Jerusalem", "Africa/Cairo"),
    *("Africa/Casablanca", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Auckland"),
)
NIGHTS = json.dumps({"weekly": {day: [["00:00", "06:00"]] for day in DAYS}, "special": []})
NIGHTLY = {day: [["00:00", "06:00"]] for day in DAYS}
QUARTER = timedelta(minutes=15)
NEED = Need(duration=timedelta(minutes=30), before=timedelta(), after=timedelta())


def offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    """Tell a zone's offset at a moment."""
    return moment.astimezone(zone).utcoffset() or timedelta()


def nights_of_change(name: str) -> Iterator[tuple[date, timedelta]]:
    """List the days of 2026 to 2028 on which a zone's offset changes between midnight and six, and by how much."""
    zone, day = ZoneInfo(name), date(2026, 1, 1)
    while day < date(2029, 1, 1):
        midnight = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
        six = datetime.combine(day, time(6), tzinfo=zone).astimezone(UTC)
        change = offset(zone, six) - offset(zone, midnight - timedelta(minutes=1))
        if change:
            yield day, change
        day += timedelta(days=1)


def someone(zone: str) -> scheduling.Resource:
    """Describe somebody in a zone who works every night from midnight to six."""
    return replace(
        scheduling.new_resource(resource_id=new_id(), name="Night"), zone=zone, own_zone=zone, hours=json.dumps(NIGHTLY)
    )


@pytest.mark.parametrize("name", ZONES)
def test_a_night_of_change_offers_every_quarter_that_its_clock_shows_and_no_other(name: str) -> None:
    zone, nights = ZoneInfo(name), list(nights_of_change(name))
    assert nights, f"{name} changes its clocks"
    for day, change in nights:
        within = (
            datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) - timedelta(hours=3),
            datetime.combine(day, time(6), tzinfo=zone).astimezone(UTC) + timedelta(hours=3),
        )
        openings = openings_of(someone(name), business_hours=NIGHTS, within=within)
        (night,) = [one for one in openings if one[0].astimezone(zone).date() == day]
        starts = list(free_starts([night], Seats(1, []), NEED, within=within, zone=name, granularity_minutes=15))
        assert starts == sorted(set(starts))
        assert all(later - earlier == QUARTER for earlier, later in pairwise(starts))
        for start in starts:
            local = start.astimezone(zone)
            assert local.date() == day
            assert local.minute % 15 == 0
            assert time(0) <= local.time() < time(6)
            assert (start + NEED.duration - timedelta(microseconds=1)).astimezone(zone).time() < time(6)
        lost = max(timedelta(), change)
        won = max(timedelta(), -change)
        before_six = timedelta(hours=6) - lost + won
        assert night[1] - night[0] in {before_six, timedelta(hours=6)}  # a change at midnight itself takes nothing
        assert len(starts) == (night[1] - night[0] - NEED.duration) // QUARTER + 1


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", date(2027, 3, 14)),
        ("America/New_York", date(2027, 11, 7)),
        ("Australia/Lord_Howe", date(2027, 4, 4)),
    ],
)
async def test_every_time_of_such_a_night_can_be_booked_and_none_of_them_twice(
    database_url: str, zone: str, day: date
) -> None:
    async with open_shop(database_url, resources=1) as shop:
        where = ZoneInfo(zone)
        night = (
            datetime.combine(day, time(), tzinfo=where).astimezone(UTC),
            datetime.combine(day, time(6), tzinfo=where).astimezone(UTC),
        )
        shop.travel_to(night[0] - timedelta(days=2))
        async with shop.app.transaction(shop.ada.id) as tx:
            night_shift = replace(shop.north, own_zone=zone, hours=json.dumps(NIGHTLY))
            await scheduling.change_resource(tx, night_shift, by=TEST_ACTS)
            half = replace(shop.service, duration_minutes=30, buffer_after_minutes=0)
            await scheduling.change_service(tx, half, by=TEST_ACTS)
        booked: list[datetime] = []
        while True:
            async with shop.app.transaction(shop.ada.id) as tx:
                free = await scheduling.list_free_slots(tx, service_id=shop.service.id, between=night, limit=1)
                if not free:
                    break
                done = await scheduling.book_slot(
                    tx,
                    service_id=shop.service.id,
                    resource_id=free[0].resource_id,
                    starts_at=free[0].starts_at,
                    contact_id=shop.carol,
                    source="test",
                )
            assert isinstance(done, scheduling.Appointment)
            booked.append(done.starts_at)
        assert len(booked) == len(set(booked)) == (night[1] - night[0]) // timedelta(minutes=30)
        assert await shop.overlaps() == 0


def test_an_opening_that_the_change_swallows_whole_is_not_offered() -> None:
    spring = (datetime(2027, 3, 14, 5, tzinfo=UTC), datetime(2027, 3, 14, 12, tzinfo=UTC))
    early = replace(
        scheduling.new_resource(resource_id=new_id(), name="Early"),
        zone="America/New_York",
        hours=json.dumps({day: [["02:00", "03:00"]] for day in DAYS}),
    )
    assert openings_of(early, business_hours=NIGHTS, within=spring) == []
    autumn = (datetime(2027, 11, 7, 4, tzinfo=UTC), datetime(2027, 11, 7, 12, tzinfo=UTC))
    twice = replace(early, hours=json.dumps({day: [["01:00", "02:00"]] for day in DAYS}))
    assert [end - start for start, end in openings_of(twice, business_hours=NIGHTS, within=autumn)] == [
        timedelta(hours=2)
    ]
