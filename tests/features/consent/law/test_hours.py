"""Hours by state and country: known answers, at the second, over the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from frontdesk.features.consent.law import Verdict, judge, next_window, window_end
from tests.features.consent.law.cases import (
    AUSTRALIAN,
    BRITISH,
    EL_PASO,
    HOUSTON,
    NEW_YORK,
    NUMBERS,
    PENSACOLA,
    TOLL_FREE,
    TORONTO,
    hours_on,
    local,
    marketing,
    ruled,
)

# Wednesday, Saturday and Sunday without a holiday; the day after is a legal holiday in some states.
WEDNESDAY, SATURDAY, SUNDAY = "2026-11-18", "2026-11-14", "2026-11-15"
CHRISTMAS = "2026-12-25"  # a Friday
FEDERAL = ("08:00-21:00",) * 4
OF_STATE: dict[str, tuple[str, str, str, str]] = {
    "FL": ("08:00-20:00",) * 4,
    "OK": ("08:00-20:00",) * 4,
    "MD": ("08:00-20:00",) * 4,
    "TX": ("09:00-21:00", "09:00-21:00", "12:00-21:00", "09:00-21:00"),
    "CT": ("09:00-20:00",) * 4,
    "WA": ("08:00-20:00",) * 4,
    "VA": FEDERAL,
    "AL": ("08:00-20:00", "08:00-20:00", "none", "none"),
    "LA": ("08:00-20:00", "08:00-20:00", "none", "none"),
    "KY": ("10:00-21:00",) * 4,
    "MA": ("08:00-20:00",) * 4,
    "MS": ("08:00-20:00", "08:00-20:00", "none", "08:00-20:00"),
    "MI": ("09:00-21:00",) * 4,
    "MN": ("09:00-21:00",) * 4,
    "NM": ("09:00-21:00",) * 4,
    "NV": ("09:00-20:00",) * 4,
    "RI": ("09:00-18:00", "10:00-17:00", "none", "none"),
    "WY": ("08:00-20:00",) * 4,
    "SD": ("09:00-20:00", "09:00-20:00", "none", "09:00-20:00"),  # its one area code has two zones: see below
    "ME": ("09:00-17:00", "none", "none", "09:00-17:00"),
    "UT": ("08:00-21:00", "08:00-21:00", "none", "none"),
    "PA": ("09:00-19:00", "09:00-19:00", "none", "09:00-19:00"),
    "OR": ("08:00-20:00",) * 4,
}
SPLIT = {"SD", "ND", "ID", "NE", "AK"}


@pytest.mark.parametrize("state", sorted(NUMBERS))
def test_every_state_has_its_hours(state: str) -> None:
    phone, zone = NUMBERS[state]
    known = zone if state in SPLIT else None
    expected = OF_STATE.get(state, FEDERAL)
    if state == "SD":
        expected = ("09:00-21:00", "09:00-21:00", "none", "09:00-21:00")
    found = tuple(hours_on(phone, zone, day, known_zone=known) for day in (WEDNESDAY, SATURDAY, SUNDAY, CHRISTMAS))
    assert found == expected


def test_all_fifty_states_and_the_capital_are_asked() -> None:
    assert len(NUMBERS) == 51


def test_el_paso_keeps_mountain_time() -> None:
    assert hours_on(EL_PASO, "America/Denver", WEDNESDAY) == "09:00-21:00"
    assert ruled(EL_PASO, local("America/Chicago", "2026-11-18 09:30")).verdict is Verdict.HOLD
    assert ruled(EL_PASO, local("America/Chicago", "2026-11-18 21:30")).verdict is Verdict.SEND


def test_pensacola_may_be_in_either_zone_of_the_panhandle() -> None:
    assert hours_on(PENSACOLA, "America/Chicago", WEDNESDAY) == "08:00-19:00"
    assert hours_on(PENSACOLA, "America/Chicago", WEDNESDAY, known_zone="America/Chicago") == "08:00-20:00"


@pytest.mark.parametrize("code", ["850", "448"])
def test_an_overlay_is_as_split_as_what_it_lies_over(code: str) -> None:
    assert hours_on(f"+1{code}5550123", "America/Chicago", WEDNESDAY) == "08:00-19:00"


def test_a_person_of_unknown_region_gets_the_safe_default_in_all_zones() -> None:
    # 10:00 in Honolulu is 15:00 in New York, where it closes at 18:00.
    assert hours_on(TOLL_FREE, "America/New_York", WEDNESDAY) == "15:00-18:00"
    assert hours_on(TOLL_FREE, "America/New_York", SUNDAY) == "none"
    held = ruled(TOLL_FREE, local("America/New_York", "2026-11-18 12:00"))
    assert (held.verdict, held.code) == (Verdict.HOLD, "law.zone_unknown")
    assert held.until == datetime(2026, 11, 18, 20, tzinfo=UTC)


def test_a_known_zone_narrows_what_is_unknown_to_one_clock() -> None:
    assert hours_on(TOLL_FREE, "America/Chicago", WEDNESDAY, known_zone="America/Chicago") == "10:00-18:00"


def test_an_area_code_nobody_knows_may_be_anywhere_in_two_countries() -> None:
    # 10:00 in Honolulu is 16:30 in Newfoundland, where it closes at 18:00.
    assert hours_on("+12995550123", "America/St_Johns", WEDNESDAY) == "16:30-18:00"


def test_a_known_state_wins_over_the_area_code() -> None:
    assert hours_on(NEW_YORK, "America/New_York", WEDNESDAY, known_region="US-CT") == "09:00-20:00"
    # All of Texas: the number tells nothing of where in it the person lives.
    assert hours_on(NEW_YORK, "America/Chicago", WEDNESDAY, known_region="US-TX") == "10:00-21:00"
    assert hours_on(HOUSTON, "America/Chicago", WEDNESDAY, known_region="US-TX") == "09:00-21:00"


def test_a_zone_far_from_the_area_code_brings_its_states_with_it() -> None:
    # Washington closes at 20:00 and Nevada opens at 9:00: either may be home now.
    assert hours_on(NEW_YORK, "America/Los_Angeles", WEDNESDAY, known_zone="America/Los_Angeles") == "09:00-20:00"


@pytest.mark.parametrize("nonsense", ["US-ZZ", "Florida", "FL", "", "XX-YY"])
def test_a_region_that_does_not_exist_is_as_good_as_unknown(nonsense: str) -> None:
    assert hours_on(NEW_YORK, "America/New_York", WEDNESDAY, known_region=nonsense) == "08:00-21:00"


@pytest.mark.parametrize("nonsense", ["Mars/Olympus", "../etc/passwd", "", "America", "\x00", "a" * 5000])
def test_a_zone_that_does_not_exist_is_as_good_as_unknown(nonsense: str) -> None:
    assert hours_on(PENSACOLA, "America/Chicago", WEDNESDAY, known_zone=nonsense) == "08:00-19:00"


def test_arizona_has_no_summer_time_and_the_navajo_nation_has() -> None:
    phoenix, flagstaff = "+16025550123", "+19285550123"
    assert hours_on(phoenix, "America/Phoenix", "2026-07-15") == "08:00-21:00"
    assert hours_on(flagstaff, "America/Phoenix", "2026-07-15") == "08:00-20:00"  # 21:00 in Window Rock
    assert hours_on(flagstaff, "America/Phoenix", "2026-11-18") == "08:00-21:00"
    assert hours_on(flagstaff, "America/Denver", "2026-07-15", known_zone="America/Denver") == "08:00-21:00"


def test_mississippi_means_standard_time_all_year() -> None:
    assert hours_on(*NUMBERS["MS"], "2026-07-15") == "09:00-20:00"


def test_louisiana_keeps_mardi_gras_and_alabama_its_own_days() -> None:
    assert hours_on(*NUMBERS["LA"], "2026-02-17") == "none"
    assert ruled(NUMBERS["LA"][0], local("America/Chicago", "2026-02-17 12:00")).code == "law.holiday"
    assert hours_on(*NUMBERS["AL"], "2026-04-27") == "none"
    assert hours_on(*NUMBERS["UT"], "2026-07-24") == "none"
    # The Fourth of July 2026 is a Saturday: the Friday is observed.
    assert hours_on(*NUMBERS["RI"], "2026-07-03") == "none"


def test_a_sunday_is_named_as_the_reason_and_the_next_day_as_the_end() -> None:
    held = ruled(NUMBERS["AL"][0], local("America/Chicago", f"{SUNDAY} 12:00"))
    assert (held.verdict, held.code, held.citation) == (
        Verdict.HOLD,
        "law.sunday",
        "Ala. Admin. Code r. 770-X-5-.17(2)",
    )
    assert held.until == local("America/Chicago", "2026-11-16 08:00")


def test_canada_has_its_own_hours_in_its_own_zones() -> None:
    assert hours_on(TORONTO, "America/Toronto", WEDNESDAY) == "09:00-21:30"
    assert hours_on(TORONTO, "America/Toronto", SATURDAY) == "10:00-18:00"
    assert hours_on(TORONTO, "America/Toronto", SUNDAY) == "10:00-18:00"
    newfoundland = "+17095550123"
    assert hours_on(newfoundland, "America/St_Johns", WEDNESDAY) == "09:30-21:30"  # Labrador is half an hour behind
    assert hours_on(newfoundland, "America/St_Johns", WEDNESDAY, known_zone="America/St_Johns") == "09:00-21:30"
    assert hours_on("+13065550123", "America/Regina", "2026-07-15", known_zone="America/Regina") == "09:00-21:30"


def test_an_australian_mobile_may_be_in_any_zone_of_australia() -> None:
    # 9:00 in Perth is 12:00 in Hobart in summer; 21:00 there is 18:00 in Perth.
    assert hours_on(AUSTRALIAN, "Australia/Perth", "2026-11-18") == "09:00-18:00"
    assert hours_on(AUSTRALIAN, "Australia/Perth", "2026-07-15") == "09:00-18:30"  # Lord Howe is half an hour ahead
    assert hours_on(AUSTRALIAN, "Australia/Sydney", "2026-11-18", known_zone="Australia/Sydney") == "09:00-21:00"
    assert hours_on(AUSTRALIAN, "Australia/Brisbane", "2026-11-18", known_region="AU-QLD") == "09:00-21:00"


def test_lord_howe_changes_its_clock_by_half_an_hour() -> None:
    for day in ("2026-10-03", "2026-10-04", "2026-10-05", "2027-04-03", "2027-04-04", "2027-04-05"):
        assert hours_on(AUSTRALIAN, "Australia/Lord_Howe", day, known_zone="Australia/Lord_Howe") == "09:00-21:00"


def test_britain_has_the_default_hours() -> None:
    assert hours_on(BRITISH, "Europe/London", WEDNESDAY) == "09:00-21:00"
    assert hours_on(BRITISH, "Europe/London", "2026-07-15") == "09:00-21:00"


def test_kiritimati_is_a_day_ahead_of_hawaii() -> None:
    at = local("Pacific/Kiritimati", "2026-11-18 20:59:59")
    assert at.astimezone(UTC).date() == date(2026, 11, 18)
    assert ruled(NEW_YORK, at, known_zone="Pacific/Kiritimati").verdict is Verdict.SEND
    late = ruled(NEW_YORK, at + timedelta(seconds=1), known_zone="Pacific/Kiritimati")
    assert late.until == local("Pacific/Kiritimati", "2026-11-19 08:00")


@pytest.mark.parametrize(
    ("clock", "verdict"),
    [
        ("07:59:59.999999", Verdict.HOLD),
        ("08:00:00", Verdict.SEND),
        ("20:59:59.999", Verdict.SEND),
        ("20:59:59.999999", Verdict.SEND),
        ("21:00:00", Verdict.HOLD),
        ("21:00:00.000001", Verdict.HOLD),
    ],
)
@pytest.mark.parametrize("day", ["2026-11-18", "2026-11-01", "2027-03-14", "2026-10-31", "2027-03-13"])
def test_the_window_closes_on_the_stroke(day: str, clock: str, verdict: Verdict) -> None:
    assert ruled(NEW_YORK, local("America/New_York", f"{day} {clock}")).verdict is verdict


def test_the_morning_after_the_clocks_change_is_found_at_its_true_distance() -> None:
    for evening, opening, hours in (
        ("2026-10-31 21:00", "2026-11-01 08:00", 12),
        ("2027-03-13 21:00", "2027-03-14 08:00", 10),
        ("2026-11-18 21:00", "2026-11-19 08:00", 11),
    ):
        closed = local("America/New_York", evening).astimezone(UTC)
        held = ruled(NEW_YORK, closed)
        assert held.until == local("America/New_York", opening)
        assert held.until - closed == timedelta(hours=hours)


def test_quiet_hours_of_the_business_that_end_in_the_repeated_hour_last_until_its_second_end() -> None:
    nights = {"message_class": "C2", "quiet_from": time(21), "quiet_until": time(1, 30)}
    # 1:30 comes twice: from the first 1:30 the clock shows an open time, then 1:00 again, which is quiet.
    question = marketing(NEW_YORK, datetime(2026, 11, 1, 4, tzinfo=UTC), **nights)
    assert next_window(question) == (
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 0, tzinfo=UTC),
    )
    assert judge(marketing(NEW_YORK, datetime(2026, 11, 1, 6, 15, tzinfo=UTC), **nights)).verdict is Verdict.HOLD
    assert judge(marketing(NEW_YORK, datetime(2026, 11, 1, 6, 30, tzinfo=UTC), **nights)).verdict is Verdict.SEND


def test_quiet_hours_of_the_business_that_end_in_the_skipped_hour_end_at_the_skip() -> None:
    question = marketing(
        NEW_YORK, datetime(2027, 3, 14, 5, tzinfo=UTC), message_class="C2", quiet_from=time(21), quiet_until=time(2, 30)
    )
    assert next_window(question) == (
        datetime(2027, 3, 14, 7, tzinfo=UTC),
        datetime(2027, 3, 15, 1, tzinfo=UTC),
    )


def test_quiet_hours_of_the_business_only_narrow() -> None:
    florida, zone = NUMBERS["FL"]
    seed: dict[str, object] = {"quiet_from": time(21), "quiet_until": time(9)}
    assert hours_on(NEW_YORK, "America/New_York", WEDNESDAY, **seed) == "09:00-21:00"
    assert hours_on(florida, zone, WEDNESDAY, **seed) == "09:00-20:00"
    assert hours_on(florida, zone, WEDNESDAY, quiet_from=time(23), quiet_until=time(5)) == "08:00-20:00"
    assert hours_on(florida, zone, WEDNESDAY, quiet_from=time(12), quiet_until=time(15)) == "08:00-12:00"


def test_a_text_may_arrive_until_the_window_ends_and_not_at_all_when_it_is_closed() -> None:
    evening = local("America/New_York", "2026-11-18 19:59")
    assert window_end(marketing(NEW_YORK, evening)) == local("America/New_York", "2026-11-18 21:00")
    assert ruled(NEW_YORK, evening).until == local("America/New_York", "2026-11-18 21:00")
    night = local("America/New_York", "2026-11-18 23:00")
    assert window_end(marketing(NEW_YORK, night)) == night


def test_zones_too_far_apart_for_any_hour_are_held_as_unknown() -> None:
    narrow = {"quiet_from": time(12), "quiet_until": time(10)}
    held = ruled(TOLL_FREE, local("America/New_York", "2026-11-18 11:00"), **narrow)
    assert (held.verdict, held.code, held.until) == (Verdict.HOLD, "law.zone_unknown", None)
    assert next_window(marketing(TOLL_FREE, local("America/New_York", "2026-11-18 11:00"), **narrow)) is None
