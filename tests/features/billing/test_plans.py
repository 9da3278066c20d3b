"""A business's plan is begun once and mirrored as the payment company has it, whatever order the news comes in."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest

from frontdesk.features import billing
from frontdesk.features.billing import Interval, Subscription, SubscriptionStatus
from frontdesk.kernel.errors import Refused
from frontdesk.ports.payments import PaymentNews
from frontdesk.providers.stripe import read_event
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.providers.twin.stripe_wire import PlanOrder
from tests.features.billing.stage import Till
from tests.support.actors import TEST_ACTS

CHANGED = "billing.subscription_changed.v1"


async def offer(till: Till, key: str = "solo") -> billing.Plan:
    """Offer a plan."""
    async with till.office.parts.system.transaction() as tx:
        return await billing.put_plan(
            tx, key=key, name="Solo", amount_cents=2900, currency="usd", interval=Interval.MONTH, by=TEST_ACTS
        )


async def begin(till: Till, key: str = "solo") -> Subscription:
    """Subscribe Ada's business."""
    async with till.office.parts.app.transaction(till.tenant_id) as tx:
        return await billing.subscribe(tx, tenant_id=till.tenant_id, plan_key=key, by=TEST_ACTS, now=tx.now)


async def read(till: Till) -> Subscription:
    """Read how the plan stands."""
    async with till.office.parts.app.transaction(till.tenant_id) as tx:
        found = await billing.find_subscription(tx, tenant_id=till.tenant_id)
    assert found is not None
    return found


async def subscribed(till: Till) -> Subscription:
    """Bring Ada's business to a plan that is paid, and hear all of it."""
    await offer(till)
    await begin(till)
    await till.work()
    await till.stripe.pay((await read(till)).session_id)
    await till.take(await till.news())
    await till.work()
    return await read(till)


async def test_a_plan_is_begun_once_paid_and_active(till: Till) -> None:
    await offer(till)
    assert (await begin(till)).id == (await begin(till)).id
    await till.control.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on="stripe.sessions.create"))
    await till.work()
    await till.work(seconds=10)
    [session] = (await till.stripe.look()).sessions
    await till.stripe.pay(str(session["id"]))
    await till.quiet()
    await till.work()
    one = await read(till)
    assert one.status is SubscriptionStatus.ACTIVE
    assert one.current_period_ends_at is not None
    assert one.customer_id.startswith("cus_")
    assert one.is_good(at=till.office.clock.now())
    with pytest.raises(Refused) as refusal:
        await begin(till)
    assert refusal.value.code == "billing.subscribed"


async def test_a_card_that_fails_leaves_a_week_of_grace(deaf_till: Till) -> None:
    one = await subscribed(deaf_till)
    await deaf_till.stripe.change_plan(PlanOrder(subscription_id=one.subscription_id, is_paid=False))
    await deaf_till.take(await deaf_till.news())
    await deaf_till.work()
    late, now = await read(deaf_till), deaf_till.office.clock.now()
    assert late.status is SubscriptionStatus.PAST_DUE
    assert late.is_good(at=now)
    assert not late.is_good(at=now + timedelta(days=8))
    await deaf_till.stripe.change_plan(PlanOrder(subscription_id=one.subscription_id))
    await deaf_till.take(await deaf_till.news())
    await deaf_till.work()
    again = await read(deaf_till)
    assert (again.status, again.grace_until) == (SubscriptionStatus.ACTIVE, None)


async def life(till: Till, one: Subscription) -> Sequence[PaymentNews]:
    """Let a plan go on, fail, go on again and end; nobody is told."""
    before = {news.event_id for news in await till.news()}
    for is_paid in (True, False, True):
        await till.stripe.change_plan(PlanOrder(subscription_id=one.subscription_id, is_paid=is_paid))
    await till.stripe.change_plan(PlanOrder(subscription_id=one.subscription_id, ends=True))
    return [news for news in await till.news() if news.event_id not in before]


@pytest.mark.parametrize("seed", range(6))
async def test_every_order_of_a_plans_life_with_repeats_ends_the_same(deaf_till: Till, seed: int) -> None:
    one = await subscribed(deaf_till)
    news = await life(deaf_till, one)
    chance = random.Random(seed)
    told = [*news, *chance.choices(news, k=4)]
    chance.shuffle(told)
    await deaf_till.take(told)
    await deaf_till.work()
    ended = await read(deaf_till)
    assert ended.status is SubscriptionStatus.CANCELED
    await begin(deaf_till)


async def test_a_bill_in_the_shape_of_older_versions_makes_us_look(deaf_till: Till) -> None:
    one = await subscribed(deaf_till)
    await deaf_till.stripe.change_plan(PlanOrder(subscription_id=one.subscription_id, is_paid=False))
    bill = next(news for news in reversed(await deaf_till.news()) if news.kind == "invoice.payment_failed")
    event = json.loads(bill.body)
    event["data"]["object"]["subscription"] = event["data"]["object"].pop("parent")["subscription_details"][
        "subscription"
    ]
    older = read_event(json.dumps(event).encode())
    assert older is not None
    await deaf_till.take([older])
    await deaf_till.work()
    assert (await read(deaf_till)).status is SubscriptionStatus.PAST_DUE


async def test_a_pay_page_that_nobody_used_makes_room_for_another(till: Till) -> None:
    await offer(till)
    await offer(till, "crew")
    await begin(till)
    await till.work()
    with pytest.raises(Refused):
        await begin(till, "crew")
    await till.stripe.expire((await read(till)).session_id)
    await till.quiet()
    assert (await begin(till, "crew")).status is SubscriptionStatus.REQUESTED


async def test_a_plan_that_ends_with_its_period_says_so(till: Till) -> None:
    one = await subscribed(till)
    await till.stripe.change_plan(PlanOrder(subscription_id=one.subscription_id, ends=True, at_period_end=True))
    await till.quiet()
    await till.work()
    ending = await read(till)
    assert (ending.status, ending.cancel_at_period_end) == (SubscriptionStatus.ACTIVE, True)
    assert (await till.announced(CHANGED))[-1] == CHANGED


async def test_unknown_and_retired_plans_cannot_be_begun(till: Till) -> None:
    async with till.office.parts.system.transaction() as tx:
        await billing.put_plan(
            tx,
            key="old",
            name="Old",
            amount_cents=100,
            currency="usd",
            interval=Interval.YEAR,
            by=TEST_ACTS,
            active=False,
        )
        assert await billing.list_plans(tx) == []
    for key in ("none", "old"):
        with pytest.raises(Refused) as refusal:
            await begin(till, key)
        assert refusal.value.code == "billing.plan_unknown"


async def test_another_business_sees_nothing_of_it(till: Till) -> None:
    await subscribed(till)
    payment = await till.paid()
    async with till.office.parts.app.transaction(till.office.mallory.id) as tx:
        assert await billing.find_subscription(tx, tenant_id=till.tenant_id) is None
        assert await billing.find_payment(tx, tenant_id=till.tenant_id, payment_id=payment.id) is None
        assert await billing.list_payments(tx, tenant_id=till.office.mallory.id) == []
