"""Rows of people as files that a spreadsheet shows as text: no cell is a formula, telephone numbers stay whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from frontdesk.features.contacts.sheets.limits import FileKind
from frontdesk.features.contacts.sheets.workbook_writing import Workbook

# What a spreadsheet takes for the start of a formula, full-width forms included; our mark of text may stand before it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\x00|%\uff1d\uff0b\uff0d\uff20]").match
_MARKED = re.compile("''*[=+\\-@\t\r\n\x00|%\uff1d\uff0b\uff0d\uff20]").match
# A plus and digits alone compute to the number that they are; anything more could be a formula.
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch
MEDIA_TYPES = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class RowWriter(Protocol):
    """Writes a file of rows bit by bit: what is to be sent on so far is returned each time."""

    def write(self, rows: Sequence[Sequence[str]]) -> bytes:
        """Write some rows."""
        ...

    def end(self) -> bytes:
        """Write what ends the file."""
        ...


class CsvRows:
    """Writes CSV in UTF-8 with the mark by which spreadsheets know it; the first column holds phone numbers."""

    def __init__(self, header: Sequence[str]) -> None:
        self._waiting = "\ufeff" + write_row(header)

    def write(self, rows: Sequence[Sequence[str]]) -> bytes:
        """Write some rows."""
        text, self._waiting = self._waiting + "".join(write_row(row, phone_at=0) for row in rows), ""
        return text.encode()

    def end(self) -> bytes:
        """Write what ends the file."""
        return self.write([])


class XlsxRows:
    """Writes a workbook of which every cell is typed as text; only our own mark of text is marked, for `restore`."""

    def __init__(self, header: Sequence[str], *, at: datetime) -> None:
        self._book = Workbook(header, at=at)

    def write(self, rows: Sequence[Sequence[str]]) -> bytes:
        """Write some rows."""
        return self._book.write([[f"'{cell}" if _MARKED(cell) else cell for cell in row] for row in rows])

    def end(self) -> bytes:
        """Write what ends the file."""
        return self._book.end()


def rows_writer(kind: FileKind, header: Sequence[str], *, at: datetime) -> RowWriter:
    """Make what writes a file of this kind."""
    return CsvRows(header) if kind is FileKind.CSV else XlsxRows(header, at=at)


def write_row(cells: Iterable[str], *, phone_at: int | None = None) -> str:
    """Write one row of CSV with every cell quoted; the cell at `phone_at` is kept as it is if it is in E.164.

    Other cells that a spreadsheet would compute get an apostrophe, which `restore` takes off again.
    """
    return ",".join(_quoted(cell, is_phone=at == phone_at) for at, cell in enumerate(cells)) + "\r\n"


def restore(cell: str) -> str:
    """Take off the apostrophe that marks a cell as text; other cells are given back as they are."""
    return cell[1:] if _MARKED(cell) else cell


def _quoted(cell: str, *, is_phone: bool) -> str:
    kept = cell if is_phone and _PHONE(cell) else f"'{cell}" if _FORMULA(cell) else cell
    return f'"{kept.replace(chr(34), chr(34) * 2)}"'
