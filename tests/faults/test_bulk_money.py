"""No cent is spent twice or on credit: two hundred claimers, changed prices, midnight between two tries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from frontdesk.features import delivery
from frontdesk.features.delivery.service.bulk import claim_marketing
from frontdesk.features.delivery.service.claiming import claim_and_gate
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.faults.bulk import (
    CREATE,
    PRICE,
    ask,
    ask_answers,
    claim,
    claim_answers,
    go_to,
    marketing_lane,
    open_bulk,
    send_some,
    states,
)
from tests.support.marketing import add_people, intents, phones, queue_campaign
from tests.support.office import ADAS_NUMBER, Office

CLAIMERS = 200
LINES = [f"+1646555{number:04}" for number in range(CLAIMERS // 2)]
ADD_LINES = """
    insert into sending_numbers (id, tenant_id, phone_e164, provider, number_type, registration_status, registration_id,
                                 segments_per_second, burst, country, created_at)
    select gen_random_uuid(), $1, line, 'twilio', 'long_code', 'approved', 'C0FFEE', 1000, 1, 'US', now()
    from unnest($2::text[]) as given (line)
"""
RAISE_PRICE = """
    insert into segment_prices (provider, country, since, cents, source) values ('twilio', 'US', $1, $2, 'a test')
    on conflict (provider, country, since) do update set cents = excluded.cents
"""
SPENT = "select coalesce(sum(daily_spent_cents), 0) from budgets"
SPENT_THIS_MONTH = "select coalesce(sum(monthly_spent_cents), 0) from budgets"
RESERVED = "select coalesce(sum(cost_cents), 0) from send_jobs"
DAY = "select ($1::timestamptz at time zone timezone)::date::text from tenants where id = $2"
BUSY = FaultOrder(kind=FaultKind.RATE_LIMITED, on=CREATE, retry_after="1")

LANES = {"campaign": claim, "answer": claim_answers}


async def limit(office: Office, *, daily: str, monthly: str = "1000000") -> None:
    """Set what each business may spend, in cents."""
    async with office.login.transaction() as tx:
        await tx.execute(
            "update tenants set daily_budget_cents = $1, monthly_budget_cents = $2", Decimal(daily), Decimal(monthly)
        )


async def put_price(office: Office, cents: str) -> None:
    """Change what a segment costs, from today on."""
    async with office.login.transaction() as tx:
        await tx.execute(RAISE_PRICE, office.clock.now().date(), Decimal(cents))


@asynccontextmanager
async def many_connections(database_url: str, office: Office) -> AsyncIterator[Database]:
    """Open as many connections as the tests' server can spare."""
    system = await Database.open(
        database_url,
        role=Role.SYSTEM,
        clock=office.clock,
        flush=flush_with(Handlers([])),
        min_size=40,
        max_size=40,
    )
    try:
        yield system
    finally:
        await system.close()


async def one_text_from_each_line(office: Office) -> None:
    """Queue a campaign text from each of a hundred numbers, and as many texts that people wait for."""
    people = phones(2 * len(LINES))
    async with office.login.transaction(office.ada.id) as tx:
        await tx.execute(ADD_LINES, office.ada.id, LINES)
    async with office.parts.app.transaction(office.ada.id) as tx:
        known = await add_people(tx, people[: len(LINES)])
        campaign = new_id()
        texts = [
            text
            for line, (phone, contact) in zip(LINES, known.items(), strict=True)
            for text in intents({phone: contact}, campaign_id=campaign, sender_e164=line, due_at=tx.now)
        ]
        await delivery.request_many(tx, texts, campaign_id=campaign)
        await delivery.open_stream(
            tx, campaign_id=campaign, per_minute=None, quiet_from=None, quiet_until=None, numbers=LINES
        )
    await ask_answers(office, people[len(LINES) :])


