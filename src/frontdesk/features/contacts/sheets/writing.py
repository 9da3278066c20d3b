"""Rows of CSV that a spreadsheet shows as text: no cell is a formula, telephone numbers stay whole."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What a spreadsheet takes for the start of a formula, full-width forms included; our mark of text may stand before it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\x00|%\uff1d\uff0b\uff0d\uff20]").match
_MARKED = re.compile("''*[=+\\-@\t\r\n\x00|%\uff1d\uff0b\uff0d\uff20]").match
# A plus and digits alone compute to the number that they are; anything more could be a formula.
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}").fullmatch


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
