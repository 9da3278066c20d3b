"""One text is one POST under its own key, as Telnyx documents it, and is found again by its detail record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from frontdesk.ports import Accepted, MessagingProvider, ProviderError, ReceiptStatus
from tests.providers.conformance.scripted import QUERY, REFERENCE, TEXT, at_once, body_of, scripted
from tests.providers.http.scripted_server import answering
from tests.providers.telnyx.replies import MESSAGE, connect, message, page, record, refused, taken
from tests.providers.telnyx.signing import ACCOUNT


async def test_a_text_is_posted_once_as_telnyx_documents_it() -> None:
    async with scripted(answering(taken()), connect) as (messaging, server):
        provider: MessagingProvider = messaging
        accepted = await provider.send_text(TEXT, starting=at_once)
    assert accepted == Accepted(provider_message_id=MESSAGE, status=ReceiptStatus.ACCEPTED)
    (request,) = server.requests
    assert request.startswith(b"POST /v2/messages HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer KEY0123456789\r\n" in request
    assert b"\r\nContent-Type: application/json\r\n" in request
    assert b"\r\nIdempotency-Key: %s\r\n" % str(REFERENCE).encode() in request
    assert json.loads(body_of(request)) == {
        "to": TEXT.recipient_e164,
        "from": TEXT.sender_e164,
        "text": TEXT.body,
        "type": "SMS",
        "encoding": "auto",
        "webhook_url": f"{TEXT.status_callback}&reference={REFERENCE}",
    }


async def test_whoever_wants_no_receipts_gets_none_by_the_profile_either() -> None:
    async with scripted(answering(taken()), connect) as (messaging, server):
        await messaging.send_text(replace(TEXT, status_callback=""), starting=at_once)
    body = json.loads(body_of(server.requests[0]))
    assert body["use_profile_webhooks"] is False
    assert "webhook_url" not in body


async def test_the_same_text_is_the_same_to_the_byte_whenever_and_by_whomever_it_is_posted() -> None:
    requests = []
    for text in (TEXT, replace(TEXT, validity_seconds=1)):
        async with scripted(answering(taken()), connect) as (messaging, server):
            await messaging.send_text(text, starting=at_once)
        requests += server.requests
    assert body_of(requests[0]) == body_of(requests[1])


@pytest.mark.parametrize(
    ("word", "status"),
    [("queued", ReceiptStatus.ACCEPTED), ("sent", ReceiptStatus.SENT), ("sending_failed", ReceiptStatus.FAILED),
     ("teleported", ReceiptStatus.ACCEPTED)],
)  # fmt: skip
async def test_the_first_state_is_told(word: str, status: ReceiptStatus) -> None:
    async with scripted(answering(taken(word)), connect) as (messaging, _):
        assert (await messaging.send_text(TEXT, starting=at_once)).status is status


async def test_the_end_of_a_window_is_no_wish_to_wait_where_nothing_was_too_much() -> None:
    reply = refused("40310", "400 X", extra=b"x-ratelimit-reset: 7\r\n")
    async with scripted(answering(reply), connect) as (messaging, _):
        with pytest.raises(ProviderError) as refusal:
            await messaging.send_text(TEXT, starting=at_once)
    assert refusal.value.retry_after is None


async def test_sent_texts_are_found_by_their_detail_records_newest_first() -> None:
    failed = {"to": [{"status": "delivery_failed"}], "errors": [{"code": "40008"}], "webhook_url": None}
    first = page(record(9), record(10), record(31, direction="inbound"), record(32, cld="+12065550101"), pages=2)
    second = page(record(20), record(33, cli="+12125550199"))
    replies = answering(first, second, message(10, **failed), message(20))
    async with scripted(replies, connect) as (messaging, server):
        texts = await messaging.list_sent_texts(QUERY)
    assert [(text.body, text.status, text.error_code, text.reference) for text in texts] == [
        ("text 20", ReceiptStatus.DELIVERED, "", REFERENCE),
        ("text 10", ReceiptStatus.UNDELIVERED, "40008", None),
    ]
    assert texts[0].created_at == datetime(2026, 1, 5, 12, 0, 20, tzinfo=UTC)
    targets = [request.split(b" ")[1].decode() for request in server.requests]
    assert targets[0].startswith("/v2/detail_records?filter%5Brecord_type%5D=messaging&filter%5Bdirection%5D=outbound")
    assert "filter%5Bcld%5D=%2B12065550100" in targets[0]
    assert targets[2:] == ["/v2/messages/m10", "/v2/messages/m20"]


async def test_a_listed_text_that_is_gone_proves_nothing() -> None:
    replies = answering(page(record(20)), refused("10005", "404 Not Found"))
    async with scripted(replies, connect) as (messaging, _):
        with pytest.raises(ProviderError) as refusal:
            await messaging.list_sent_texts(QUERY)
    assert not refusal.value.ambiguous


def test_the_key_stays_out_of_what_is_shown() -> None:
    assert ACCOUNT.api_key not in repr(ACCOUNT)
