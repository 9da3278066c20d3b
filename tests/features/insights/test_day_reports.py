"""What is kept of days adds up to what is on record, whatever comes late, and however a period is cut."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from frontdesk.features import insights
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from tests.support.actors import TEST_ACTS
from tests.support.office import ADAS_NUMBER, Office, open_office

NEW_YORK = "America/New_York"
DAYS = 95
PEOPLE, MESSAGES = 40, 900
STATES = ("delivered", "undelivered", "failed", "sent")
LATE_RECEIPT = """
    update send_jobs set status = $2, cost_cents = $3, updated_at = $4 where id = $1
"""
CANCEL = "update sched_appointments set status = 'cancelled', updated_at = $2 where id = $1"
SETTLED = "select id from send_jobs where posting_at < $1 order by id"
OPEN = "select id from send_jobs where posting_at >= $1 order by id"
BOOKED = "select id from sched_appointments where created_at < $1 and status <> 'cancelled' order by id"


@pytest.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    """Open an office in which Ada's business has three months behind it, and its days are kept."""
    async with open_office(database_url, home) as opened:
        async with opened.parts.system.transaction(opened.ada.id) as tx:
            await insights.make_up_history(tx, people=PEOPLE, messages=MESSAGES, number_e164=ADAS_NUMBER, by=TEST_ACTS)
            await insights.keep_days(tx, zone=NEW_YORK, days=DAYS)
        yield opened


async def agrees(tx: Transaction, period: insights.Period) -> insights.Total:
    """Check that what is kept tells the same as one look at everything; give it."""
    summed = await insights.sum_up(tx, period)
    assert summed == await insights.count_directly(tx, period)
    days = await insights.list_days(tx, period)
    assert sum(one.counted.texts for one in days) == sum(one.texts for one in summed.total.spent)
    assert sum(one.counted.delivered for one in days) == sum(one.delivered for one in summed.total.spent)
    assert sum(one.counted.cost_cents for one in days) == sum(one.cost_cents for one in summed.total.spent)
    assert sum(one.counted.missed for one in days) == summed.total.funnel.missed
    return summed.total


def a_period(dice: random.Random, tx: Transaction) -> insights.Period:
    """Choose some days, the present one among them or not."""
    today = tx.now.astimezone(ZoneInfo(NEW_YORK)).date()
    last = today - timedelta(days=dice.choice((0, 0, dice.randrange(60))))
    return insights.choose_period(first=last - timedelta(days=dice.randrange(90)), last=last, zone=NEW_YORK)


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_kept_equals_the_direct_count_after_late_receipts_and_cancellations(
    office: Office, seed: int
) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        async with office.parts.app.transaction(office.ada.id) as tx:
            settled_at = tx.now - timedelta(days=10)
            for row in dice.sample(await tx.fetch(SETTLED, settled_at), 5):
                await tx.execute(LATE_RECEIPT, row["id"], dice.choice(STATES), dice.choice((0.5, 2, 7.25)), tx.now)
            for row in dice.sample(await tx.fetch(BOOKED, settled_at), 1):
                await tx.execute(CANCEL, row["id"], tx.now)
        async with office.parts.app.transaction(office.ada.id) as tx:
            before = await agrees(tx, a_period(dice, tx))
            assert before.spent
            await tx.execute(LATE_RECEIPT, dice.choice(await tx.fetch(OPEN, settled_at))["id"], "failed", 9, tx.now)
        async with office.parts.app.transaction(office.ada.id) as tx:
            counted = await insights.keep_days(tx, zone=NEW_YORK, days=DAYS)
            assert 0 < counted < DAYS / 2, "days that nothing changed are not counted again"
            await agrees(tx, a_period(dice, tx))
            assert await tx.fetchval("select count(*) from late_changes") == 0


