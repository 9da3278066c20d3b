"""The smallest workbooks that there are, written by hand, for tests of reading them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)


def cell(value: str | float, at: str = "") -> str:
    """Write one cell; `at` places it."""
    place = f' r="{at}"' if at else ""
    if isinstance(value, str):
        return f'<c{place} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c{place} t="b"><v>{int(value)}</v></c>'
    return f"<c{place}><v>{value!r}</v></c>"


def write_workbook(
    path: Path, sheets: Mapping[str, Sequence[Sequence[str | float]]], *, hidden: Sequence[str] = (), raw: str = ""
) -> Path:
    """Write a workbook of sheets; `raw` stands in for the first one's rows."""
    listed, links = "", ""
    for number, name in enumerate(sheets, start=1):
        state = ' state="hidden"' if name in hidden else ""
        listed += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"{state}/>'
        links += f'<Relationship Id="r{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        root = f'<Relationship Id="r0" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{root}</Relationships>')
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
        )
        for number, rows in enumerate(sheets.values(), start=1):
            body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            body = raw if raw and number == 1 else body
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>',
            )
    return path
