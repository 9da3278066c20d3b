"""A business is open exactly when its clock on the wall says so, in every zone and on every night of the year."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.features.tenants.hours import (
    DAYS,
    BusinessHours,
    from_document,
    from_json,
    is_zone,
    say_when,
    to_document,
    to_json,
    validate,
)
from frontdesk.kernel.errors import Refused

NEW_YORK = "America/New_York"
ZONES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/Anchorage", "America/St_Johns", "America/Halifax", "America/Havana", "America/Santiago"),
    *("America/Asuncion", "America/Nuuk", "America/Sao_Paulo", "Atlantic/Azores", "Europe/London", "Europe/Dublin"),
    *("Europe/Paris", "Europe/Athens", "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Jerusalem"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Australia/Sydney", "Australia/Lord_Howe", "Australia/Adelaide"),
    *("Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati"),
)
WEEKDAYS = {day: [["08:00", "17:00"]] for day in DAYS[:5]}


def hours(
    weekly: dict[str, list[list[str]]], zone: str = NEW_YORK, special: list[object] | None = None
) -> BusinessHours:
    return from_document({"weekly": weekly, "special": special or []}, zone=zone)


def every_day(*spans: tuple[str, str], zone: str = NEW_YORK) -> BusinessHours:
    return hours({day: [list(span) for span in spans] for day in DAYS}, zone)


def at(zone: str, *when: int, fold: int = 0) -> datetime:
    """Find the instant of a wall-clock time; in UTC, since Python calls ambiguous times of two zones never equal."""
    year, month, day, hour, minute = when
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def transitions(zone: str) -> list[datetime]:
    """Find the instants, to the minute, at which the zone's offset changes from 2026 to 2028."""
    where, found = ZoneInfo(zone), []
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    while instant.year < 2029:
        following = instant + timedelta(days=1)
        if instant.astimezone(where).utcoffset() != following.astimezone(where).utcoffset():
            minute = instant
            while minute.astimezone(where).utcoffset() == instant.astimezone(where).utcoffset():
                minute += timedelta(minutes=1)
            found.append(minute)
        instant = following
    return found


TRANSITIONS = [(zone, instant) for zone in ZONES for instant in transitions(zone)]


