"""How much of a file is taken, and what a row of it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_ROWS = 500_000
MAX_COLUMNS = 200
MAX_LINE = 131_072  # characters, of a line and of a cell
# A workbook is a zip file: what it unpacks to, and how tightly a part of it may be packed.
MAX_UNPACKED_BYTES = 600 * 1024 * 1024
MAX_PACKED_RATIO = 200
MAX_PARTS = 2_000
# Of a telephone number (E.164), without which a cell is none.
FEWEST_DIGITS, MOST_DIGITS = 7, 15

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "latin-1")


@dataclass(frozen=True, slots=True)
class Row:
    """One row, numbered as a spreadsheet numbers it; a row that cannot be read has a `fault` instead of cells."""

    number: int
    cells: tuple[str, ...]
    fault: str = ""


class FileKind(StrEnum):
    """What a file of rows is."""

    CSV = "csv"
    XLSX = "xlsx"
