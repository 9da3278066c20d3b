"""One text is one POST under its own key, and whatever comes back is told in the port's words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports import (
    Accepted,
    FailureClass,
    MessagingProvider,
    OutboundText,
    ProviderError,
    ReceiptStatus,
    SentTextQuery,
)
from frontdesk.providers.http import HttpClient
from frontdesk.providers.telnyx import TelnyxAccount, TelnyxMessaging, classify_receipt_error
from frontdesk.providers.telnyx.errors import ERROR_CODES, PASSING_FAILURES
from tests.providers.http.scripted_server import Script, ScriptedServer, answering, reply_with, serving
from tests.providers.telnyx.signing import ACCOUNT, FIXTURES

REFERENCE = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
MESSAGE = "40385f64-5717-4562-b3fc-2c963f66afa6"
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
TEXT = OutboundText(
    reference=REFERENCE,
    sender_e164="+12125550100",
    recipient_e164="+12065550100",
    body="Sorry we missed you – reply here 👍",
    validity_seconds=900,
    status_callback="https://app.example.com/webhooks/telnyx/sms/status",
)


def taken(status: str = "queued") -> bytes:
    return reply_with(json.dumps({"data": {"id": MESSAGE, "to": [{"status": status}]}}).encode())


def refused(code: str, status: str, *, pointer: str = "", extra: bytes = b"") -> bytes:
    error = {"code": code, "title": "x", "detail": "not to +12065550100", "source": {"pointer": pointer}}
    return reply_with(json.dumps({"errors": [error]}).encode(), status=status, extra=extra)


@asynccontextmanager
async def company(
    script: Script, account: TelnyxAccount = ACCOUNT
) -> AsyncIterator[tuple[TelnyxMessaging, ScriptedServer]]:
    """Serve a script as Telnyx and speak to it through the real client."""
    http = HttpClient()
    async with serving(script) as server:
        account = replace(account, api_base_url=str(server.origin))
        yield TelnyxMessaging(account, http, clock=SystemClock()), server
        await http.close()


def at_once() -> None:
    """Let a POST start."""


def body_of(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


async def send_against(script: Script) -> tuple[ProviderError, ScriptedServer]:
    async with company(script) as (messaging, server):
        with pytest.raises(ProviderError) as refusal:
            await messaging.send_text(TEXT, starting=at_once)
    assert refusal.value.provider == "telnyx"
    assert TEXT.recipient_e164 not in str(refusal.value)
    return refusal.value, server


async def test_a_text_is_posted_once_as_telnyx_documents_it() -> None:
    async with company(answering(taken())) as (messaging, server):
        provider: MessagingProvider = messaging
        accepted = await provider.send_text(TEXT, starting=at_once)
    assert accepted == Accepted(provider_message_id=MESSAGE, status=ReceiptStatus.ACCEPTED)
    (request,) = server.requests
    assert request.startswith(b"POST /v2/messages HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer KEY0123456789\r\n" in request
    assert b"\r\nIdempotency-Key: %s\r\n" % str(REFERENCE).encode() in request
    assert json.loads(body_of(request)) == {
        "to": "+12065550100",
        "from": "+12125550100",
        "text": TEXT.body,
        "type": "SMS",
        "encoding": "auto",
        "webhook_url": f"{TEXT.status_callback}?reference={REFERENCE}",
    }


async def test_the_same_text_is_the_same_to_the_byte_whenever_and_by_whomever_it_is_posted() -> None:
    requests = []
    for text in (TEXT, replace(TEXT, validity_seconds=1)):
        async with company(answering(taken())) as (messaging, server):
            await messaging.send_text(text, starting=at_once)
        requests += server.requests
    assert body_of(requests[0]) == body_of(requests[1])


async def test_a_profile_is_named_by_the_text_else_by_the_account() -> None:
    account = replace(ACCOUNT, messaging_profile_id=PROFILE)
    async with company(answering(taken(), taken()), account) as (messaging, server):
        await messaging.send_text(TEXT, starting=at_once)
        await messaging.send_text(
            replace(TEXT, messaging_service="another", sender_e164="", status_callback=""), starting=at_once
        )
    first, second = (json.loads(body_of(request)) for request in server.requests)
    assert (first["messaging_profile_id"], first["from"]) == (PROFILE, TEXT.sender_e164)
    assert second["messaging_profile_id"] == "another"
    assert not {"from", "webhook_url"} & set(second)


@pytest.mark.parametrize(
    ("word", "status"),
    [("queued", ReceiptStatus.ACCEPTED), ("sent", ReceiptStatus.SENT), ("sending_failed", ReceiptStatus.FAILED),
     ("teleported", ReceiptStatus.ACCEPTED)],
)  # fmt: skip
async def test_the_first_state_is_told(word: str, status: ReceiptStatus) -> None:
    async with company(answering(taken(word))) as (messaging, _):
        assert (await messaging.send_text(TEXT, starting=at_once)).status is status


AMBIGUOUS_REPLIES = {
    "500 of a gateway": reply_with(b"<html>oops</html>", status="500 Internal Server Error"),
    "500 of the API": refused("10007", "500 Internal Server Error"),
    "503 with a code that is a refusal elsewhere": refused("40300", "503 Unavailable"),
    "504": reply_with(b"", status="504 Gateway Timeout"),
    "408": refused("10008", "408 Request Timeout"),
    "409: the same key is being answered": reply_with(b"", status="409 Conflict"),
    "422: the key was used with another body": refused("10015", "422 Unprocessable Entity"),
    "422 without a code": reply_with(b"", status="422 Unprocessable Entity"),
    "a redirect": reply_with(b"", status="302 Found", extra=b"Location: /login\r\n"),
    "HTML with 200": reply_with(b"<html>Welcome</html>"),
    "truncated JSON": reply_with(b'{"data": {"id": "40385'),
    "JSON without data": reply_with(b"{}"),
    "JSON with an empty id": reply_with(b'{"data":{"id":""}}'),
    "no content": reply_with(b"", status="204 No Content"),
}


@pytest.mark.parametrize("reply", AMBIGUOUS_REPLIES.values(), ids=AMBIGUOUS_REPLIES.keys())
async def test_a_reply_that_proves_nothing_is_ambiguous_and_not_repeated(reply: bytes) -> None:
    error, server = await send_against(answering(reply))
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.AMBIGUOUS, True, False)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (refused("40300", "403 Forbidden"), FailureClass.OPTED_OUT),
        (refused("40300", "422 Unprocessable Entity"), FailureClass.OPTED_OUT),
        (refused("40310", "400 Bad Request", pointer="/to"), FailureClass.INVALID_RECIPIENT),
        (refused("10016", "422 Unprocessable Entity", pointer="/to"), FailureClass.INVALID_RECIPIENT),
        (refused("10002", "400 Bad Request", pointer="/from"), FailureClass.SENDER_BLOCKED),
        (refused("40305", "400 Bad Request"), FailureClass.SENDER_BLOCKED),
        (refused("40322", "400 Bad Request"), FailureClass.CONTENT_BLOCKED),
        (refused("40318", "400 Bad Request"), FailureClass.RATE_LIMITED),
        (refused("40333", "400 Bad Request"), FailureClass.CHANNEL_BLOCKED),
        (refused("10007", "400 Bad Request"), FailureClass.UNAVAILABLE),
        (refused("99999", "400 Bad Request"), FailureClass.REJECTED),
        (refused("x", "400 Bad Request"), FailureClass.REJECTED),
        (reply_with(b"<html>", status="400 X"), FailureClass.REJECTED),
        (reply_with(b'{"errors":[]}', status="401 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"", status="402 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"", status="404 X"), FailureClass.CHANNEL_BLOCKED),
        (reply_with(b"slow down", status="429 X"), FailureClass.RATE_LIMITED),
    ],
)
async def test_a_refusal_is_told_by_its_code_else_by_its_status(reply: bytes, failure: FailureClass) -> None:
    error, _ = await send_against(answering(reply))
    assert (error.failure, error.permanent, error.ambiguous) == (failure, failure not in PASSING_FAILURES, False)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (b"x-ratelimit-reset: 7\r\n", 7.0),
        (b"Retry-After: 3\r\nx-ratelimit-reset: 7\r\n", 3.0),
        (b"x-ratelimit-reset: soon\r\n", None),
        (b"x-ratelimit-reset: 1000000000\r\n", 3600.0),
        (b"", None),
    ],
)
async def test_a_wish_to_wait_is_told_within_reason(headers: bytes, wait: float | None) -> None:
    error, _ = await send_against(answering(refused("10011", "429 Too Many Requests", extra=headers)))
    assert (error.failure, error.retry_after, error.provider_code) == (FailureClass.RATE_LIMITED, wait, "10011")


async def test_the_end_of_a_window_is_no_wish_to_wait_where_nothing_was_too_much() -> None:
    error, _ = await send_against(answering(refused("40310", "400 X", extra=b"x-ratelimit-reset: 7\r\n")))
    assert error.retry_after is None


ACTION_CLASSES = {
    "permanent: DNC": {FailureClass.OPTED_OUT},
    "permanent: landline": {FailureClass.INVALID_RECIPIENT},
    "permanent: mark invalid": {FailureClass.INVALID_RECIPIENT},
    "permanent": {FailureClass.REJECTED, FailureClass.INVALID_RECIPIENT},
    "stop_channel": {FailureClass.CHANNEL_BLOCKED},
    "pause channel": {FailureClass.CHANNEL_BLOCKED},
    "reputation": {FailureClass.CONTENT_BLOCKED},
    "block sending on number": {FailureClass.SENDER_BLOCKED},
    "number burned": {FailureClass.SENDER_BLOCKED},
    "rotate number": {FailureClass.SENDER_BLOCKED},
    "slow down": {FailureClass.RATE_LIMITED},
    "back off": {FailureClass.RATE_LIMITED},
    "retry after": {FailureClass.RATE_LIMITED},
    "ambiguous": {FailureClass.AMBIGUOUS},
}


def test_every_code_that_has_an_action_has_the_class_of_that_action() -> None:
    actions: dict[str, str] = json.loads((FIXTURES / "error_actions.json").read_text())["codes"]
    judged = 0
    for code, action in actions.items():
        known = ERROR_CODES[int(code)]
        wanted = next((found for start, found in ACTION_CLASSES.items() if action.startswith(start)), None)
        if wanted is not None:
            assert known.failure in wanted, (code, action)
            judged += 1
    assert judged >= 25


def test_codes_that_must_never_be_retried_are_final() -> None:
    for code in (40300, 40001, 40003, 40010, 40012, 40014, 40310, 40315, 40322, 40329):
        assert ERROR_CODES[code].failure not in PASSING_FAILURES, code


@given(st.text())
def test_any_receipt_code_has_a_class(code: str) -> None:
    known = ERROR_CODES.get(int(code)) if code.isascii() and code.isdigit() else None
    assert classify_receipt_error(code) is (known.failure if known else FailureClass.REJECTED)


QUERY = SentTextQuery(
    recipient_e164=TEXT.recipient_e164,
    sender_e164=TEXT.sender_e164,
    since=datetime(2026, 1, 5, 12, 0, 10, 900_000, tzinfo=UTC),
)


def record(number: int, **changed: object) -> dict[str, object]:
    return {
        "record_type": "message_detail_record",
        "uuid": f"m{number}",
        "direction": "outbound",
        "created_at": f"2026-01-05T12:00:{number:02d}Z",
        "cld": TEXT.recipient_e164,
        "cli": TEXT.sender_e164,
    } | changed


def page(*records: dict[str, object], pages: int = 1) -> bytes:
    return reply_with(json.dumps({"data": records, "meta": {"total_pages": pages}}).encode())


def message(number: int, **changed: object) -> bytes:
    data = {
        "id": f"m{number}",
        "direction": "outbound",
        "from": {"phone_number": TEXT.sender_e164},
        "to": [{"phone_number": TEXT.recipient_e164, "status": "delivered"}],
        "text": f"text {number}",
        "webhook_url": f"{TEXT.status_callback}?reference={REFERENCE}",
        "errors": [],
    } | changed
    return reply_with(json.dumps({"data": data}).encode())


async def test_sent_texts_are_found_by_their_detail_records_newest_first() -> None:
    failed = {"to": [{"status": "delivery_failed"}], "errors": [{"code": "40008"}], "webhook_url": None}
    first = page(record(9), record(10), record(31, direction="inbound"), record(32, cld="+12065550101"), pages=2)
    second = page(record(20), record(33, cli="+12125550199"))
    async with company(answering(first, second, message(10, **failed), message(20))) as (messaging, server):
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


UNUSABLE_LISTS = {
    "no JSON": [reply_with(b"<html>")],
    "no data": [reply_with(b"{}")],
    "no date": [page(record(20, created_at="yesterday"))],
    "500": [reply_with(b"", status="500 X")],
    "a text that is gone": [page(record(20)), refused("10005", "404 Not Found")],
    "a text that cannot be read": [page(record(20)), reply_with(b"{}")],
    "too many texts": [page(*(record(20) for _ in range(21)))],
}


@pytest.mark.parametrize("replies", UNUSABLE_LISTS.values(), ids=UNUSABLE_LISTS.keys())
async def test_a_list_that_cannot_be_read_whole_proves_nothing(replies: list[bytes]) -> None:
    async with company(answering(*replies)) as (messaging, _):
        with pytest.raises(ProviderError) as refusal:
            await messaging.list_sent_texts(QUERY)
    assert not refusal.value.ambiguous


async def test_a_list_without_end_proves_nothing() -> None:
    async with company(answering(*(page(pages=99) for _ in range(20)))) as (messaging, server):
        with pytest.raises(ProviderError, match="more pages"):
            await messaging.list_sent_texts(QUERY)
    assert len(server.requests) == 20


@pytest.mark.parametrize("url", ["https://api.telnyx.com/v2", "api.telnyx.com", "https://user:pass@api.telnyx.com"])
def test_an_api_address_that_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"origin|absolute|credentials"):
        TelnyxMessaging(replace(ACCOUNT, api_base_url=url), HttpClient(), clock=SystemClock())


def test_the_key_stays_out_of_what_is_shown() -> None:
    assert ACCOUNT.api_key not in repr(ACCOUNT)
