"""Consents in number: each on record once with its evidence, in the ledger, and none that another would not permit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frontdesk.features import consent
from frontdesk.features.consent.service import opt_in_lists
from frontdesk.kernel.errors import Refused
from tests.features.consent.conftest import Desk
from tests.features.consent.test_opt_ins import CAROL, COMPLETE
from tests.support.actors import ADA_ACTS
from tests.support.office import ADAS_NUMBER

HEADING = "Phone,given_at,text,url,ip,user_agent,zone,source,sellers,not_a_condition,shoe size\n"
ROW = (
    "{phone},2026-03-04T09:05:00,I agree to texts.,https://harbor.example/join,203.0.113.9,Mozilla/5.0,"
    "America/Los_Angeles,web form,Harbor Plumbing; Harbor Heating,yes,44\n"
)


def many(count: int) -> list[consent.OptIn]:
    return [replace(COMPLETE, phone_e164=f"+1206555{number:04}") for number in range(count)]


async def record_many(desk: Desk, given: list[consent.OptIn]) -> int:
    async with desk.app.transaction(desk.ada) as tx:
        return await consent.record_many(tx, given, by=ADA_ACTS)


async def take(desk: Desk, text: str, usual: consent.OptIn | None = None) -> consent.OptInReport:
    return await consent.import_opt_ins(
        lambda: desk.app.transaction(desk.ada),
        consent.read_listed_opt_ins(text.splitlines(keepends=True)),
        usual=usual or consent.OptIn(phone_e164=""),
        country="US",
        name="list.csv",
        by=ADA_ACTS,
    )


async def test_a_set_is_recorded_as_each_one_would_be(desk: Desk) -> None:
    carol = replace(COMPLETE, phone_e164=CAROL)
    async with desk.app.transaction(desk.mallory) as tx:
        alone = await consent.record_opt_in(tx, carol, by=ADA_ACTS)
        one_by_one = [type(fact.event) for fact in tx.announced]
    async with desk.app.transaction(desk.ada) as tx:
        assert await consent.record_many(tx, [carol, *many(50)], by=ADA_ACTS) == 51
        assert [type(fact.event) for fact in tx.announced] == 51 * one_by_one
    async with desk.app.transaction(desk.ada) as tx:
        (among,) = await consent.list_opt_ins(tx, phone_e164=CAROL)
        proofs = await consent.list_written_consents(tx, [one.phone_e164 for one in many(50)])
    assert replace(among, id=alone.id, recorded_at=alone.recorded_at) == alone
    assert len(proofs) == 50
    assert await desk.events(CAROL) == ["opt_in", "opt_in"]
    assert await desk.value("select count(*) from compliance_events where tenant_id = $1", desk.ada) == 51


async def test_a_list_recorded_again_adds_nothing(desk: Desk) -> None:
    assert await record_many(desk, [*many(5), *many(5)]) == 5
    assert await record_many(desk, many(7)) == 2
    assert await desk.value("select count(*) from opt_ins") == 7
    assert await desk.value("select count(*) from compliance_events") == 7
    assert await record_many(desk, []) == 0


async def test_what_was_taken_back_is_not_given_again_by_the_same_list(desk: Desk) -> None:
    await record_many(desk, [replace(COMPLETE, phone_e164=CAROL)])
    async with desk.app.transaction(desk.ada) as tx:
        await consent.hear(
            tx, consent.understand("STOP"), phone_e164=CAROL, sender_e164=ADAS_NUMBER, source="text:SM1",
            carrier_answers=False, journal=desk.journal, body="STOP",
        )  # fmt: skip
    assert await record_many(desk, [replace(COMPLETE, phone_e164=CAROL)]) == 0
    async with desk.app.transaction(desk.ada) as tx:
        assert await consent.find_written_consent(tx, phone_e164=CAROL) is None
    # A consent with other evidence is kept, and lifts the refusal no more than one recorded by hand.
    assert await record_many(desk, [replace(COMPLETE, phone_e164=CAROL, url="https://harbor.example/other")]) == 1
    async with desk.app.transaction(desk.ada) as tx:
        assert (await consent.check_person(tx, phone_e164=CAROL)).marketing == "consent.opted_out"


async def test_an_incomplete_one_is_kept_and_permits_nothing(desk: Desk) -> None:
    assert await record_many(desk, [replace(COMPLETE, phone_e164=CAROL, ip="")]) == 1
    async with desk.app.transaction(desk.ada) as tx:
        (kept,) = await consent.list_opt_ins(tx, phone_e164=CAROL)
        standing = await consent.check_person(tx, phone_e164=CAROL)
    assert (kept.missing, kept.permits_marketing) == (("ip",), False)
    assert standing.marketing


async def test_a_set_with_one_that_contradicts_itself_is_refused_whole(desk: Desk) -> None:
    with pytest.raises(Refused) as refusal:
        await record_many(desk, [*many(3), replace(COMPLETE, zone="Mars/Olympus")])
    assert refusal.value.code == "consent.zone_unknown"
    assert await desk.value("select count(*) from opt_ins") == 0


async def test_the_ledger_proves_what_a_list_brought(desk: Desk) -> None:
    await record_many(desk, many(20))
    links = await desk.column("select prev_hash from compliance_events where tenant_id = $1 order by seq", desk.ada)
    hashes = await desk.column("select hash from compliance_events where tenant_id = $1 order by seq", desk.ada)
    assert links[1:] == hashes[:-1]
    assert await desk.value("select count(*) from compliance_events where body like '%evidence%'") == 0
    shown = "select count(*) from compliance_events where metadata #>> '{opt_in,text_sha256}' is not null"
    assert await desk.value(shown) == 20


async def test_a_file_is_read_with_its_columns_and_told_words(desk: Desk) -> None:
    report = await take(desk, HEADING + ROW.format(phone="(206) 555-0123"))
    assert (report.rows_read, report.added, report.incomplete, report.invalid) == (1, 1, 0, 0)
    async with desk.app.transaction(desk.ada) as tx:
        (kept,) = await consent.list_opt_ins(tx, phone_e164=CAROL)
    assert kept.permits_marketing
    assert kept.sellers == ("Harbor Plumbing", "Harbor Heating")
    assert (kept.given_at, kept.zone) == (COMPLETE.given_at, "America/Los_Angeles")
    bare = await take(desk, "mobile\n+12065550124\n", replace(COMPLETE, phone_e164=""))
    assert (bare.added, bare.incomplete) == (1, 0)


async def test_rows_that_are_no_consents_are_named_and_the_others_kept(desk: Desk) -> None:
    text = (
        "phone,given_at,zone,ip\n"
        "+12065550101,2026-03-04T09:05:00-08:00,America/Los_Angeles,203.0.113.9\n"
        "nobody,2026-03-04T09:05:00-08:00,,\n"
        "+12065550102,4 March,,\n"
        "+12065550103,2026-03-04T09:05:00,,\n"
        "+12065550104,2026-03-04T09:05:00,Mars/Olympus,\n"
        "+12065550105,2999-03-04T09:05:00Z,,\n"
        "+12065550106,,,no address\n"
        "+12065550107,,,\n"
    )
    report = await take(desk, text)
    assert [(row.line, row.code.partition(".")[2]) for row in report.invalid_rows[1:]] == [
        (4, "time_unreadable"),
        (5, "time_unreadable"),
        (6, "time_unreadable"),
        (7, "time_to_come"),
        (8, "ip_invalid"),
    ]
    assert (report.rows_read, report.added, report.invalid, report.incomplete) == (8, 2, 6, 2)
    assert report.missing["sellers"] == 2
    again = await take(desk, text)
    assert (again.added, again.known) == (0, 2)
    assert await desk.value("select count(*) from audit_log where action = 'consent.opt_ins_imported'") == 2


async def test_a_long_list_commits_by_the_thousand(desk: Desk) -> None:
    rows = "".join(f"+1206555{number:04}\n" for number in range(2 * opt_in_lists.BATCH + 1))
    seen: list[int] = []
    report = await consent.import_opt_ins(
        lambda: desk.app.transaction(desk.ada),
        consent.read_listed_opt_ins(["phone\n", *rows.splitlines(keepends=True)]),
        usual=replace(COMPLETE, phone_e164=""),
        country="US",
        name="list.csv",
        by=ADA_ACTS,
        progress=lambda one: seen.append(one.added),
    )
    assert seen == [1_000, 2_000, 2_001]
    assert report.added == 2_001


@pytest.mark.parametrize("text", ["name,city\nCarol,Seattle\n", "phone\x00\n"])
async def test_a_file_that_is_no_list_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(Refused) as refusal:
        await take(desk, text)
    assert refusal.value.code == "consent.list_unreadable"
