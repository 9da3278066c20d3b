"""A payment is asked for once, paid once, and told of once, whatever becomes of requests and answers in between."""

from __future__ import annotations

import pytest

from frontdesk.features import billing
from frontdesk.features.billing import PaymentStatus, RefundStatus
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.providers.twin import FaultKind, FaultOrder
from tests.features.billing.stage import DEPOSIT, Till

SUCCEEDED, REFUNDED = "billing.payment_succeeded.v1", "billing.payment_refunded.v1"
CREATE = "stripe.sessions.create"


async def test_a_deposit_is_asked_for_paid_and_told_of_once(till: Till) -> None:
    payment = await till.opened()
    assert payment.status is PaymentStatus.OPEN
    assert payment.checkout_url.startswith("http://127.0.0.1")
    await till.stripe.pay(payment.session_id)
    await till.quiet()
    paid = await till.read(payment.id)
    assert (paid.status, paid.paid_cents, paid.refunded_cents) == (PaymentStatus.PAID, DEPOSIT, 0)
    assert await till.announced() == [SUCCEEDED]


async def test_asking_twice_for_the_same_thing_is_one_payment_with_one_page(till: Till) -> None:
    visit = new_id()
    first, second = await till.request(reference=visit), await till.request(reference=visit)
    assert first == second
    await till.work()
    assert len((await till.stripe.look()).sessions) == 1
    with pytest.raises(Refused) as refusal:
        await till.request(reference=visit, cents=DEPOSIT + 1)
    assert refusal.value.code == "billing.other_amount"


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.REPLY_LOST,
        FaultKind.ERROR_AFTER_ACCEPT,
        FaultKind.ERROR_BEFORE_ACCEPT,
        FaultKind.RATE_LIMITED,
        FaultKind.RESET,
        FaultKind.TRUNCATED,
        FaultKind.HTML,
    ],
)
async def test_an_answer_that_goes_wrong_makes_no_second_page(till: Till, kind: FaultKind) -> None:
    await till.control.inject_fault(FaultOrder(kind=kind, on=CREATE, count=2))
    asked = await till.request()
    for _ in range(4):
        await till.work(seconds=10)
    payment = await till.read(asked.id)
    assert payment.status is PaymentStatus.OPEN
    [session] = (await till.stripe.look()).sessions
    assert session["id"] == payment.session_id
    assert await till.office.fetchval("select attempts from payment_orders") == 3


async def test_a_refund_whose_answer_is_lost_gives_the_money_back_once(till: Till) -> None:
    payment = await till.paid()
    await till.control.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on="stripe.refunds.create", count=2))
    refund = await till.refund(payment.id, 1000)
    for _ in range(4):
        await till.work(seconds=10)
    [made] = (await till.stripe.look()).refunds
    assert made["amount"] == 1000
    after = await till.read(payment.id)
    assert after.refunded_cents == 1000
    assert await till.office.fetchval("select status from refunds where id = $1", refund.id) == "succeeded"
    assert await till.count("refunds") == 1
    assert await till.announced(REFUNDED) == [REFUNDED]


async def test_no_more_is_given_back_than_was_paid(till: Till) -> None:
    payment = await till.paid()
    await till.refund(payment.id, DEPOSIT - 100)
    with pytest.raises(Refused) as refusal:
        await till.refund(payment.id, 101)
    assert refusal.value.code == "billing.refund_amount"
    rest = await till.refund(payment.id)
    assert rest.amount_cents == 100
    await till.work()
    assert (await till.read(payment.id)).refunded_cents == DEPOSIT


async def test_one_refund_asked_for_twice_is_one(till: Till) -> None:
    payment = await till.paid()
    named = new_id()
    first = await till.refund(payment.id, 500, refund_id=named)
    assert await till.refund(payment.id, 500, refund_id=named) == first
    with pytest.raises(Refused) as refusal:
        await till.refund(payment.id, 600, refund_id=named)
    assert refusal.value.code == "billing.refund_known"
    await till.work()
    assert len((await till.stripe.look()).refunds) == 1


