"""Where a person may be: the countries, regions and zones that a number and what is known of the person allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import phonenumbers

from frontdesk.features.consent.law.areas import (
    AREAS,
    OTHER_COUNTRIES,
    REGION_ZONES,
    STATES,
    TOLL_FREE,
    zones_of_country,
)

_NORTH_AMERICA = "+1"
LEADING = 5  # "+1" with the area code; of other numbers enough to hold the calling code


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a person may be.

    `countries` is empty if the number tells none. `regions` are the states or provinces that are possible; with
    `region_known` false they are only what cannot be ruled out. `zones` is empty if nothing is known of the clock.
    """

    countries: frozenset[str]
    regions: frozenset[str]
    region_known: bool
    zones: frozenset[str]


NOWHERE = Place(countries=frozenset(), regions=frozenset(), region_known=True, zones=frozenset())


def possible_zones(phone: str, known_zone: str | None = None, known_region: str | None = None) -> frozenset[str]:
    """List the zones in which the holder of an E.164 number may be.

    A known zone is the only one; else those of the known region, of a number local to it only those of the area;
    else those of the area code and its overlays; else all of the country (toll-free, mobile numbers of Australia).
    """
    return find_place(phone[:LEADING], known_zone, known_region).zones


@lru_cache(maxsize=65_536)
def find_place(leading: str, known_zone: str | None, known_region: str | None) -> Place:
    """Find where a person may be, from the first five characters of the number and what is known.

    Of what is no number nothing is found, whatever is known.
    """
    if not leading.startswith("+"):
        return NOWHERE
    place = _place_of_number(leading)
    zone = known_zone if known_zone and is_zone(known_zone) else None
    if known_region in REGION_ZONES:
        local = place.zones & REGION_ZONES[known_region] if known_region in place.regions else frozenset()
        place = Place(
            countries=frozenset({known_region[:2]}),
            regions=frozenset({known_region}),
            region_known=True,
            zones=local if local and place.region_known else REGION_ZONES[known_region],
        )
    elif zone:
        place = _moved_to(place, zone)
    return place if zone is None else _with_zones(place, frozenset({zone}))


def _with_zones(place: Place, zones: frozenset[str]) -> Place:
    return Place(countries=place.countries, regions=place.regions, region_known=place.region_known, zones=zones)


def _moved_to(place: Place, zone: str) -> Place:
    """Add the states of a zone that the number's own area does not have: its holder lives elsewhere now."""
    clock = _clock(zone)
    if any(_clock(one) == clock for one in place.zones) or not place.countries & {"US", "CA"}:
        return place
    there = {
        region
        for region, zones in REGION_ZONES.items()
        if region[:2] in place.countries and any(_clock(one) == clock for one in zones)
    }
    return Place(
        countries=place.countries, regions=place.regions | there, region_known=place.region_known, zones=place.zones
    )


def _place_of_number(leading: str) -> Place:
    if not leading.startswith(_NORTH_AMERICA):
        return _abroad(_country_by_calling_code(leading))
    code = leading[2:]
    if area := AREAS.get(code):
        countries = frozenset(region[:2] for region in area.regions)
        return Place(countries=countries, regions=area.regions, region_known=True, zones=area.zones)
    if country := OTHER_COUNTRIES.get(code):
        return _abroad(country)
    if code in TOLL_FREE:
        return Place(countries=frozenset({"US"}), regions=STATES, region_known=False, zones=zones_of_country("US"))
    return Place(
        countries=frozenset({"US", "CA"}),
        regions=STATES,
        region_known=False,
        zones=zones_of_country("US") | zones_of_country("CA"),
    )


def _abroad(country: str) -> Place:
    zones = zones_of_country(country) or _zones_by_country().get(country, frozenset())
    countries = frozenset({country}) if country else frozenset[str]()
    return Place(countries=countries, regions=frozenset(), region_known=True, zones=zones)


def _country_by_calling_code(leading: str) -> str:
    for length in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(_number(leading[1 : 1 + length]))
        if regions:
            return "" if regions[0] == "001" else regions[0]
    return ""


def _number(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdigit() else 0


@cache
def _zones_by_country() -> dict[str, frozenset[str]]:
    """Read which zones the time zone database gives each country."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, set()).add(zone)
    return {country: frozenset(zones) for country, zones in found.items()}


@lru_cache(maxsize=2_048)
def is_zone(name: str) -> bool:
    """Tell whether `name` is a zone that this machine can compute."""
    try:
        return ZoneInfo(name) is not None
    except (KeyError, ValueError, OSError):
        return False


@lru_cache(maxsize=2_048)
def _clock(zone: str) -> tuple[timedelta | None, ...]:
    """Sample the zone's offsets over a year, so that two names of one clock are seen to be one."""
    where, start = ZoneInfo(zone), datetime(2026, 1, 4, 12, tzinfo=UTC)
    return tuple((start + timedelta(weeks=week)).astimezone(where).utcoffset() for week in range(52))