def walked(rules: BusinessHours, start: datetime, minutes: int) -> list[bool]:
    """Tell minute by minute whether the business is open, by watching the clock on the wall."""
    zone = ZoneInfo(rules.zone)
    wall = [(start + timedelta(minutes=m)).astimezone(zone).replace(tzinfo=None, fold=0) for m in range(minutes)]
    open_at = [False] * minutes
    for offset in range(-3, minutes // 1440 + 2):
        day = start.astimezone(zone).date() + timedelta(offset)
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a wall-clock reading has no zone
        for span in rules.spans_on(day):
            opens, closes = (midnight + timedelta(minutes=edge) for edge in (span.opens, span.closes))
            reached = [m for m in range(minutes) if wall[m] >= opens]
            before_close = [m for m in range(minutes) if wall[m] < closes]
            if reached and before_close:
                for m in range(reached[0], before_close[-1] + 1):
                    open_at[m] = True
    return open_at


@st.composite
def weeks(draw: st.DrawFn, zone: str) -> BusinessHours:
    quarters = st.lists(st.integers(0, 95), min_size=2, max_size=6, unique=True).map(sorted)
    weekly: dict[str, list[list[str]]] = {}
    for day in DAYS:
        edges = [f"{q // 4:02}:{q % 4 * 15:02}" for q in draw(quarters)]
        weekly[day] = [list(pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    return hours(weekly, zone)


def test_the_zones_have_transitions_to_test() -> None:
    assert len(ZONES) == len(set(ZONES)) == 30
    assert len(TRANSITIONS) >= 120


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_around_every_change_of_clocks_the_wall_clock_rules(data: st.DataObject) -> None:
    zone, instant = data.draw(st.sampled_from(TRANSITIONS))
    rules = data.draw(weeks(zone))
    start = instant - timedelta(hours=36)
    minutes = 72 * 60
    expected = walked(rules, start, minutes)
    for m in range(24 * 60, 48 * 60, 5):
        assert rules.is_open(start + timedelta(minutes=m)) is expected[m], (zone, start + timedelta(minutes=m))


@pytest.mark.parametrize(("zone", "instant"), TRANSITIONS)
def test_at_every_change_of_clocks_openings_and_closings_agree_with_being_open(zone: str, instant: datetime) -> None:
    rules = every_day(("00:00", "00:30"), ("01:15", "02:45"), ("03:00", "09:00"), ("22:00", "24:00"), zone=zone)
    for minutes in range(-180, 181, 15):
        moment = instant + timedelta(minutes=minutes)
        opening, closing = rules.next_opening(moment), rules.next_closing(moment)
        assert opening is not None
        assert opening >= moment
        assert rules.is_open(opening)
        assert (opening == moment) is rules.is_open(moment) is (closing is not None)
        if opening > moment:
            assert not rules.is_open(opening - timedelta(microseconds=1))
        if closing is not None:
            assert not rules.is_open(closing)
            assert rules.is_open(closing - timedelta(microseconds=1))


def test_opening_and_closing_minutes_belong_to_open_and_shut() -> None:
    rules = hours(WEEKDAYS)
    assert not rules.is_open(at(NEW_YORK, 2026, 11, 23, 7, 59))
    assert rules.is_open(at(NEW_YORK, 2026, 11, 23, 8, 0))
    assert rules.is_open(at(NEW_YORK, 2026, 11, 23, 17, 0) - timedelta(microseconds=1))
    assert not rules.is_open(at(NEW_YORK, 2026, 11, 23, 17, 0))
    assert not rules.is_open(at(NEW_YORK, 2026, 11, 22, 12, 0))


def test_the_instant_counts_not_the_zone_it_is_written_in() -> None:
    rules = hours(WEEKDAYS)
    moment = at(NEW_YORK, 2026, 11, 23, 16, 30)
    for zone in ZONES:
        assert rules.is_open(moment.astimezone(ZoneInfo(zone)))
    with pytest.raises(ValueError, match="zone"):
        rules.is_open(moment.replace(tzinfo=None))


def test_several_openings_a_day_leave_the_break_shut() -> None:
    rules = every_day(("08:00", "12:00"), ("13:30", "18:00"))
    assert [rules.is_open(at(NEW_YORK, 2026, 6, 1, h, m)) for h, m in ((11, 59), (12, 0), (13, 29), (13, 30))] == [
        *(True, False, False, True)
    ]
    assert rules.next_opening(at(NEW_YORK, 2026, 6, 1, 12, 5)) == at(NEW_YORK, 2026, 6, 1, 13, 30)


def test_a_night_shift_belongs_to_the_day_it_begins() -> None:
    rules = hours({"fri": [["20:00", "02:00"]]})
    assert rules.is_open(at(NEW_YORK, 2026, 11, 20, 23, 0))
    assert rules.is_open(at(NEW_YORK, 2026, 11, 21, 1, 59))
    assert not rules.is_open(at(NEW_YORK, 2026, 11, 21, 2, 0))
    assert not rules.is_open(at(NEW_YORK, 2026, 11, 20, 1, 0))


def test_a_closure_shuts_the_day_but_not_the_night_before() -> None:
    christmas = {"first": "2026-12-25", "last": "2026-12-25", "name": "Christmas", "open": []}
    rules = hours({day: [["20:00", "02:00"]] for day in DAYS}, special=[christmas])
    assert rules.is_open(at(NEW_YORK, 2026, 12, 25, 1, 0))
    assert not rules.is_open(at(NEW_YORK, 2026, 12, 25, 21, 0))
    assert rules.next_opening(at(NEW_YORK, 2026, 12, 25, 3, 0)) == at(NEW_YORK, 2026, 12, 26, 20, 0)


def test_the_later_of_two_special_days_wins() -> None:
    rules = hours(
        WEEKDAYS,
        special=[
            {"first": "2026-12-21", "last": "2027-01-03", "name": "Holidays", "open": []},
            {"first": "2026-12-28", "name": "Stock-taking", "open": [["10:00", "12:00"]]},
        ],
    )
    assert rules.next_opening(at(NEW_YORK, 2026, 12, 19, 9, 0)) == at(NEW_YORK, 2026, 12, 28, 10, 0)
    assert rules.next_closing(at(NEW_YORK, 2026, 12, 28, 11, 0)) == at(NEW_YORK, 2026, 12, 28, 12, 0)
    assert rules.next_opening(at(NEW_YORK, 2026, 12, 28, 12, 0)) == at(NEW_YORK, 2027, 1, 4, 8, 0)


def test_known_nights_of_new_york() -> None:
    rules = every_day(("02:30", "05:00"))
    assert rules.next_opening(at(NEW_YORK, 2027, 3, 14, 0, 0)) == at(NEW_YORK, 2027, 3, 14, 3, 0)
    twice = every_day(("01:30", "01:45"))
    first, second = at(NEW_YORK, 2026, 11, 1, 1, 30), at(NEW_YORK, 2026, 11, 1, 1, 45, fold=1)
    assert twice.next_opening(at(NEW_YORK, 2026, 11, 1, 0, 0)) == first
    assert twice.next_closing(first) == second
    evening = every_day(("09:00", "23:00"), zone="America/Santiago")  # where 23:00 to 24:00 came twice that night
    assert evening.next_closing(at("America/Santiago", 2026, 4, 4, 12, 0)) == at("America/Santiago", 2026, 4, 4, 23, 0)
    gap = every_day(("02:10", "02:50"))
    assert gap.next_opening(at(NEW_YORK, 2027, 3, 14, 0, 0)) == at(NEW_YORK, 2027, 3, 15, 2, 10)


def test_a_business_that_never_closes_has_no_closing_and_one_that_never_opens_no_opening() -> None:
    now = at(NEW_YORK, 2026, 11, 23, 12, 0)
    always, never = every_day(("00:00", "24:00")), hours({})
    assert always.next_opening(now) == now
    assert always.next_closing(now) is None
    assert never.next_opening(now) is None
    assert not never.is_open(now)
    once = hours({}, special=[{"first": "2026-11-23", "open": [["09:00", "13:00"]]}])
    assert once.next_closing(now) == at(NEW_YORK, 2026, 11, 23, 13, 0)


@given(st.sampled_from(ZONES).flatmap(weeks))
def test_hours_survive_being_written_and_read(rules: BusinessHours) -> None:
    text = to_json(rules)
    assert from_json(text, zone=rules.zone) == rules
    assert to_json(from_json(text, zone=rules.zone)) == text


def test_hours_are_written_the_same_whatever_order_they_came_in() -> None:
    one = hours({"tue": [["13:00", "17:00"], ["08:00", "12:00"]], "mon": [["20:00", "02:00"]]})
    other = hours({"mon": [["20:00", "02:00"]], "tue": [["08:00", "12:00"], ["13:00", "17:00"]]})
    assert to_json(one) == to_json(other)
    assert json.loads(to_json(one))["weekly"]["mon"] == [["20:00", "02:00"]]
    assert to_document(every_day(("00:00", "24:00")))["weekly"] == {day: [["00:00", "24:00"]] for day in DAYS}


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (None, "", "must be an object"),
        ([], "", "must be an object"),
        ({"weekly": []}, "weekly", "days mon to sun"),
        ({"weekly": {"monday": []}}, "weekly.monday", "unknown day"),
        ({"weekly": {"mon": "9-5"}}, "weekly.mon", "list of pairs"),
        ({"weekly": {"mon": [["9:00", "17:00"]]}}, "weekly.mon[0]", "times from 00:00"),
        ({"weekly": {"mon": [["09:00", "25:00"]]}}, "weekly.mon[0]", "times from 00:00"),
        ({"weekly": {"mon": [["24:00", "05:00"]]}}, "weekly.mon[0]", "times from 00:00"),
        ({"weekly": {"mon": [["09:00"]]}}, "weekly.mon[0]", "times from 00:00"),
        ({"weekly": {"mon": [[9, 17]]}}, "weekly.mon[0]", "times from 00:00"),
        ({"weekly": {"mon": [["09:00", "09:00"]]}}, "weekly.mon[0]", "same time"),
        ({"weekly": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "weekly.mon", "overlap"),
        ({"weekly": {"mon": [["20:00", "03:00"]], "tue": [["02:00", "09:00"]]}}, "weekly.mon", "runs into tue"),
        ({"weekly": {"sun": [["20:00", "03:00"]], "mon": [["02:00", "09:00"]]}}, "weekly.sun", "runs into mon"),
        ({"weekly": {"mon": [["09:00", "10:00"]] * 9}}, "weekly.mon", "more than 8"),
        ({"special": {}}, "special", "must be a list"),
        ({"special": [{}] * 501}, "special", "more than 500"),
        ({"special": ["xmas"]}, "special[0]", "must be an object"),
        ({"special": [{"first": "2026-02-30"}]}, "special[0].first", "date like"),
        ({"special": [{"first": 20261225}]}, "special[0].first", "date like"),
        ({"special": [{"first": "2026-12-25", "last": "2026-12-24"}]}, "special[0]", "before it begins"),
        ({"special": [{"first": "2026-12-25", "name": 7}]}, "special[0].name", "must be text"),
        ({"special": [{"first": "2026-12-25", "open": [["x", "y"]]}]}, "special[0].open[0]", "times from 00:00"),
        ({"special": [{"first": "2026-12-25", "note": ""}]}, "special[0].note", "unknown name"),
        ({"zone": "UTC"}, "zone", "unknown name"),
    ],
)
def test_every_fault_is_named_with_its_place(document: object, path: str, message: str) -> None:
    faults = validate(document, zone=NEW_YORK)
    assert any(fault.path == path and message in fault.message for fault in faults), faults
    with pytest.raises(Refused) as refusal:
        from_document(document, zone=NEW_YORK)
    assert refusal.value.code == "tenants.hours_invalid"
    assert refusal.value.details["faults"] == [{"path": f.path, "message": f.message} for f in faults]


def test_all_faults_are_named_at_once() -> None:
    faults = validate({"weekly": {"mon": 1, "funday": []}, "special": 2}, zone="Mars/Base")
    assert {fault.path for fault in faults} == {"zone", "weekly.mon", "weekly.funday", "special"}


@pytest.mark.parametrize("zone", ["", "EST5", "../etc/passwd", "america/new_york", "localtime", "New York"])
def test_a_zone_that_is_no_zone_is_named(zone: str) -> None:
    assert not is_zone(zone)
    assert [fault.path for fault in validate({}, zone=zone)] == ["zone"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"weekly"', "null", "7"])
def test_text_that_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        from_json(text, zone=NEW_YORK)
    assert refusal.value.code == "tenants.hours_invalid"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from((*DAYS, "weekly", "special", "first", "open", "x")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from((NEW_YORK, "nowhere")))
def test_any_json_is_read_or_its_faults_are_named(document: object, zone: str) -> None:
    faults = validate(document, zone=zone)
    if faults:
        with pytest.raises(Refused):
            from_document(document, zone=zone)
    else:
        assert from_document(document, zone=zone).zone == zone


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        ((2026, 11, 23, 17, 0), "5 PM"),
        ((2026, 11, 24, 8, 30), "tomorrow at 8:30 AM"),
        ((2026, 11, 26, 0, 0), "Thursday at 12 AM"),
        ((2026, 11, 29, 12, 5), "Sunday at 12:05 PM"),
        ((2026, 11, 30, 8, 0), "November 30 at 8 AM"),
        ((2027, 1, 4, 8, 0), "January 4 at 8 AM"),
    ],
)
def test_an_opening_is_said_as_a_person_would(opening: tuple[int, int, int, int, int], said: str) -> None:
    now = at(NEW_YORK, 2026, 11, 23, 6, 0)
    assert say_when(at(NEW_YORK, *opening), now=now, zone=NEW_YORK) == said


def test_tomorrow_is_the_business_s_tomorrow() -> None:
    kiritimati = "Pacific/Kiritimati"
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert now.astimezone(ZoneInfo(kiritimati)).date() == date(2026, 11, 23)
    assert say_when(at(kiritimati, 2026, 11, 24, 8, 0), now=now, zone=kiritimati) == "tomorrow at 8 AM"
