"""Marketing leaves at its number's pace, within the law and the budget, once, and never after a STOP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest_asyncio

from frontdesk.features import delivery
from frontdesk.features.delivery.service.bulk import claim_marketing
from frontdesk.features.delivery.service.deciding import replays
from frontdesk.kernel.ids import new_id
from tests.support.actors import TEST_ACTS
from tests.support.marketing import NOON_UTC, add_people, let_numbers_advertise, phones, queue_campaign
from tests.support.office import ADAS_NUMBER, MALLORYS_NUMBER, Office, open_office

PRICE = Decimal("1.3")


@pytest_asyncio.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, home) as found:
        found.clock.ahead = NOON_UTC - found.clock.now()
        await let_numbers_advertise(found.login, found.ada.id)
        await let_numbers_advertise(found.login, found.mallory.id)
        yield found


async def ask_all(
    office: Office, count: int, *, tenant: UUID | None = None, sender: str = ADAS_NUMBER, start: int = 0, **more: object
) -> UUID:
    async with office.parts.app.transaction(tenant or office.ada.id) as tx:
        people = await add_people(tx, phones(count, start=start))
        return await queue_campaign(tx, people, sender_e164=sender, **more)  # type: ignore[arg-type]  # passed through


async def claim(office: Office, *, limit: int = 256) -> list[delivery.LeasedJob]:
    async with office.parts.system.transaction() as tx:
        leased, _ = await claim_marketing(
            tx,
            limit=limit,
            owner=office.parts.process_id,
            decided_from=office.clock.monotonic(),
            paused_by_setting=False,
        )
    return leased


async def statuses(office: Office) -> Counter[tuple[str, str]]:
    async with office.login.transaction() as tx:
        rows = await tx.fetch("select status, coalesce(failure_code, '') as code from send_jobs")
    return Counter((row["status"], row["code"]) for row in rows)


async def spent(office: Office, tenant_id: UUID) -> Decimal:
    value = await office.fetchval("select daily_spent_cents from budgets where tenant_id = $1", tenant_id)
    assert isinstance(value, Decimal)
    return value


async def test_a_campaign_leaves_once_each_and_is_paid_for_to_the_cent(office: Office) -> None:
    await ask_all(office, 30)
    lane = delivery.MarketingDispatch(
        system=office.parts.system, courier=office.parts.courier, process_id=office.parts.process_id
    )
    for _ in range(40):
        await lane.dispatch_once()
        await office.parts.courier.idle()
        office.clock.ahead += timedelta(seconds=1)
    assert set(await statuses(office)) <= {("accepted", ""), ("sent", ""), ("delivered", "")}
    posts = Counter(entry.fields["To"] for entry in await office.twin.journal(operation="messages.create"))
    assert posts == Counter(phones(30))
    assert await spent(office, office.ada.id) == 30 * PRICE
    assert await office.fetchval("select sum(cost_cents) from send_jobs") == 30 * PRICE


async def test_every_decision_replays_from_its_facts(office: Office) -> None:
    await ask_all(office, 10)
    async with office.parts.app.transaction(office.ada.id) as tx:
        people = await add_people(tx, phones(5, start=100), consent=False)
        await queue_campaign(tx, people, sender_e164=ADAS_NUMBER)
    await claim(office)
    async with office.login.transaction() as tx:
        rows = await tx.fetch("select facts, verdict, code from send_decisions")
    assert Counter(row["verdict"] for row in rows) == Counter({"send": 10, "bar": 5})
    assert all(replays(row["facts"], verdict=row["verdict"], code=row["code"]) for row in rows)


async def test_a_number_keeps_its_pace(office: Office) -> None:
    await let_numbers_advertise(office.login, office.ada.id, segments_per_second=1)
    await ask_all(office, 10)
    assert len(await claim(office)) == 1
    assert await claim(office) == []
    office.clock.ahead += timedelta(seconds=1)
    assert len(await claim(office)) == 1


async def test_the_last_cents_are_spent_once_however_many_want_them(office: Office) -> None:
    await office.parts.system.perform(
        lambda tx: tx.execute("update tenants set daily_budget_cents = 2.6 where id = $1", office.ada.id)
    )
    await ask_all(office, 50)
    claims = await asyncio.gather(*(claim(office, limit=5) for _ in range(10)))
    assert sum(len(leased) for leased in claims) == 2
    assert await spent(office, office.ada.id) == Decimal("2.6")
    held = (await statuses(office))[("queued", "budget.spent")]
    assert held >= 1


async def test_tenants_share_the_room(office: Office) -> None:
    await ask_all(office, 100)
    await ask_all(office, 10, tenant=office.mallory.id, sender=MALLORYS_NUMBER)
    leased = await claim(office, limit=20)
    assert Counter(job.sender_e164 for job in leased) == Counter({ADAS_NUMBER: 10, MALLORYS_NUMBER: 10})


async def test_a_paused_campaign_keeps_its_texts_and_hinders_no_other(office: Office) -> None:
    paused = await ask_all(office, 20)
    await ask_all(office, 5, start=100)
    async with office.parts.app.transaction(office.ada.id) as tx:
        await delivery.pause_sending(
            tx, scope=delivery.Scope.CAMPAIGN, key=str(paused), by=TEST_ACTS, reason="wrong price"
        )
    leased = await claim(office)
    assert sorted(job.recipient_e164 for job in leased) == phones(5, start=100)
    assert (await statuses(office))[("queued", "")] == 20


async def test_who_said_stop_gets_no_marketing(office: Office) -> None:
    await ask_all(office, 3)
    stopped = phones(1)[0]
    await office.text_in("STOP", sid="SM" + "a" * 32, sender=stopped)
    leased = await claim(office)
    assert stopped not in {job.recipient_e164 for job in leased}
    assert (await statuses(office))[("blocked", "consent.opted_out")] == 1


async def test_at_night_texts_wait_for_the_recipients_morning(office: Office) -> None:
    await ask_all(office, 2)
    office.clock.ahead += timedelta(hours=12)
    assert await claim(office) == []
    until = await office.fetchval("select min(available_at) from send_jobs where failure_code = 'law.quiet_hours'")
    assert until is not None
    office.clock.ahead += timedelta(hours=11, minutes=30)
    assert len(await claim(office)) == 2


async def test_a_carrier_keeps_no_text_past_the_window(office: Office) -> None:
    office.clock.ahead += timedelta(hours=8)
    await ask_all(office, 1)
    [leased] = await claim(office)
    left = leased.useful_until - office.clock.now()
    assert timedelta(0) < left <= timedelta(hours=2)


async def test_two_campaigns_text_a_person_once_a_day(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        people = await add_people(tx, phones(1))
        await queue_campaign(tx, people, sender_e164=ADAS_NUMBER, campaign_id=new_id())
        await queue_campaign(tx, people, sender_e164=ADAS_NUMBER, campaign_id=new_id())
    lane = delivery.MarketingDispatch(
        system=office.parts.system, courier=office.parts.courier, process_id=office.parts.process_id
    )
    for _ in range(6):
        await lane.dispatch_once()
        await office.parts.courier.idle()
        office.clock.ahead += timedelta(seconds=2)
    assert await office.posts_to(phones(1)[0]) == 1
    assert (await statuses(office))[("queued", "law.cap")] == 1


async def test_a_campaigns_throttle_holds_over_all_its_numbers(office: Office) -> None:
    await ask_all(office, 10, per_minute=Decimal(60))
    assert len(await claim(office)) == 1
    office.clock.ahead += timedelta(seconds=1)
    assert len(await claim(office)) == 1


async def test_what_no_carrier_took_is_given_back(office: Office) -> None:
    await office.twin.block_pair(number=ADAS_NUMBER, customer=phones(1)[0])
    await ask_all(office, 2)
    lane = delivery.MarketingDispatch(
        system=office.parts.system, courier=office.parts.courier, process_id=office.parts.process_id
    )
    await lane.dispatch_once()
    await office.parts.courier.idle()
    assert await spent(office, office.ada.id) == 2 * PRICE
    assert await lane.refund_once() == 1
    assert await spent(office, office.ada.id) == PRICE
    assert await lane.refund_once() == 0
    assert await office.fetchval("select sum(cost_cents) from send_jobs") == PRICE
