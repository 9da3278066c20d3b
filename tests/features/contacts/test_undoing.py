"""An import is taken back as far as nobody has touched it since; consents and opt-outs stay as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from frontdesk.features import consent
from frontdesk.features.contacts.jobs import forget_old_rows
from frontdesk.features.contacts.model import Card, Import, ImportStatus, LeftPerson, UndoOutcome
from frontdesk.features.contacts.service import cards, exporting, importing, undoing
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import cancel_run
from frontdesk.kernel.journal import Journal
from tests.features.contacts.conftest import Desk
from tests.support.actors import ADA_ACTS

CAROL, BEN = "+12065550123", "+12065550124"
FILE = "phone,name,city,tags,field.plan\n2065550123,Carol,Seattle,new; fair,gold\n2065550124,Ben,,fair,\n"


async def undo(desk: Desk, import_id: UUID) -> Import:
    """Undo an import to its end."""
    async with desk.app.transaction(desk.ada) as tx:
        await undoing.undo_import(tx, import_id, by=ADA_ACTS)
    await desk.work()
    return await desk.look_at(import_id)


async def left(desk: Desk, import_id: UUID) -> list[LeftPerson]:
    """List whom an undoing left as they are."""
    async with desk.app.transaction(desk.ada) as tx:
        return await undoing.list_left(tx, import_id, before=None, limit=50)


async def refusal(desk: Desk, import_id: UUID) -> str:
    """Ask for an undoing that is refused; returns why."""
    with pytest.raises(Refused) as refused:
        await undo(desk, import_id)
    return refused.value.code


async def change(desk: Desk, phone: str, **told: str) -> None:
    """Change a person by hand."""
    person = await desk.card(phone)
    async with desk.app.transaction(desk.ada) as tx:
        await cards.change_person(tx, person.id, told=told, by=ADA_ACTS)


async def tag(desk: Desk, phone: str, *tags: str) -> None:
    """Tag a person by hand."""
    person = await desk.card(phone)
    async with desk.app.transaction(desk.ada) as tx:
        await cards.tag_person(tx, person.id, add=tags, by=ADA_ACTS)


def same(one: Card, other: Card) -> bool:
    """Compare all that is kept of a person but the moment of the last change."""
    return replace(one, updated_at=other.updated_at) == other


async def test_whom_an_import_added_is_gone_with_all_that_the_file_said(desk: Desk) -> None:
    done = await desk.import_(FILE)
    assert done.may_be_undone
    undone = await undo(desk, done.id)
    assert (undone.undone_removed, undone.undone_restored, undone.undone_left) == (2, 0, 0)
    assert undone.undone_at is not None
    assert not undone.may_be_undone
    assert (await desk.people(), await desk.value("select count(*) from contact_tags")) == (0, 0)
    words = await desk.value("select string_agg(name || city || fields::text || source, '') from contacts")
    assert words == "{}{}"
    actions = await desk.value(
        "select array_agg(action order by seq desc) from audit_log where tenant_id = $1", desk.ada
    )
    assert isinstance(actions, list)
    assert actions[:2] == ["contacts.import_undone", "contacts.import_undo_started"]
    told = await desk.value(
        "select payload ->> 'removed' from outbox_events where name = 'contacts.import_undo_finished.v1'"
    )
    assert told == "2"


async def test_whom_an_import_changed_is_put_back_as_they_were(desk: Desk) -> None:
    await desk.import_("phone,name,city,tags,state,field.plan,field.since\n2065550123,Caro,,old,WA,tin,2019\n")
    before = await desk.card(CAROL)
    done = await desk.import_(FILE)
    assert (await desk.card(CAROL)).fields == {"plan": "gold", "since": "2019"}
    undone = await undo(desk, done.id)
    assert (undone.undone_removed, undone.undone_restored, undone.undone_left) == (1, 1, 0)
    assert same(await desk.card(CAROL), before)


async def test_a_person_who_only_got_tags_loses_them_and_keeps_others(desk: Desk) -> None:
    await desk.import_("phone,name,tags\n2065550123,Carol,old\n")
    done = await desk.import_("phone,tags\n2065550123,old; new\n")
    await tag(desk, CAROL, "mine")
    undone = await undo(desk, done.id)
    assert (undone.undone_restored, undone.undone_left) == (1, 0)
    assert (await desk.card(CAROL)).tags == ("mine", "old")


@pytest.mark.parametrize("touch", ["details", "tags"])
async def test_whom_somebody_has_touched_since_is_left_with_the_reason(desk: Desk, touch: str) -> None:
    done = await desk.import_(FILE)
    await (change(desk, CAROL, city="Tacoma") if touch == "details" else tag(desk, CAROL, "mine"))
    touched = await desk.card(CAROL)
    undone = await undo(desk, done.id)
    assert (undone.undone_removed, undone.undone_left) == (1, 1)
    assert await desk.card(CAROL) == touched
    [person] = await left(desk, done.id)
    assert (person.phone_e164, person.name, person.reason) == (CAROL, "Carol", UndoOutcome.CHANGED_SINCE)
    assert "since the import" in person.words


async def test_whom_there_are_texts_with_is_left_with_the_reason(desk: Desk) -> None:
    done = await desk.import_(FILE)
    person = await desk.card(BEN)
    async with desk.app.transaction(desk.ada) as tx:
        await tx.execute(
            "insert into conversations (id, tenant_id, contact_id, last_message_at, created_at)"
            " values ($1, $2, $3, $4, $4)",
            new_id(),
            desk.ada,
            person.id,
            tx.now,
        )
    undone = await undo(desk, done.id)
    assert (undone.undone_removed, undone.undone_left) == (1, 1)
    assert await desk.card(BEN) == person
    assert [one.reason for one in await left(desk, done.id)] == [UndoOutcome.IN_USE]


async def test_consents_and_opt_outs_are_never_undone(desk: Desk) -> None:
    journal = Journal(desk.folder.parent / "journal")
    done = await desk.import_(FILE)
    agreed = consent.OptIn(phone_e164=CAROL, text_shown="I agree.", source="web form")
    async with desk.app.transaction(desk.ada) as tx:
        await consent.record_opt_in(tx, agreed, by=ADA_ACTS)
        await consent.put_on_list(
            tx, phone_e164=BEN, scope=consent.RefusalScope.ALL, reason="asked", by=ADA_ACTS, journal=journal
        )
    ledger = await desk.value("select count(*) from compliance_events")
    await undo(desk, done.id)
    assert await desk.people() == 0
    async with desk.app.transaction(desk.ada) as tx:
        assert len(await consent.list_opt_ins(tx, phone_e164=CAROL, in_force=True)) == 1
        assert await consent.find_refusal(tx, phone_e164=BEN) is not None
    assert await desk.value("select count(*) from compliance_events") == ledger
    await journal.close()


async def test_imports_are_undone_one_after_the_other_latest_first(desk: Desk) -> None:
    first = await desk.import_(FILE)
    once = await desk.card(CAROL)
    second = await desk.import_("phone,name\n2065550123,Caroline\n")
    assert (await undo(desk, second.id)).undone_restored == 1
    assert same(await desk.card(CAROL), once)
    assert (await undo(desk, first.id)).undone_removed == 2
    assert await desk.people() == 0


async def test_the_earlier_import_alone_leaves_what_the_later_one_changed(desk: Desk) -> None:
    first = await desk.import_(FILE)
    await desk.import_("phone,name\n2065550123,Caroline\n")
    undone = await undo(desk, first.id)
    assert (undone.undone_removed, undone.undone_left) == (1, 1)
    assert (await desk.card(CAROL)).name == "Caroline"


async def test_a_deleted_person_whom_a_file_brought_back_is_deleted_again(desk: Desk) -> None:
    await desk.import_("phone,name,city\n2065550123,Carol,Kent\n")
    async with desk.app.transaction(desk.ada) as tx:
        known = await cards.find_card_by_phone(tx, CAROL)
        assert known is not None
        await cards.delete_person(tx, known.id, by=ADA_ACTS)
    done = await desk.import_(FILE)
    assert (done.rows_added, done.rows_merged) == (2, 0)
    assert (await undo(desk, done.id)).undone_removed == 2
    assert await desk.people() == 0
    assert await desk.value("select city from contacts where phone_e164 = $1", CAROL) == "Kent"


async def test_the_same_file_may_come_again_after_it_was_undone(desk: Desk) -> None:
    await undo(desk, (await desk.import_(FILE)).id)
    again = await desk.import_(FILE)
    assert (again.rows_added, again.rows_merged) == (2, 0)
    assert (await desk.card(CAROL)).fields == {"plan": "gold"}
    assert (await undo(desk, again.id)).undone_removed == 2


async def test_a_person_in_several_rows_and_batches_is_undone_once(desk: Desk) -> None:
    await desk.import_("phone,name,tags\n2065550123,Before,old\n")
    before = await desk.card(CAROL)
    rows = "".join(f"{phone},{name},{tag}\n" for phone, name, tag in (
        ("2065550123", "", "a"), ("2065550124", "Ben", ""), ("2065550123", "Carol", "b"), ("2065550124", "Benny", "c"),
    ))  # fmt: skip
    done = await desk.import_("phone,name,tags\n" + rows, batch=1)
    undone = await undo(desk, done.id)
    assert (undone.undone_removed, undone.undone_restored, undone.undone_left) == (1, 1, 0)
    assert same(await desk.card(CAROL), before)


async def test_an_undoing_that_is_interrupted_goes_on_where_it_was(desk: Desk) -> None:
    rows = "".join(f"+1206555{number:04},Person {number}\n" for number in range(5_000))
    done = await desk.import_("phone,name\n" + rows)
    async with desk.app.transaction(desk.ada) as tx:
        begun = await undoing.undo_import(tx, done.id, by=ADA_ACTS)
        assert begun.undo_run_id is not None
        await cancel_run(tx, run_id=begun.undo_run_id, actor=ADA_ACTS)
    async with desk.app.transaction(desk.ada) as tx:
        assert await undoing.undo_batch(tx, done.id) == 2_000
    undone = await undo(desk, done.id)
    assert (undone.undone_removed, undone.undone_left) == (5_000, 0)
    assert await desk.people() == 0


async def test_what_cannot_be_undone_is_refused_with_the_reason(desk: Desk) -> None:
    tried = await desk.upload(FILE)
    assert await refusal(desk, tried) == "contacts.import_not_undoable"
    await desk.start(tried, dry_run=True)
    await desk.work()
    assert await refusal(desk, tried) == "contacts.import_not_undoable"
    done = await desk.import_(FILE)
    await undo(desk, done.id)
    assert await refusal(desk, done.id) == "contacts.import_undone"
    assert await refusal(desk, new_id()) == "contacts.import_not_found"
    async with desk.app.transaction(desk.mallory) as tx:
        with pytest.raises(Refused) as refused:
            await undoing.undo_import(tx, done.id, by=ADA_ACTS)
    assert refused.value.code == "contacts.import_not_found"


async def test_an_import_that_broke_off_is_undone_as_far_as_it_came_and_then_not_resumed(desk: Desk) -> None:
    import_id = await desk.upload(FILE + "2065550125,Eve,,,\n", batch=1)
    await desk.start(import_id)
    await desk.value(
        "create function stop_here() returns trigger language plpgsql as $$ begin"
        " if new.rows_done = 3 then raise exception 'no more'; end if; return new; end $$"
    )
    await desk.value("create trigger stop_here before update on imports for each row execute function stop_here()")
    await desk.work_once()
    async with desk.app.transaction(desk.ada) as tx:
        stopped = await importing.cancel_import(tx, import_id, by=ADA_ACTS)
    assert (stopped.status, stopped.rows_done) == (ImportStatus.CANCELED, 2)
    await desk.value("drop trigger stop_here on imports")
    assert (await undo(desk, import_id)).undone_removed == 2
    assert await desk.people() == 0
    async with desk.app.transaction(desk.ada) as tx:
        with pytest.raises(Refused) as refused:
            await importing.resume_import(tx, import_id, by=ADA_ACTS)
    assert refused.value.code == "contacts.import_undone"


async def test_rows_of_old_imports_are_forgotten_and_those_of_young_ones_are_not(desk: Desk) -> None:
    old = await desk.import_(FILE + "12,Nobody,,,\n")
    young = await desk.import_(FILE + "13,Nobody,,,\n")
    assert (old.rows_rejected, young.rows_rejected) == (1, 1)
    async with desk.app.transaction(desk.ada) as tx:
        await tx.execute(
            "update imports set finished_at = finished_at - interval '31 days' where tenant_id = $1 and id = $2",
            desk.ada,
            old.id,
        )
        now = tx.now
    assert await forget_old_rows(desk.app, desk.ada, before=now - timedelta(days=30)) > 0
    assert await forget_old_rows(desk.app, desk.ada, before=now - timedelta(days=30)) == 0
    assert (len(await desk.faults(old.id)), len(await desk.faults(young.id))) == (0, 1)
    gone = await desk.look_at(old.id)
    assert (gone.status, gone.rows_rejected, gone.may_be_undone) == (ImportStatus.COMPLETED, 1, False)
    with pytest.raises(Refused) as refused:
        exporting.check_report(gone)
    assert (refused.value.code, refused.value.status) == ("contacts.import_rows_gone", 410)
    exporting.check_report(young)
    assert await refusal(desk, old.id) == "contacts.import_forgotten"
    assert await desk.people() == 2
    assert (await desk.look_at(young.id)).may_be_undone is (young.rows_merged > 0)
    assert await desk.value("select count(*) from import_changes where import_id = $1", old.id) == 0
