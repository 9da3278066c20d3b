"""Only what Stripe signed, lately, is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import stripe
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.ports.payments import PaymentNews
from frontdesk.providers.stripe import MAX_BODY_BYTES, Refusal, RefusalReason, verify
from tests.providers.stripe.samples import ACCOUNT, NOW, SECRET, VECTOR, signed, webhook

BODY = str(VECTOR["body"]).encode()
HEADERS = VECTOR["headers"]


def refusal(body: bytes = BODY, headers: dict[str, str] | None = None, now: datetime = NOW) -> RefusalReason | None:
    given_headers = signed(body) if headers is None else headers
    outcome = verify(account=ACCOUNT, body=body, headers=given_headers, now=now)
    return outcome.reason if isinstance(outcome, Refusal) else None


def test_a_signature_made_by_the_official_library_is_believed() -> None:
    assert isinstance(HEADERS, dict)
    outcome = verify(account=ACCOUNT, body=BODY, headers=HEADERS, now=NOW)
    assert isinstance(outcome, PaymentNews)
    assert outcome.body == BODY
    assert outcome.event_id


def test_the_official_library_believes_what_we_sign_in_tests() -> None:
    body = webhook("invoice.paid")
    with time_machine.travel(NOW, tick=False):
        stripe.Webhook.construct_event(body, signed(body)["Stripe-Signature"], SECRET)


def test_while_a_secret_is_replaced_both_are_believed_and_afterwards_one() -> None:
    body = webhook("invoice.paid")
    both = replace(ACCOUNT, webhook_secrets=("whsec_new", SECRET))
    for secret in ("whsec_new", SECRET):
        assert isinstance(verify(account=both, body=body, headers=signed(body, secret=secret), now=NOW), PaymentNews)
    only = replace(ACCOUNT, webhook_secrets=("whsec_new",))
    assert verify(account=only, body=body, headers=signed(body), now=NOW) == Refusal(RefusalReason.WRONG_SIGNATURE)
    none = replace(ACCOUNT, webhook_secrets=())
    assert verify(account=none, body=body, headers=signed(body), now=NOW) == Refusal(RefusalReason.NO_KEY)


def test_of_several_signatures_one_that_is_right_is_enough() -> None:
    timestamp, right = signed(BODY)["Stripe-Signature"].split(",")
    assert refusal(headers={"stripe-signature": f"{timestamp},v1={'0' * 64},{right},v0=abc"}) is None
    assert refusal(headers={"stripe-signature": f"{timestamp},v0={right[3:]}"}) is RefusalReason.WRONG_SIGNATURE


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", RefusalReason.NO_SIGNATURE),
        ("v1=abc", RefusalReason.WRONG_TIMESTAMP),
        ("t=abc,v1=abc", RefusalReason.WRONG_TIMESTAMP),
        ("t=1767614400", RefusalReason.WRONG_SIGNATURE),
        ("t=1767614400,v1=\u00e9", RefusalReason.WRONG_SIGNATURE),
    ],
)
def test_what_is_not_signed_as_stripe_signs_is_refused(header: str, reason: RefusalReason) -> None:
    assert refusal(headers={"Stripe-Signature": header}) is reason


@pytest.mark.parametrize(
    ("seconds", "reason"), [(300, None), (301, RefusalReason.NOT_NOW), (-301, RefusalReason.NOT_NOW)]
)
def test_an_old_recording_is_worth_nothing(seconds: int, reason: RefusalReason | None) -> None:
    assert refusal(headers=signed(BODY), now=NOW + timedelta(seconds=seconds)) is reason


def test_a_body_that_was_changed_is_refused_and_a_huge_one_not_read() -> None:
    assert refusal(BODY + b" ", headers=signed(BODY)) is RefusalReason.WRONG_SIGNATURE
    assert refusal(b" " * (MAX_BODY_BYTES + 1)) is RefusalReason.TOO_LARGE


@given(body=st.binary(max_size=200))
def test_signed_nonsense_is_no_event_and_breaks_nothing(body: bytes) -> None:
    assert refusal(body) is RefusalReason.NO_EVENT
