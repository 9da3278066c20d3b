"""Only what Telnyx signed, lately, is believed."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from telnyx.lib import WebhookVerificationError, verify_webhook_signature

from frontdesk.providers.telnyx import MAX_BODY_BYTES, Refusal, RefusalReason, VerifiedEvent, verify
from frontdesk.providers.telnyx.signature import load_public_key
from tests.providers.telnyx.signing import ACCOUNT, NOW, VECTOR, event_body, payload, signed_headers

BODY: bytes = VECTOR["body"].encode()
HEADERS: dict[str, str] = VECTOR["headers"]
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def refusal(body: bytes = BODY, headers: dict[str, str] | None = None, now: datetime = NOW) -> RefusalReason | None:
    outcome = verify(account=ACCOUNT, body=body, headers=HEADERS if headers is None else headers, now=now)
    return outcome.reason if isinstance(outcome, Refusal) else None


def test_a_signature_made_by_another_implementation_is_believed() -> None:
    outcome = verify(account=ACCOUNT, body=BODY, headers=HEADERS, now=NOW)
    assert isinstance(outcome, VerifiedEvent)
    assert outcome.event.event_type == "message.received"
    assert outcome.event.payload.text == "Is tomorrow at 3 still fine? \u2013 Carol \U0001f44d"
    assert outcome.body == BODY


def test_the_official_library_agrees_with_the_vector_and_with_what_we_sign_in_tests() -> None:
    with time_machine.travel(NOW, tick=False):
        verify_webhook_signature(BODY, HEADERS, VECTOR["public_key"])
        verify_webhook_signature(BODY, signed_headers(BODY), VECTOR["public_key"])
        with pytest.raises(WebhookVerificationError):
            verify_webhook_signature(BODY + b" ", HEADERS, VECTOR["public_key"])


def test_every_changed_byte_and_every_changed_second_is_noticed() -> None:
    for at in range(0, len(BODY), 7):
        changed = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]
        assert refusal(changed) is RefusalReason.WRONG_SIGNATURE
    later = HEADERS | {"telnyx-timestamp": str(VECTOR["timestamp"] + 1)}
    assert refusal(headers=later) is RefusalReason.WRONG_SIGNATURE


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-301, RefusalReason.NOT_NOW), (-300, None), (300, None), (301, RefusalReason.NOT_NOW)]
)
def test_a_webhook_is_believed_for_five_minutes(seconds: int, reason: RefusalReason | None) -> None:
    assert refusal(now=NOW + timedelta(seconds=seconds)) is reason


@pytest.mark.parametrize("seconds", [-302, -299, 0, 299, 302])
def test_the_official_library_draws_the_same_line(seconds: int) -> None:
    with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
        try:
            verify_webhook_signature(BODY, HEADERS, VECTOR["public_key"])
            believed = True
        except WebhookVerificationError:
            believed = False
    assert believed is (refusal(now=NOW + timedelta(seconds=seconds)) is None)


def test_two_keys_verify_while_one_is_being_replaced() -> None:
    both = replace(ACCOUNT, public_keys=(VECTOR["other_public_key"], VECTOR["public_key"]))
    for key in (None, OTHER_KEY):
        headers = signed_headers(BODY) if key is None else signed_headers(BODY, key=key)
        assert isinstance(verify(account=both, body=BODY, headers=headers, now=NOW), VerifiedEvent)
    assert refusal(headers=signed_headers(BODY, key=OTHER_KEY)) is RefusalReason.WRONG_SIGNATURE


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, RefusalReason.NO_SIGNATURE),
        ({"telnyx-timestamp": HEADERS["telnyx-timestamp"]}, RefusalReason.NO_SIGNATURE),
        ({"telnyx-signature-ed25519": HEADERS["telnyx-signature-ed25519"]}, RefusalReason.WRONG_TIMESTAMP),
        (HEADERS | {"telnyx-timestamp": "soon"}, RefusalReason.WRONG_TIMESTAMP),
        (HEADERS | {"telnyx-timestamp": "9" * 400}, RefusalReason.WRONG_TIMESTAMP),
        (HEADERS | {"telnyx-timestamp": "-5"}, RefusalReason.WRONG_TIMESTAMP),
        (HEADERS | {"telnyx-timestamp": "\u0661\u0662"}, RefusalReason.WRONG_TIMESTAMP),
        (HEADERS | {"telnyx-signature-ed25519": "not base64!"}, RefusalReason.WRONG_SIGNATURE),
        (HEADERS | {"telnyx-signature-ed25519": "AAAA"}, RefusalReason.WRONG_SIGNATURE),
        (HEADERS | {"telnyx-signature-ed25519": "\ud800"}, RefusalReason.WRONG_SIGNATURE),
        (
            HEADERS | {"telnyx-signature-ed25519": base64.b64encode(bytes(64)).decode()},
            RefusalReason.WRONG_SIGNATURE,
        ),
    ],
)
def test_headers_that_prove_nothing_are_refused(headers: dict[str, str], reason: RefusalReason) -> None:
    assert refusal(headers=headers) is reason


@pytest.mark.parametrize("keys", [(), ("",), ("AAAA",), ("not a key",)])
def test_without_a_usable_key_nothing_is_believed(keys: tuple[str, ...]) -> None:
    outcome = verify(account=replace(ACCOUNT, public_keys=keys), body=BODY, headers=HEADERS, now=NOW)
    assert outcome == Refusal(RefusalReason.NO_KEY)


def test_a_body_beyond_any_webhook_is_refused_before_it_is_checked() -> None:
    body = event_body("message.received", payload(text="x" * MAX_BODY_BYTES))
    assert refusal(body, signed_headers(body)) is RefusalReason.TOO_LARGE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"data":[]}',
        b'{"data":{"id":"e1"}}',
        b'{"data":{"id":1,"event_type":"x"}}',
        b'{"data":{"id":"e1","event_type":"x","payload":[]}}',
        b'{"data":{"id":"e1","event_type":"message.received","payload":{"to":[1]}}}',
        b"\xff\xfe",
        b'{"data":{"id":"\xff","event_type":"x"}}',
        b'{"data":' * 2000,
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(body: bytes) -> None:
    assert refusal(body, signed_headers(body)) is RefusalReason.NO_EVENT


@given(body=st.binary(max_size=300), signature=st.text(max_size=100), timestamp=st.text(max_size=20))
def test_whatever_comes_is_answered_and_not_believed(body: bytes, signature: str, timestamp: str) -> None:
    headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": timestamp}
    assert refusal(body, headers) is not None


@given(st.text())
def test_only_a_public_key_is_one(text: str) -> None:
    key = load_public_key(text)
    assert key is None or base64.b64encode(key.public_bytes_raw()).decode() == text
