"""Receipts are taken in in groups, and each of a group fares as it would alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from frontdesk.features import delivery
from frontdesk.features.delivery.events import CarrierReportedOptOut
from frontdesk.features.delivery.service.reconciling import claim_doubtful
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook
from frontdesk.ports import ReceiptStatus, TextReceipt
from frontdesk.providers.twilio.errors import REFUSALS
from frontdesk.web.webhooks.receipts import ReceiptDesk
from tests.support.office import ADAS_NUMBER, CAROL, MALLORYS_NUMBER, Office, call_form, open_office

UNKNOWN = "SM" + "9" * 32
OPTED_OUT = "21610"


def receipt(
    message_id: str, status: ReceiptStatus, *, tenant_id: UUID | None = None, error_code: str = "", body: bytes = b"a=1"
) -> delivery.ReceiptNews:
    """Make a receipt as its webhook tells it."""
    return delivery.ReceiptNews(
        webhook=Webhook(
            provider="twilio",
            kind="receipt",
            dedupe_key=f"receipt:{message_id}:{status.value}",
            content_type="application/x-www-form-urlencoded",
            body=body,
            headers={},
            correlation_id=new_id(),
        ),
        receipt=TextReceipt(
            provider="twilio",
            provider_message_id=message_id,
            status=status,
            error_code=error_code,
            failure=REFUSALS.classify_receipt(error_code) if error_code else None,
        ),
        tenant_id=tenant_id,
    )


async def take_in(office: Office, news: Sequence[delivery.ReceiptNews]) -> list[bool | BaseException]:
    """Hand receipts over at the same moment, so that they make one group."""
    heard = office.parts.handlers.heard_of(tuple(office.parts.catalogue))
    desk = ReceiptDesk(office.parts.system, office.parts.clock, heard=heard)
    return await asyncio.gather(*(desk.take_in(one) for one in news), return_exceptions=True)


async def text_of(office: Office, *, number: str = ADAS_NUMBER, caller: str = CAROL, sid: str = "CA" + "1" * 32) -> str:
    """Have a missed call answered, without receipts; returns the carrier's id of the text."""
    settings = await office.twin.settings()
    await office.twin.change_settings(msgspec.structs.replace(settings, callback_share=0.0))
    await office.post("voice/dial-action", call_form(sid, caller, called=number, DialCallStatus="no-answer"))
    await office.parts.courier.idle()
    found = await office.fetchval(
        "select provider_message_id from send_jobs where recipient_e164 = $1 and sender_e164 = $2", caller, number
    )
    return str(found)


async def status_of(office: Office, message_id: str) -> object:
    """Tell where a text stands."""
    return await office.fetchval("select status from send_jobs where provider_message_id = $1", message_id)


async def announced(office: Office, name: str, message_id: str) -> object:
    """Count the announcements of a text."""
    return await office.fetchval(
        "select count(*) from outbox_events as event join send_jobs as job on job.id::text = event.payload ->> 'job_id'"
        " and job.tenant_id = event.tenant_id and job.correlation_id = event.correlation_id"
        " where event.name = $1 and job.provider_message_id = $2 and event.payload ->> 'status' is distinct from $3",
        name,
        message_id,
        "accepted",
    )


