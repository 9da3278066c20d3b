"""Whatever a carrier does to a request, a person gets the text once, or not at all, and we know which."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import delivery
from frontdesk.kernel.ids import new_id
from frontdesk.ports import ReceiptStatus, TextReceipt
from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.support.office import ACCOUNT, ADAS_NUMBER, CAROL, Office, open_office

CREATE = "messages.create"


async def _status(office: Office) -> object:
    return await office.fetchval("select status from send_jobs where recipient_e164 = $1", CAROL)


async def _is_settled(office: Office) -> bool:
    return await _status(office) not in {"queued", "posting"}


@pytest.mark.parametrize(
    "fault",
    [
        FaultOrder(kind=FaultKind.REPLY_LOST, on=CREATE),
        FaultOrder(kind=FaultKind.ERROR_AFTER_ACCEPT, on=CREATE),
        FaultOrder(kind=FaultKind.RESET, on=CREATE),
        FaultOrder(kind=FaultKind.TRUNCATED, on=CREATE),
        FaultOrder(kind=FaultKind.HTML, on=CREATE),
    ],
    ids=lambda fault: fault.kind.value,
)
async def test_a_text_whose_fate_is_unknown_is_looked_up_and_never_sent_twice(
    fault: FaultOrder, database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.inject_fault(fault)
        await office.missed_call()
        await office.parts.courier.idle()
        for _ in range(6):
            office.clock.ahead += timedelta(seconds=6)
            await office.reconcile()
            await office.settle()
        await office.eventually(lambda: _is_settled(office))
        assert len(await office.texts_to()) == 1
        assert await _status(office) in {"accepted", "sent", "delivered"}


async def test_a_request_that_never_took_effect_is_repeated_after_two_looks(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on=CREATE, status=500))
        await office.missed_call()
        await office.parts.courier.idle()
        assert await _status(office) == "unknown"
        office.clock.ahead += timedelta(seconds=3)
        await office.reconcile()
        await office.settle()
        assert await office.posts_to() == 1, "one look is no proof"
        office.clock.ahead += timedelta(seconds=20)
        await office.reconcile()
        await office.settle()
        assert await office.posts_to() == 2
        assert len(await office.texts_to()) == 1


async def test_a_carrier_that_asks_for_time_gets_it(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.RATE_LIMITED, on=CREATE, retry_after="30"))
        await office.missed_call()
        await office.parts.courier.idle()
        office.clock.ahead = timedelta(seconds=25)
        await office.missed_call(sid="CA" + "2" * 32, caller="+12065550188")
        await office.settle()
        assert await office.posts_to() == 1, "the same text is not tried before its time"
        assert await office.posts_to("+12065550188") == 0, "nor another from the same number"
        office.clock.ahead = timedelta(seconds=32)
        await office.settle()
        assert len(await office.texts_to()) == 1
        assert len(await office.texts_to("+12065550188")) == 1


async def test_an_outage_costs_a_handful_of_requests(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.inject_fault(
            FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on=CREATE, count=None, status=503)
        )
        callers = [f"+1206555{number:04}" for number in range(400, 440)]
        for number, caller in enumerate(callers):
            await office.missed_call(sid=f"CA{number:032}", caller=caller)
        await office.settle()
        posts = len(await office.twin.journal(operation=CREATE))
        assert posts <= 5
        assert await office.fetchval("select count(*) from send_jobs where status = 'queued'") == 40 - posts
        await office.twin.clear_faults()
        for _ in range(12):
            office.clock.ahead += timedelta(seconds=11)
            await office.reconcile()
            await office.settle()
        delivered = {text.to for text in await office.twin.messages() if text.sender == ADAS_NUMBER}
        assert delivered == set(callers)
        assert len(await office.twin.messages()) == 40


async def test_a_person_whom_the_carrier_knows_to_have_stopped_is_written_down_and_asked_for_once(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.block_pair(number=ADAS_NUMBER, customer=CAROL)
        await office.missed_call()
        await office.settle()
        assert await office.posts_to() == 1
        assert await office.fetchval("select failure_reason from send_jobs") == "Consent"
        assert await office.fetchval("select scope from do_not_contact where phone_e164 = $1", CAROL) == "all"
        assert await office.fetchval("select count(*) from compliance_events where event_type = 'stop'") == 1
        office.clock.ahead = timedelta(minutes=11)
        await office.missed_call(sid="CA" + "3" * 32)
        await office.settle()
        assert await office.posts_to() == 1
        assert await office.fetchval("select count(*) from textbacks where reason = 'consent.opted_out'") == 1


async def test_a_receipt_that_overtakes_the_reply_finds_its_text(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.BEFORE_REPLY))
        await office.missed_call()

        async def delivered() -> bool:
            return await _status(office) == "delivered"

        await office.eventually(delivered)
        assert len(await office.texts_to()) == 1


async def test_a_receipt_for_an_unknown_text_is_kept_for_it(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        receipt = {
            "AccountSid": ACCOUNT,
            "MessageSid": "SM" + "5" * 32,
            "MessageStatus": "delivered",
            "From": ADAS_NUMBER,
            "To": CAROL,
        }
        assert (await office.post("sms/status", receipt))[0] == 204
        assert await office.fetchval("select status from parked_receipts") == "delivered"


async def test_receipts_in_every_order_end_at_the_highest_status(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.missed_call()
        await office.parts.courier.idle()
        told = [
            ReceiptStatus.ACCEPTED,
            ReceiptStatus.SENT,
            ReceiptStatus.SENT,
            ReceiptStatus.UNDELIVERED,
            ReceiptStatus.FAILED,
            ReceiptStatus.DELIVERED,
        ]
        job_id = await office.fetchval("select id from send_jobs")
        sid = await office.fetchval("select provider_message_id from send_jobs")
        assert isinstance(job_id, UUID)
        assert isinstance(sid, str)
        for order in itertools.permutations(told):
            await office.fetchval("update send_jobs set status = 'accepted' where id = $1", job_id)
            best = 0
            async with office.parts.app.transaction(office.ada.id) as tx:
                for status in order:
                    receipt = TextReceipt(provider="twilio", provider_message_id=sid, status=status, reference=job_id)
                    assert await delivery.take_receipt(tx, receipt)
                    rank = await tx.fetchval("select send_status_rank(status) from send_jobs where id = $1", job_id)
                    assert isinstance(rank, int)
                    assert rank >= best
                    best = rank
            assert await _status(office) == "delivered"


async def test_a_reference_that_is_not_ours_moves_nothing(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        receipt = TextReceipt(
            provider="twilio",
            provider_message_id="SM" + "6" * 32,
            status=ReceiptStatus.DELIVERED,
            reference=new_id(),
        )
        async with office.parts.app.transaction(office.mallory.id) as tx:
            assert not await delivery.take_receipt(tx, receipt)
