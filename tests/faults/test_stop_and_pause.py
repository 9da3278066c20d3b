"""A STOP and a kill switch are in force before anybody is told that they are."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from frontdesk.features import contacts, delivery
from frontdesk.features.delivery import Scope
from frontdesk.kernel.db import Database, Transaction
from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.support.actors import ADA_ACTS
from tests.support.office import ADAS_NUMBER, CAROL, MALLORYS_NUMBER, Office, open_office

# Leased by another process, which neither posts it nor says so.
HALF_WAY = "update send_jobs set status = $1, posting_at = $2, available_at = $2, lease_owner = gen_random_uuid()"


async def _queue(office: Office, count: int, *, recipient: str = CAROL) -> None:
    """Queue texts to one person that nobody has decided on yet."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        contact = await _contact(tx, recipient)
        await tx.execute(
            """
            insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at,
                                   contact_id, recipient_e164, sender_e164, provider, body, encoding, segments, status,
                                   available_at, useful_until, correlation_id, created_at, updated_at)
            select gen_random_uuid(), $1, 'test:' || n, 'C2', 'test', 'test', 'conversation', $2, $3, $4, $5, 'twilio',
                   'text ' || n, 'gsm7', 1, 'queued', $2, $2::timestamptz + interval '1 hour', $1, $2, $2
            from generate_series(1, $6) as n
            """,
            tx.tenant,
            tx.now,
            contact,
            recipient,
            ADAS_NUMBER,
            count,
        )


async def _contact(tx: Transaction, phone: str) -> object:
    return (await contacts.ensure_contact(tx, phone_e164=phone)).id


