"""Do-not-contact lists: who may put people on, who may take them off, and lists from files."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.features import consent
from frontdesk.features.consent.model import RefusalScope, RefusalSource
from frontdesk.features.consent.service import list_global, list_imports, list_refusals
from frontdesk.kernel.errors import Refused
from tests.features.consent.conftest import Desk
from tests.features.consent.test_opt_ins import CAROL, COMPLETE, says, standing
from tests.support.actors import ADA_ACTS, MALLORY_ACTS, TEST_ACTS

DAVE = "+12065550124"


async def put(desk: Desk, phone_e164: str = CAROL, scope: RefusalScope = RefusalScope.ALL) -> bool:
    async with desk.app.transaction(desk.ada) as tx:
        return await consent.put_on_list(
            tx, phone_e164=phone_e164, scope=scope, reason="asked by letter", by=ADA_ACTS, journal=desk.journal
        )


async def take_off(desk: Desk, phone_e164: str = CAROL, opt_in: consent.OptInRecord | None = None) -> None:
    async with desk.app.transaction(desk.ada) as tx:
        await consent.take_off_list(
            tx,
            phone_e164=phone_e164,
            reason="a mistake",
            by=ADA_ACTS,
            journal=desk.journal,
            opt_in_id=None if opt_in is None else opt_in.id,
        )


async def refusal_code(desk: Desk, opt_in: consent.OptInRecord | None = None) -> str:
    with pytest.raises(Refused) as refused:
        await take_off(desk, opt_in=opt_in)
    return refused.value.code


async def import_text(desk: Desk, text: str, *, everywhere: bool = False) -> consent.ListImport:
    order = consent.ListOrder(name="litigators", scope=RefusalScope.ALL, reason="bought", country="US", by=ADA_ACTS)
    rows = consent.read_listed_phones(text.splitlines(keepends=True))
    if everywhere:
        return await consent.import_list(desk.system.transaction, rows, order, journal=desk.journal)
    return await consent.import_list(lambda: desk.app.transaction(desk.ada), rows, order, journal=desk.journal)


async def test_a_listed_person_is_refused_at_once_with_everything_on_record(desk: Desk) -> None:
    assert await put(desk)
    now = await standing(desk)
    assert (now.transactional, now.marketing) == ("consent.opted_out", "consent.opted_out")
    assert now.refusal is not None
    assert (now.refusal.source, now.refusal.reason) == ("business", "asked by letter")
    assert await desk.events(CAROL) == ["do_not_contact_listed"]
    assert [entry.entry["event_type"] for entry in desk.journal.read_all().entries] == ["do_not_contact_listed"]
    assert await desk.value("select count(*) from audit_log where action = 'consent.dnc_added'") == 1
    assert not await put(desk)


async def test_a_listing_for_marketing_leaves_reminders(desk: Desk) -> None:
    await put(desk, scope=RefusalScope.MARKETING)
    now = await standing(desk)
    assert (now.transactional, now.marketing) == ("", "consent.opted_out_of_marketing")
    assert await put(desk, scope=RefusalScope.ALL)
    assert (await standing(desk)).transactional == "consent.opted_out"


async def test_what_the_business_listed_it_may_take_off(desk: Desk) -> None:
    await put(desk)
    await take_off(desk)
    assert (await standing(desk)).refusal is None
    assert await desk.events(CAROL) == ["do_not_contact_listed", "do_not_contact_unlisted"]
    assert await refusal_code(desk) == "consent.not_refused"


@pytest.mark.parametrize("listed_too", [False, True])
async def test_nobody_takes_a_person_off_who_said_stop(desk: Desk, *, listed_too: bool) -> None:
    if listed_too:
        await put(desk)
    await says(desk, "STOP")
    assert await refusal_code(desk) == "consent.own_refusal"
    if not listed_too:
        await put(desk)
        assert await refusal_code(desk) == "consent.own_refusal"
    assert (await standing(desk)).transactional == "consent.opted_out"


async def test_a_start_does_not_undo_what_the_business_listed(desk: Desk) -> None:
    await put(desk)
    await says(desk, "STOP")
    heard = await says(desk, "START")
    assert heard.reply.value == "nothing"
    now = await standing(desk)
    assert now.refusal is not None
    assert (now.refusal.source, now.transactional) == ("business", "consent.opted_out")
    await take_off(desk)
    assert (await standing(desk)).transactional == ""


async def test_a_carriers_opt_out_is_the_persons_own(desk: Desk) -> None:
    async with desk.app.transaction(desk.ada) as tx:
        await consent.note_carrier_opt_out(
            tx, phone_e164=CAROL, sender_e164="+12125550100", provider="twilio", journal=desk.journal
        )
    now = await standing(desk)
    assert now.refusal is not None
    assert now.refusal.source == RefusalSource.CARRIER.value
    assert [one.sender_e164 for one in now.senders] == ["+12125550100"]
    assert await refusal_code(desk) == "consent.own_refusal"


async def test_a_new_written_consent_of_the_person_lifts_their_refusal_if_somebody_else_recorded_it(desk: Desk) -> None:
    await says(desk, "STOP")
    desk.clock.ahead = timedelta(days=3)
    later = replace(COMPLETE, given_at=desk.clock.now() - timedelta(hours=1))
    weak = [
        (replace(later, ip=""), TEST_ACTS),  # incomplete
        (replace(later, phone_e164=DAVE), TEST_ACTS),  # somebody else's
        (replace(later, given_at=datetime(2026, 3, 4, tzinfo=UTC)), TEST_ACTS),  # from before the STOP
        (later, ADA_ACTS),  # recorded by who lifts
    ]
    for opt_in, by in weak:
        async with desk.app.transaction(desk.ada) as tx:
            kept = await consent.record_opt_in(tx, opt_in, by=by)
        assert await refusal_code(desk, kept) == "consent.proof_too_weak"
    async with desk.app.transaction(desk.ada) as tx:
        good = await consent.record_opt_in(tx, later, by=TEST_ACTS)
    await take_off(desk, opt_in=good)
    assert (await standing(desk)).marketing == ""


async def test_lists_are_read_page_by_page_and_filtered(desk: Desk) -> None:
    phones = [f"+1206555{number:04}" for number in range(100, 107)]
    for phone in phones:
        await put(desk, phone, RefusalScope.MARKETING if phone.endswith("5") else RefusalScope.ALL)
    await says(desk, "STOP")
    found: list[str] = []
    before: tuple[datetime, str] | None = None
    async with desk.app.transaction(desk.ada) as tx:
        while page := await list_refusals(tx, before=before, limit=3):
            found += [one.phone_e164 for one in page]
            before = (page[-1].since, page[-1].phone_e164)
        assert [one.phone_e164 for one in await list_refusals(tx, scope=RefusalScope.MARKETING)] == ["+12065550105"]
        assert [one.phone_e164 for one in await list_refusals(tx, source=RefusalSource.PERSON)] == [CAROL]
        assert [one.phone_e164 for one in await list_refusals(tx, phone_e164=phones[0])] == [phones[0]]
    assert found == [CAROL, *reversed(phones)]
    async with desk.app.transaction(desk.mallory) as tx:
        assert await list_refusals(tx) == []


async def test_the_platforms_list_binds_every_business_and_only_the_platform_writes_it(desk: Desk) -> None:
    async with desk.system.transaction() as tx:
        assert await consent.put_on_global_list(
            tx, phone_e164=CAROL, scope=RefusalScope.ALL, reason="court order", by=TEST_ACTS, journal=desk.journal
        )
    assert (await standing(desk)).marketing == "consent.refused_everywhere"
    with pytest.raises(Exception, match="permission denied"):
        async with desk.app.transaction(desk.mallory) as tx:
            await consent.put_on_global_list(
                tx, phone_e164=DAVE, scope=RefusalScope.ALL, reason="spite", by=MALLORY_ACTS, journal=desk.journal
            )
    async with desk.system.transaction() as tx:
        assert [one.phone_e164 for one in await list_global(tx)] == [CAROL]
        await consent.take_off_global_list(
            tx, phone_e164=CAROL, reason="lifted by the court", by=TEST_ACTS, journal=desk.journal
        )
    assert (await standing(desk)).everywhere is None


async def test_a_list_is_imported_with_the_rows_that_are_no_numbers_named(desk: Desk) -> None:
    text = 'name,Phone\nCarol,(206) 555-0123\nDave,+1 206-555-0124\nNobody,\nEve,"twelve"\nCarol again,2065550123\n'
    report = await import_text(desk, text)
    assert (report.rows_read, report.added, report.known, report.invalid) == (5, 2, 1, 2)
    assert [(row.line, row.code) for row in report.invalid_rows] == [
        (4, "contacts.phone_empty"),
        (5, "contacts.phone_letters"),
    ]
    assert report.finished_at is not None
    assert await desk.events(CAROL) == ["do_not_contact_listed"]
    again = await import_text(desk, text)
    assert (again.added, again.known) == (0, 3)
    async with desk.app.transaction(desk.ada) as tx:
        assert [one.id for one in await list_imports(tx)] == [again.id, report.id]
    assert await desk.value("select count(*) from audit_log where action = 'consent.list_imported'") == 2


async def test_a_list_for_all_businesses_is_imported_by_the_platform(desk: Desk) -> None:
    report = await import_text(desk, f"{CAROL}\n{DAVE}\n", everywhere=True)
    assert report.added == 2
    assert (await standing(desk)).marketing == "consent.refused_everywhere"


async def test_an_import_keeps_the_stop_of_a_person_theirs(desk: Desk) -> None:
    await says(desk, "STOP")
    await import_text(desk, f"{CAROL}\n")
    assert await refusal_code(desk) == "consent.own_refusal"


async def test_a_long_list_is_taken_in_batches_and_each_person_has_a_line_in_the_ledger(desk: Desk) -> None:
    text = "phone\n" + "".join(f"+1206{number:07}\n" for number in range(2_000_000, 2_002_500))
    seen: list[int] = []
    order = consent.ListOrder(name="big", scope=RefusalScope.MARKETING, reason="bought", country="US", by=ADA_ACTS)
    report = await consent.import_list(
        lambda: desk.app.transaction(desk.ada),
        consent.read_listed_phones(text.splitlines()),
        order,
        journal=desk.journal,
        progress=lambda one: seen.append(one.rows_read),
    )
    assert seen == [1000, 2000, 2500]
    assert report.added + report.invalid == 2500
    assert await desk.value("select count(*) from compliance_events") == report.added
    assert await desk.value("select max(seq) from compliance_events") == report.added
    assert len(desk.journal.read_all().entries) == report.added
    assert desk.journal.flushes <= 12


async def test_two_imports_of_the_same_people_and_their_stops_do_not_block_each_other_for_good(desk: Desk) -> None:
    phones = [f"+1206555{number:04}" for number in range(100, 160)]
    await asyncio.gather(
        import_text(desk, "\n".join(phones)),
        import_text(desk, "\n".join(reversed(phones))),
        *(says(desk, "STOP") for _ in range(5)),
    )
    assert await desk.value("select count(*) from do_not_contact") == 60
    assert await desk.value("select count(*) from compliance_events where event_type = 'do_not_contact_listed'") == 60


@pytest.mark.parametrize(
    ("text", "line", "written"),
    [
        ("+12065550123\n", 1, "+12065550123"),
        ("phone\n+12065550123\n", 2, "+12065550123"),
        ("\ufeffPhone Number;\n", 0, ""),
        ("\ufeffPhone-Number\n206 555 0123\n", 2, "206 555 0123"),
        ("id,cell,name\n7,2065550123,Carol\n", 2, "2065550123"),
        ("Carol,2065550123\n", 1, "2065550123"),
        ('\n\n"+1 (206) 555-0123"\n', 3, "+1 (206) 555-0123"),
    ],
)
def test_the_phone_column_is_found(text: str, line: int, written: str) -> None:
    found = [(one.line, one.written) for one in consent.read_listed_phones(text.splitlines(keepends=True))]
    assert found == ([(line, written)] if line else [])


@pytest.mark.parametrize("text", ["name,address\nCarol,Elm Street\n", "phone\n+1206\x005550123\n"])
def test_a_list_without_numbers_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        list(consent.read_listed_phones(text.splitlines(keepends=True)))
    assert refused.value.code == "consent.list_unreadable"
