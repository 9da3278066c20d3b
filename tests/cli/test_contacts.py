"""People in number by command, without any other program running."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal

FILE = "Who,Line,Plan\nCarol,206 555 0123,gold\nBen,(206) 555-0124,\nNobody,12,\n"


@pytest.fixture
async def where(terminal: Terminal) -> str:
    """Name a business of the demo."""
    listed = await terminal.type("tenant", "list", "--json")
    return str(listed.each("tenants")[0]["slug"])


async def test_a_file_is_tried_imported_listed_and_exported(terminal: Terminal, where: str, tmp_path: Path) -> None:
    file, report, out = tmp_path / "people.csv", tmp_path / "errors.csv", tmp_path / "out.csv"
    file.write_text(FILE, encoding="utf-8")
    known = len((await terminal.type("contact", "list", "--tenant", where, "--json")).each("contacts"))
    common = (
        str(file),
        "--tenant",
        where,
        "--map",
        "name=Who",
        "--map",
        "phone=Line",
        "--keep-others",
        "--tag",
        "fair",
    )
    tried = await terminal.type("contact", "import", *common, "--dry-run", "--json")
    assert (tried.code, tried.at("status"), tried.at("added"), tried.at("rejected")) == (0, "checked", 2, 1), tried
    assert len((await terminal.type("contact", "list", "--tenant", where, "--json")).each("contacts")) == known
    done = await terminal.type("contact", "import", *common, "--report", str(report), "--json")
    assert (done.code, done.at("status"), done.at("added")) == (0, "completed", 2), done
    with report.open(encoding="utf-8-sig", newline="") as text:
        assert [row["Who"] for row in csv.DictReader(text)] == ["Nobody"]
    listed = await terminal.type("contact", "list", "--tenant", where, "--tag", "fair", "--json")
    assert {one["name"] for one in listed.each("contacts")} == {"Carol", "Ben"}
    assert "Carol" in (await terminal.type("contact", "list", "--tenant", where, "--find", "carol")).out
    exported = await terminal.type("contact", "export", str(out), "--tenant", where, "--json")
    assert exported.at("people") == known + 2
    again = await terminal.type("contact", "import", str(out), "--tenant", where, "--json")
    assert (again.at("added"), again.at("merged"), again.at("rejected")) == (0, known + 2, 0), again


async def test_a_person_is_added_and_tagged(terminal: Terminal, where: str) -> None:
    added = await terminal.type("contact", "add", "206 555 0123", "--tenant", where, "--name", "Carol", "--tag", "vip")
    assert added.out == "+12065550123 is added.\n"
    twice = await terminal.type("contact", "add", "+12065550123", "--tenant", where, "--json")
    assert (twice.code, "contacts.exists" in twice.out + twice.err) == (1, True)
    tagged = await terminal.type("contact", "tag", "2065550123", "--tenant", where, "--add", "new", "--remove", "vip")
    assert tagged.out == "+12065550123: new.\n"
    assert (await terminal.type("contact", "segments", "--tenant", where)).out == "Segments: none\n"
    unknown = await terminal.type("contact", "list", "--tenant", where, "--segment", "nobody")
    assert unknown.code == 1


async def test_a_file_that_is_no_table_is_told_in_a_sentence(terminal: Terminal, where: str, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b"%PDF-1.7")
    refused = await terminal.type("contact", "import", str(file), "--tenant", where)
    assert (refused.code, "PDF" in refused.err) == (1, True)
    wrong = await terminal.type("contact", "import", str(file), "--tenant", where, "--map", "phone")
    assert wrong.code == 2


async def test_people_go_out_as_a_workbook_and_an_import_is_undone(
    terminal: Terminal, where: str, tmp_path: Path
) -> None:
    file, book = tmp_path / "people.csv", tmp_path / "people.xlsx"
    file.write_text("phone,name\n2065550123,Carol\n2065550124,=1+1\n", encoding="utf-8")
    done = await terminal.type("contact", "import", str(file), "--tenant", where, "--json")
    exported = await terminal.type("contact", "export", str(book), "--tenant", where, "--json")
    assert (exported.code, book.read_bytes()[:2]) == (0, b"PK")
    again = await terminal.type("contact", "import", str(book), "--tenant", where, "--json")
    assert (again.at("added"), again.at("merged"), again.at("rejected")) == (0, exported.at("people"), 0), again
    assert (await terminal.type("contact", "export", "-", "--tenant", where, "--format", "pdf")).code == 2
    listed = await terminal.type("contact", "imports", "--tenant", where, "--json")
    assert [one["id"] for one in listed.each("imports")] == [again.at("id"), done.at("id")]
    undone = await terminal.type("contact", "undo-import", str(done.at("id")), "--tenant", where, "--json")
    assert (undone.code, undone.at("status"), undone.at("removed"), undone.at("left")) == (0, "undone", 2, 0), undone
    assert (await terminal.type("contact", "list", "--tenant", where, "--find", "carol")).out == "People: none\n"
    twice = await terminal.type("contact", "undo-import", str(done.at("id")), "--tenant", where, "--json")
    assert (twice.code, twice.at("error", "code")) == (1, "contacts.import_undone")
