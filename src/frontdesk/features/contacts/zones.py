"""Places as people write them: countries and regions by name or code, and the time zone where there is only one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from frontdesk.kernel.zones import zone_names

_US = (
    "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware"
    "|DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas"
    "|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi"
    "|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York"
    "|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island"
    "|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington"
    "|WV West Virginia|WI Wisconsin|WY Wyoming|PR Puerto Rico"
)
_CA = (
    "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|NS Nova Scotia"
    "|NT Northwest Territories|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|SK Saskatchewan|YT Yukon"
)
_AU = (
    "NSW New South Wales|QLD Queensland|SA South Australia|TAS Tasmania|VIC Victoria|WA Western Australia"
    "|ACT Australian Capital Territory|NT Northern Territory"
)
_SUBDIVISIONS: Mapping[str, str] = {"US": _US, "CA": _CA, "AU": _AU}
# Words that the list of the time zone database does not have.
_COUNTRY_NAMES = {
    "usa": "US", "us": "US", "unitedstatesofamerica": "US", "america": "US", "uk": "GB", "greatbritain": "GB",
    "britain": "GB", "unitedkingdom": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "deutschland": "DE",
    "schweiz": "CH", "osterreich": "AT", "espana": "ES", "italia": "IT", "mexico": "MX", "brasil": "BR",
}  # fmt: skip
# Regions that lie in one zone to the last village. Those with a corner in another zone are left out on purpose:
# AL AK AZ FL ID IN KS KY MI ND NE NV OK OR SD TN TX; BC NL NU ON QC SK; NSW SA WA. Their people's zone is unknown.
_EASTERN = "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV"
_CENTRAL = "AR IA IL LA MN MO MS WI"
_ONE_ZONE: Mapping[str, str] = {
    **{f"US-{one}": "America/New_York" for one in _EASTERN.split()},
    **{f"US-{one}": "America/Chicago" for one in _CENTRAL.split()},
    **{f"US-{one}": "America/Denver" for one in ("CO", "MT", "NM", "UT", "WY")},
    **{f"US-{one}": "America/Los_Angeles" for one in ("CA", "WA")},
    "US-HI": "Pacific/Honolulu",
    "US-PR": "America/Puerto_Rico",
    **{f"CA-{one}": "America/Halifax" for one in ("NB", "NS", "PE")},
    "CA-MB": "America/Winnipeg",
    "CA-AB": "America/Edmonton",
    "CA-NT": "America/Edmonton",
    "CA-YT": "America/Whitehorse",
    "AU-VIC": "Australia/Melbourne",
    "AU-TAS": "Australia/Hobart",
    "AU-QLD": "Australia/Brisbane",
    "AU-ACT": "Australia/Sydney",
    "AU-NT": "Australia/Darwin",
}
_SUBDIVISION = re.compile(r"(?:([A-Z]{2})[- ])?([A-Z0-9]{1,3})").fullmatch


def find_country(text: str) -> str | None:
    """Find the country (ISO 3166) that a code or an English name stands for; None if none does."""
    code = text.strip().upper()
    return code if code in _countries().values() else _countries().get(_plain(text))


def find_region(text: str, *, country: str) -> str | None:
    """Find the region (ISO 3166-2, like US-FL) that a code or name stands for; None if it cannot be told.

    Names are known for the US, Canada and Australia; elsewhere a full code is taken as it is. Without a country, only
    full codes and names of the US are understood.
    """
    given = _SUBDIVISION(text.strip().upper())
    if given and given[1] and (not country or given[1] == country) and given[1] in _countries().values():
        known = _regions(given[1])
        return f"{given[1]}-{given[2]}" if not known or given[2] in known.values() else None
    known = _regions(country or "US")
    if given and not given[1] and country and given[2] in known.values():
        return f"{country}-{given[2]}"
    code = known.get(_plain(text))
    return f"{country or 'US'}-{code}" if code else None


def zone_of_address(*, country: str, region: str) -> str | None:
    """Tell the time zone of an address if its region, or its whole country, lies in one zone only; else None."""
    if region:
        found = _ONE_ZONE.get(region)
        if found is not None or region.partition("-")[0] in _SUBDIVISIONS:
            return found
    return _countries_with_one_zone().get(country)


def zones_in(country: str) -> tuple[str, ...]:
    """List the time zones of a country (two capitals), the one with most people first as the database has it."""
    return tuple(line.split("\t")[2] for line in _lines("zone.tab") if line.startswith(f"{country}\t"))


@cache
def country_names() -> Mapping[str, str]:
    """Tell the name of every country by its two capitals, in the order of the names."""
    found = [(code, name) for code, name, *_ in (line.split("\t") for line in _lines("iso3166.tab"))]
    return dict(sorted(found, key=lambda one: one[1]))


def is_zone(text: str) -> bool:
    """Tell whether a text names a zone of the time zone database that belongs to a place."""
    return "/" in text and not text.startswith("Etc/") and text in zone_names()


@cache
def _countries() -> Mapping[str, str]:
    """Read the names of countries, as plain letters, with their codes."""
    found = dict(_COUNTRY_NAMES)
    for line in _lines("iso3166.tab"):
        code, name = line.split("\t")[:2]
        found[_plain(re.sub(r"\(.*?\)", "", name))] = code
    return found


@cache
def _countries_with_one_zone() -> Mapping[str, str]:
    zones: dict[str, list[str]] = {}
    for line in _lines("zone.tab"):
        code, _, zone = line.split("\t")[:3]
        zones.setdefault(code, []).append(zone)
    return {code: one[0] for code, one in zones.items() if len(one) == 1}


@cache
def _regions(country: str) -> Mapping[str, str]:
    listed = _SUBDIVISIONS.get(country, "")
    return {_plain(name): code for code, _, name in (one.partition(" ") for one in listed.split("|") if one)}


def _lines(name: str) -> list[str]:
    text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).lower()
    return "".join(letter for letter in letters if letter.isalnum() and letter.isascii())