async def test_no_text_of_a_thousand_starts_after_the_stop_is_answered(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await _queue(office, 1000)
        sending = asyncio.create_task(office.settle())
        await office.twin.wait_for_text(CAROL, status="queued", count=3)
        assert await office.text_in("Stop.", sid="SM" + "1" * 32) == 200
        after = len(await office.twin.journal(to=CAROL, operation="messages.create"))
        await sending
        await office.settle()
        late = (await office.twin.journal(to=CAROL, operation="messages.create"))[after:]
        assert [post.fields["Body"] for post in late if "opted out" not in post.fields["Body"]] == []
        assert await office.fetchval("select count(*) from send_jobs where status = 'queued'") == 0
        barred = await office.fetchval("select count(*) from send_jobs where failure_code = 'consent.opted_out'")
        assert isinstance(barred, int)
        assert barred >= 1000 - after


@pytest.mark.parametrize("status", ["posting", "unknown"])
async def test_a_stop_is_not_answered_while_a_text_that_passed_its_gates_may_still_start(
    database_url: str, home: Path, status: str
) -> None:
    refused = "select count(*) from do_not_contact"
    async with open_office(database_url, home) as office:
        await _queue(office, 1)
        async with office.login.transaction() as tx:
            await tx.execute(HALF_WAY, status, tx.now + timedelta(minutes=1))
        stopping = asyncio.create_task(office.text_in("STOP", sid="SM" + "6" * 32))

        async def committed() -> bool:
            return await office.fetchval(refused) == 1

        await office.eventually(committed)
        await asyncio.sleep(0.2)
        assert not stopping.done()
        async with office.login.transaction() as tx:
            await tx.execute("update send_jobs set status = 'accepted'")
        assert await stopping == 200


async def test_stop_then_yes_keeps_silent_and_start_speaks_again(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        for number, word in enumerate(("STOP", "YES", "yes please")):
            await office.text_in(word, sid=f"SM{number:032}")
        await office.missed_call()
        await office.settle()
        assert not any("sorry we missed you" in body for body in await office.texts_to())
        await office.text_in("START", sid="SM" + "9" * 32)
        office.clock.ahead = timedelta(minutes=11)
        await office.missed_call(sid="CA" + "4" * 32)
        await office.settle()
        assert sum("sorry we missed you" in body for body in await office.texts_to()) == 1


async def test_a_flood_of_stops_gets_one_answer(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await asyncio.gather(*(office.text_in("STOP", sid=f"SM{number:032}") for number in range(60)))
        await asyncio.gather(*(office.text_in("HELP", sid=f"MM{number:032}") for number in range(60)))
        await office.settle()
        confirmations = await office.fetchval("select count(*) from send_jobs where template = 'stop_confirmation'")
        helps = await office.fetchval("select count(*) from send_jobs where template = 'help'")
        assert (confirmations, helps) == (1, 1)
        assert await office.fetchval("select count(*) from compliance_events where event_type = 'stop'") == 1


async def test_a_stop_to_a_number_nobody_has_binds_whoever_gets_it(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        assert await office.text_in("STOP", sid="SM" + "2" * 32, to="+13035550100") == 200
        assert (
            await office.fetchval("select phone_e164 from sender_opt_outs where sender_e164 = '+13035550100'") == CAROL
        )
        assert [entry.entry["phone_e164"] for entry in office.parts.journal.read_all().entries] == [CAROL]


async def test_a_stop_told_to_one_business_leaves_another_free(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.text_in("STOP", sid="SM" + "3" * 32, to=MALLORYS_NUMBER)
        await office.missed_call()
        await office.settle()
        assert any("Harbor Plumbing" in body for body in await office.texts_to())


async def test_the_opt_out_is_in_the_journal_and_the_ledger_when_the_webhook_is_answered(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        assert await office.text_in("please take me off your list", sid="SM" + "4" * 32) == 200
        entries = office.parts.journal.read_all().entries
        assert [(entry.entry["event_type"], entry.entry["phone_e164"]) for entry in entries] == [("stop", CAROL)]
        assert await office.fetchval("select count(*) from compliance_events where event_type = 'stop'") == 1


async def test_without_the_journal_a_stop_is_not_acknowledged(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        folder = home / "journal"
        shutil.rmtree(folder, ignore_errors=True)  # the server's claim may stand in it already
        folder.write_text("a file stands where the folder should be")
        assert await office.text_in("STOP", sid="SM" + "5" * 32) == 503
        assert await office.fetchval("select count(*) from do_not_contact") == 0
        folder.unlink()
        assert await office.text_in("STOP", sid="SM" + "5" * 32) == 200
        assert await office.fetchval("select count(*) from do_not_contact") == 1


async def _pause(office: Office) -> None:
    async with office.parts.switches.transaction(office.ada.id) as tx:
        await delivery.pause_sending(tx, scope=Scope.TENANT, key=str(office.ada.id), by=ADA_ACTS, reason="test")


async def test_a_pause_in_the_middle_of_a_burst_stops_it_and_keeps_the_queue(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await _queue(office, 500)
        sending = asyncio.create_task(office.settle())
        await office.twin.wait_for_text(CAROL, status="queued", count=3)
        await _pause(office)
        await sending
        posts = await office.posts_to()
        await office.settle()
        assert await office.posts_to() == posts
        async with office.parts.switches.transaction(office.ada.id) as tx:
            proof = await delivery.prove_stop(tx, scope=Scope.TENANT, key=str(office.ada.id))
        assert proof.paused_at is not None
        assert proof.last_started_at is not None
        assert proof.last_started_at - proof.paused_at < timedelta(seconds=1)
        assert (proof.in_flight, proof.queued) == (0, 500 - posts)
        async with office.parts.switches.transaction(office.ada.id) as tx:
            assert await delivery.resume_sending(tx, scope=Scope.TENANT, key=str(office.ada.id), by=ADA_ACTS)
        await office.settle()
        assert len(await office.texts_to()) == 500


async def test_a_missed_call_during_a_pause_is_kept_and_dropped_when_it_is_too_late(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        await _pause(office)
        await office.missed_call()
        await office.settle()
        assert await office.fetchval("select status from send_jobs") == "queued"
        assert await office.fetchval("select failure_code from send_jobs") == "delivery.paused_tenant"
        office.clock.ahead = timedelta(hours=8)
        async with office.parts.switches.transaction(office.ada.id) as tx:
            await delivery.resume_sending(tx, scope=Scope.TENANT, key=str(office.ada.id), by=ADA_ACTS)
        await office.settle()
        assert await office.posts_to() == 0
        assert await office.fetchval("select status from send_jobs") == "dropped"


async def test_the_setting_pauses_everything(database_url: str, home: Path) -> None:
    async with open_office(database_url, home, environ={"PAUSE_OUTBOUND_SMS": "true"}) as office:
        await office.missed_call()
        await office.settle()
        assert await office.posts_to() == 0
        assert await office.fetchval("select failure_code from send_jobs") == "delivery.paused_setting"


async def test_the_kill_switch_works_while_every_other_connection_is_taken(database_url: str, home: Path) -> None:
    async with open_office(database_url, home, environ={"DATABASE_POOL_MAX_SIZE": "2"}) as office:
        hold = asyncio.Event()

        async def occupy(database: Database) -> None:
            async with database.transaction(office.ada.id):
                await hold.wait()

        pools = (office.parts.app, office.parts.app, office.parts.system, office.parts.system)
        holders = [asyncio.create_task(occupy(pool)) for pool in pools]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await _pause(office)
        hold.set()
        await asyncio.gather(*holders)
        assert await office.fetchval("select count(*) from delivery_switches where paused_at is not null") == 1


async def test_a_text_that_the_carrier_still_holds_cannot_leave_after_it_stopped_being_useful(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on="messages.create", seconds=0.1))
        await office.missed_call()
        await office.settle()
        [post] = await office.twin.journal(operation="messages.create", to=CAROL)
        assert 0 < int(post.fields["ValidityPeriod"]) <= 15 * 60
