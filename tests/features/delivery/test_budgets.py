"""No text leaves that its business has no money for, whichever way it goes; compliance answers always leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest_asyncio

from frontdesk.features import delivery
from tests.support.actors import TEST_ACTS
from tests.support.office import CAROL, Office, open_office

PRICE = Decimal("1.3")


@pytest_asyncio.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, home) as found:
        yield found


async def limit(office: Office, cents: str) -> None:
    async with office.login.transaction() as tx:
        await tx.execute("update tenants set daily_budget_cents = $1", Decimal(cents))


async def budget(office: Office) -> delivery.Budget:
    async with office.parts.app.transaction(office.ada.id) as tx:
        return await delivery.get_budget(tx)


async def test_a_text_for_a_missed_call_is_reserved_before_it_leaves(office: Office) -> None:
    await office.missed_call()
    await office.parts.courier.idle()
    assert (await budget(office)).daily_spent_cents == PRICE
    assert await office.fetchval("select cost_cents from send_jobs") == PRICE


async def test_without_money_a_text_waits_and_its_caller_is_not_texted_late(office: Office) -> None:
    await limit(office, "1")
    await office.missed_call()
    await office.settle()
    assert await office.texts_to() == []
    assert await office.fetchval("select failure_code from send_jobs") == "budget.spent"
    office.clock.ahead = timedelta(minutes=16)
    await limit(office, "100")
    await office.settle()
    assert await office.texts_to() == []
    assert await office.fetchval("select status from send_jobs") == "dropped"


async def test_money_that_comes_in_time_lets_the_text_go(office: Office) -> None:
    await limit(office, "1")
    await office.missed_call()
    await limit(office, "100")
    office.clock.ahead = timedelta(minutes=6)
    await office.settle()
    assert len(await office.texts_to()) == 1
    assert (await budget(office)).daily_spent_cents == PRICE


async def test_many_calls_at_once_spend_what_is_there_and_no_more(office: Office) -> None:
    await limit(office, "3.9")
    callers = [f"+1206555{number:04d}" for number in range(100, 112)]
    await asyncio.gather(
        *(office.missed_call(sid=f"CA{number:032x}", caller=caller) for number, caller in enumerate(callers))
    )
    await office.settle()
    sent = [await office.texts_to(caller) for caller in callers]
    assert sum(len(texts) for texts in sent) == 3
    assert (await budget(office)).daily_spent_cents == Decimal("3.9")


async def test_the_answer_to_a_stop_leaves_whatever_is_left(office: Office) -> None:
    await limit(office, "0")
    await office.text_in("STOP", sid="SM" + "1" * 32)
    await office.settle()
    assert len(await office.texts_to(CAROL)) == 1


async def test_a_new_day_in_the_businesss_zone_begins_a_new_sum(office: Office) -> None:
    await office.missed_call()
    await office.parts.courier.idle()
    office.clock.ahead = timedelta(days=1)
    found = await budget(office)
    assert found.daily_spent_cents == 0
    assert found.monthly_spent_cents in (0, PRICE)


async def test_what_counts_as_spent_can_be_corrected_and_is_on_record(office: Office) -> None:
    await office.missed_call()
    await office.parts.courier.idle()
    async with office.parts.app.transaction(office.ada.id) as tx:
        corrected = await delivery.correct_spent(tx, daily_spent_cents=Decimal(0), by=TEST_ACTS)
    assert corrected.daily_spent_cents == 0
    assert await office.fetchval("select count(*) from audit_log where action = 'budgets.corrected'") == 1
