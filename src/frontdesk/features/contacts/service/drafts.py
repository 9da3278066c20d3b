"""One row of a file becomes what is told of a person, or a list of what is wrong with it and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from frontdesk.features.contacts.model import (
    MAX_FIELD_VALUE,
    MAX_NAME,
    MAX_SHORT,
    MAX_TAGS,
    Details,
    Problem,
    ZoneSource,
    clean_tag,
    clean_text,
    is_email,
)
from frontdesk.features.contacts.phones import PhoneNumber, parse_phone
from frontdesk.features.contacts.sheets import Layout, Row, restore
from frontdesk.features.contacts.zones import find_country, find_region, is_zone, zone_of_address
from frontdesk.kernel.errors import Refused

FIELD = "field."
SHOWN = 60
KEPT_CELL = 500
_LIMITS = {"name": MAX_NAME, "given_name": MAX_NAME, "family_name": MAX_NAME, "city": MAX_SHORT, "postal_code": 16}
_SHORTEST_WITH_CODE = 11  # digits; fewer could as well be a national number
_ADVICE = {
    "contacts.phone_empty": "Fill in a telephone number.",
    "contacts.phone_too_long": "Write one number only, with its country code: +1 206 555 0123.",
    "contacts.phone_too_short": "Add the missing digits or the area code.",
    "contacts.phone_letters": "Write digits only, one number in the cell.",
    "contacts.phone_extension": "Give a number that can be texted directly, without extension.",
    "contacts.phone_short_code": "Give a person's number; short codes cannot be texted.",
    "contacts.phone_unknown_country": "Begin with + and a country code, or choose the country of the list.",
    "contacts.phone_premium_rate": "Give an ordinary or mobile number.",
}
_ADVICE_OTHERWISE = "Check the digits; begin with + and the country code if it is from another country."


class Draft(msgspec.Struct, frozen=True, array_like=True):
    """One row as it will be taken: `details` is None if it is rejected; `cells` are kept where something is wrong."""

    row_number: int
    details: Details | None
    repeats: bool
    problems: list[Problem]
    cells: list[str]


class Drafting:
    """Reads rows of one file; remembers the numbers it has seen to tell repeats."""

    def __init__(self, layout: Layout, header: Sequence[str], *, country: str) -> None:
        self._columns = dict(layout.columns)
        self._fields = {
            target.removeprefix(FIELD): at for target, at in self._columns.items() if target.startswith(FIELD)
        }
        self._header = header
        self._country = country
        self._seen: set[int] = set()

    def draft(self, row: Row) -> Draft:
        """Read one row."""
        if row.fault:
            problem = Problem("", row.fault, "Remove the stray quote, or double quotes that belong to the text.")
            return Draft(row.number, None, repeats=False, problems=[problem], cells=[])
        problems: list[Problem] = []
        phone = self._phone(row, problems)
        details = None if phone is None else self._details(row, phone, problems)
        number = int(phone.e164[1:]) if phone is not None else 0
        repeats = number in self._seen
        if number:
            self._seen.add(number)
        kept = [cell[:KEPT_CELL].replace("\x00", "") for cell in row.cells] if problems else []
        return Draft(row.number, details, repeats=repeats, problems=problems, cells=kept)

    def _cell(self, row: Row, target: str) -> str:
        at = self._columns.get(target)
        return "" if at is None or at >= len(row.cells) else row.cells[at]

    def _phone(self, row: Row, problems: list[Problem]) -> PhoneNumber | None:
        raw = restore(self._cell(row, "phone")).strip()
        try:
            return parse_phone(raw, self._country)
        except Refused as refusal:
            found = _without_plus(raw)
            if found is None:
                advice = _ADVICE.get(refusal.code, _ADVICE_OTHERWISE)
                problems.append(Problem(self._heading("phone"), refusal.message, advice))
            return found

    def _details(self, row: Row, phone: PhoneNumber, problems: list[Problem]) -> Details:
        words = {target: self._words(row, target, limit, problems) for target, limit in _LIMITS.items()}
        if not words["name"]:
            words["name"] = f"{words['given_name']} {words['family_name']}".strip()[:MAX_NAME]
        country, region = self._place(row, problems)
        zone, source = self._zone(row, country, region, problems)
        return Details(
            phone_e164=phone.e164,
            email=self._email(row, problems),
            timezone=zone,
            timezone_source=source,
            country=country,
            region=region,
            fields=self._custom(row, problems),
            tags=self._tags(row, problems),
            line_kind=phone.kind.value,
            line_country=phone.country,
            **words,
        )

    def _words(self, row: Row, target: str, limit: int, problems: list[Problem]) -> str:
        cell = self._cell(row, target)
        if not cell:
            return ""
        text = clean_text(restore(cell))
        if len(text) > limit:
            self._note(problems, target, f"{len(text)} characters are too many; cut", f"Keep it to {limit} characters.")
        return text[:limit].rstrip()

    def _email(self, row: Row, problems: list[Problem]) -> str:
        text = clean_text(restore(self._cell(row, "email")))
        if text and not is_email(text):
            self._note(problems, "email", f"“{text[:SHOWN]}” is no e-mail address; left out", "Write name@example.com.")
            return ""
        return text

    def _place(self, row: Row, problems: list[Problem]) -> tuple[str, str]:
        named, place = clean_text(self._cell(row, "country")), clean_text(self._cell(row, "region"))
        country = _country(named) if named else ""
        if named and not country:
            self._note(problems, "country", f"“{named[:SHOWN]}” is no country; left out", "Write its two-letter code.")
        region = _region(place, country or self._country) if place else ""
        if place and not region:
            self._note(
                problems, "region", f"“{place[:SHOWN]}” is no region that is known; left out", "Write it like US-FL."
            )
        return country or region.partition("-")[0], region

    def _zone(self, row: Row, country: str, region: str, problems: list[Problem]) -> tuple[str | None, ZoneSource]:
        given = self._cell(row, "timezone").strip()
        found = _zone(country, region) if country else None
        if given and is_zone(given):
            return given, ZoneSource.ADDRESS if given == found else ZoneSource.IMPORT
        if given:
            self._note(
                problems, "timezone", f"“{given[:SHOWN]}” is no time zone; left out", "Write it like America/New_York."
            )
        return found, ZoneSource.UNKNOWN if found is None else ZoneSource.ADDRESS

    def _custom(self, row: Row, problems: list[Problem]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for key, at in self._fields.items():
            text = clean_text(restore(row.cells[at])) if at < len(row.cells) else ""
            if len(text) > MAX_FIELD_VALUE:
                what = f"{len(text)} characters are too many; cut"
                self._note(problems, FIELD + key, what, f"Keep it to {MAX_FIELD_VALUE} characters.")
            if text:
                found[key] = text[:MAX_FIELD_VALUE].rstrip()
        return found

    def _tags(self, row: Row, problems: list[Problem]) -> tuple[str, ...]:
        cell = self._cell(row, "tags")
        if not cell:
            return ()
        found: set[str] = set()
        for raw in restore(cell).replace("|", ";").replace(",", ";").split(";"):
            try:
                found |= {clean_tag(raw)} if raw.strip() else set()
            except Refused as refusal:
                self._note(problems, "tags", f"“{clean_text(raw)[:SHOWN]}” is left out", refusal.message)
        if len(found) > MAX_TAGS:
            self._note(problems, "tags", f"{len(found)} tags are too many; cut", f"Keep it to {MAX_TAGS} tags.")
        return tuple(sorted(found)[:MAX_TAGS])

    def _note(self, problems: list[Problem], target: str, what: str, advice: str) -> None:
        problems.append(Problem(self._heading(target), what, advice))

    def _heading(self, target: str) -> str:
        at = self._columns.get(target)
        return target if at is None or at >= len(self._header) else self._header[at]


def _without_plus(raw: str) -> PhoneNumber | None:
    """Read a number that lost its plus, as spreadsheets take it for a sum; None if it is too short to be sure."""
    if not (raw.isascii() and raw.isdigit() and len(raw) >= _SHORTEST_WITH_CODE):
        return None
    try:
        return parse_phone("+" + raw, "US")
    except Refused:
        return None


@lru_cache(maxsize=1_000)
def _country(text: str) -> str:
    return find_country(text) or ""


@lru_cache(maxsize=5_000)
def _region(text: str, country: str) -> str:
    return find_region(text, country=country) or ""


@lru_cache(maxsize=5_000)
def _zone(country: str, region: str) -> str | None:
    return zone_of_address(country=country, region=region)