async def test_two_copies_in_one_group_are_one_receipt(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        copies = [receipt(message_id, ReceiptStatus.SENT) for _ in range(3)]
        assert sorted(await take_in(office, copies), key=bool) == [False, False, True]
        assert await office.fetchval("select count(*) from webhook_events where kind = 'receipt'") == 1
        assert await announced(office, "delivery.text_progressed.v1", message_id) == 1
        assert await take_in(office, copies[:1]) == [False], "nor is it one in a later group"


@pytest.mark.parametrize("step", [1, -1])
async def test_the_highest_status_of_a_group_counts_in_whatever_order_it_comes(
    step: int, database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        news = [receipt(message_id, status) for status in (ReceiptStatus.SENT, ReceiptStatus.DELIVERED)]
        assert await take_in(office, news[::step]) == [True, True]
        assert await status_of(office, message_id) == "delivered"
        assert await announced(office, "delivery.text_progressed.v1", message_id) == 1
        assert await take_in(office, [receipt(message_id, ReceiptStatus.UNDELIVERED)]) == [True]
        assert await status_of(office, message_id) == "delivered", "a later group moves it back no more than an earlier"


async def test_an_unknown_receipt_in_a_group_is_kept_and_the_others_apply(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        news = [receipt(UNKNOWN, ReceiptStatus.DELIVERED), receipt(message_id, ReceiptStatus.DELIVERED)]
        assert await take_in(office, news) == [True, True]
        assert await office.fetchval("select string_agg(provider_message_id, ',') from parked_receipts") == UNKNOWN
        assert await status_of(office, message_id) == "delivered"


async def test_a_stop_told_before_its_text_was_known_is_heard_once_the_text_turns_up(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        await take_in(office, [receipt(UNKNOWN, ReceiptStatus.UNDELIVERED, error_code=OPTED_OUT)])
        async with office.login.transaction() as tx:
            await tx.execute("update parked_receipts set provider_message_id = $1", message_id)
        async with office.parts.system.transaction() as tx:
            await claim_doubtful(tx, limit=1)
        assert await status_of(office, message_id) == "undelivered"
        assert await office.fetchval("select failure_reason from send_jobs") == "Consent"
        told = "select count(*) from outbox_events where name = $1"
        assert await office.fetchval(told, CarrierReportedOptOut.name) == 1


async def test_a_receipt_that_cannot_be_written_stands_in_nobodys_way(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        # PostgreSQL keeps no zero characters in a text.
        poison = receipt(message_id, ReceiptStatus.FAILED, error_code="3\x000")
        first, second, third = await take_in(
            office, [receipt(message_id, ReceiptStatus.SENT), poison, receipt(UNKNOWN, ReceiptStatus.SENT)]
        )
        assert (first, third) == (True, True)
        assert isinstance(second, Exception)
        assert await status_of(office, message_id) == "sent"
        assert await office.fetchval("select count(*) from webhook_events where kind = 'receipt'") == 2


async def test_an_opt_out_code_is_mirrored_even_if_a_better_receipt_is_in_its_group(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        news = [
            receipt(message_id, ReceiptStatus.FAILED, error_code=OPTED_OUT),
            receipt(message_id, ReceiptStatus.DELIVERED),
        ]
        assert await take_in(office, news) == [True, True]
        assert await announced(office, "delivery.carrier_reported_opt_out.v1", message_id) == 1
        assert await announced(office, "delivery.text_given_up.v1", message_id) == 0
        await office.settle()
        assert await office.fetchval("select scope from do_not_contact where phone_e164 = $1", CAROL) == "all"
        assert await office.fetchval("select count(*) from compliance_events where event_type = 'stop'") == 1


async def test_a_text_that_failed_for_another_reason_is_given_up_and_somebody_is_told(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        await take_in(office, [receipt(message_id, ReceiptStatus.UNDELIVERED, error_code="30003")])
        await office.settle()
        assert await office.fetchval("select failure_code from send_jobs") == "30003"
        assert await office.fetchval("select kind from tasks") == "text_failed"


async def test_a_group_holds_two_businesses_and_neither_touches_the_others_text(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        adas = await text_of(office)
        mallorys = await text_of(office, number=MALLORYS_NUMBER, sid="CA" + "2" * 32)
        news = [
            receipt(adas, ReceiptStatus.SENT, tenant_id=office.ada.id),
            receipt(mallorys, ReceiptStatus.DELIVERED, tenant_id=office.mallory.id),
            receipt(adas, ReceiptStatus.DELIVERED, tenant_id=office.mallory.id),
        ]
        assert await take_in(office, news) == [True, True, True]
        assert await status_of(office, adas) == "sent", "Mallory's number cannot speak for Ada's text"
        assert await status_of(office, mallorys) == "delivered"
        tenants = "select count(distinct tenant_id) from webhook_events where kind = 'receipt'"
        assert await office.fetchval(tenants) == 2
        assert await announced(office, "delivery.text_progressed.v1", mallorys) == 1


async def test_what_the_statements_announce_themselves_fits_the_catalogue(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        message_id = await text_of(office)
        await take_in(office, [receipt(message_id, ReceiptStatus.UNDELIVERED, error_code="30003")])
        await take_in(office, [receipt(message_id, ReceiptStatus.FAILED, error_code=OPTED_OUT)])
        sid = "CA" + "3" * 32
        await office.post("voice", call_form(sid, CallStatus="ringing"))
        await office.post("voice/dial-action", call_form(sid, DialCallStatus="completed", DialCallDuration="42"))
        async with office.login.transaction() as tx:
            rows = await tx.fetch("select name, payload from outbox_events")
        read = {type(office.parts.catalogue.decode(row["name"], row["payload"])).__name__ for row in rows}
        assert read >= {"TextProgressed", "TextGivenUp", "CarrierReportedOptOut", "CallStarted", "CallAnswered"}