@pytest.mark.parametrize("left", ["1", "1.3", "6.5"])
async def test_two_hundred_claimers_of_the_last_cents_spend_what_is_there_and_no_more(
    left: str, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office, many_connections(database_url, office) as system:
        await one_text_from_each_line(office)
        await limit(office, daily=left)

        async def campaigns() -> int:
            leased, _ = await system.perform(
                lambda tx: claim_marketing(
                    tx, limit=1, owner=office.parts.process_id, decided_from=0.0, paused_by_setting=False
                )
            )
            return len(leased)

        async def answers() -> int:
            leased, _ = await system.perform(
                lambda tx: claim_and_gate(
                    tx, limit=1, owner=office.parts.process_id, decided_from=0.0, paused_by_setting=False
                )
            )
            return len(leased)

        found = await asyncio.gather(*(turn() for _ in range(CLAIMERS // 2) for turn in (campaigns, answers)))
        affordable = int(Decimal(left) // PRICE)
        assert sum(found) == affordable
        assert await office.fetchval(SPENT) == affordable * PRICE
        assert await office.fetchval(RESERVED) == affordable * PRICE
        assert await office.fetchval("select count(*) from send_jobs where status = 'posting'") == affordable


async def put_back(office: Office) -> None:
    """Let the carrier refuse the first text for now: it waits for its next try, and its money is given back."""
    await office.twin.inject_fault(BUSY)
    await marketing_lane(office).dispatch_once()
    await office.settle()
    await office.parts.courier.idle()
    assert set(await states(office)) == {("queued", "20429")}
    assert await office.fetchval(SPENT) == 0
    assert await office.fetchval(RESERVED) == 0
    office.clock.ahead += timedelta(minutes=2)


@pytest.mark.parametrize("price", ["2.6", "0.5"])
@pytest.mark.parametrize("kind", ["campaign", "answer"])
async def test_a_price_that_changed_between_two_tries_is_reserved_anew(
    price: str, kind: str, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await queue_one(office, kind)
        await put_back(office)
        await put_price(office, price)
        assert len(await LANES[kind](office)) == 1
        for statement in (SPENT, SPENT_THIS_MONTH, RESERVED):
            assert await office.fetchval(statement) == Decimal(price)


@pytest.mark.parametrize("kind", ["campaign", "answer"])
async def test_a_price_that_rose_above_what_is_left_holds_the_text(kind: str, database_url: str, home: Path) -> None:
    async with open_bulk(database_url, home) as office:
        await limit(office, daily="2.5")
        await queue_one(office, kind)
        await put_back(office)
        await put_price(office, "2.6")
        lane = LANES[kind]
        assert await lane(office) == []
        assert await states(office) == {("queued", "budget.spent"): 1}
        assert await office.fetchval(SPENT) == 0
        await limit(office, daily="2.6")
        office.clock.ahead += timedelta(minutes=6)
        assert len(await lane(office)) == 1
        assert await office.fetchval(SPENT) == Decimal("2.6")


async def queue_one(office: Office, kind: str) -> None:
    """Queue one text of a campaign, or one that a person waits for."""
    if kind == "campaign":
        await ask(office, phones(1))
    else:
        await ask_answers(office, phones(1), useful_for=timedelta(hours=4))


@pytest.mark.parametrize("kind", ["campaign", "answer"])
async def test_a_text_that_waits_over_midnight_is_paid_for_on_the_day_it_leaves(
    kind: str, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await limit(office, daily="1.3")
        go_to(office, datetime(2026, 12, 2, 4, 59, tzinfo=UTC))  # a minute to midnight in New York, 20:59 in Hawaii
        await queue_far_west(office, kind)
        await put_back(office)
        assert await office.fetchval(DAY, office.clock.now(), office.ada.id) == "2026-12-02"
        lane = LANES[kind]
        await limit(office, daily="1.2")
        assert await lane(office) == [], "yesterday's money pays for nothing today"
        assert await states(office) == {("queued", "budget.spent"): 1}
        await limit(office, daily="1.3")
        office.clock.ahead += timedelta(minutes=6)
        assert len(await lane(office)) == 1
        for statement in (SPENT, SPENT_THIS_MONTH, RESERVED):
            assert await office.fetchval(statement) == PRICE


async def queue_far_west(office: Office, kind: str) -> None:
    """Queue one text to somebody in Hawaii, where it is early evening when a day ends in New York."""
    if kind == "answer":
        await ask_answers(office, ["+18085550101"], useful_for=timedelta(hours=4))
        return
    async with office.parts.app.transaction(office.ada.id) as tx:
        people = await add_people(tx, ["+18085550101"], zone="Pacific/Honolulu", region="US-HI")
        await queue_campaign(tx, people, sender_e164=ADAS_NUMBER)


async def test_a_campaign_that_runs_out_of_money_goes_on_the_next_day_and_never_beyond_either(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await limit(office, daily="13", monthly="20")
        await ask(office, phones(30))
        await send_some(office, turns=20)
        assert await office.fetchval(SPENT) == 10 * PRICE
        office.clock.ahead += timedelta(days=1)
        await send_some(office, turns=20)
        assert await office.fetchval(SPENT_THIS_MONTH) == 15 * PRICE
        assert await office.fetchval(RESERVED) == 15 * PRICE
        assert len(await office.twin.journal(operation=CREATE, limit=1000)) == 15
