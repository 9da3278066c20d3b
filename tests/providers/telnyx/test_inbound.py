"""Telnyx's events become the port's records, and each fact has one name."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from frontdesk.kernel.errors import Refused
from frontdesk.ports import Media, OptOutHint, ReceiptStatus
from frontdesk.providers.telnyx import Event, WebhookKind, dedupe_key, kind_of, read_inbound_text, read_text_receipt
from frontdesk.providers.telnyx.event import parse_event
from frontdesk.providers.telnyx.states import TEXT_STATES
from tests.providers.telnyx.signing import FIXTURES, Json, event_body, payload

REFERENCE = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
OURS = f"https://frontdesk.example/webhooks/telnyx/sms/status?reference={REFERENCE}"


def event_of(body: bytes) -> Event:
    event = parse_event(body)
    assert event is not None
    return event


def received(**changed: object) -> Event:
    return event_of(event_body("message.received", payload(**changed)))


def told(status: str, *, event_type: str = "message.finalized", event_id: str = "e1", **changed: object) -> Event:
    message = payload(direction="outbound", to=[{"phone_number": "+12065550100", "status": status}], **changed)
    return event_of(event_body(event_type, message, event_id=event_id))


def test_a_text_is_read_with_its_files() -> None:
    files: list[Json] = [
        {"url": "https://media.example/1", "content_type": "image/png", "hash_sha256": "x", "size": 5},
        {"url": None, "content_type": "image/png"},
        {"url": "https://media.example/2", "content_type": None},
    ]
    text = read_inbound_text(received(type="MMS", text=" hi\n", media=files))
    assert (text.provider, text.provider_message_id) == ("telnyx", "5c1d9f54-3f0b-4a52-8d3c-0b3a3a1f6e21")
    assert (text.sender_e164, text.recipient_e164, text.body) == ("+12065550100", "+12125550100", " hi\n")
    assert text.media == (Media("https://media.example/1", "image/png"), Media("https://media.example/2", ""))
    assert text.opt_out_hint is None


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("STOP", OptOutHint.STOP),
        ("start", OptOutHint.START),
        ("HELP", OptOutHint.HELP),
        ("SOMETHING", None),
        ("", None),
        (None, None),
    ],
)
def test_what_telnyx_made_of_a_keyword_is_passed_on(word: str | None, hint: OptOutHint | None) -> None:
    assert read_inbound_text(received(autoresponse_type=word)).opt_out_hint is hint


@pytest.mark.parametrize("sender", [None, {}, {"phone_number": "72345"}, {"phone_number": "Bank"}, "anonymous"])
def test_a_sender_without_a_telephone_number_is_nobody(sender: object) -> None:
    assert read_inbound_text(received(sender=sender)).sender_e164 == ""


@pytest.mark.parametrize("changed", [{"to": []}, {"to": None}, {"to": [{}]}, {"id": ""}])
def test_a_text_without_its_id_or_number_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(Refused) as refusal:
        read_inbound_text(received(**changed))
    assert (refusal.value.code, refusal.value.status) == ("telnyx.field_missing", 400)


def test_a_number_alone_is_a_recipient_too() -> None:
    assert read_inbound_text(received(to="+12125550100", text=None)).recipient_e164 == "+12125550100"


@pytest.mark.parametrize(("word", "status"), TEXT_STATES.items())
def test_every_state_is_told_in_our_words(word: str, status: ReceiptStatus) -> None:
    receipt = read_text_receipt(told(word, webhook_url=OURS, errors=[{"code": "40008", "title": "x"}]))
    assert (receipt.status, receipt.reference) == (status, REFERENCE)
    failed = status in (ReceiptStatus.FAILED, ReceiptStatus.UNDELIVERED)
    assert receipt.error_code == ("40008" if failed else ""), "only a failure has a reason"


def test_every_state_of_the_official_models_is_known() -> None:
    schemas = json.loads((FIXTURES / "sdk_schemas.json").read_text())
    states = schemas["MessageSendResponse"]["$defs"]["To"]["properties"]["status"]["anyOf"][0]["enum"]
    assert set(states) | {"scheduled"} == set(TEXT_STATES)


def test_an_unconfirmed_delivery_is_no_failure() -> None:
    assert read_text_receipt(told("delivery_unconfirmed")).status is ReceiptStatus.SENT


@pytest.mark.parametrize(
    "url", [None, "", "https://frontdesk.example/x", "https://frontdesk.example/x?reference=1", "http://["]
)
def test_an_address_that_is_not_ours_carries_no_reference(url: str | None) -> None:
    assert read_text_receipt(told("sent", webhook_url=url)).reference is None


@pytest.mark.parametrize(("word", "code"), [("", "telnyx.field_missing"), ("teleported", "telnyx.unknown_status")])
def test_a_receipt_that_says_nothing_is_refused(word: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_text_receipt(told(word))
    assert refusal.value.code == code


def test_a_fact_has_one_name_under_any_event_id_and_different_facts_have_different_ones() -> None:
    assert dedupe_key(told("delivered", event_id="e1")) == dedupe_key(told("delivered", event_id="e2"))
    text = received()
    facts = [
        text,
        received(id="another"),
        told("sent", event_type="message.sent"),
        told("delivered"),
        told("delivery_failed"),
        told("delivered", id="another"),
        event_of(event_body("call.initiated", {"call_control_id": "v1", "from": "+12065550100", "to": "+1"})),
        event_of(event_body("call.initiated", {}, event_id="e9")),
    ]
    assert len({dedupe_key(fact) for fact in facts}) == len(facts)


def test_what_we_do_not_listen_to_is_told_apart() -> None:
    kinds = [kind_of(event) for event in (received(), told("sent", event_type="message.sent"), told("delivered"))]
    assert kinds == [WebhookKind.TEXT, WebhookKind.RECEIPT, WebhookKind.RECEIPT]
    other = event_of(event_body("10dlc.campaign.update", {"type": "REGISTRATION"}))
    assert kind_of(other) is WebhookKind.OTHER
