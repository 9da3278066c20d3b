"""Cashiers die, work side by side and hear everything at once: still each thing is done once."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from frontdesk.features import billing
from frontdesk.features.billing.model import OrderKind, OrderStatus
from frontdesk.features.billing.queries import orders
from frontdesk.kernel.ids import new_id
from frontdesk.ports.payments import PaymentCheckoutOrder
from tests.features.billing.stage import DEPOSIT, Till
from tests.features.billing.test_news_in_any_order import SUCCEEDED, story


async def test_many_cashiers_at_once_give_each_order_once(till: Till) -> None:
    for _ in range(12):
        await till.request()
    await asyncio.gather(*(till.cashier.work_once() for _ in range(8)))
    await till.work()
    assert len(await till.control.journal(operation="stripe.sessions.create")) == 12
    assert await till.count("payments where status = 'open'") == 12


async def test_asking_for_the_same_thing_many_times_at_once_is_one_payment(till: Till) -> None:
    visit = new_id()
    asked = await asyncio.gather(*(till.request(reference=visit) for _ in range(8)))
    assert len({one.id for one in asked}) == 1
    await till.work()
    assert len((await till.stripe.look()).sessions) == 1


async def test_who_takes_over_from_a_cashier_that_died_after_asking_gets_the_same_answer(till: Till) -> None:
    asked = await till.request()
    provider = till.office.parts.payments
    assert provider is not None
    async with till.office.parts.system.transaction() as tx:
        [order] = await orders.claim(tx, lease=timedelta(seconds=45), limit=1)
    payment = await till.read(asked.id)
    died_with = await provider.open_payment(
        PaymentCheckoutOrder(
            key=str(order.id),
            payment_id=payment.id,
            tenant_id=till.tenant_id,
            amount_cents=payment.amount_cents,
            currency=payment.currency,
            description=payment.description,
            expires_at=payment.created_at + timedelta(hours=1),
            return_url=f"https://desk.example/pay/{payment.pay_token}",
        )
    )
    await till.work(seconds=30)
    assert (await till.read(asked.id)).session_id == "", "its lease still runs"
    await till.work(seconds=30)
    assert (await till.read(asked.id)).session_id == died_with.session_id
    assert len((await till.stripe.look()).sessions) == 1


async def test_an_order_that_is_late_with_its_answer_is_fenced(till: Till) -> None:
    await till.request()
    async with till.office.parts.system.transaction() as tx:
        [late] = await orders.claim(tx, lease=timedelta(seconds=45), limit=1)
    await till.work(seconds=60)
    async with till.office.parts.system.transaction() as tx:
        assert not await orders.record_end(tx, late, status=OrderStatus.FAILED, failure="late")
    assert await till.office.fetchval("select status from payment_orders") == "done"


async def test_everything_told_at_once_and_twice_ends_the_same(deaf_till: Till) -> None:
    payment_id, news = await story(deaf_till)
    told = [*news, *news]
    random.Random(7).shuffle(told)
    new = await asyncio.gather(*(deaf_till.take([one]) for one in told))
    assert sum(sum(one) for one in new) == len(news)
    payment = await deaf_till.read(payment_id)
    assert (payment.status.value, payment.paid_cents, payment.refunded_cents) == ("paid", DEPOSIT, 900)
    assert await deaf_till.announced(SUCCEEDED) == [SUCCEEDED]


async def test_an_order_that_cannot_be_read_stands_in_nobodys_way(till: Till) -> None:
    async with till.office.parts.system.transaction() as tx:
        await orders.add(tx, OrderKind.LOOK_UP_PAYMENT, tenant_id=till.tenant_id)
    asked = await till.request()
    await till.work()
    assert (await till.read(asked.id)).session_id
    assert await till.count("payment_orders where failure = 'broken: see the log'") == 1


async def test_news_of_nobody_is_forgotten_and_news_of_payments_is_kept(deaf_till: Till) -> None:
    payment_id, news = await story(deaf_till)
    await deaf_till.take(one for one in news if one.kind.startswith("refund."))
    later = deaf_till.office.clock.now() + timedelta(days=1)
    paid = await deaf_till.opened()
    await deaf_till.stripe.pay(paid.session_id)
    await deaf_till.take((await deaf_till.news())[-3:])
    kept = await deaf_till.count("payment_events where tenant_id is not null")
    async with deaf_till.office.parts.system.transaction() as tx:
        assert await billing.forget_nobodys_news(tx, before=later, limit=100) > 0
    assert await deaf_till.count("payment_events where tenant_id is null") == 0
    assert await deaf_till.count("payment_events") == kept
    assert payment_id != paid.id


async def test_a_reason_to_look_that_comes_while_we_look_makes_us_look_again(till: Till) -> None:
    payment = await till.paid()
    for _ in range(2):
        async with till.office.parts.system.transaction() as tx:
            await orders.add(tx, OrderKind.LOOK_UP_PAYMENT, tenant_id=till.tenant_id, payment_id=payment.id)
    async with till.office.parts.system.transaction() as tx:
        [begun] = await orders.claim(tx, lease=timedelta(seconds=45), limit=5)
        await orders.add(tx, OrderKind.LOOK_UP_PAYMENT, tenant_id=till.tenant_id, payment_id=payment.id)
        assert await orders.record_end(tx, begun, status=OrderStatus.QUEUED)
    await till.work()
    assert await till.count("payment_orders where kind = 'look_up_payment' and status = 'done'") == 2
