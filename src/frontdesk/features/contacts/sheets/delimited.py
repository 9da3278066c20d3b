"""Rows of text files: encoding and delimiter are found out, lines are bounded, quotes that never close are refused."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from frontdesk.features.contacts.sheets.limits import DELIMITERS, ENCODINGS, MAX_LINE, Row
from frontdesk.kernel.errors import Refused

_LOOK_BYTES = 65_536
_LOOK_ROWS = 25
_NAMED_DELIMITER = re.compile(r"sep=(.)\s*").fullmatch
_RUNAWAY = "field larger than field limit"
_UNCLOSED = "unexpected end of data"
# The five bytes that windows-1252 leaves open; a file with one of them is latin-1.
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a text file is written; `first_line` is where its rows begin, counted from 0."""

    encoding: str
    delimiter: str
    first_line: int


def find_shape(path: Path, *, encoding: str | None, delimiter: str | None) -> Shape:
    """Find out how a text file is written; what is given is taken as it is.

    Refuses `contacts.import_encoding` and `contacts.import_delimiter` for what is not known here.
    """
    if encoding is not None and encoding.lower() not in ENCODINGS:
        raise Refused("contacts.import_encoding", f"Encodings are: {', '.join(ENCODINGS)}.", status=422)
    if delimiter is not None and delimiter not in DELIMITERS:
        raise Refused(
            "contacts.import_delimiter", "A delimiter is a comma, a semicolon, a tab or a vertical bar.", status=422
        )
    with path.open("rb") as file:
        head = file.read(_LOOK_BYTES)
    known = encoding.lower() if encoding is not None else _find_encoding(path, head)
    known = "utf-8-sig" if known == "utf-8" else known
    text = codecs.getincrementaldecoder(known)("replace").decode(head)
    named = _NAMED_DELIMITER(text.partition("\n")[0].rstrip("\r"))
    if named and named[1] in DELIMITERS:
        return Shape(known, delimiter or named[1], 1)
    return Shape(known, delimiter or _find_delimiter(text), 0)


def read_rows(path: Path, shape: Shape) -> Iterator[Row]:
    """Read the rows of a text file one by one; a row with stray quotes has a fault instead of cells.

    Refuses what is no text, lines and cells that are too long, and a quote that is opened and never closed.
    """
    csv.field_size_limit(MAX_LINE)
    with path.open(encoding=shape.encoding, newline="") as file:
        lines = _lines(file)
        for _ in islice(lines, shape.first_line):
            continue
        yield from _rows(csv.reader(lines, delimiter=shape.delimiter, strict=True), shape)


def _rows(reader: Iterator[list[str]], shape: Shape) -> Iterator[Row]:
    number = shape.first_line
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            raise Refused(
                "contacts.import_encoding",
                f"Row {number} is not {shape.encoding}: choose another encoding.",
                status=422,
            ) from error
        except csv.Error as error:
            if _RUNAWAY in str(error) or _UNCLOSED in str(error):
                raise Refused(
                    "contacts.import_quote_open", f"A quote that opens in row {number} never closes.", status=422
                ) from error
            yield Row(number, (), "a quote stands where none may stand")
            continue
        yield Row(number, tuple(cells))


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise Refused(
                "contacts.import_line_too_long",
                f"A line has more than {MAX_LINE:,} characters; is this a table?",
                status=422,
            )
        if "\x00" in line:
            raise Refused(
                "contacts.import_not_a_table",
                "The file holds NUL bytes: it is no text. Save it as .csv or .xlsx.",
                status=422,
            )
        yield line


def _find_encoding(path: Path, head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    look = head[: len(head) // 2 * 2]
    if look[1::2].count(0) > len(look) // 4 and look[::2].count(0) == 0:
        return "utf-16-le"
    if look[::2].count(0) > len(look) // 4 and look[1::2].count(0) == 0:
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_windows = True
    with path.open("rb") as file:
        try:
            while part := file.read(_LOOK_BYTES):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            while part := file.read(_LOOK_BYTES):
                is_windows = is_windows and not _NOT_WINDOWS.search(part)
            return "windows-1252" if is_windows else "latin-1"
    return "utf-8-sig"


def _find_delimiter(text: str) -> str:
    """Choose the delimiter by which most of the first rows have the same number of columns, more than one."""
    best, best_score = ",", (0.0, 0)
    lines = text.splitlines(keepends=True)[:-1] or text.splitlines(keepends=True)
    for delimiter in DELIMITERS:
        widths: Counter[int] = Counter()
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            widths.update(len(cells) for cells in islice(reader, _LOOK_ROWS) if cells)
        except csv.Error:
            continue
        if not widths:
            continue
        width, often = widths.most_common(1)[0]
        score = (often / widths.total(), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best
