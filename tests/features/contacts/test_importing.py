"""Files of people are taken in whole, merged without loss, and gone on with wherever they stopped."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import time
from dataclasses import replace
from uuid import UUID

import pytest

from frontdesk.features.contacts.model import ImportStatus, ZoneSource
from frontdesk.features.contacts.service import cards, exporting, importing
from frontdesk.features.contacts.service.staging import Staged, tidy
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import cancel_run
from tests.features.contacts.conftest import Desk
from tests.features.contacts.workbook import cell, write_workbook
from tests.support.actors import ADA_ACTS, MALLORY_ACTS

CAROL, BEN = "+12065550123", "+12065550124"
FIRST = """Name,Mobile,E-mail,State,City,Plan,Tags
Carol,(206) 555-0123,carol@example.com,WA,Seattle,gold,vip; Spring
Ben,206-555-0124,,Texas,,,
,not a number,,,,,
"Carol Again",206 555 0123,,,Tacoma,,late
Ada,555,ada@example.com,,,,
Eve,206 555 0125,nonsense,Atlantis,,,
"""


def lines(count: int, *, area: str = "206") -> str:
    return "name,phone\n" + "".join(
        f"Person {n},{area}55{n // 100 % 10 + 2}{n % 100:02}{n // 1000:02}\n" for n in range(count)
    )


async def test_a_file_is_taken_in_whole_with_every_row_accounted_for(desk: Desk) -> None:
    done = await desk.import_(FIRST, tags=["Fair 2026"], keep_others=True)
    assert done.status is ImportStatus.COMPLETED, done.failure
    assert (done.rows_total, done.rows_done, done.rows_read) == (6, 6, 6)
    assert (done.rows_added, done.rows_merged, done.rows_rejected, done.rows_noted) == (3, 1, 2, 1)
    carol = await desk.card(CAROL)
    assert (carol.name, carol.city, carol.email, carol.region) == (
        "Carol Again",
        "Tacoma",
        "carol@example.com",
        "US-WA",
    )
    assert carol.tags == ("fair 2026", "late", "spring", "vip")
    assert carol.fields == {"plan": "gold"}
    assert (carol.timezone, carol.timezone_source) == ("America/Los_Angeles", ZoneSource.ADDRESS)
    assert (carol.source, carol.line_kind, carol.line_country) == ("import", "fictitious", "US")
    ben = await desk.card(BEN)
    assert (ben.region, ben.timezone) == ("US-TX", None)


async def test_the_report_says_of_each_row_what_is_wrong_and_what_to_do(desk: Desk) -> None:
    done = await desk.import_(FIRST)
    faults = await desk.faults(done.id)
    assert [(one.row_number, one.outcome.value) for one in faults] == [(4, "rejected"), (6, "rejected"), (7, "noted")]
    assert {problem.column for problem in faults[2].problems} == {"State", "E-mail"}
    header = exporting.header_of(done)
    text = exporting.report_header(header) + exporting.report_rows(faults, width=len(header))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["import_row"] for row in rows] == ["4", "6", "7"]
    assert [row["import_taken"] for row in rows] == ["no", "no", "in part"]
    assert all(row["import_problem"] and row["import_advice"] for row in rows)
    assert rows[1]["Name"] == "Ada"
    corrected = text.replace('"555"', '"206 555 0126"').replace("not a number", "206 555 0127")
    again = await desk.import_(corrected)
    assert (again.rows_added, again.rows_merged, again.rows_rejected) == (2, 1, 0)


async def test_what_is_known_is_never_blanked_out(desk: Desk) -> None:
    await desk.import_(FIRST, keep_others=True)
    before = await desk.card(CAROL)
    done = await desk.import_("Mobile,Name,E-mail,City,Tags\n206 555 0123,,,,new\n")
    assert (done.rows_added, done.rows_merged) == (0, 1)
    after = await desk.card(CAROL)
    assert after.tags == (*before.tags[:1], "new", *before.tags[1:])
    assert replace(after, tags=before.tags, updated_at=before.updated_at) == before


async def test_a_file_wins_where_it_says_something_unless_what_is_known_shall_win(desk: Desk) -> None:
    await desk.import_("phone,name,field.plan\n2065550123,Carol,gold\n")
    await desk.import_("phone,name,city,field.plan\n2065550123,Caroline,Seattle,silver\n")
    carol = await desk.card(CAROL)
    assert (carol.name, carol.city, carol.fields) == ("Caroline", "Seattle", {"plan": "silver"})
    await desk.import_("phone,name,email,field.plan\n2065550123,Cary,c@example.com,tin\n", known_wins=True)
    carol = await desk.card(CAROL)
    assert (carol.name, carol.email, carol.fields) == ("Caroline", "c@example.com", {"plan": "silver"})


async def test_a_zone_that_the_person_told_us_outlives_files(desk: Desk) -> None:
    await desk.import_("phone,timezone\n2065550123,America/Denver\n")
    assert (await desk.card(CAROL)).timezone_source is ZoneSource.IMPORT
    await desk.import_("phone,state\n2065550123,WA\n")
    assert (await desk.card(CAROL)).timezone == "America/Denver"
    async with desk.app.transaction(desk.ada) as tx:
        carol = await cards.find_card_by_phone(tx, CAROL)
        assert carol is not None
        await cards.change_person(tx, carol.id, told={"timezone": "Europe/London"}, by=ADA_ACTS)
    await desk.import_("phone,timezone\n2065550123,America/Chicago\n")
    assert (await desk.card(CAROL)).timezone == "Europe/London"


async def test_the_same_file_twice_writes_nothing_anew(desk: Desk) -> None:
    await desk.import_(FIRST)
    before = await desk.value("select array_agg(xmin::text || ctid::text order by id) from contacts")
    done = await desk.import_(FIRST.replace("Carol Again", "").replace("Tacoma", ""))
    assert (done.rows_added, done.rows_merged, done.rows_rejected) == (0, 4, 2)
    after = await desk.value("select array_agg(xmin::text || ctid::text order by id) from contacts")
    assert before is not None
    assert after != before  # Carol's name and town came back
    await desk.import_(FIRST.replace("Carol Again", "").replace("Tacoma", ""))
    assert await desk.value("select array_agg(xmin::text || ctid::text order by id) from contacts") == after


async def test_a_dry_run_counts_exactly_what_the_import_then_does_and_writes_nobody(desk: Desk) -> None:
    await desk.import_("phone\n2065550124\n")
    import_id = await desk.upload(FIRST, batch=2)
    await desk.start(import_id, dry_run=True)
    await desk.work()
    tried = await desk.look_at(import_id)
    assert tried.status is ImportStatus.CHECKED
    assert await desk.people() == 1
    assert len(await desk.faults(import_id)) == 3
    await desk.start(import_id)
    await desk.work()
    done = await desk.look_at(import_id)
    assert done.status is ImportStatus.COMPLETED
    figures = [(one.rows_added, one.rows_merged, one.rows_rejected, one.rows_noted) for one in (tried, done)]
    assert figures == [(2, 2, 2, 1)] * 2
    assert len(await desk.faults(import_id)) == 3


async def test_a_deleted_person_comes_back_with_a_file_that_names_them(desk: Desk) -> None:
    await desk.import_(FIRST)
    async with desk.app.transaction(desk.ada) as tx:
        await cards.delete_person(tx, (await desk.card(CAROL)).id, by=ADA_ACTS)
    assert await desk.people() == 2
    done = await desk.import_("phone\n2065550123\n")
    assert (done.rows_added, done.rows_merged) == (1, 0), "as a dry run would have counted"
    assert (await desk.card(CAROL)).name == "Carol Again"


async def test_numbers_that_a_spreadsheet_took_for_sums_are_read(desk: Desk) -> None:
    await desk.import_("phone\n61412345678\n447700900123\n'+14155550123\n")
    for phone in ("+61412345678", "+447700900123", "+14155550123"):
        await desk.card(phone)


async def test_completion_is_told_and_on_record(desk: Desk) -> None:
    done = await desk.import_(FIRST)
    event = await desk.value("select payload::text from outbox_events where name = 'contacts.import_completed.v1'")
    assert str(done.id) in str(event)
    actions = await desk.value("select array_agg(action order by seq) from audit_log where tenant_id = $1", desk.ada)
    assert actions is not None
    assert list(actions)[-3:] == [  # type: ignore[call-overload] # an array
        "contacts.import_added",
        "contacts.import_started",
        "contacts.import_completed",
    ]
    staged = Staged(desk.folder, tenant_id=desk.ada, import_id=done.id)
    assert not staged.folder.exists(), "the file is not kept longer than it is needed"


async def test_a_workbook_is_taken_in_like_any_file(desk: Desk) -> None:
    path = desk.folder.parent / "people.xlsx"
    write_workbook(path, {"People": [["Name", "Mobile"], ["Carol", 2065550123.0], ["Ben", "(206) 555-0124"]]})
    done = await desk.import_(path.read_bytes(), name="people.xlsx")
    assert (done.file_kind, done.rows_added) == ("xlsx", 2)
    assert (await desk.card(CAROL)).name == "Carol"


async def test_a_workbook_that_would_fill_the_memory_is_refused_and_the_program_lives_on(desk: Desk) -> None:
    path = desk.folder.parent / "people.xlsx"
    far = f"<row>{cell('Phone', 'A1')}</row><row>{cell('x', 'GR1048576')}</row>"
    write_workbook(path, {"People": []}, raw=far)
    with pytest.raises(Refused) as refused:
        await desk.upload(path.read_bytes())
    assert refused.value.code in {"contacts.import_too_much", "contacts.import_too_long", "contacts.import_too_large"}


async def test_a_fault_far_down_a_file_is_found_before_anybody_is_written(desk: Desk) -> None:
    done = await desk.import_(lines(3_000) + "x,\x00\n")
    assert (done.status, done.failure_code) == (ImportStatus.FAILED, "contacts.import_not_a_table")
    assert done.failure
    assert (await desk.people(), done.rows_done) == (0, 0)


async def test_canceled_it_says_how_far_it_came_and_resumed_it_goes_on_from_there(desk: Desk) -> None:
    import_id = await desk.upload(lines(50), batch=10)
    await desk.start(import_id)
    await desk.value(
        "create function stop_here() returns trigger language plpgsql as $$ begin"
        " if new.rows_done = 30 then raise exception 'no more'; end if; return new; end $$"
    )
    await desk.value("create trigger stop_here before update on imports for each row execute function stop_here()")
    await desk.work_once()
    async with desk.app.transaction(desk.ada) as tx:
        stopped = await importing.cancel_import(tx, import_id, by=ADA_ACTS)
    assert (stopped.status, stopped.rows_done, stopped.rows_total) == (ImportStatus.CANCELED, 20, 50)
    assert await desk.people() == 20
    assert await desk.work_once() is None
    await desk.value("drop trigger stop_here on imports")
    async with desk.app.transaction(desk.ada) as tx:
        await importing.resume_import(tx, import_id, by=ADA_ACTS)
    await desk.work()
    done = await desk.look_at(import_id)
    assert (done.status, done.rows_done, done.rows_added, done.rows_merged) == (ImportStatus.COMPLETED, 50, 50, 0)
    assert await desk.people() == 50


async def test_a_run_that_was_ended_behind_our_back_is_a_failed_import_that_can_be_resumed(desk: Desk) -> None:
    import_id = await desk.upload(lines(5))
    started = await desk.start(import_id)
    assert started.run_id is not None
    async with desk.app.transaction(desk.ada) as tx:
        await cancel_run(tx, run_id=started.run_id, actor=ADA_ACTS)
    assert (await desk.look_at(import_id)).status is ImportStatus.FAILED
    async with desk.app.transaction(desk.ada) as tx:
        await importing.resume_import(tx, import_id, by=ADA_ACTS)
    await desk.work()
    assert (await desk.look_at(import_id)).rows_added == 5


async def test_a_file_that_is_gone_is_told_as_such(desk: Desk) -> None:
    import_id = await desk.upload(lines(5))
    Staged(desk.folder, tenant_id=desk.ada, import_id=import_id).forget()
    await desk.start(import_id)
    await desk.work()
    lost = await desk.look_at(import_id)
    assert (lost.status, lost.failure_code) == (ImportStatus.FAILED, "contacts.import_file_lost")


async def test_what_cannot_be_done_now_is_refused(desk: Desk) -> None:
    import_id = await desk.upload(lines(5))
    async with desk.app.transaction(desk.ada) as tx:
        with pytest.raises(Refused, match="nothing is to resume"):
            await importing.resume_import(tx, import_id, by=ADA_ACTS)
    await desk.start(import_id)
    async with desk.app.transaction(desk.ada) as tx:
        with pytest.raises(Refused, match="cannot be started"):
            await importing.start_import(tx, import_id, dry_run=False, by=ADA_ACTS)
    await desk.work()
    async with desk.app.transaction(desk.ada) as tx:
        with pytest.raises(Refused, match="completed already"):
            await importing.cancel_import(tx, import_id, by=ADA_ACTS)
    async with desk.app.transaction(desk.mallory) as tx:
        with pytest.raises(Refused, match="no such import"):
            await importing.cancel_import(tx, import_id, by=MALLORY_ACTS)


async def test_two_imports_of_the_same_people_at_once_lose_nobody(desk: Desk) -> None:
    ids = [await desk.upload(lines(400), batch=50, tags=[f"list {number}"]) for number in range(2)]
    for one in ids:
        await desk.start(one)
    await asyncio.gather(*(_work_on(desk, one) for one in ids))
    found = [await desk.look_at(one) for one in ids]
    assert [one.status for one in found] == [ImportStatus.COMPLETED] * 2
    assert (sum(one.rows_added for one in found), await desk.people()) == (400, 400)
    assert await desk.value("select count(*) from contact_tags") == 800


async def _work_on(desk: Desk, import_id: UUID) -> None:
    place = "select enqueued from job_runs where id = $1"
    one = await desk.look_at(import_id)
    assert one.run_id is not None
    enqueued = await desk.value(place, one.run_id)
    assert isinstance(enqueued, int)
    await desk.execute(one.run_id, enqueued)


def test_what_nobody_came_for_in_a_week_is_tidied_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("imports")
    for name, days in (("old", 8), ("young", 6)):
        place = folder / "tenant" / name
        place.mkdir(parents=True)
        os.utime(place, (time.time() - days * 86_400,) * 2)
    assert tidy(folder) == 1
    assert [one.name for one in (folder / "tenant").iterdir()] == ["young"]