async def test_a_late_receipt_shows_at_once_and_counts_its_day_alone_anew(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        old = await tx.fetchrow(
            "select id, posting_at from send_jobs where posting_at < $1 and status = 'delivered' limit 1",
            tx.now - timedelta(days=20),
        )
        assert old is not None
        day = old["posting_at"].astimezone(ZoneInfo(NEW_YORK)).date()
        period = insights.choose_period(first=day, last=day, zone=NEW_YORK)
        before = await insights.list_days(tx, period)
        await tx.execute(LATE_RECEIPT, old["id"], "undelivered", 1, tx.now)
    async with office.parts.app.transaction(office.ada.id) as tx:
        after = await insights.list_days(tx, period)
        assert after[0].counted.delivered == before[0].counted.delivered - 1
        assert after[0].counted.undelivered == before[0].counted.undelivered + 1
        # The last eight days may still change by themselves.
        assert await insights.keep_days(tx, zone=NEW_YORK, days=DAYS) <= 9 + 2
        assert await insights.list_days(tx, period) == after


async def test_a_text_that_was_tried_on_two_days_counts_on_the_first(office: Office) -> None:
    async with office.parts.system.transaction(office.ada.id) as tx:
        today = tx.now.astimezone(ZoneInfo(NEW_YORK)).date()
        midnight = insights.start_of(today - timedelta(days=1), NEW_YORK)
        job = await tx.fetchval(
            "select job_id from send_attempts where started_at < $1 order by started_at desc limit 1", midnight
        )
        await tx.execute(
            """
            insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, started_at, finished_at,
                                       outcome, http_status, process_id)
            select job_id, fence + 1, tenant_id, sender_e164, $2, $2, $2, outcome, http_status, process_id
            from send_attempts where job_id = $1
            """,
            job,
            midnight + timedelta(seconds=1),
        )
        await insights.keep_days(tx, zone=NEW_YORK, days=DAYS, anew=True)
    async with office.parts.app.transaction(office.ada.id) as tx:
        await agrees(
            tx,
            insights.choose_period(first=today - timedelta(days=30), last=today, zone=NEW_YORK),
        )


async def test_a_thread_counts_once_in_a_period_and_on_each_of_its_days(office: Office) -> None:
    async with office.parts.system.transaction(office.ada.id) as tx:
        today = tx.now.astimezone(ZoneInfo(NEW_YORK)).date()
        days = [today - timedelta(days=number) for number in (3, 2)]
        thread = await tx.fetchval("select id from conversations order by id limit 1")
        for day, author in ((days[0], "Ada"), (days[1], "Ada"), (days[1], "Zoe")):
            await tx.execute(
                """
                insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164,
                                           recipient_e164, author, created_at)
                values ($1, $2, $3, 'outbound', 'Yes!', '+12125550100', '+12065550123', $4, $5)
                """,
                new_id(),
                office.ada.id,
                thread,
                author,
                insights.start_of(day, NEW_YORK) + timedelta(hours=9),
            )
        await tx.execute("delete from conv_messages where author <> '' and body <> 'Yes!'")
        await insights.keep_days(tx, zone=NEW_YORK, days=DAYS, anew=True)
    async with office.parts.app.transaction(office.ada.id) as tx:
        both = insights.choose_period(first=days[0], last=days[1], zone=NEW_YORK)
        threads = [("", 1), ("Ada", 1), ("Zoe", 1)]
        assert [(one.author, one.threads) for one in (await agrees(tx, both)).agents] == threads
        second = insights.choose_period(first=days[1], last=days[1], zone=NEW_YORK)
        assert [(one.author, one.threads) for one in (await agrees(tx, second)).agents] == threads


async def test_nothing_of_another_business_is_noted_counted_or_kept(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        job = await tx.fetchval(SETTLED + " limit 1", tx.now - timedelta(days=20))
        await tx.execute(LATE_RECEIPT, job, "failed", 3, tx.now)
        assert int(str(await tx.fetchval("select count(*) from late_changes"))) >= 1
    async with office.parts.app.transaction(office.mallory.id) as tx:
        assert await tx.fetchval("select count(*) from late_changes") == 0
        today = tx.now.astimezone(ZoneInfo(NEW_YORK)).date()
        period = insights.choose_period(first=today - timedelta(days=89), last=today, zone=NEW_YORK)
        total = await agrees(tx, period)
        assert (total.spent, total.heard, total.funnel.missed) == ([], {}, 0)
