"""Lists as other programs write them in CSV: phone numbers with or without a heading, consents with their evidence."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from frontdesk.features.consent.model import OptIn
from frontdesk.kernel.errors import Refused

MAX_CELL = 200
MAX_ROWS = 5_000_000
_PHONE_HEADINGS = frozenset(
    {"phone", "phone_number", "phonenumber", "phone_e164", "number", "mobile", "mobile_number", "cell", "cell_phone"}
    | {"msisdn", "e164", "telephone", "tel", "to", "recipient"}
)
_TRUE = frozenset({"1", "true", "yes", "y", "x"})
_MANY_DIGITS = re.compile(r"(?:[^0-9]*[0-9]){5}")


@dataclass(frozen=True, slots=True)
class ListedPhone:
    """A number as it stands in the list, with its line (the first is 1)."""

    line: int
    written: str


def read_listed_phones(lines: Iterable[str]) -> Iterator[ListedPhone]:
    """Read the numbers of a list one by one; the phone column is found by its heading, else it is the first.

    Refuses a list that is no text or has a heading without a phone column (`consent.list_unreadable`).
    """
    rows = csv.reader(_without_mark(lines), strict=False)
    column: int | None = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if column is None:
                column, is_heading = _phone_column(row)
                if is_heading:
                    continue
            if rows.line_num > MAX_ROWS:
                raise Refused("consent.list_unreadable", f"the list has more than {MAX_ROWS} rows", status=422)
            yield ListedPhone(rows.line_num, row[column].strip()[:MAX_CELL] if column < len(row) else "")
    except (csv.Error, UnicodeError) as error:
        raise Refused("consent.list_unreadable", f"line {rows.line_num}: {error}", status=422) from error


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if "\x00" in line:
            raise Refused("consent.list_unreadable", f"line {number + 1} holds a NUL: this is no text", status=422)
        yield line.removeprefix("\ufeff") if number == 0 else line


def _phone_column(first: Sequence[str]) -> tuple[int, bool]:
    """Find the phone column in the first row, and whether that row is a heading."""
    if any(_MANY_DIGITS.match(cell) for cell in first):
        return next(place for place, cell in enumerate(first) if _MANY_DIGITS.match(cell)), False
    for place, cell in enumerate(first):
        if re.sub(r"[^a-z0-9]+", "_", cell.strip().casefold()).strip("_") in _PHONE_HEADINGS:
            return place, True
    if len(first) == 1:
        return 0, True
    shown = ", ".join(cell.strip()[:40] for cell in first[:8])
    raise Refused("consent.list_unreadable", f"no column is headed “phone”; there are: {shown}", status=422)


@dataclass(frozen=True, slots=True)
class ListedOptIn:
    """A consent as it stands in a list, by column, with its line (the heading's is 1)."""

    line: int
    cells: Mapping[str, str]


def read_listed_opt_ins(lines: Iterable[str]) -> Iterator[ListedOptIn]:
    """Read a list of consents one by one; its first row names the columns, of which `phone` must be there.

    Known are phone, given_at, text, url, ip, user_agent, zone, source, sellers (apart by semicolons) and
    not_a_condition; others are left alone. Refuses what is no such list (`consent.list_unreadable`).
    """
    rows = csv.reader(_without_mark(lines), strict=False)
    names: list[str] | None = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if names is None:
                names = _opt_in_columns(row)
                continue
            if rows.line_num > MAX_ROWS:
                raise Refused("consent.list_unreadable", f"the list has more than {MAX_ROWS} rows", status=422)
            yield ListedOptIn(rows.line_num, {name: cell.strip() for name, cell in zip(names, row, strict=False)})
    except (csv.Error, UnicodeError) as error:
        raise Refused("consent.list_unreadable", f"line {rows.line_num}: {error}", status=422) from error


def _opt_in_columns(heading: Sequence[str]) -> list[str]:
    names = [re.sub(r"[^a-z0-9]+", "_", cell.strip().casefold()).strip("_") for cell in heading]
    names = ["phone" if name in _PHONE_HEADINGS and "phone" not in names else name for name in names]
    if names.count("phone") != 1:
        shown = ", ".join(cell.strip()[:40] for cell in heading[:8])
        raise Refused("consent.list_unreadable", f"one column must be headed “phone”; there are: {shown}", status=422)
    return names


def read_opt_in(row: ListedOptIn, *, phone_e164: str, usual: OptIn) -> OptIn:
    """Read one row; what it does not say is taken from `usual`.

    Refuses a moment that cannot be read, or has neither an offset nor a zone beside it (`consent.time_unreadable`).
    """
    cells = {name: cell for name, cell in row.cells.items() if cell}
    zone = cells.get("zone", usual.zone)
    sellers = tuple(part.strip() for part in cells["sellers"].split(";")) if "sellers" in cells else usual.sellers
    told = cells.get("not_a_condition")
    return replace(
        usual,
        phone_e164=phone_e164,
        text_shown=cells.get("text", usual.text_shown),
        url=cells.get("url", usual.url),
        given_at=_moment(cells["given_at"], zone) if "given_at" in cells else usual.given_at,
        zone=zone,
        ip=cells.get("ip", usual.ip),
        user_agent=cells.get("user_agent", usual.user_agent),
        sellers=sellers,
        not_a_condition=usual.not_a_condition if told is None else told.casefold() in _TRUE,
        source=cells.get("source", usual.source),
    )


def _moment(written: str, zone: str) -> datetime:
    at: datetime | None
    try:
        at = datetime.fromisoformat(written)
        if at.tzinfo is None and zone:
            at = at.replace(tzinfo=ZoneInfo(zone))
    except (ValueError, KeyError, OSError):
        at = None
    if at is None or at.tzinfo is None:
        message = f"“{written[:40]}” is no moment: write 2026-03-04T09:05:00-08:00, or a zone beside it"
        raise Refused("consent.time_unreadable", message, status=422)
    return at
