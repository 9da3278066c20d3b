"""What Stripe's objects say is understood in the shapes of today and of older versions."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from frontdesk.ports.payments import (
    ChargeNews,
    CheckoutNews,
    CheckoutStatus,
    InvoiceNews,
    PieceOfNews,
    RefundNews,
    SubscriptionNews,
)
from frontdesk.providers.stripe import read_event
from tests.providers.stripe.samples import FOLDER, OBJECTS, Json, event, webhook

OURS = UUID(int=7)


def pieces(kind: str, it: Json) -> list[PieceOfNews]:
    news = read_event(event(kind, it))
    assert news is not None
    return list(news.pieces)


@pytest.mark.parametrize("name", sorted(path.stem for path in (FOLDER / "webhooks").glob("*.json")))
def test_every_recorded_webhook_is_read(name: str) -> None:
    news = read_event(webhook(name))
    assert news is not None
    assert news.kind == name
    assert bool(news.pieces) == (not name.startswith("customer.updated"))


def test_a_page_that_was_paid_says_by_whom_and_for_what() -> None:
    it = {**OBJECTS["checkout.session"], "metadata": {"payment_id": str(OURS)}, "status": "complete"}
    it |= {"payment_status": "paid", "amount_total": 2500, "currency": "usd", "customer": {"id": "cus_1"}}
    [news] = pieces("checkout.session.completed", it)
    assert isinstance(news, CheckoutNews)
    assert (news.status, news.is_paid, news.payment_id, news.amount_cents) == (
        CheckoutStatus.COMPLETE,
        True,
        OURS,
        2500,
    )
    assert news.customer_id == "cus_1", "an object that was expanded"


def test_a_page_that_is_filled_in_and_paid_slowly_is_not_paid_yet() -> None:
    it = {**OBJECTS["checkout.session"], "status": "complete", "payment_status": "unpaid"}
    [waiting] = pieces("checkout.session.completed", it)
    [failed] = pieces("checkout.session.async_payment_failed", it)
    assert isinstance(waiting, CheckoutNews)
    assert isinstance(failed, CheckoutNews)
    assert (waiting.is_paid, waiting.has_failed, failed.has_failed) == (False, False, True)


def test_a_bill_names_its_plan_in_its_parent_today_and_in_itself_before() -> None:
    bare = {**OBJECTS["invoice"], "parent": None, "status": "paid"}
    today = {**bare, "parent": {"subscription_details": {"subscription": "sub_1"}}}
    before = {**bare, "subscription": "sub_1"}
    for it in (today, before):
        [news] = pieces("invoice.paid", it)
        assert isinstance(news, InvoiceNews)
        assert (news.subscription_id, news.is_paid) == ("sub_1", True)
    assert not pieces("invoice.paid", bare), "a bill of no plan"


def test_a_plans_period_ends_on_its_items_today_and_on_itself_before() -> None:
    ends = datetime.fromtimestamp(1767614400, UTC)
    base = {**OBJECTS["subscription"], "cancel_at": None, "cancel_at_period_end": False}
    today = {**base, "items": {"data": [{"current_period_end": 1767614400}, {"current_period_end": 5}]}}
    before = {**base, "items": {"data": [{}]}, "current_period_end": 1767614400}
    for it in (today, before):
        [news] = pieces("customer.subscription.updated", it)
        assert isinstance(news, SubscriptionNews)
        assert (news.current_period_ends_at, news.cancel_at_period_end) == (ends, False)


def test_a_charge_brings_its_refunds_where_they_stand_on_it() -> None:
    it = {**OBJECTS["charge"], "payment_intent": "pi_1", "captured": True, "amount_refunded": 40}
    assert len(pieces("charge.refunded", it)) == 1
    older = {**it, "refunds": {"data": [{**OBJECTS["refund"], "payment_intent": None, "amount": 40}]}}
    charge, refund = pieces("charge.refunded", older)
    assert isinstance(charge, ChargeNews)
    assert (charge.is_paid, charge.refunded_cents) == (True, 40)
    assert isinstance(refund, RefundNews)
    assert (refund.amount_cents, refund.status) == (40, "succeeded")


def test_a_charge_that_is_only_authorized_or_failed_is_not_paid() -> None:
    it = {**OBJECTS["charge"], "payment_intent": "pi_1"}
    [authorized] = pieces("charge.succeeded", {**it, "captured": False})
    [failed] = pieces("charge.failed", {**it, "captured": True, "status": "failed", "failure_code": "card_declined"})
    assert isinstance(authorized, ChargeNews)
    assert isinstance(failed, ChargeNews)
    assert (authorized.is_paid, failed.is_paid, failed.failure) == (False, False, "card_declined")


@pytest.mark.parametrize(
    "it",
    [{}, {"object": "checkout.session"}, {"object": 5, "id": 7}, {"object": "refund", "id": "re_1", "metadata": 3}],
)
def test_objects_without_what_they_should_have_break_nothing(it: Json) -> None:
    assert len(pieces("x.y", it)) <= 1


def test_an_id_that_is_not_ours_is_no_id() -> None:
    it = {**OBJECTS["refund"], "metadata": {"payment_id": "order-17", "refund_id": "x"}}
    [news] = pieces("refund.created", it)
    assert isinstance(news, RefundNews)
    assert (news.payment_id, news.own_refund_id) == (None, None)
