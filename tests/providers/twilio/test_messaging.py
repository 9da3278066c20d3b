"""One text is one POST, and whatever comes back is told in the port's words."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl
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
from frontdesk.providers.twilio import TwilioAccount, TwilioMessaging, classify_receipt_error
from frontdesk.providers.twilio.errors import ERROR_CODES, PASSING_FAILURES
from frontdesk.providers.twilio.states import TEXT_STATES
from tests.providers.http.scripted_server import Peer, Script, ScriptedServer, answering, reply_with, serving
from tests.providers.twilio.signing import ACCOUNT, FIXTURES

REFERENCE = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
SID = "SM00000000000000000000000000000010"
TEXT = OutboundText(
    reference=REFERENCE,
    sender_e164="+15005550006",
    recipient_e164="+12065550100",
    body="Sorry we missed you – reply here 👍",
    validity_seconds=900,
    status_callback="https://app.example.com/webhooks/twilio/sms/status?tenant=t1",
)
TAKEN = reply_with(json.dumps({"sid": SID, "status": "queued"}).encode(), status="201 Created")
PATH = f"/2010-04-01/Accounts/{ACCOUNT.account_sid}/Messages.json"


@asynccontextmanager
async def carrier(
    script: Script, account: TwilioAccount = ACCOUNT
) -> AsyncIterator[tuple[TwilioMessaging, ScriptedServer]]:
    """Serve a script as Twilio and speak to it through the real client."""
    http = HttpClient()
    async with serving(script) as server:
        account = replace(account, api_base_url=str(server.origin))
        yield TwilioMessaging(account, http, clock=SystemClock()), server
        await http.close()


def at_once() -> None:
    """Let a POST start."""


def form_of(request: bytes) -> dict[str, str]:
    return dict(parse_qsl(request.partition(b"\r\n\r\n")[2].decode(), keep_blank_values=True, strict_parsing=True))


async def send_against(script: Script, text: OutboundText = TEXT) -> tuple[ProviderError, ScriptedServer]:
    async with carrier(script) as (messaging, server):
        with pytest.raises(ProviderError) as refusal:
            await messaging.send_text(text, starting=at_once)
    assert refusal.value.provider == "twilio"
    assert text.recipient_e164 not in str(refusal.value)
    return refusal.value, server


async def test_a_text_is_posted_once_as_twilio_documents_it() -> None:
    async with carrier(answering(TAKEN)) as (messaging, server):
        provider: MessagingProvider = messaging
        accepted = await provider.send_text(TEXT, starting=at_once)
    assert accepted == Accepted(provider_message_id=SID, status=ReceiptStatus.ACCEPTED)
    (request,) = server.requests
    assert request.startswith(b"POST %s HTTP/1.1\r\n" % PATH.encode())
    credentials = base64.b64encode(f"{ACCOUNT.account_sid}:{ACCOUNT.auth_token}".encode())
    assert b"\r\nAuthorization: Basic %s\r\n" % credentials in request
    assert form_of(request) == {
        "To": "+12065550100",
        "From": "+15005550006",
        "Body": TEXT.body,
        "ValidityPeriod": "900",
        "SmartEncoded": "false",
        "StatusCallback": f"{TEXT.status_callback}&reference={REFERENCE}",
    }


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "a+b = c&d%20?",
        "~tilde_under-score.dot",
        "\x00\x1f\x7f\r\n\t",
        "ünïcödé – 👍🏽 \u200d",
        "%2B",
        "'\"\\/#:;@",
    ],
)
async def test_the_carrier_reads_the_very_characters_of_a_text(body: str) -> None:
    async with carrier(answering(TAKEN)) as (messaging, server):
        await messaging.send_text(replace(TEXT, body=body), starting=at_once)
    assert form_of(server.requests[0])["Body"] == body


@pytest.mark.parametrize("query", ["", "?id=00000000-0000-0000-0000-000000000000"])
async def test_every_text_has_its_own_reference_in_its_callback(query: str) -> None:
    callback, references = f"https://app.example.com/status{query}", (REFERENCE, UUID(int=7))
    async with carrier(answering(TAKEN, TAKEN)) as (messaging, server):
        for reference in references:
            await messaging.send_text(replace(TEXT, reference=reference, status_callback=callback), starting=at_once)
    assert [form_of(request)["StatusCallback"] for request in server.requests] == [
        f"{callback}{'&' if query else '?'}reference={reference}" for reference in references
    ]


async def test_an_api_key_speaks_instead_of_the_auth_token() -> None:
    account = replace(ACCOUNT, api_key_sid="SK1", api_key_secret="key-secret")
    async with carrier(answering(TAKEN), account) as (messaging, server):
        await messaging.send_text(TEXT, starting=at_once)
    assert base64.b64encode(b"SK1:key-secret") in server.requests[0]


async def test_a_messaging_service_is_named_by_the_text_else_by_the_account() -> None:
    account = replace(ACCOUNT, messaging_service_sid="MG1")
    async with carrier(answering(TAKEN, TAKEN), account) as (messaging, server):
        await messaging.send_text(TEXT, starting=at_once)
        await messaging.send_text(
            replace(TEXT, messaging_service="MG2", sender_e164="", status_callback=""), starting=at_once
        )
    first, second = (form_of(request) for request in server.requests)
    assert (first["MessagingServiceSid"], first["From"]) == ("MG1", TEXT.sender_e164)
    assert second["MessagingServiceSid"] == "MG2"
    assert not {"From", "StatusCallback"} & set(second)


async def test_a_validity_is_cut_to_ten_hours_and_a_stale_text_is_not_posted() -> None:
    async with carrier(answering(TAKEN)) as (messaging, server):
        await messaging.send_text(replace(TEXT, validity_seconds=86_400), starting=at_once)
        with pytest.raises(ProviderError) as refusal:
            await messaging.send_text(replace(TEXT, validity_seconds=0), starting=at_once)
    assert form_of(server.requests[0])["ValidityPeriod"] == "36000"
    assert len(server.requests) == 1
    assert (refusal.value.failure, refusal.value.permanent) == (FailureClass.REJECTED, True)


class CalledOff(Exception):
    """Raised by a caller that changed its mind."""


async def test_a_post_called_off_at_its_start_never_leaves() -> None:
    def call_off() -> None:
        raise CalledOff

    async with carrier(answering(TAKEN)) as (messaging, server):
        with pytest.raises(CalledOff):
            await messaging.send_text(TEXT, starting=call_off)
        await messaging.send_text(TEXT, starting=at_once)
    assert len(server.requests) == 1


AMBIGUOUS_REPLIES = {
    "500 of a gateway": reply_with(b"<html>oops</html>", status="500 Internal Server Error"),
    "500 of the API": reply_with(b'{"code":20500,"message":"x","status":500}', status="500 Internal Server Error"),
    "503": reply_with(b'{"code":20503}', status="503 Service Unavailable", extra=b"Retry-After: 7\r\n"),
    "504": reply_with(b"", status="504 Gateway Timeout"),
    "503 with a code that is a refusal elsewhere": reply_with(b'{"code":21610}', status="503 Unavailable"),
    "408": reply_with(b"", status="408 Request Timeout"),
    "a redirect": reply_with(b"", status="302 Found", extra=b"Location: /login\r\n"),
    "HTML with 200": reply_with(b"<html>Welcome</html>"),
    "HTML with 201": reply_with(b"<html>Welcome</html>", status="201 Created"),
    "truncated JSON": reply_with(b'{"sid": "SM00', status="201 Created"),
    "JSON without a SID": reply_with(b'{"status":"queued"}', status="201 Created"),
    "JSON with another SID": reply_with(b'{"sid":"CA1","status":"queued"}', status="201 Created"),
    "an unknown success": reply_with(b"", status="204 No Content"),
}


@pytest.mark.parametrize("reply", AMBIGUOUS_REPLIES.values(), ids=AMBIGUOUS_REPLIES.keys())
async def test_a_reply_that_proves_nothing_is_ambiguous_and_not_repeated(reply: bytes) -> None:
    error, server = await send_against(answering(reply))
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.AMBIGUOUS, True, False)
    assert len(server.requests) == 1


async def test_a_reply_lost_after_acceptance_is_ambiguous_and_not_repeated() -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(TAKEN[:-5])
        peer.reset()

    error, server = await send_against(script)
    assert (error.failure, error.ambiguous, error.http_status) == (FailureClass.AMBIGUOUS, True, 0)
    assert len(server.requests) == 1


async def test_a_carrier_that_cannot_be_reached_did_not_take_it() -> None:
    http = HttpClient()
    async with serving(answering()) as server:
        nowhere = replace(ACCOUNT, api_base_url=str(server.origin))
    with pytest.raises(ProviderError) as refusal:
        await TwilioMessaging(nowhere, http, clock=SystemClock()).send_text(TEXT, starting=at_once)
    await http.close()
    error = refusal.value
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.UNAVAILABLE, False, False)


@pytest.mark.parametrize(
    ("name", "failure", "permanent", "wait"),
    [
        ("api_error_20003", FailureClass.CHANNEL_BLOCKED, True, None),
        ("api_error_20429", FailureClass.RATE_LIMITED, False, 1.0),
        ("api_error_21211", FailureClass.INVALID_RECIPIENT, True, None),
        ("api_error_21610", FailureClass.OPTED_OUT, True, None),
    ],
)
async def test_every_error_fixture_has_its_class(
    name: str, failure: FailureClass, *, permanent: bool, wait: float | None
) -> None:
    fixture = json.loads((FIXTURES / "api_errors" / f"{name}.json").read_text())
    headers: Mapping[str, str] = fixture["_headers"]
    extra = "".join(f"{key}: {value}\r\n" for key, value in headers.items() if key != "status").encode()
    reply = reply_with(json.dumps(fixture["body"]).encode(), status=f"{headers['status']} X", extra=extra)
    error, _ = await send_against(answering(reply))
    assert (error.failure, error.permanent, error.ambiguous) == (failure, permanent, False)
    assert (error.retry_after, error.provider_code) == (wait, name.removeprefix("api_error_"))
    assert error.http_status == int(headers["status"])


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, b"<html>", FailureClass.REJECTED),
        (400, b'{"code":99999}', FailureClass.REJECTED),
        (400, b'{"code":"x"}', FailureClass.REJECTED),
        (400, b'{"code":30410}', FailureClass.UNAVAILABLE),
        (400, b'{"code":21611}', FailureClass.RATE_LIMITED),
        (400, b'{"code":21606}', FailureClass.SENDER_BLOCKED),
        (400, b'{"code":21614}', FailureClass.INVALID_RECIPIENT),
        (401, b"", FailureClass.CHANNEL_BLOCKED),
        (403, b"", FailureClass.CHANNEL_BLOCKED),
        (404, b"not here", FailureClass.CHANNEL_BLOCKED),
        (429, b"slow down", FailureClass.RATE_LIMITED),
    ],
)
async def test_a_refusal_is_told_by_its_code_else_by_its_status(
    status: int, body: bytes, failure: FailureClass
) -> None:
    error, _ = await send_against(answering(reply_with(body, status=f"{status} X")))
    assert (error.failure, error.permanent, error.ambiguous) == (failure, failure not in PASSING_FAILURES, False)


@pytest.mark.parametrize(("value", "wait"), [("-1", None), ("1000000000", 3600.0), ("soon", None), ("30", 30.0)])
async def test_a_wish_to_wait_is_told_within_reason(value: str, wait: float | None) -> None:
    reply = reply_with(b'{"code":20429}', status="429 X", extra=f"Retry-After: {value}\r\n".encode())
    error, _ = await send_against(answering(reply))
    assert (error.failure, error.retry_after) == (FailureClass.RATE_LIMITED, wait)


ACTION_CLASSES = {
    "permanent: STOP": {FailureClass.OPTED_OUT},
    "permanent: mark contact phone invalid": {FailureClass.INVALID_RECIPIENT},
    "permanent: not a mobile number": {FailureClass.INVALID_RECIPIENT},
    "permanent: unknown handset": {FailureClass.INVALID_RECIPIENT},
    "permanent: landline": {FailureClass.INVALID_RECIPIENT},
    "permanent": {FailureClass.REJECTED, FailureClass.SENDER_BLOCKED},
    "stop_channel": {FailureClass.CHANNEL_BLOCKED},
    "reputation": {FailureClass.CONTENT_BLOCKED},
    "invalid recipient": {FailureClass.INVALID_RECIPIENT},
    "10DLC": {FailureClass.RATE_LIMITED},
    "retry": {FailureClass.RATE_LIMITED},
    "back off": {FailureClass.RATE_LIMITED},
    "channel rate limit": {FailureClass.RATE_LIMITED},
    "account daily": {FailureClass.RATE_LIMITED},
    "toll-free": {FailureClass.SENDER_BLOCKED},
    "unregistered": {FailureClass.SENDER_BLOCKED},
    "AMBIGUOUS": {FailureClass.AMBIGUOUS},
    "provider timeout": {FailureClass.AMBIGUOUS},
}


def test_every_code_that_has_an_action_has_the_class_of_that_action() -> None:
    rows = json.loads((FIXTURES / "error_actions.json").read_text())["codes"]
    judged = 0
    for row in rows:
        known = ERROR_CODES[row["code"]]
        wanted = next((found for start, found in ACTION_CLASSES.items() if row["our_action"].startswith(start)), None)
        if wanted is not None:
            assert known.failure in wanted, row
            judged += 1
    assert judged >= 20


def test_codes_that_must_never_be_retried_are_final() -> None:
    for code in (21610, 21614, 30003, 30004, 30005, 30006, 30007, 30032, 30034, 30036, 30610):
        assert ERROR_CODES[code].failure not in PASSING_FAILURES, code
        assert classify_receipt_error(str(code)) is ERROR_CODES[code].failure


@given(st.text())
def test_any_receipt_code_has_a_class(code: str) -> None:
    known = ERROR_CODES.get(int(code)) if code.isascii() and code.isdigit() else None
    assert classify_receipt_error(code) is (known.failure if known else FailureClass.REJECTED)


def test_every_state_of_the_official_specification_is_known() -> None:
    spec = json.loads((FIXTURES / "twilio_api_v2010.trimmed.json").read_text())
    states = set(spec["components"]["schemas"]["message_enum_status"]["enum"])
    assert states - {"receiving", "received"} == set(TEXT_STATES)


def listed(number: int, **changed: object) -> dict[str, object]:
    return {
        "sid": f"SM{number:032d}",
        "status": "sent",
        "direction": "outbound-api",
        "date_created": f"Mon, 05 Jan 2026 12:00:{number:02d} +0000",
        "to": TEXT.recipient_e164,
        "from": TEXT.sender_e164,
        "body": f"text {number}",
        "error_code": None,
    } | changed


def page(messages: list[dict[str, object]], next_page: str | None = None) -> bytes:
    return reply_with(json.dumps({"messages": messages, "next_page_uri": next_page}).encode())


QUERY = SentTextQuery(
    recipient_e164=TEXT.recipient_e164,
    sender_e164=TEXT.sender_e164,
    since=datetime(2026, 1, 5, 12, 0, 10, 900_000, tzinfo=UTC),
)


async def test_sent_texts_are_listed_over_all_pages_newest_first_and_filtered_precisely() -> None:
    first = page(
        [
            listed(10),
            listed(30, status="undelivered", error_code=30003),
            listed(9),
            listed(31, direction="inbound"),
            listed(32, to="+12065550101"),
        ],
        f"{PATH}?Page=1&PageToken=PA1",
    )
    second = page([listed(40, **{"from": None}, status="accepted"), listed(33, **{"from": "+15005550007"})])
    async with carrier(answering(first, second)) as (messaging, server):
        texts = await messaging.list_sent_texts(QUERY)
    assert [(text.body, text.status, text.error_code) for text in texts] == [
        ("text 40", ReceiptStatus.ACCEPTED, ""),
        ("text 30", ReceiptStatus.UNDELIVERED, "30003"),
        ("text 10", ReceiptStatus.SENT, ""),
    ]
    assert texts[0].created_at == datetime(2026, 1, 5, 12, 0, 40, tzinfo=UTC)
    targets = [request.split(b" ")[1].decode() for request in server.requests]
    assert targets == [f"{PATH}?To=%2B12065550100&PageSize=1000", f"{PATH}?Page=1&PageToken=PA1"]


UNUSABLE_LISTS = {
    "another host": page([], "https://elsewhere.example/2010-04-01"),
    "another resource": page([], "/2010-04-01/Accounts/AC1/Keys.json?x"),
    "a broken target": page([], f"{PATH}?a b"),
    "no JSON": reply_with(b"<html>"),
    "no messages": reply_with(b"{}"),
    "no date": page([listed(1, date_created="yesterday")]),
    "500": reply_with(b"", status="500 X"),
}


@pytest.mark.parametrize("reply", UNUSABLE_LISTS.values(), ids=UNUSABLE_LISTS.keys())
async def test_a_list_that_cannot_be_read_whole_proves_nothing(reply: bytes) -> None:
    async with carrier(answering(reply)) as (messaging, server):
        with pytest.raises(ProviderError) as refusal:
            await messaging.list_sent_texts(QUERY)
    assert (refusal.value.failure, refusal.value.ambiguous) == (FailureClass.UNAVAILABLE, False)
    assert len(server.requests) == 1


async def test_a_list_without_end_proves_nothing() -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.read_request()
            await peer.write(page([], f"{PATH}?Page=1"))

    async with carrier(script) as (messaging, server):
        with pytest.raises(ProviderError, match="more pages"):
            await messaging.list_sent_texts(QUERY)
    assert len(server.requests) == 20


@pytest.mark.parametrize("url", ["https://api.twilio.com/base", "api.twilio.com", "https://user:pass@api.twilio.com"])
def test_an_api_address_that_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"origin|absolute|credentials"):
        TwilioMessaging(replace(ACCOUNT, api_base_url=url), HttpClient(), clock=SystemClock())
