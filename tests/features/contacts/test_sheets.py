"""Files of rows are read whatever wrote them, within limits, and written so that nothing in them is a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.contacts.sheets import (
    MAX_COLUMNS,
    FileKind,
    Reading,
    Row,
    guess_columns,
    limits,
    open_table,
    place_columns,
    restore,
    write_row,
)
from frontdesk.kernel.errors import Refused
from tests.features.contacts.workbook import cell, write_workbook

PEOPLE = [["Name", "Mobile", "City"], ["Zoë Müller", "(206) 555-0123", "Köln, Altstadt"], ["Carol", "206 555 0124", ""]]


def written(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def refusal(path: Path, reading: Reading | None = None) -> str:
    with pytest.raises(Refused) as refused:
        list(open_table(path, reading or Reading()).rows)
    assert refused.value.message.endswith((".", "?"))
    assert refused.value.status in {413, 422}
    return refused.value.code.removeprefix("contacts.import_")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_every_encoding_and_delimiter_is_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(PEOPLE)
    table = open_table(written(tmp_path / "people.csv", text.getvalue(), encoding), Reading())
    assert (table.kind, table.delimiter, list(table.header)) == (FileKind.CSV, delimiter, PEOPLE[0])
    assert [list(row.cells) for row in table.rows] == PEOPLE[1:]


def test_a_file_of_latin_1_that_windows_cannot_have_written_is_read_as_that(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "name,phone\né\x81,2065550123\n", "latin-1")
    table = open_table(path, Reading())
    assert table.encoding == "latin-1"
    assert next(table.rows).cells[0] == "é\x81"


def test_a_wrong_encoding_is_refused_with_its_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "name,phone\nCarol,1\nZoë,2\n", "latin-1")
    assert refusal(path, Reading(encoding="utf-8")) == "encoding"
    assert refusal(path, Reading(encoding="klingon")) == "encoding"
    assert refusal(path, Reading(delimiter="x")) == "delimiter"


def test_rows_keep_their_numbers_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'sep=;\r\nName;Phone\r\n;;\r\n"Ca\nrol";1\r\n\r\nBen;2\r\n')
    table = open_table(path, Reading())
    assert [(row.number, row.cells) for row in table.rows] == [(4, ("Ca\nrol", "1")), (6, ("Ben", "2"))]


def test_a_stray_quote_spoils_its_row_only(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'name,phone\n"Ca"rol,1\nBen,2\n')
    found = list(open_table(path, Reading()).rows)
    assert (bool(found[0].fault), found[1].cells) == (True, ("Ben", "2"))


def test_a_file_without_heading_is_known_by_its_numbers(tmp_path: Path) -> None:
    table = open_table(written(tmp_path / "a.csv", "Carol,(206) 555-0123\nBen,(206) 555-0124\n"), Reading())
    assert table.header == ("Column 1", "Column 2")
    assert len(list(table.rows)) == 2
    assert guess_columns(table.header, table.sample).columns == {"phone": 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"\x89PNG\r\n", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not_a_table"),
        (b"<!DOCTYPE html><table>", "not_a_table"),
        (b"\xef\xbb\xbf  <html>", "not_a_table"),
        (b"BEGIN:VCARD\r\n", "not_a_table"),
        (b"PK\x03\x04 and nothing else", "broken"),
        (b"name,phone\nCa\x00rol,2065550123\n", "not_a_table"),
        (b'name,phone\n"Carol,2065550123\n' + b"x,1\n" * 10, "quote_open"),
        (b'name,phone\n"Carol,2065550123\n' + b"x,1\n" * 100_000, "quote_open"),
        (b"name,phone\nCarol," + b"1" * 2_000_000, "line_too_long"),
        (b"x" * 2_000_000, "line_too_long"),
        (b"phone" + b"," * 100_000 + b"\n", "too_wide"),
        (b"name,phone\n" + b"a," * MAX_COLUMNS + b"b\n", "too_wide"),
    ],
)
def test_what_is_no_table_is_refused_with_a_word_on_why(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal(written(tmp_path / "people.csv", content)) == code


def test_a_file_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)
    assert refusal(path) == "too_large"
    path.write_text("phone\n" + "2065550123\n" * (limits.MAX_ROWS + 1), encoding="ascii")
    assert refusal(path) == "too_long"


def test_a_workbook_is_read_by_what_it_is_whatever_its_name(tmp_path: Path) -> None:
    sheets: dict[str, list[list[str | float]]] = {
        "Notes": [["nothing"]],
        "People": [
            ["Name", "Mobile", "Since"],
            ["Zoë", 12065550123.0, 1.5],
            ["", "", ""],
            ["Ben", "206 555 0124", True],
        ],
    }
    path = write_workbook(tmp_path / "people.csv", sheets, hidden=["Notes"])
    table = open_table(path, Reading())
    assert (table.kind, table.sheet, table.header) == (FileKind.XLSX, "People", ("Name", "Mobile", "Since"))
    found = list(table.rows)
    assert [row.number for row in found] == [2, 4]
    assert found[0].cells == ("Zoë", "12065550123", "1.5")
    assert open_table(path, Reading(sheet="Notes", has_header=True)).header == ("nothing",)
    assert refusal(path, Reading(sheet="Elsewhere")) == "sheet"


def test_archives_that_are_no_workbook_or_would_burst_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("people.csv", "a,b")
    assert refusal(path) == "not_a_table"
    write_workbook(path, {"People": []}, raw="<row>" + " " * 50_000_000 + "</row>")
    assert refusal(path) == "unpacks_too_large"
    write_workbook(path, {"People": []}, raw="<row><c")
    assert refusal(path) in {"broken", "empty"}
    write_workbook(path, {"People": []}, raw=f"<row>{cell('x', 'A1')}{cell('y', 'XFD1')}</row>")
    assert refusal(path) == "too_wide"
    whole = write_workbook(path, {"People": [["Phone"], ["2065550123"]]}).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path) == "broken"


def sample(*cells: tuple[str, ...]) -> list[Row]:
    return [Row(number, one) for number, one in enumerate(cells, start=2)]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (("First Name", "Surname", "Mobile Phone"), {"given_name": 0, "family_name": 1, "phone": 2}),
        (("Phone", "Cell"), {"phone": 1}),
        (("Nombre", "Teléfono", "Ciudad"), {"name": 0, "phone": 1, "city": 2}),
        (("E-Mail Address", "ZIP", "State", "tel"), {"email": 0, "postal_code": 1, "region": 2, "phone": 3}),
        (("number", "field.plan", "import_problem"), {"phone": 0, "field.plan": 1}),
    ],
)
def test_columns_are_known_by_their_headings(header: tuple[str, ...], columns: dict[str, int]) -> None:
    assert guess_columns(header, []).columns == columns


def test_what_a_person_says_of_columns_wins() -> None:
    header = ("Who", "Line A", "Line B", "Colour")
    guess = guess_columns(header, sample(("Carol", "12", "206 555 0123", "red")), keep_others=True)
    assert guess.columns == {"field.who": 0, "field.line_a": 1, "phone": 2, "field.colour": 3}
    layout = place_columns(guess, header, {"phone": "line a", "name": "1", "field.colour": "skip"})
    assert layout.columns == {"name": 0, "phone": 1}
    assert layout.unused == ("Line B", "Colour")
    for wrong in ({"phone": "Elsewhere"}, {"shoe": "Who"}, {"field.Bad Key": "Who"}, {"phone": "skip"}):
        with pytest.raises(Refused) as refused:
            place_columns(guess, header, wrong)
        assert refused.value.code == "contacts.import_mapping"


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "'=1",
    "''=1",
    "|calc",
    "%0a=1",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula_and_all_come_back(formula: str) -> None:
    line = write_row([formula, "a;" + formula])
    cells = next(csv.reader(io.StringIO(line, newline="")))
    assert cells[0].startswith("'")
    assert [restore(one) for one in cells] == [formula, "a;" + formula]


@pytest.mark.parametrize("phone", ["+61412345678", "+12065550123", "+447700900123"])
def test_a_telephone_number_stays_whole_and_nothing_else_passes_for_one(phone: str) -> None:
    assert write_row([phone], phone_at=0) == f'"{phone}"\r\n'
    assert write_row([phone + "+1"], phone_at=0) == f'"\'{phone}+1"\r\n'
    assert write_row([phone]) == f'"\'{phone}"\r\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=6))
def test_whatever_is_written_comes_back_and_begins_no_formula(cells: list[str]) -> None:
    back = next(csv.reader(io.StringIO(write_row(cells), newline="")))
    assert [restore(one) for one in back] == cells
    assert not [one for one in back if one[:1] in {*"=+-@\t\r＝＋－＠"}]
