"""Writes XLSX workbooks row by row (ECMA-376), holding no more than the rows it was just given."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import IO
from xml.sax.saxutils import escape

from frontdesk.features.contacts.sheets.limits import MAX_ROWS

SHEET_BYTES = 512 * 1024 * 1024  # of XML, far below where an archive needs another format
TITLE = "People"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TEXT, _HEADING = 1, 2
# Not a character of XML 1.0; and what a spreadsheet would read as a character's number (ST_Xstring).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBERED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
# Every sheet is of the kind that XML has here by default, so that their number need not be known first.
_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>'
)
_ROOT = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
# 49 is the format "text"; quotePrefix keeps a cell text also after somebody has edited it.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_SHEET = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="{columns}" width="18" style="1" customWidth="1"/>'
    "</cols><sheetData>"
)


class _Sink(io.RawIOBase):
    """Takes what the archive writes until somebody comes for it; nobody can go back in it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]  # whatever holds bytes, as the base says
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        found, self._parts = b"".join(self._parts), []
        return found


class Workbook:
    """A workbook whose cells are all text; rows beyond what a sheet holds go on in the next one."""

    def __init__(self, header: Sequence[str], *, at: datetime, sheet_rows: int = MAX_ROWS) -> None:
        self._header = header
        self._sheet_rows = sheet_rows
        self._made = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)  # closed by `end`
        self._columns = [_letters(at) for at in range(len(header))]
        self._sheets = 0
        self._sheet: IO[bytes] | None = None
        self._rows = self._bytes = 0
        self._part("[Content_Types].xml", _TYPES)
        self._part("_rels/.rels", _ROOT)
        self._part("xl/styles.xml", _STYLES)
        self._begin_sheet()

    def write(self, rows: Sequence[Sequence[str]]) -> bytes:
        """Write some rows; returns what the file has got longer by."""
        for row in rows:
            if self._rows > self._sheet_rows or self._bytes > SHEET_BYTES:
                self._end_sheet()
                self._begin_sheet()
            self._row(row, _TEXT)
        return self._sink.taken()

    def end(self) -> bytes:
        """End the file; returns the rest of it."""
        self._end_sheet()
        names = [TITLE if number == 1 else f"{TITLE} {number}" for number in range(1, self._sheets + 1)]
        listed = "".join(
            f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(names, 1)
        )
        links = "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in range(1, self._sheets + 1)
        )
        styles = f'<Relationship Id="rIdStyles" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        relations = f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}{styles}</Relationships>'
        book = f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
        self._part("xl/_rels/workbook.xml.rels", relations)
        self._part("xl/workbook.xml", book)
        self._archive.close()
        return self._sink.taken()

    def _part(self, name: str, text: str) -> None:
        info = zipfile.ZipInfo(name, date_time=self._made)
        info.compress_type = zipfile.ZIP_DEFLATED
        self._archive.writestr(info, text.encode())

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._rows = self._bytes = 0
        info = zipfile.ZipInfo(f"xl/worksheets/sheet{self._sheets}.xml", date_time=self._made)
        info.compress_type = zipfile.ZIP_DEFLATED
        self._sheet = self._archive.open(info, "w")
        self._add(_SHEET.format(columns=len(self._header)))
        self._row(self._header, _HEADING)

    def _end_sheet(self) -> None:
        self._add("</sheetData></worksheet>")
        if self._sheet is not None:
            self._sheet.close()

    def _row(self, cells: Sequence[str], style: int) -> None:
        self._rows += 1
        written = "".join(
            f'<c r="{letters}{self._rows}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{_text(cell)}</t></is>'
            "</c>"
            for letters, cell in zip(self._columns, cells, strict=True)
            if cell
        )
        self._add(f'<row r="{self._rows}">{written}</row>')

    def _add(self, text: str) -> None:
        data = text.encode()
        self._bytes += len(data)
        if self._sheet is not None:
            self._sheet.write(data)


def _text(cell: str) -> str:
    """Write a cell's text so that it is read as what it is."""
    return escape(_NUMBERED.sub("_x005F_", _NO_XML.sub("", cell)))


def _letters(at: int) -> str:
    """Name a column as spreadsheets do: 0 is A, 26 is AA."""
    name, rest = "", at + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
