"""Checks of billing see what is wrong, remedies mend it, and nothing is found where all is well."""

from __future__ import annotations

from uuid import UUID

import pytest

from frontdesk.features.billing.checks import CHECKS
from frontdesk.features.billing.jobs import add_workflows
from frontdesk.features.billing.remedies import REMEDIES
from frontdesk.features.billing.sabotage import SABOTAGES, SET_RIGHT
from frontdesk.kernel import actor
from frontdesk.kernel.jobs import Runner, Workflows
from frontdesk.kernel.upkeep import Order, Severity
from frontdesk.providers.twin import FaultKind, FaultOrder
from tests.features.billing.stage import DEPOSIT, Till

CHARGED_TWICE = """
    insert into payment_events (id, tenant_id, payment_id, provider_event_id, position, kind, provider_intent_id,
                                happened_at, received_at)
    select gen_random_uuid(), tenant_id, id, 'evt_x', 0, 'paid', 'pi_other', now(), now() from payments
"""
BY = Order(by=actor.system("test"), reason="a test", arguments={"hours": "2"})


async def found(till: Till) -> set[str]:
    """Name the checks that are not well."""
    async with till.office.parts.system.transaction() as tx:
        return {check.name for check in CHECKS if not (await check.look(tx)).is_well}


async def remedy(till: Till, name: str) -> str:
    """Do a remedy."""
    async with till.office.parts.system.transaction() as tx:
        return await next(one for one in REMEDIES if one.name == name).act(tx, BY)


async def sabotage(till: Till, name: str) -> None:
    """Break something."""
    async with till.office.parts.system.transaction() as tx:
        await next(one for one in SABOTAGES if one.name == name).act(tx)


async def test_where_payments_come_and_go_nothing_is_found(till: Till) -> None:
    payment = await till.paid()
    await till.refund(payment.id, 100)
    await till.work()
    assert await found(till) == set()


async def test_news_that_had_to_be_looked_up_is_found_until_news_is_told_again(till: Till) -> None:
    await sabotage(till, "billing.news_lost")
    assert await found(till) == {"billing.news_is_told"}
    async with till.office.parts.system.transaction() as tx:
        await SET_RIGHT["billing.news_lost"].act(tx)
    assert await found(till) == set()


async def test_the_replay_is_done_by_a_worker_and_takes_in_what_was_missed(deaf_till: Till) -> None:
    payment = await deaf_till.opened()
    await deaf_till.stripe.pay(payment.session_id)
    await remedy(deaf_till, "billing.replay_news")
    parts = deaf_till.office.parts
    workflows = Workflows()
    add_workflows(workflows, system=parts.system, provider=parts.payments)
    runner = Runner(workflows, app=parts.app, system=parts.system)
    run_id = await deaf_till.office.fetchval("select id from job_runs where workflow = 'billing.replay_news.v1'")
    assert isinstance(run_id, UUID)
    await runner.execute(run_id, 1)
    assert (await deaf_till.read(payment.id)).paid_cents == DEPOSIT
    assert await found(deaf_till) == {"billing.news_is_told"}


async def test_an_order_in_doubt_is_found_and_asking_again_settles_it(till: Till) -> None:
    await sabotage(till, "billing.order_in_doubt")
    assert await found(till) == {"billing.orders_are_known"}
    await till.work()
    assert await found(till) == {"billing.orders_are_known"}, "nobody asks before its time"
    assert await remedy(till, "billing.ask_again") == "1 orders are asked about again at once, each under its own key"
    await till.work()
    assert await found(till) == set()


async def test_a_company_that_is_away_is_found_by_orders_that_wait(till: Till) -> None:
    await till.control.inject_fault(FaultOrder(kind=FaultKind.RATE_LIMITED, on="stripe.sessions.create", count=None))
    await till.request(minutes=5)
    await till.work(seconds=901)
    assert "billing.orders_move" in await found(till)
    await till.work(seconds=901)
    assert await found(till) == {"billing.orders_move", "billing.payments_end"}


async def test_an_order_whose_key_is_forgotten_is_not_given_again(till: Till) -> None:
    await till.control.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on="stripe.sessions.create", count=1))
    await till.request(minutes=23 * 60)
    await till.work()
    await till.office.fetchval("update payment_orders set due_at = now() + interval '24 hours' returning true")
    await till.work(seconds=24 * 3600 + 60)
    assert len(await till.control.journal(operation="stripe.sessions.create")) == 1
    assert "billing.orders_are_known" in await found(till)


@pytest.mark.parametrize(
    "wrong",
    [
        "update payments set paid_cents = paid_cents + 1",
        "update payments set refunded_cents = paid_cents + 1",
        CHARGED_TWICE,
    ],
)
async def test_money_that_does_not_add_up_is_critical(till: Till, wrong: str) -> None:
    await till.paid()
    await till.office.fetchval(wrong + " returning true")
    async with till.office.parts.system.transaction() as tx:
        finding = await next(one for one in CHECKS if one.name == "billing.money_adds_up").look(tx)
    assert (finding.severity, finding.value) == (Severity.CRITICAL, 1)
