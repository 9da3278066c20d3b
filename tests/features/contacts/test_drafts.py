"""A row of a file becomes what is told of a person, and what is wrong with it is said in words that help."""

from __future__ import annotations

import io
import random
from pathlib import Path

import msgspec
import phonenumbers
import pytest

from frontdesk.features.contacts.model import Details, clean_fields, clean_tags
from frontdesk.features.contacts.phones import _KINDS as PHONE_KINDS
from frontdesk.features.contacts.phones import PhoneKind, parse_phone
from frontdesk.features.contacts.service.drafts import Draft, Drafting
from frontdesk.features.contacts.service.importing import Settings, merge_repeats
from frontdesk.features.contacts.service.reading import Job, Progress, Read, read_file
from frontdesk.features.contacts.sheets import Row, guess_columns
from frontdesk.features.contacts.zones import find_country, find_region, is_zone, zone_of_address
from frontdesk.kernel.errors import Refused

HEADER = ("Name", "Mobile", "Email", "Country", "State", "Time Zone", "Tags", "field.plan")


def draft(*cells: str, country: str = "US") -> Draft:
    return Drafting(guess_columns(HEADER, []), HEADER, country=country).draft(Row(2, cells))


def details(*cells: str, country: str = "US") -> Details:
    found = draft(*cells, country=country).details
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("raw", "country", "e164"),
    [
        ("(206) 555-0123", "US", "+12065550123"),
        ("1-206-555-0123", "US", "+12065550123"),
        ("0491 570 156", "AU", "+61491570156"),
        ("61412345678", "US", "+61412345678"),
        ("'+61412345678", "US", "+61412345678"),
        ("07700 900123", "GB", "+447700900123"),
    ],
)
def test_numbers_are_read_as_people_and_spreadsheets_write_them(raw: str, country: str, e164: str) -> None:
    assert details("Carol", raw, country=country).phone_e164 == e164


@pytest.mark.parametrize(
    "raw", ["", "12", "call me", "206 555 0123 ext 5", "206 555 0123 / 206 555 0124", "+999 1", "900 555 2368"]
)
def test_a_number_that_is_none_rejects_its_row_with_advice(raw: str) -> None:
    rejected = draft("Carol", raw)
    assert rejected.details is None
    assert [problem.column for problem in rejected.problems] == ["Mobile"]
    assert rejected.problems[0].what
    assert rejected.problems[0].advice.endswith(".")
    assert rejected.cells == ["Carol", raw]


def test_other_faults_cost_their_cell_only_and_are_noted() -> None:
    noted = draft("C" * 200, "2065550123", "no mail", "Atlantis", "Nowhere", "Mars/Base", "a;" + "b" * 60, "p" * 600)
    assert noted.details is not None
    assert [problem.column for problem in noted.problems] == [
        "Name", "Country", "State", "Time Zone", "Email", "field.plan", "Tags",
    ]  # fmt: skip
    assert (len(noted.details.name), noted.details.email, noted.details.country) == (120, "", "")
    assert (noted.details.tags, len(noted.details.fields["plan"])) == (("a",), 500)


def test_a_zone_is_taken_as_told_else_found_by_an_address_that_has_only_one() -> None:
    told = details("", "2065550123", "", "", "TX", "America/Chicago")
    assert (told.timezone, told.timezone_source.value) == ("America/Chicago", "import")
    found = details("", "2065550123", "", "USA", "California")
    assert (found.timezone, found.timezone_source.value) == ("America/Los_Angeles", "address")
    for region in ("TX", "Florida", "IN", "", "AZ"):
        assert details("", "2065550123", "", "US", region).timezone is None, region


@pytest.mark.parametrize(
    ("country", "region", "zone"),
    [
        ("US", "US-NY", "America/New_York"), ("US", "US-TX", None), ("US", "", None), ("US", "US-ID", None),
        ("GB", "", "Europe/London"), ("AU", "AU-VIC", "Australia/Melbourne"), ("AU", "AU-WA", None),
        ("CA", "CA-ON", None), ("CA", "CA-MB", "America/Winnipeg"), ("NZ", "", None), ("FR", "FR-75", "Europe/Paris"),
    ],
)  # fmt: skip
def test_only_an_address_that_lies_in_one_zone_has_one(country: str, region: str, zone: str | None) -> None:
    assert zone_of_address(country=country, region=region) == zone


