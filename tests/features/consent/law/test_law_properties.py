"""No instant that is judged open lies outside an applicable local window: all clock changes 2026 to 2028, 30 zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.features.consent.law import Question, Verdict, judge, next_window, window_end
from frontdesk.features.consent.law.book import in_force
from frontdesk.features.consent.law.places import find_place
from frontdesk.features.consent.law.rule import Hours
from tests.features.consent.law.cases import AUSTRALIAN, NEW_YORK, NUMBERS, PENSACOLA, TOLL_FREE, marketing

ZONES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage"),
    *("America/Adak", "America/Phoenix", "Pacific/Honolulu", "America/Puerto_Rico", "America/St_Johns"),
    *("America/Halifax", "America/Regina", "America/Havana", "America/Santiago", "America/Nuuk", "Asia/Gaza"),
    *("Africa/Casablanca", "Africa/Cairo", "Europe/London", "Europe/Dublin", "Atlantic/Azores", "Asia/Beirut"),
    *("Asia/Jerusalem", "Asia/Kathmandu", "Australia/Lord_Howe", "Australia/Adelaide", "Australia/Eucla"),
    *("Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Norfolk", "Antarctica/Troll"),
)
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def transitions(zone: str) -> list[datetime]:
    """List the hours of UTC in which the zone's offset changes."""
    where, found, at = ZoneInfo(zone), [], BEGIN
    while at < END:
        if at.astimezone(where).utcoffset() != (at + timedelta(hours=1)).astimezone(where).utcoffset():
            found.append(at)
        at += timedelta(hours=1)
    return found


@cache
def legal(state: str, year: int) -> frozenset[date]:
    """List a state's holidays."""
    return frozenset(holidays.country_holidays("US", subdiv=state, years=year))


def minutes(text: str) -> int:
    """Read "21:30"."""
    return int(text[:2]) * 60 + int(text[3:])


def quiet(question: Question, clock: time) -> bool:
    """Tell whether the business's own quiet hours hold at a wall-clock time."""
    start, end = question.quiet_from, question.quiet_until
    return start <= clock < end if start <= end else clock >= start or clock < end


def open_on_the_wall(hours: Hours, wall: datetime) -> bool:
    """Tell whether hours are open by one clock on the wall."""
    span = (*([hours.weekdays] * 5), hours.saturday, hours.sunday)[wall.weekday()]
    if span is None or (hours.holidays and wall.date() in legal(hours.holidays, wall.year)):
        return False
    return minutes(span[0]) <= wall.hour * 60 + wall.minute < minutes(span[1])


def allowed_by_the_wall(question: Question) -> bool:
    """Ask every rule of every clock on the wall whether the moment is open: slow, and plain to see right."""
    place = find_place(question.recipient_e164[:5], question.known_zone, question.known_region)
    binding = [
        rule.effect
        for rule in in_force(question.as_of or question.at.astimezone(UTC).date())
        if isinstance(rule.effect, Hours)
        and rule.country in place.countries | {""}
        and not (rule.id == "house-unknown-region" and place.region_known)
        and (not rule.regions or (place.region_known and not place.regions.isdisjoint(rule.regions)))
    ]
    for zone in place.zones:
        wall = question.at.astimezone(ZoneInfo(zone))
        if quiet(question, wall.time()) or not all(open_on_the_wall(hours, wall) for hours in binding):
            return False
    named = [(hours, question.at.astimezone(ZoneInfo(hours.clock))) for hours in binding if hours.clock]
    return all(open_on_the_wall(hours, wall) for hours, wall in named)


def check(question: Question) -> None:
    """Hold the judge and both windows to the clocks on the wall."""
    ruling = judge(question)
    expected = allowed_by_the_wall(question)
    assert (ruling.verdict is Verdict.SEND) is expected, question
    window, end = next_window(question), window_end(question)
    if expected:
        assert window is not None
        assert window[0] == question.at
        assert window[1] == end == ruling.until
        assert end > question.at
    else:
        assert end == question.at
        assert ruling.until == (window[0] if window else None)
    if window:
        opens, closes = window
        for moment, is_open in ((opens, True), (closes - TICK, True), (closes, False)):
            asked = marketing(
                question.recipient_e164,
                moment,
                known_zone=question.known_zone,
                known_region=question.known_region,
                quiet_from=question.quiet_from,
                quiet_until=question.quiet_until,
                as_of=question.as_of or question.at.astimezone(UTC).date(),
            )
            assert allowed_by_the_wall(asked) is is_open, (question, moment)


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_the_clock_only_lawful_instants_are_open(zone: str) -> None:
    for change in transitions(zone) or [datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 3, 14, tzinfo=UTC)]:
        for phone, start, end in ((NEW_YORK, time(0), time(0)), (NEW_YORK, time(1, 30), time(0, 45))):
            for step in range(-30, 31):
                at = change + timedelta(minutes=47 * step)
                check(marketing(phone, at, known_zone=zone, quiet_from=start, quiet_until=end))


@pytest.mark.parametrize("phone", [PENSACOLA, TOLL_FREE, AUSTRALIAN, "+19285550123", "+17095550123"])
def test_where_many_zones_are_possible_every_one_of_them_is_open(phone: str) -> None:
    for day in ("2026-10-31", "2026-11-01", "2026-11-02", "2027-03-13", "2027-03-14", "2027-03-15", "2028-11-05"):
        for quarter in range(0, 96, 3):
            check(marketing(phone, datetime.fromisoformat(f"{day}T00:00+00:00") + timedelta(minutes=15 * quarter)))


@settings(deadline=None)  # the first state with holidays loads their calendar
@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    phone=st.sampled_from([number for number, _ in NUMBERS.values()] + [PENSACOLA, TOLL_FREE, AUSTRALIAN]),
    zone=st.sampled_from([None, None, *ZONES]),
    region=st.sampled_from([None, None, "US-TX", "US-FL", "US-RI", "US-MS", "US-AL"]),
    silence=st.tuples(st.times(), st.times()).map(
        lambda pair: tuple(one.replace(second=0, microsecond=0) for one in pair)
    ),
)
def test_at_any_moment_the_judge_says_what_the_clocks_on_the_wall_say(
    at: datetime, phone: str, zone: str | None, region: str | None, silence: tuple[time, time]
) -> None:
    check(marketing(phone, at, known_zone=zone, known_region=region, quiet_from=silence[0], quiet_until=silence[1]))


@settings(deadline=None)  # the first state with holidays loads their calendar
@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    phone=st.text(max_size=20),
    zone=st.none() | st.text(max_size=20),
    region=st.none() | st.text(max_size=8),
)
def test_whatever_is_asked_there_is_an_answer(at: datetime, phone: str, zone: str | None, region: str | None) -> None:
    ruling = judge(marketing(phone, at, known_zone=zone, known_region=region))
    assert ruling.verdict is not Verdict.SEND or phone.startswith("+")
    assert ruling.code.startswith("law.")
