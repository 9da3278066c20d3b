"""Every webhook fixture becomes the neutral record it stands for, and duplicates are recognised."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.kernel.errors import Refused
from frontdesk.ports import (
    CallStatus,
    CallUpdate,
    DialEnded,
    FailureClass,
    InboundCall,
    InboundText,
    Media,
    OptOutHint,
    ReceiptStatus,
    RecordingReady,
    TextReceipt,
)
from frontdesk.providers.twilio import (
    VerifiedForm,
    WebhookKind,
    dedupe_key,
    read_call_update,
    read_dial_ended,
    read_inbound_call,
    read_inbound_text,
    read_recording,
    read_text_receipt,
)
from frontdesk.providers.twilio.errors import REFUSALS
from tests.providers.twilio.signing import FIXTURES, deliver, load

CALL = "CA00000000000000000000000000000001"
CAROL = "+12065550100"
OURS = "+15005550006"
REFERENCE = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
KINDS = {
    "voice_incoming": WebhookKind.VOICE,
    "voice_dial_action": WebhookKind.DIAL_ACTION,
    "call_status": WebhookKind.CALL_STATUS,
    "recording_status": WebhookKind.RECORDING,
    "sms_incoming": WebhookKind.TEXT,
    "mms_incoming": WebhookKind.TEXT,
    "sms_status": WebhookKind.RECEIPT,
}
FIXTURE_NAMES = sorted(path.stem for path in (FIXTURES / "webhooks").glob("*.json"))


def kind_of(name: str) -> WebhookKind:
    return next(kind for prefix, kind in KINDS.items() if name.startswith(prefix))


def read_any(name: str, form: VerifiedForm) -> object:
    readers = {
        WebhookKind.VOICE: read_inbound_call,
        WebhookKind.DIAL_ACTION: read_dial_ended,
        WebhookKind.CALL_STATUS: read_call_update,
        WebhookKind.RECORDING: read_recording,
        WebhookKind.TEXT: read_inbound_text,
        WebhookKind.RECEIPT: read_text_receipt,
    }
    return readers[kind_of(name)](form)


@pytest.mark.parametrize("name", FIXTURE_NAMES)
def test_every_fixture_is_read_and_its_duplicate_recognised_under_another_token(name: str) -> None:
    assert len(FIXTURE_NAMES) == 30
    form, again = deliver(load(name)), deliver(load(name) | {"NewField": "of tomorrow"})
    assert read_any(name, form) is not None
    assert dedupe_key(kind_of(name), form) == dedupe_key(kind_of(name), again)


def test_different_facts_have_different_keys() -> None:
    keys = {name: dedupe_key(kind_of(name), deliver(load(name))) for name in FIXTURE_NAMES}
    same_fact = {name for name in FIXTURE_NAMES if name.startswith(("voice_incoming_", "sms_status_"))}
    others = [key for name, key in keys.items() if name not in same_fact]
    assert len(set(others)) == len(others)
    assert keys["sms_status_sent"] != keys["sms_status_delivered"]
    assert keys["call_status_busy"] == f"call-status:{CALL}:busy:3"


def test_an_incoming_call_names_caller_and_number() -> None:
    assert read_inbound_call(deliver(load("voice_incoming"))) == InboundCall(
        provider="twilio", provider_call_id=CALL, caller_e164=CAROL, called_e164=OURS
    )
    forwarded = read_inbound_call(deliver(load("voice_incoming_forwarded") | {"CallerName": "CAROL"}))
    assert (forwarded.forwarded_from_e164, forwarded.caller_name) == ("+12065550199", "CAROL")


@pytest.mark.parametrize(
    "caller",
    ["+266696687", "+86282452253", "+7378742833", "+2562533", "+8656696", "anonymous", "Anonymous", "Restricted",
     "Unavailable", "", "  ", "sip:a@b.example", "client:ben", "+", "+0123456789", "+1٢065550100", "911"],
)  # fmt: skip
def test_a_hidden_caller_has_no_number(caller: str) -> None:
    assert read_inbound_call(deliver(load("voice_incoming") | {"From": caller})).caller_e164 == ""


def test_the_anonymous_fixture_has_no_number() -> None:
    assert read_inbound_call(deliver(load("voice_incoming_anonymous"))).caller_e164 == ""


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled", "completed"])
def test_the_end_of_a_dialled_leg_is_told(status: str) -> None:
    assert read_dial_ended(deliver(load(f"voice_dial_action_{status}"))) == DialEnded(
        provider="twilio",
        provider_call_id=CALL,
        caller_e164=CAROL,
        called_e164=OURS,
        dial_status=CallStatus(status),
        dial_call_id="CA00000000000000000000000000000002",
        dial_duration_seconds=42 if status == "completed" else 0,
    )


def test_an_answered_leg_counts_as_completed() -> None:
    form = deliver(load("voice_dial_action_busy") | {"DialCallStatus": "answered"})
    assert read_dial_ended(form).dial_status is CallStatus.COMPLETED


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled", "completed"])
def test_a_calls_own_end_is_told_in_seconds_and_in_order(status: str) -> None:
    assert read_call_update(deliver(load(f"call_status_{status}"))) == CallUpdate(
        provider="twilio",
        provider_call_id=CALL,
        caller_e164=CAROL,
        called_e164=OURS,
        status=CallStatus(status),
        duration_seconds=12 if status == "completed" else 0,
        sequence=3,
    )


def test_a_recording_is_told_when_there_is_something_to_hear() -> None:
    pairs = load("recording_status")
    assert read_recording(deliver(pairs)) == RecordingReady(
        provider="twilio",
        provider_call_id=CALL,
        provider_recording_id="RE00000000000000000000000000000001",
        url=pairs["RecordingUrl"],
        duration_seconds=17,
    )
    for status in ("in-progress", "absent", "failed"):
        assert read_recording(deliver(pairs | {"RecordingStatus": status})) is None


def test_an_incoming_text_keeps_its_words() -> None:
    assert read_inbound_text(deliver(load("sms_incoming"))) == InboundText(
        provider="twilio",
        provider_message_id="SM00000000000000000000000000000001",
        sender_e164=CAROL,
        recipient_e164=OURS,
        body="Hi, do you have a slot tomorrow?",
    )
    blanks = deliver(load("sms_incoming") | {"Body": "  café\r\n👍 & <b> "})
    assert read_inbound_text(blanks).body == "  café\r\n👍 & <b> "


@pytest.mark.parametrize("word", ["stop", "start", "help"])
def test_what_the_carrier_made_of_a_keyword_is_told(word: str) -> None:
    assert read_inbound_text(deliver(load(f"sms_incoming_{word}"))).opt_out_hint is OptOutHint(word)


@pytest.mark.parametrize(("count", "seen"), [("1", 1), ("0", 0), ("-1", 0), ("x", 0), ("99", 10), ("", 0)])
def test_pictures_come_along_up_to_ten(count: str, seen: int) -> None:
    pairs = {f"MediaUrl{index}": f"https://api.twilio.com/{index}" for index in range(20)}
    pairs |= {f"MediaContentType{index}": "image/jpeg" for index in range(20)}
    text = read_inbound_text(deliver(load("sms_incoming") | pairs | {"NumMedia": count}))
    assert text.media == tuple(Media(f"https://api.twilio.com/{index}", "image/jpeg") for index in range(seen))


def test_the_picture_fixture_has_its_picture_and_no_words() -> None:
    text = read_inbound_text(deliver(load("mms_incoming")))
    assert (text.body, len(text.media), text.media[0].content_type) == ("", 1, "image/jpeg")


@pytest.mark.parametrize(
    ("name", "status", "code", "failure"),
    [
        ("queued", ReceiptStatus.ACCEPTED, "", None),
        ("sent", ReceiptStatus.SENT, "", None),
        ("delivered", ReceiptStatus.DELIVERED, "", None),
        ("failed_21610", ReceiptStatus.FAILED, "21610", FailureClass.OPTED_OUT),
        ("undelivered_30003", ReceiptStatus.UNDELIVERED, "30003", REFUSALS.codes[30003].failure),
    ],
)
def test_a_receipt_names_the_text_its_state_why_it_failed_and_our_reference(
    name: str, status: ReceiptStatus, code: str, failure: FailureClass | None
) -> None:
    url = f"https://app.example.com/webhooks/twilio/sms/status?reference={REFERENCE}"
    assert read_text_receipt(deliver(load(f"sms_status_{name}"), url)) == TextReceipt(
        provider="twilio",
        provider_message_id="SM00000000000000000000000000000010",
        status=status,
        reference=REFERENCE,
        error_code=code,
        failure=failure,
    )
    assert read_text_receipt(deliver(load(f"sms_status_{name}"))).reference is None


@pytest.mark.parametrize("name", FIXTURE_NAMES)
def test_a_fact_without_its_id_is_refused_by_name(name: str) -> None:
    pairs = {key: value for key, value in load(name).items() if not key.endswith("Sid")}
    form = deliver(pairs)
    with pytest.raises(Refused) as no_key:
        dedupe_key(kind_of(name), form)
    with pytest.raises(Refused) as no_record:
        read_any(name, form)
    assert {refusal.value.code for refusal in (no_key, no_record)} == {"twilio.field_missing"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_unknown_status_is_refused_and_never_guessed(word: str) -> None:
    for name, field in (
        ("call_status_busy", "CallStatus"),
        ("voice_dial_action_busy", "DialCallStatus"),
        ("sms_status_sent", "MessageStatus"),
    ):
        form = deliver(load(name) | {field: "x" + word})
        with pytest.raises(Refused, match="unknown status"):
            read_any(name, form)
