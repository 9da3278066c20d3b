"""Where a person may be: area codes, overlays, split areas, and what is known of the person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA

from frontdesk.features.consent.law import possible_zones
from frontdesk.features.consent.law.areas import AREAS, REGION_ZONES, STATES
from frontdesk.features.consent.law.places import find_place, is_zone
from tests.features.consent.law.cases import AUSTRALIAN, BRITISH, EL_PASO, NUMBERS, PENSACOLA, TOLL_FREE

EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
)


@cache
def clock(zone: str) -> tuple[timedelta | None, ...]:
    """Sample a zone's offsets: two names of one clock are one."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    return tuple((start + timedelta(days=day)).astimezone(ZoneInfo(zone)).utcoffset() for day in range(365))


@pytest.mark.parametrize(
    ("codes", "zones"),
    [
        ("850 448", {EASTERN, CENTRAL}),
        ("812 930", {EASTERN, CENTRAL}),
        ("270 364", {EASTERN, CENTRAL}),
        ("219", {EASTERN, CENTRAL}),
        ("574", {EASTERN, CENTRAL}),
        ("423", {EASTERN, CENTRAL}),
        ("606", {EASTERN, CENTRAL}),
        ("906", {EASTERN, CENTRAL}),
        ("605", {CENTRAL, MOUNTAIN}),
        ("701", {CENTRAL, MOUNTAIN}),
        ("308", {CENTRAL, MOUNTAIN}),
        ("620", {CENTRAL, MOUNTAIN}),
        ("785", {CENTRAL, MOUNTAIN}),
        ("458 541", {PACIFIC, "America/Boise"}),
        ("208 986", {PACIFIC, "America/Boise"}),
        ("775", {PACIFIC, MOUNTAIN}),
        ("928", {MOUNTAIN, "America/Phoenix"}),
        ("915", {MOUNTAIN}),
        ("907", {"America/Anchorage", "America/Adak", "America/Metlakatla"}),
    ],
)
def test_split_areas_and_their_overlays_have_all_their_zones(codes: str, zones: set[str]) -> None:
    for code in codes.split():
        assert possible_zones(f"+1{code}5550123", None) == zones


def test_every_area_code_in_service_is_in_the_table_with_its_state() -> None:
    for country, prefix in (("US", "US-"), ("CA", "CA-")):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
        assert metadata is not None
        in_service = [
            code
            for code in map(str, range(200, 1000))
            if phonenumbers.is_valid_number_for_region(phonenumbers.parse(f"+1{code}2345678"), country)
            and phonenumbers.number_type(phonenumbers.parse(f"+1{code}2345678"))
            == phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
        ]
        assert len(in_service) > (300 if country == "US" else 30)
        missing = [code for code in in_service if code not in AREAS]
        assert missing == []
        assert all(any(region.startswith(prefix) for region in AREAS[code].regions) for code in in_service)


STATE_NAMES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ",
    "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH",
    "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI", "South Carolina": "SC",
    "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA",
    "Washington State": "WA", "Washington D.C.": "DC", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
}  # fmt: skip


def test_the_table_agrees_with_another_about_states() -> None:
    compared = 0
    for code, area in AREAS.items():
        name = GEOCODE_DATA.get(f"1{code}", {}).get("en", "").removesuffix(" (state)")
        if state := STATE_NAMES.get(name):
            assert area.regions == {f"US-{state}"}, code
            compared += 1
    assert compared > 270


# What another table has wrong: 364 and 930 share their twins' areas, 689 is Orlando, 879 is Newfoundland, and so on.
WRONG_ELSEWHERE = {"364", "930", "689", "879", "867", "474"}


def test_no_zone_that_another_table_knows_is_missing() -> None:
    for code, area in AREAS.items():
        theirs = TIMEZONE_DATA.get(f"1{code}", ())
        if code not in WRONG_ELSEWHERE:
            assert {clock(zone) for zone in theirs} <= {clock(zone) for zone in area.zones}, (code, theirs)


def test_every_zone_in_the_table_can_be_computed() -> None:
    assert all(is_zone(zone) for area in AREAS.values() for zone in area.zones)
    assert all(is_zone(zone) for zones in REGION_ZONES.values() for zone in zones)


def test_every_state_has_zones_and_area_codes() -> None:
    assert {f"US-{state}" for state in NUMBERS} == STATES
    assert all(REGION_ZONES[region] for region in STATES)


def test_a_known_zone_is_the_only_one() -> None:
    assert possible_zones(PENSACOLA, CENTRAL) == {CENTRAL}
    assert possible_zones(TOLL_FREE, "Pacific/Kiritimati") == {"Pacific/Kiritimati"}


def test_toll_free_and_unknown_numbers_may_be_anywhere_in_the_country() -> None:
    assert {EASTERN, CENTRAL, MOUNTAIN, PACIFIC, "America/Adak", "Pacific/Honolulu"} <= possible_zones(TOLL_FREE, None)
    assert "America/St_Johns" in possible_zones("+12995550123", None)


def test_other_countries_have_the_zones_of_the_time_zone_database() -> None:
    assert possible_zones("+33612345678", None) == {"Europe/Paris"}
    assert {"Australia/Perth", "Australia/Lord_Howe", "Australia/Eucla"} <= possible_zones(AUSTRALIAN, None)
    assert possible_zones(BRITISH, None) == {"Europe/London"}
    assert possible_zones("+18765550123", None) == {"America/Jamaica"}
    assert "Pacific/Kiritimati" in possible_zones("+68612345", None)
    assert possible_zones("+999", None) == frozenset()


def test_a_local_number_narrows_a_known_state() -> None:
    assert possible_zones(EL_PASO, None, "US-TX") == {MOUNTAIN}
    assert possible_zones("+12125550123", None, "US-TX") == {CENTRAL, MOUNTAIN}
    assert find_place(EL_PASO[:5], None, "US-TX").regions == {"US-TX"}


def test_territories_are_under_federal_law_in_their_own_zones() -> None:
    assert possible_zones("+17875550123", None) == {"America/Puerto_Rico"}
    assert possible_zones("+16715550123", None) == {"Pacific/Guam"}
    assert find_place("+1684", None, None).countries == {"US"}
