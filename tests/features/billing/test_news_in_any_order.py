"""News of payments comes in any order, late, twice or never, in shapes of today and before: all ends the same (I16)."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features import billing
from frontdesk.features.billing.model import Account, Fact, FactKind, RefundStatus, account_for
from frontdesk.ports.payments import PaymentNews
from frontdesk.providers.stripe import read_event
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.providers.twin.stripe_wire import RefundBackOrder
from tests.features.billing.stage import DEPOSIT, Till

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SUCCEEDED, REFUNDED = "billing.payment_succeeded.v1", "billing.payment_refunded.v1"
STATUSES = st.sampled_from(list(RefundStatus))
FACTS = st.lists(
    st.builds(
        Fact,
        kind=st.sampled_from(list(FactKind)),
        session_id=st.sampled_from(["", "cs_1"]),
        intent_id=st.sampled_from(["", "pi_1"]),
        refund_id=st.sampled_from(["re_1", "re_2"]),
        refund_status=STATUSES,
        amount_cents=st.integers(0, 5000),
        words=st.sampled_from(["", "declined"]),
        happened_at=st.integers(0, 5).map(lambda second: NOON + timedelta(seconds=second)),
    ),
    max_size=12,
)


@given(facts=FACTS, data=st.data())
def test_neither_order_nor_repeats_of_facts_change_what_they_come_to(facts: list[Fact], data: st.DataObject) -> None:
    # One refund has one amount, whatever is told of it.
    facts = [replace(fact, amount_cents=700) if fact.kind is FactKind.REFUND else fact for fact in facts]
    repeated = facts + data.draw(st.lists(st.sampled_from(facts), max_size=6)) if facts else facts
    shuffled = data.draw(st.permutations(repeated))
    assert account_for(shuffled) == account_for(facts)


@given(facts=FACTS, more=FACTS)
def test_what_was_paid_stays_paid_whatever_else_is_told(facts: list[Fact], more: list[Fact]) -> None:
    before, after = account_for(facts), account_for([*facts, *more])
    assert after.status.rank >= before.status.rank
    assert after.paid_cents >= before.paid_cents


async def story(till: Till) -> tuple[UUID, Sequence[PaymentNews]]:
    """Let a card be declined, another pay, and the company give money back twice, once in vain; nobody is told."""
    payment = await till.opened()
    before = {one.event_id for one in await till.news()}
    await till.stripe.pay(payment.session_id, decline_code="card_velocity_exceeded")
    view = await till.stripe.pay(payment.session_id)
    intent_id = str(view.charges[-1]["payment_intent"])
    await till.stripe.give_back(RefundBackOrder(intent_id=intent_id, cents=900))
    view = await till.stripe.give_back(RefundBackOrder(intent_id=intent_id, cents=600))
    await till.stripe.give_back(RefundBackOrder(failed_refund_id=str(view.refunds[-1]["id"])))
    return payment.id, [one for one in await till.news() if one.event_id not in before]


@pytest.mark.parametrize("seed", range(8))
async def test_every_order_of_a_whole_story_with_repeats_ends_the_same(deaf_till: Till, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(3):
        payment_id, news = await story(deaf_till)
        told = [*news, *chance.choices(news, k=5)]
        chance.shuffle(told)
        new = await deaf_till.take(told)
        assert sum(new) == len(news)
        payment = await deaf_till.read(payment_id)
        assert (payment.status.value, payment.paid_cents, payment.refunded_cents) == ("paid", DEPOSIT, 900)
    assert len(await deaf_till.announced(SUCCEEDED)) == 3
    refunds = "select array_agg(status order by status) from (select distinct status from refunds) as one"
    assert await deaf_till.office.fetchval(refunds) == ["failed", "succeeded"]
    assert await deaf_till.count("refunds") == 6


async def test_news_that_comes_before_the_answer_to_our_request_finds_its_payment(till: Till) -> None:
    await till.control.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on="stripe.sessions.create"))
    asked = await till.request()
    await till.work()
    assert (await till.read(asked.id)).session_id == ""
    [session] = (await till.stripe.look()).sessions
    await till.stripe.pay(str(session["id"]))
    await till.quiet()
    paid = await till.read(asked.id)
    assert (paid.status.value, paid.session_id) == ("paid", session["id"])
    await till.work(seconds=10)
    assert (await till.read(asked.id)).status.value == "paid"
    assert len((await till.stripe.look()).sessions) == 1
    assert await till.announced() == [SUCCEEDED]


async def test_a_refund_that_is_told_before_its_charge_waits_for_it(deaf_till: Till) -> None:
    payment_id, news = await story(deaf_till)
    refunds = [one for one in news if one.kind.startswith("refund.")]
    await deaf_till.take(refunds)
    assert (await deaf_till.read(payment_id)).refunded_cents == 0
    assert await deaf_till.count("payment_events where tenant_id is null") == len(refunds)
    await deaf_till.take(one for one in news if one.kind == "checkout.session.completed")
    payment = await deaf_till.read(payment_id)
    assert (payment.status.value, payment.refunded_cents) == ("paid", 900)


async def test_refunds_that_nobody_told_us_of_are_looked_up(deaf_till: Till) -> None:
    payment_id, news = await story(deaf_till)
    await deaf_till.take(one for one in news if not one.kind.startswith("refund."))
    assert (await deaf_till.read(payment_id)).refunded_cents == 0
    await deaf_till.work()
    assert (await deaf_till.read(payment_id)).refunded_cents == 900


async def test_a_charge_in_the_shape_of_older_versions_brings_its_refunds(deaf_till: Till) -> None:
    payment_id, news = await story(deaf_till)
    charge = next(one for one in news if one.kind == "charge.refunded")
    event = json.loads(charge.body)
    [succeeded, _] = (await deaf_till.stripe.look()).refunds
    event["data"]["object"]["refunds"] = {"object": "list", "data": [succeeded], "has_more": False}
    older = read_event(json.dumps(event).encode())
    assert older is not None
    await deaf_till.take([older])
    payment = await deaf_till.read(payment_id)
    assert (payment.status.value, payment.refunded_cents) == ("paid", 900)


async def test_webhooks_that_were_lost_are_replayed_from_the_company_and_nothing_is_told_twice(till: Till) -> None:
    payment = await till.opened()
    await till.control.inject_fault(FaultOrder(kind=FaultKind.LOST, on="stripe.event", count=2))
    await till.control.inject_fault(FaultOrder(kind=FaultKind.DUPLICATE, on="stripe.event", copies=2))
    await till.stripe.pay(payment.session_id)
    await till.quiet()
    provider, system = till.office.parts.payments, till.office.parts.system
    assert provider is not None
    since = till.office.clock.now() - timedelta(hours=1)
    first = await billing.replay_news(system, provider, since=since)
    assert (first.events, first.new) == (3, 2)
    assert (await billing.replay_news(system, provider, since=since)).new == 0
    assert (await till.read(payment.id)).status.value == "paid"
    assert await till.announced() == [SUCCEEDED]


async def test_silence_while_something_is_awaited_makes_us_ask(deaf_till: Till) -> None:
    system, provider = deaf_till.office.parts.system, deaf_till.office.parts.payments
    assert provider is not None
    assert await billing.replay_after_silence(system, provider) is None, "nothing is awaited"
    payment = await deaf_till.opened()
    await deaf_till.stripe.pay(payment.session_id)
    assert await billing.replay_after_silence(system, provider) is None, "it is not silent for long"
    deaf_till.office.clock.ahead += timedelta(minutes=11)
    replayed = await billing.replay_after_silence(system, provider)
    assert replayed is not None
    assert replayed.new == 3
    assert (await deaf_till.read(payment.id)).status.value == "paid"


async def test_many_pages_of_missed_news_are_all_read(deaf_till: Till) -> None:
    for _ in range(36):
        payment = await deaf_till.opened()
        await deaf_till.stripe.pay(payment.session_id)
    system, provider = deaf_till.office.parts.system, deaf_till.office.parts.payments
    assert provider is not None
    replayed = await billing.replay_news(system, provider, since=deaf_till.office.clock.now() - timedelta(hours=1))
    assert (replayed.events, replayed.new) == (108, 108)
    assert await deaf_till.count("payments where status = 'paid'") == 36


async def test_reordered_webhooks_end_at_paid(till: Till) -> None:
    payment = await till.opened()
    await till.control.inject_fault(FaultOrder(kind=FaultKind.REORDER, on="stripe.event"))
    await till.stripe.pay(payment.session_id)
    await till.quiet()
    assert (await till.read(payment.id)).status.value == "paid"


def test_two_charges_for_one_payment_are_seen() -> None:
    paid = Fact(kind=FactKind.PAID, intent_id="pi_1", amount_cents=1, happened_at=NOON)
    account: Account = account_for([paid, replace(paid, intent_id="pi_2")])
    assert account.charges == 2
