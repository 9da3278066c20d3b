"""Rows of XLSX workbooks, whose archive is looked at before anything is unpacked."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from frontdesk.features.contacts.sheets.limits import (
    MAX_COLUMNS,
    MAX_LINE,
    MAX_PACKED_RATIO,
    MAX_PARTS,
    MAX_ROWS,
    MAX_UNPACKED_BYTES,
    Row,
)
from frontdesk.kernel.errors import Refused

_SMALL = 1024 * 1024  # a part this small may be packed as tightly as it likes
_EXACT = 1e15  # up to here a spreadsheet's numbers are whole
Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook and its rows."""

    sheet: str
    rows: Iterator[Row]


def check_archive(path: Path) -> None:
    """Refuse an archive that is no workbook, is locked, or unpacks to more than it should (`contacts.import_…`)."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError) as error:
        raise Refused(
            "contacts.import_broken", "The file is damaged: it begins like a workbook but cannot be opened.", status=422
        ) from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise Refused(
            "contacts.import_not_a_table",
            "This is a zip file without an Excel workbook; send the .csv or .xlsx itself.",
            status=422,
        )
    tight = any(part.file_size > _SMALL and part.file_size > MAX_PACKED_RATIO * part.compress_size for part in parts)
    if tight or len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise Refused(
            "contacts.import_unpacks_too_large",
            "The workbook unpacks to far more than it may; save the sheet as .csv.",
            status=422,
        )
    if any(part.flag_bits & 1 for part in parts):
        raise Refused(
            "contacts.import_locked", "The workbook is locked with a password; save it without one.", status=422
        )


def open_sheet(path: Path, *, sheet: str | None) -> Sheet:
    """Open a sheet by name, or the first that is not hidden; refuses `contacts.import_sheet` for an unknown one.

    The whole sheet is held in memory by the reader below: run it in a program of its own, with its memory limited.
    """
    try:
        with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
            shown = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
            wanted = sheet or next(iter(shown), None)
            if wanted is None or wanted not in book.sheet_names:
                names = ", ".join(shown) or "none"
                raise Refused(
                    "contacts.import_sheet", f"There is no such sheet in the workbook; there are: {names}.", status=422
                )
            found = book.get_sheet_by_name(wanted)
            if found.total_width > MAX_COLUMNS:
                raise Refused("contacts.import_too_wide", f"The sheet has more than {MAX_COLUMNS} columns.", status=422)
            if found.height > MAX_ROWS + 1:
                raise Refused(
                    "contacts.import_too_long", f"The sheet has more than {MAX_ROWS:,} rows; split it.", status=422
                )
            return Sheet(wanted, _rows(found))
    except CalamineError as error:
        raise Refused("contacts.import_broken", "The workbook is damaged: it cannot be read.", status=422) from error


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    first = (sheet.start or (0, 0))[0] + 1
    for number, cells in enumerate(sheet.iter_rows(), start=first):
        yield Row(number, tuple(map(_text, cells)))


def _text(cell: Cell) -> str:
    """Write a cell as a person would type it; a number that a sheet made of a telephone number keeps its digits."""
    match cell:
        case str():
            if len(cell) > MAX_LINE:
                raise Refused(
                    "contacts.import_line_too_long", f"A cell has more than {MAX_LINE:,} characters.", status=422
                )
            return cell.replace("\x00", "")
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer() and abs(cell) < _EXACT:
            return str(int(cell))
        case dt.datetime() if cell.time() == dt.time():
            return cell.date().isoformat()
        case dt.datetime() | dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)
