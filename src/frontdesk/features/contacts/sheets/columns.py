"""Which column of a table holds what: by its heading, by what stands in it, or as a person says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from frontdesk.features.contacts.model import is_field_key
from frontdesk.features.contacts.sheets.limits import FEWEST_DIGITS, MOST_DIGITS, Row
from frontdesk.kernel.errors import Refused

FIELD = "field."
SKIP = "skip"
# What people and programs call the columns; letters and digits only, the likelier heading first.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "phone": (
        "phonee164", "mobile", "mobilephone", "mobilenumber", "mobileno", "cell", "cellphone", "cellnumber", "cellular",
        "phone", "phonenumber", "phoneno", "phone1value", "phone1", "primaryphone", "telephone", "telephonenumber",
        "tel", "number", "whatsapp", "sms", "contactnumber", "handy", "mobil", "telefon", "telefono", "movil",
        "celular", "portable", "numero", "homephone", "workphone", "businessphone",
    ),
    "name": (
        "name", "fullname", "contactname", "customername", "clientname", "displayname", "customer", "contact", "client",
        "nombre", "nom",
    ),
    "given_name": ("givenname", "firstname", "first", "forename", "vorname", "prenom", "christianname"),
    "family_name": ("familyname", "lastname", "last", "surname", "secondname", "nachname", "apellido", "apellidos"),
    "email": ("email", "emailaddress", "mail", "email1value", "primaryemail", "correo"),
    "timezone": ("timezone", "tz", "zone", "timezoneid"),
    "country": ("country", "countrycode", "land", "pais", "pays", "address1country"),
    "region": ("region", "state", "stateprovince", "province", "statecode", "address1region"),
    "postal_code": ("postalcode", "zip", "zipcode", "postcode", "plz", "address1postalcode"),
    "city": ("city", "town", "suburb", "locality", "ort", "ciudad", "ville", "address1city"),
    "tags": ("tags", "tag", "labels", "groups", "groupmembership", "lists", "categories"),
}  # fmt: skip
TARGETS = tuple(HEADINGS)
# Our own remarks in a report of errors, which may be corrected and sent again.
REMARKS = ("import_row", "import_taken", "import_problem", "import_advice")
_PHONE_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column (from 0) holds what; targets are ours or 'field.<key>'; `unused` are headings that are left out."""

    columns: Mapping[str, int]
    unused: tuple[str, ...]


def guess_columns(header: Sequence[str], sample: Sequence[Row], *, keep_others: bool = False) -> Layout:
    """Guess what the columns hold; `keep_others` makes custom fields of those that are none of ours.

    Without a heading for it, the telephone number is the column in which most rows have one.
    """
    plain = [_plain(one) for one in header]
    columns: dict[str, int] = {}
    for target, headings in HEADINGS.items():
        found = next((plain.index(one) for one in headings if one in plain), None)
        if found is not None and found not in columns.values():
            columns[target] = found
    if "phone" not in columns:
        found = _phone_column(len(header), sample, taken=set(columns.values()))
        columns |= {} if found is None else {"phone": found}
    for at, heading in enumerate(header):
        if at in columns.values() or heading in REMARKS:
            continue
        key = field_key(heading.removeprefix(FIELD))
        if key and (keep_others or heading.startswith(FIELD)) and FIELD + key not in columns:
            columns[FIELD + key] = at
    return _layout(columns, header)


def place_columns(guess: Layout, header: Sequence[str], wanted: Mapping[str, str]) -> Layout:
    """Work what a person says into a guess: target to heading, or a heading's number from 1; 'skip' leaves one out.

    Refuses `contacts.import_mapping` for unknown targets and headings, and without a column for the number.
    """
    columns = dict(guess.columns)
    for target, heading in wanted.items():
        if target not in TARGETS and not (target.startswith(FIELD) and is_field_key(target.removeprefix(FIELD))):
            known = ", ".join(TARGETS)
            raise Refused(
                "contacts.import_mapping", f"A column can be: {known}, or {FIELD}<key>; not {target[:60]}.", status=422
            )
        if heading == SKIP:
            columns.pop(target, None)
            continue
        at = _column_named(heading, header)
        columns = {other: place for other, place in columns.items() if place != at or other in wanted}
        columns[target] = at
    if "phone" not in columns:
        raise Refused(
            "contacts.import_mapping",
            "No column holds telephone numbers that we know. Say which one does, by its heading or its place, like 3.",
            status=422,
        )
    return _layout(columns, header)


def field_key(heading: str) -> str:
    """Make the key of a custom field from a heading; empty if nothing can be made of it."""
    letters = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", letters).strip("_").lstrip("0123456789_")[:40].rstrip("_")
    return key if is_field_key(key) else ""


def _layout(columns: Mapping[str, int], header: Sequence[str]) -> Layout:
    used = set(columns.values())
    unused = tuple(one for at, one in enumerate(header) if at not in used and one and one not in REMARKS)
    return Layout(columns=dict(sorted(columns.items(), key=lambda one: one[1])), unused=unused)


def _column_named(heading: str, header: Sequence[str]) -> int:
    if heading in header:
        return list(header).index(heading)
    plain = [_plain(one) for one in header]
    if _plain(heading) in plain:
        return plain.index(_plain(heading))
    if heading.isascii() and heading.isdigit() and 1 <= int(heading[:4]) <= len(header):
        return int(heading) - 1
    shown = ", ".join(one for one in header[:20] if one)
    raise Refused("contacts.import_mapping", f"There is no column {heading[:60]}; there are: {shown}.", status=422)


def _plain(heading: str) -> str:
    letters = unicodedata.normalize("NFKD", heading).lower()
    return "".join(letter for letter in letters if letter.isalnum() and letter.isascii())


def _phone_column(width: int, sample: Iterable[Row], *, taken: set[int]) -> int | None:
    rows = [row.cells for row in sample if row.cells]
    shares = {
        at: sum(at < len(cells) and _like_a_phone(cells[at]) for cells in rows) / len(rows)
        for at in range(width)
        if at not in taken and rows
    }
    best = max(shares, key=lambda at: shares[at], default=None)
    return best if best is not None and shares[best] >= _PHONE_SHARE else None


def _like_a_phone(cell: str) -> bool:
    digits = sum(letter.isdigit() for letter in cell)
    has_letters = any(letter.isalpha() for letter in cell)
    return FEWEST_DIGITS <= digits <= MOST_DIGITS and len(cell) <= digits + 10 and not has_letters
