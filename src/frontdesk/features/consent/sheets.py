"""Lists of phone numbers as other programs write them: CSV, with or without a heading."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from frontdesk.kernel.errors import Refused

MAX_CELL = 200
MAX_ROWS = 5_000_000
_PHONE_HEADINGS = frozenset(
    {"phone", "phone_number", "phonenumber", "phone_e164", "number", "mobile", "mobile_number", "cell", "cell_phone"}
    | {"msisdn", "e164", "telephone", "tel", "to", "recipient"}
)
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