def test_places_are_known_by_name_and_code() -> None:
    assert [find_country(text) for text in ("us", "United States", "U.S.A.", "Deutschland", "xx", "")] == [
        "US", "US", "US", "DE", None, None,
    ]  # fmt: skip
    assert find_region("new south wales", country="AU") == "AU-NSW"
    assert find_region("us-fl", country="") == "US-FL"
    assert find_region("CA-ON", country="US") is None
    assert find_region("DE-BY", country="DE") == "DE-BY"
    assert is_zone("America/New_York")
    assert not [text for text in ("EST", "Etc/GMT+5", "Nowhere/Land", "") if is_zone(text)]


def test_rows_of_one_person_are_merged_by_the_rules_of_all_merging() -> None:
    drafting = Drafting(guess_columns(HEADER, []), HEADER, country="US")
    rows = [
        ("Carol", "2065550123", "c@example.com", "", "", "", "a", "gold"),
        ("Cary", "206-555-0123", "", "", "", "", "b", ""),
    ]
    drafts = [drafting.draft(Row(number, cells)) for number, cells in enumerate(rows, start=2)]
    assert [one.repeats for one in drafts] == [False, True]
    job = Job(country="US")
    (merged,) = merge_repeats(drafts, Settings(job=job, tags=("list",)))
    assert (merged.name, merged.email, merged.tags, merged.fields) == (
        "Cary",
        "c@example.com",
        ("a", "b", "list"),
        {"plan": "gold"},
    )
    (kept,) = merge_repeats(drafts, Settings(job=job, known_wins=True))
    assert kept.name == "Carol"


def test_reading_tells_how_far_it_is_and_keeps_every_draft_in_its_place(tmp_path: Path) -> None:
    path, drafts, said = tmp_path / "people.csv", tmp_path / "drafts", io.StringIO()
    path.write_text("phone\n" + "".join(f"206555{n:04}\n" for n in range(1, 10_000)), encoding="ascii")
    read = read_file(path, drafts, Job(country="US", batch=1_000), said=said)
    assert (read.rows, len(read.offsets)) == (9_999, 10)
    told = [msgspec.json.decode(line, type=Progress | Read) for line in said.getvalue().splitlines()]
    assert told == [Progress(5_000)]
    text = drafts.read_bytes()
    firsts = [msgspec.json.decode(text[at:].partition(b"\n")[0], type=Draft).row_number for at in read.offsets]
    assert firsts == [2 + 1_000 * number for number in range(10)]
    assert not list(tmp_path.glob("*.part"))


def test_tags_and_fields_that_cannot_be_kept_are_refused() -> None:
    assert clean_tags([" VIP ", "vip", "Über  Gast"]) == ("vip", "über gast")
    for tags in (["a,b"], [""], ["x" * 51], [str(number) for number in range(51)]):
        with pytest.raises(Refused):
            clean_tags(tags)
    assert clean_fields({"plan": " gold\x00 ", "empty": " "}) == {"plan": "gold"}
    for fields in ({"Plan": "x"}, {"plan": "x" * 501}, {f"k{number}": "x" for number in range(51)}):
        with pytest.raises(Refused):
            clean_fields(fields)


def referee(raw: str) -> tuple[str, str | None, PhoneKind] | None:
    """Say what the library makes of a number; None for one that is refused."""
    number = phonenumbers.parse(raw, "US")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    kind = PHONE_KINDS.get(phonenumbers.number_type(number), PhoneKind.OTHER)
    refused = not phonenumbers.is_valid_number(number) or kind is PhoneKind.PREMIUM
    return None if refused else (e164, phonenumbers.region_code_for_number(number), kind)


def test_the_quick_reading_of_american_numbers_is_the_librarys_own() -> None:
    """Islands, toll-free, personal and premium ranges among them, and Barbados, which has no quick way."""
    chance, known = random.Random(5), 0
    areas = (*range(201, 990, 7), 246, 246, 441, 658, 876, 242, 500, 521, 800, 855, 900, 684, 671, 787)
    for _ in range(6_000):
        area, exchange, line = chance.choice(areas), chance.randint(100, 999), chance.randint(0, 9_999)
        pattern = chance.choice(("{}{:03}{:04}", "+1{}{:03}{:04}", "({}) {:03}-{:04}", "1-{}-{:03}-{:04}"))
        raw = pattern.format(area, exchange, line)
        try:
            found = parse_phone(raw, "US")
        except Refused:
            assert referee(raw) is None, raw
            continue
        if found.kind is not PhoneKind.FICTITIOUS:
            assert (found.e164, found.country, found.kind) == referee(raw), raw
            known += 1
    assert known > 1_000
