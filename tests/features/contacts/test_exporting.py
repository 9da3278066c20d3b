"""What goes out as CSV or XLSX comes in as it was, and no spreadsheet computes any of it."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.contacts.model import Card
from frontdesk.features.contacts.service import cards, exporting
from frontdesk.features.contacts.sheets import FileKind, Reading, open_table, restore, rows_writer
from frontdesk.features.contacts.sheets.workbook_writing import Workbook
from tests.features.contacts.conftest import Desk
from tests.support.actors import ADA_ACTS

CAROL = "+12065550123"
MOMENT = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FILE = """phone,name,given_name,email,state,zip,city,timezone,tags,field.plan,field.note
(206) 555-0123,"Carol ""C"" O'Neil",Carol,carol@example.com,WA,01234,Seattle,America/Denver,vip; a&b <c>,=1+1,"'=quoted"
+442079460000,-Ben,,,,,Zürich,,,@cmd,+12065550123
+12065550124,'+49 \N{FULLWIDTH EQUALS SIGN}x,,,,,日本,,,007,_x0041_ 😀
+12065550125,Eve,,,WA,,,,,,
"""


async def export(desk: Desk, kind: FileKind) -> bytes:
    """Export Ada's people."""
    async with desk.app.transaction(desk.ada) as tx:
        begun = await exporting.begin_export(tx, kind=kind, filter_=None, about={}, by=ADA_ACTS)
    parts = [part.data async for part in exporting.write_people(begun, lambda: desk.app.transaction(desk.ada))]
    return b"".join(parts)


async def everybody(desk: Desk) -> list[Card]:
    """List all of Ada's people without the moment of their last change."""
    async with desk.app.transaction(desk.ada) as tx:
        found = await cards.find_people(tx, before=None, limit=100)
    return [replace(one, updated_at=MOMENT) for one in found]


@pytest.mark.parametrize("kind", list(FileKind))
async def test_what_goes_out_comes_in_as_it_was(desk: Desk, kind: FileKind) -> None:
    done = await desk.import_(FILE)
    assert (done.rows_added, done.rows_rejected, done.rows_noted) == (4, 0, 0)
    before, file = await everybody(desk), await export(desk, kind)
    assert {one.fields.get("plan") for one in before} == {"=1+1", "@cmd", "007", None}
    for one in before:
        async with desk.app.transaction(desk.ada) as tx:
            await cards.delete_person(tx, one.id, by=ADA_ACTS)
    assert await desk.people() == 0
    again = await desk.import_(file, name=f"people.{kind}")
    assert (again.file_kind, again.rows_added, again.rows_rejected, again.rows_noted) == (kind.value, 4, 0, 0)
    assert await everybody(desk) == before
    assert await export(desk, FileKind.CSV) == file or kind is FileKind.XLSX


async def test_every_cell_of_a_workbook_is_typed_as_text(desk: Desk) -> None:
    await desk.import_(FILE)
    with zipfile.ZipFile(io.BytesIO(await export(desk, FileKind.XLSX))) as book:
        assert book.testzip() is None
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own file
        styles = ET.fromstring(book.read("xl/styles.xml"))  # noqa: S314 - our own file
    assert list(sheet.iter(f"{MAIN}f")) == []
    cells = list(sheet.iter(f"{MAIN}c"))
    assert {cell.get("t") for cell in cells} == {"inlineStr"}
    formats = styles.findall(f"{MAIN}cellXfs/{MAIN}xf")
    below = [cell for cell in cells if cell.get("r", "")[-1] != "1" or len(cell.get("r", "")) > 2]
    assert {formats[int(cell.get("s", "0"))].get("numFmtId") for cell in below} == {"49"}
    shown = {cell.get("r"): "".join(cell.itertext()) for cell in cells}
    assert shown["A1"] == "phone"
    assert {shown[f"A{row}"] for row in range(2, 6)} == {CAROL, "+12065550124", "+12065550125", "+442079460000"}
    assert "=1+1" in shown.values(), "what is typed as text needs no mark that a reader would see"


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=40), max_size=8))
def test_any_text_comes_back_from_a_workbook_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    path = tmp_path_factory.mktemp("books") / "people.xlsx"
    rows = [["+12065550123", word] for word in words] or [["+12065550123", "x"]]
    writer = rows_writer(FileKind.XLSX, ["phone", "name"], at=MOMENT)
    path.write_bytes(writer.write(rows) + writer.end())
    found = [[restore(cell) for cell in row.cells] for row in open_table(path, Reading()).rows]
    assert [[*row, ""][:2] for row in found] == rows


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path) -> None:
    book = Workbook(["phone"], at=MOMENT, sheet_rows=2)
    path = tmp_path / "people.xlsx"
    path.write_bytes(book.write([[f"+1206555{number:04}"] for number in range(5)]) + book.end())
    read = {
        sheet: [row.cells[0] for row in open_table(path, Reading(sheet=sheet)).rows]
        for sheet in ("People", "People 2", "People 3")
    }
    assert [len(rows) for rows in read.values()] == [2, 2, 1]
    assert [phone for rows in read.values() for phone in rows] == [f"+1206555{number:04}" for number in range(5)]


@pytest.mark.parametrize("kind", list(FileKind))
def test_writing_takes_no_more_memory_for_more_people(kind: FileKind) -> None:
    writer, sizes = rows_writer(kind, ["phone", "name"], at=MOMENT), []
    tracemalloc.start()
    try:
        for page in range(40):
            rows = [[f"+1206{page:03}{number:04}", f"Person {number} of {page}"] for number in range(1_000)]
            sizes.append(len(writer.write(rows)))
        sizes.append(len(writer.end()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) > 100_000
    assert peak < 4 * 1024 * 1024


async def test_a_person_of_another_business_is_in_no_export(desk: Desk) -> None:
    await desk.import_(FILE)
    async with desk.app.transaction(desk.mallory) as tx:
        await cards.add_person(
            tx, phone="+12065550199", default_country="US", told={"name": "Mallory's own"}, source="api", by=ADA_ACTS
        )
    rows = list(csv.reader(io.StringIO((await export(desk, FileKind.CSV)).decode("utf-8-sig"), newline="")))
    assert len(rows) == 5
    assert not any("Mallory's own" in row for row in rows)