async def test_a_refund_that_the_company_refuses_is_told_as_failed(till: Till) -> None:
    payment = await till.paid()
    await till.control.inject_fault(FaultOrder(kind=FaultKind.REFUSED, on="stripe.refunds.create"))
    await till.refund(payment.id, 500)
    await till.work()
    assert await till.office.fetchval("select status from refunds") == RefundStatus.FAILED
    assert (await till.refund(payment.id)).amount_cents == DEPOSIT, "what failed may be asked for again"


async def test_a_card_that_is_declined_leaves_the_page_open(till: Till) -> None:
    payment = await till.opened()
    await till.stripe.pay(payment.session_id, decline_code="insufficient_funds")
    await till.quiet()
    declined = await till.read(payment.id)
    assert (declined.status, declined.failure) == (PaymentStatus.OPEN, "insufficient_funds")
    await till.stripe.pay(payment.session_id)
    await till.quiet()
    assert (await till.read(payment.id)).status is PaymentStatus.PAID
    assert await till.announced() == [SUCCEEDED]


async def test_nobody_can_pay_once_the_time_is_over(till: Till) -> None:
    payment = await till.opened(minutes=5)
    await till.work(seconds=301)
    over = await till.read(payment.id)
    assert over.status is PaymentStatus.EXPIRED
    assert [one["status"] for one in (await till.stripe.look()).sessions] == ["expired"]
    assert await till.announced() == ["billing.payment_expired.v1"]
    again = await till.request(reference=payment.reference)
    assert again.id != payment.id


async def test_whoever_paid_in_the_last_moment_has_paid(till: Till) -> None:
    await till.control.inject_fault(FaultOrder(kind=FaultKind.LOST, on="stripe.event", count=None))
    payment = await till.opened(minutes=5)
    await till.stripe.pay(payment.session_id)
    await till.work(seconds=301)
    assert (await till.read(payment.id)).status is PaymentStatus.PAID
    assert await till.announced() == [SUCCEEDED]


async def test_a_payment_whose_page_was_never_made_expires_without_one(deaf_till: Till) -> None:
    asked = await deaf_till.request(minutes=1)
    await deaf_till.work(seconds=61)
    assert (await deaf_till.read(asked.id)).status in {PaymentStatus.EXPIRED, PaymentStatus.OPEN}
    await deaf_till.work(seconds=10)
    assert (await deaf_till.read(asked.id)).status is PaymentStatus.EXPIRED
    assert await deaf_till.announced() == ["billing.payment_expired.v1"]


async def test_what_the_company_refuses_for_good_fails_and_may_be_asked_for_again(till: Till) -> None:
    await till.control.inject_fault(FaultOrder(kind=FaultKind.REFUSED, on=CREATE))
    asked = await till.request()
    await till.work()
    failed = await till.read(asked.id)
    assert (failed.status, failed.failure) == (PaymentStatus.FAILED, "rejected invalid_request_error")
    assert await till.announced() == ["billing.payment_failed.v1"]


async def test_a_copied_database_asks_for_nothing(till: Till) -> None:
    await till.request()
    async with till.office.parts.system.transaction() as tx:
        await tx.execute("update system_epochs set ended_at = now(), ended_because = 'restored' where ended_at is null")
    await till.work()
    assert not (await till.stripe.look()).sessions


async def test_a_payment_is_found_by_what_it_is_for_and_canceled_by_whoever_asked(till: Till) -> None:
    payment = await till.opened()
    async with till.office.parts.app.transaction(till.tenant_id) as tx:
        found = await billing.find_payment_for(
            tx, tenant_id=till.tenant_id, purpose="deposit", reference=payment.reference
        )
        assert found == payment
        await billing.cancel_payment(tx, tenant_id=till.tenant_id, payment_id=payment.id)
        await billing.cancel_payment(tx, tenant_id=till.tenant_id, payment_id=payment.id)
    await till.work()
    assert (await till.read(payment.id)).status is PaymentStatus.EXPIRED
    async with till.office.parts.app.transaction(till.tenant_id) as tx:
        gone = await billing.find_payment_for(
            tx, tenant_id=till.tenant_id, purpose="deposit", reference=payment.reference
        )
    assert gone is None
