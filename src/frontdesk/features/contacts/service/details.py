"""What people tell of a person, checked before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from frontdesk.features.contacts.model import (
    MAX_NAME,
    MAX_SHORT,
    Details,
    ZoneSource,
    clean_fields,
    clean_text,
    is_email,
)
from frontdesk.features.contacts.zones import find_country, find_region, is_zone, zone_of_address
from frontdesk.kernel.errors import Refused

_LIMITS = {"name": MAX_NAME, "given_name": MAX_NAME, "family_name": MAX_NAME, "city": MAX_SHORT, "postal_code": 16}


def changed(details: Details, told: Mapping[str, object]) -> Details:
    """Work what is told into what is known: words by their names, `fields` one by one (null takes one away).

    A zone that is told is the person's own; one that followed from the old address is found anew.
    """

    def word(name: str, known: str) -> str:
        return clean_text(str(told[name] or "")) if name in told else known

    result = replace(
        details,
        name=word("name", details.name),
        given_name=word("given_name", details.given_name),
        family_name=word("family_name", details.family_name),
        email=word("email", details.email),
        country=word("country", details.country),
        region=word("region", details.region),
        postal_code=word("postal_code", details.postal_code),
        city=word("city", details.city),
    )
    if isinstance(fields := told.get("fields"), Mapping):
        given = {str(key): str(value or "") for key, value in fields.items()}
        result = replace(result, fields=clean_fields({**details.fields, **given}))
    if "timezone" in told:
        zone = str(told["timezone"]) if told["timezone"] else None
        result = replace(result, timezone=zone, timezone_source=ZoneSource.PERSON if zone else ZoneSource.UNKNOWN)
    return result


def checked(details: Details) -> Details:
    """Bring details into the form we keep; refuses what cannot be kept (`contacts.details_invalid`), naming each.

    A region without a country is read as one of the number's country.
    """
    faults: dict[str, str] = {}
    words = {
        "name": details.name,
        "given_name": details.given_name,
        "family_name": details.family_name,
        "city": details.city,
        "postal_code": details.postal_code,
    }
    faults |= {name: f"at most {_LIMITS[name]} characters" for name, text in words.items() if len(text) > _LIMITS[name]}
    if details.email and not is_email(details.email):
        faults["email"] = "not an e-mail address"
    country = find_country(details.country) if details.country else ""
    if country is None:
        faults["country"] = "not a country; write its two-letter code"
    region = find_region(details.region, country=country or details.line_country) if details.region else ""
    if region is None:
        faults["region"] = "not a region that is known; write it like US-FL"
    if details.timezone is not None and not is_zone(details.timezone):
        faults["timezone"] = "not a time zone; write it like America/New_York"
    if faults:
        shown = "; ".join(f"{name}: {what}" for name, what in faults.items())
        named = [{"path": name, "message": what} for name, what in faults.items()]
        raise Refused("contacts.details_invalid", shown, status=422, details={"faults": named})
    place = replace(details, country=country or (region or "").partition("-")[0], region=region or "")
    return _with_zone(place)


def _with_zone(details: Details) -> Details:
    if details.timezone is not None and details.timezone_source is not ZoneSource.ADDRESS:
        return details
    found = zone_of_address(country=details.country, region=details.region)
    return replace(details, timezone=found, timezone_source=ZoneSource.ADDRESS if found else ZoneSource.UNKNOWN)
