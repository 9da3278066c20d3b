"""Opens a file of rows by what it is, whatever its name says, and gives its rows one by one within limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from frontdesk.features.contacts.sheets import delimited, workbooks
from frontdesk.features.contacts.sheets.limits import (
    DELIMITERS,
    ENCODINGS,
    FEWEST_DIGITS,
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    MAX_ROWS,
    FileKind,
    Row,
)
from frontdesk.kernel.errors import Refused

SAMPLE_ROWS = 50
_HEAD_BYTES = 4096
# What people name .csv by mistake, by how it begins.
_STRANGERS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"\xd0\xcf\x11\xe0", "an old or locked Excel file: open it and save it as .xlsx or .csv without a password"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
    (b"begin:vcard", "a file of business cards (vCard)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read; what is None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    has_header: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An open file: its header, its first rows to look at, and all rows below the header, to be read once."""

    kind: FileKind
    encoding: str
    delimiter: str
    sheet: str
    header: tuple[str, ...]
    sample: tuple[Row, ...]
    rows: Iterator[Row]


def open_table(path: Path, reading: Reading) -> Table:
    """Open a file of rows; rows without any content are left out, and a row's number is that of the file.

    Refuses (422), each with its own code `contacts.import_…`: what is no table, is too wide, too long or broken. Faults
    further down are refused while reading.
    """
    head = _head(path)
    kind = kind_of(head, path)
    if kind is FileKind.XLSX:
        book = workbooks.open_sheet(path, sheet=reading.sheet)
        return _with_header(book.rows, reading, kind=kind, sheet=book.sheet)
    shape = delimited.find_shape(path, encoding=reading.encoding, delimiter=reading.delimiter)
    rows = delimited.read_rows(path, shape)
    return _with_header(rows, reading, kind=kind, encoding=shape.encoding, delimiter=shape.delimiter)


def kind_of(head: bytes, path: Path) -> FileKind:
    """Tell what a file is by its first bytes; refuses `contacts.import_not_a_table` for what holds no rows."""
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    for mark, what in _STRANGERS:
        if start.startswith(mark.lower()):
            raise Refused("contacts.import_not_a_table", f"This is {what}; a .csv or .xlsx file is needed.", status=422)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        workbooks.check_archive(path)
        return FileKind.XLSX
    return FileKind.CSV


def _head(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise Refused(
            "contacts.import_too_large",
            f"The file is larger than {MAX_FILE_BYTES // 1024**2} MB; split it.",
            status=413,
        )
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip():
        raise Refused("contacts.import_empty", "The file is empty.", status=422)
    return head


def _with_header(
    rows: Iterator[Row], reading: Reading, *, kind: FileKind, encoding: str = "", delimiter: str = "", sheet: str = ""
) -> Table:
    within = _within_limits(rows)
    first = next(within, None)
    if first is None:
        raise Refused("contacts.import_empty", "The file has no rows.", status=422)
    has_header = not _holds_a_number(first.cells) if reading.has_header is None else reading.has_header
    if has_header:
        header = tuple(" ".join(cell.split())[:120] for cell in first.cells)
    else:
        header = tuple(f"Column {number}" for number in range(1, len(first.cells) + 1))
        within = chain([first], within)
    sample = tuple(islice(within, SAMPLE_ROWS))
    return Table(
        kind=kind,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        header=header,
        sample=sample,
        rows=chain(sample, within),
    )


def _within_limits(rows: Iterator[Row]) -> Iterator[Row]:
    taken = 0
    for row in rows:
        if not row.fault and not any(map(str.strip, row.cells)):
            continue
        if len(row.cells) > MAX_COLUMNS:
            raise Refused(
                "contacts.import_too_wide", f"Row {row.number} has more than {MAX_COLUMNS} columns.", status=422
            )
        taken += 1
        if taken > MAX_ROWS + 1:
            raise Refused(
                "contacts.import_too_long", f"The file has more than {MAX_ROWS:,} rows; split it.", status=422
            )
        yield row


def _holds_a_number(cells: tuple[str, ...]) -> bool:
    """Tell whether a row has a telephone number in it: then it is no header."""
    return any(
        sum(letter.isdigit() for letter in cell) >= FEWEST_DIGITS and not any(letter.isalpha() for letter in cell)
        for cell in cells
    )


__all__ = [
    "DELIMITERS",
    "ENCODINGS",
    "MAX_COLUMNS",
    "MAX_FILE_BYTES",
    "MAX_ROWS",
    "FileKind",
    "Reading",
    "Row",
    "Table",
    "kind_of",
    "open_table",
]
