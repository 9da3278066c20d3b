"""One text is one POST, as Twilio documents it, and is found again in Twilio's list."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports import Accepted, FailureClass, MessagingProvider, ProviderError, ReceiptStatus
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio import TwilioMessaging
from frontdesk.providers.twilio.states import TEXT_STATES
from tests.providers.conformance.scripted import QUERY, REFERENCE, TEXT, as_json, at_once, scripted
from tests.providers.http.scripted_server import answering, reply_with
from tests.providers.twilio.replies import PATH, SID, TAKEN, connect, form_of, listed, page
from tests.providers.twilio.signing import ACCOUNT, FIXTURES


async def test_a_text_is_posted_once_as_twilio_documents_it() -> None:
    async with scripted(answering(TAKEN), connect) as (messaging, server):
        provider: MessagingProvider = messaging
        accepted = await provider.send_text(TEXT, starting=at_once)
    assert accepted == Accepted(provider_message_id=SID, status=ReceiptStatus.ACCEPTED)
    (request,) = server.requests
    assert request.startswith(b"POST %s HTTP/1.1\r\n" % PATH.encode())
    credentials = base64.b64encode(f"{ACCOUNT.account_sid}:{ACCOUNT.auth_token}".encode())
    assert b"\r\nAuthorization: Basic %s\r\n" % credentials in request
    assert b"\r\nContent-Type: application/x-www-form-urlencoded\r\n" in request
    assert form_of(request) == {
        "To": TEXT.recipient_e164,
        "From": TEXT.sender_e164,
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
    async with scripted(answering(TAKEN), connect) as (messaging, server):
        await messaging.send_text(replace(TEXT, body=body), starting=at_once)
    assert form_of(server.requests[0])["Body"] == body


@pytest.mark.parametrize("query", ["", "?id=00000000-0000-0000-0000-000000000000"])
async def test_every_text_has_its_own_reference_in_its_callback(query: str) -> None:
    callback, references = f"https://app.example.com/status{query}", (REFERENCE, UUID(int=7))
    async with scripted(answering(TAKEN, TAKEN), connect) as (messaging, server):
        for reference in references:
            await messaging.send_text(replace(TEXT, reference=reference, status_callback=callback), starting=at_once)
    assert [form_of(request)["StatusCallback"] for request in server.requests] == [
        f"{callback}{'&' if query else '?'}reference={reference}" for reference in references
    ]


async def test_an_api_key_speaks_instead_of_the_auth_token() -> None:
    def with_key(url: str, http: HttpClient) -> TwilioMessaging:
        account = replace(ACCOUNT, api_base_url=url, api_key_sid="SK1", api_key_secret="key-secret")
        return TwilioMessaging(account, http, clock=SystemClock())

    async with scripted(answering(TAKEN), with_key) as (messaging, server):
        await messaging.send_text(TEXT, starting=at_once)
    assert base64.b64encode(b"SK1:key-secret") in server.requests[0]


async def test_a_validity_is_cut_to_ten_hours() -> None:
    async with scripted(answering(TAKEN), connect) as (messaging, server):
        await messaging.send_text(replace(TEXT, validity_seconds=86_400), starting=at_once)
    assert form_of(server.requests[0])["ValidityPeriod"] == "36000"


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
    reply = reply_with(as_json(fixture["body"]), status=f"{headers['status']} X", extra=extra)
    async with scripted(answering(reply), connect) as (messaging, _):
        with pytest.raises(ProviderError) as refusal:
            await messaging.send_text(TEXT, starting=at_once)
    error = refusal.value
    assert TEXT.recipient_e164 not in str(error)
    assert (error.failure, error.permanent, error.ambiguous) == (failure, permanent, False)
    assert (error.retry_after, error.provider_code) == (wait, name.removeprefix("api_error_"))
    assert error.http_status == int(headers["status"])


def test_every_state_of_the_official_specification_is_known() -> None:
    spec = json.loads((FIXTURES / "twilio_api_v2010.trimmed.json").read_text())
    states = set(spec["components"]["schemas"]["message_enum_status"]["enum"])
    assert states - {"receiving", "received"} == set(TEXT_STATES)


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
    async with scripted(answering(first, second), connect) as (messaging, server):
        texts = await messaging.list_sent_texts(QUERY)
    assert [(text.body, text.status, text.error_code) for text in texts] == [
        ("text 40", ReceiptStatus.ACCEPTED, ""),
        ("text 30", ReceiptStatus.UNDELIVERED, "30003"),
        ("text 10", ReceiptStatus.SENT, ""),
    ]
    assert texts[0].created_at == datetime(2026, 1, 5, 12, 0, 40, tzinfo=UTC)
    targets = [request.split(b" ")[1].decode() for request in server.requests]
    assert targets == [f"{PATH}?To=%2B12065550100&PageSize=1000", f"{PATH}?Page=1&PageToken=PA1"]
