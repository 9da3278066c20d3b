"""A campaign to thousands by real programs, of which one is killed: one outcome each, and paid for to the cent."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from frontdesk.cli.bench.campaign import zone_at_noon
from frontdesk.cli.bench.figures import peak_rss_mib
from frontdesk.features import campaigns, delivery
from frontdesk.features.campaigns import Campaign, CampaignStatus
from frontdesk.features.delivery.model import VERDICT_SECONDS
from frontdesk.providers.twin.wire import FaultKind, FaultOrder, JournalView
from tests.support.actors import TEST_ACTS
from tests.support.marketing import add_people
from tests.support.office import ADAS_NUMBER
from tests.support.processes import MANY, LiveOffice, live_office

PEOPLE = int(os.environ.get("FRONTDESK_JOURNEY_PEOPLE", "5000"))
CALIFORNIA = (213, 310, 323, 408, 415, 510, 530, 559, 562, 619, 626, 650, 661, 707, 714, 760, 805, 818, 831, 858, 909)
QUITTERS = PEOPLE * 2 // 100
PRICE = Decimal("1.3")
PACE = min(1000, PEOPLE // 10)  # segments a second: ten seconds at least, to be killed in
WORDS = "{{business}}: hi {{given_name|there}}, winter check for $49 until Friday. Reply STOP to opt out."
NAP_SECONDS = 15  # autovacuum_naptime of the server that we start
CREATE, INVALID_NUMBER = "messages.create", 21614
SET_UP = """
    update tenants set daily_budget_cents = 1e9, monthly_budget_cents = 1e9, timezone = $2 where id = $1
"""
LET_NUMBER_ADVERTISE = """
    update sending_numbers
    set registration_status = 'approved', registration_id = 'C0FFEE', segments_per_second = $2, burst = 100
    where tenant_id = $1
"""
OUTCOMES = """
    select person.phone_e164, job.status, coalesce(job.failure_code, '') as code, job.provider_message_id as sid
    from campaign_recipients as person
    left join send_jobs as job on job.id = person.send_job_id
    where person.campaign_id = $1
"""
LEAVING = """
    (select recipient_e164 from send_jobs where campaign_id = $1 and status = 'posting'
     order by posting_at desc limit 8)
    union all
    (select recipient_e164 from send_jobs where campaign_id = $1 and status = 'queued'
     order by available_at, id limit 400)
"""
STARTS = """
    select job.recipient_e164, coalesce(attempt.started_at, attempt.posting_at + $2::interval) as started_at
    from send_jobs as job
    join send_attempts as attempt on attempt.job_id = job.id
    where job.recipient_e164 = any($1::text[]) and job.message_class = 'C3'
      and attempt.outcome is distinct from 'not_started'
"""
TO_REFUND = """
    select count(*) from send_jobs
    where cost_cents > 0 and status in ('failed', 'blocked', 'dropped') and provider_message_id is null
"""
DECISIONS = """
    select id, facts, verdict, code from send_decisions where id > $1 order by id limit 5000
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + PEOPLE // 20)]


def people() -> list[str]:
    """List numbers of California, 9,000 from each of its area codes."""
    return [f"+1{CALIFORNIA[index // 9000]}555{1000 + index % 9000}" for index in range(PEOPLE)]


async def begin(office: LiveOffice) -> Campaign:
    """Bring a campaign to everybody all the way to its start, by the verbs of a person who looks at each step."""
    tenant, zone = office.ada.id, zone_at_noon(datetime.now(UTC))
    async with office.login.transaction() as tx:
        await tx.execute(SET_UP, tenant, zone)
        await tx.execute(LET_NUMBER_ADVERTISE, tenant, PACE)
    for start in range(0, PEOPLE, 5000):
        async with office.login.transaction(tenant) as tx:
            await add_people(tx, people()[start : start + 5000], zone=zone, region="US-CA")
    async with office.login.transaction(tenant) as tx:
        draft = campaigns.Draft(
            name="Winter check",
            audience=json.dumps({"filter": {"where": "all", "of": []}}),
            variants=(campaigns.Variant(name="A", body=WORDS),),
            senders=(ADAS_NUMBER,),
            schedule=campaigns.Schedule(mode=campaigns.ScheduleMode.AT_ONCE),
            ends_at=tx.now + timedelta(days=2),
            trip_opt_outs=100,
            trip_failures=100,
        )
        campaign = await campaigns.create_campaign(tx, draft, by=TEST_ACTS)
        rehearsal = await campaigns.begin_rehearsal(tx, campaign_id=campaign.id, by=TEST_ACTS)

    async def rehearsed() -> bool:
        async with office.login.transaction(tenant) as tx:
            return (await campaigns.get_rehearsal(tx, rehearsal_id=rehearsal.id)).status == "done"

    await office.eventually(rehearsed, seconds=60 + PEOPLE / 100)
    async with office.login.transaction(tenant) as tx:
        await campaigns.approve_campaign(tx, campaign_id=campaign.id, content_hash=campaign.content_hash, by=TEST_ACTS)
        return await campaigns.start_campaign(tx, campaign_id=campaign.id, by=TEST_ACTS)


async def misfortunes(office: LiveOffice, unlucky: Sequence[str]) -> None:
    """Let texts to some people end undelivered, and the carrier refuse every fiftieth text."""
    for start in range(0, len(unlucky), 100):
        some = unlucky[start : start + 100]
        await asyncio.gather(*(office.twin.script_fate(one, error_code=30005, status="undelivered") for one in some))
    refusal = FaultOrder(
        kind=FaultKind.REFUSED, on=CREATE, count=None, probability=0.02, seed=7, status=400, code=INVALID_NUMBER
    )
    await office.twin.inject_fault(refusal)


async def say_stop(office: LiveOffice, campaign: Campaign, chance: random.Random) -> dict[str, datetime]:
    """Let people say STOP whose text leaves now or soon, eight at a time; returns when each STOP was answered."""
    asked: set[str] = set()
    in_force: dict[str, datetime] = {}

    async def one_after_another() -> None:
        while len(asked) < QUITTERS:
            async with office.login.transaction() as tx:
                near = [row["recipient_e164"] for row in await tx.fetch(LEAVING, campaign.id)]
            ready = [phone for phone in near if phone not in asked]
            if not ready:
                return
            phone = chance.choice(ready)
            asked.add(phone)
            report = await office.twin.send_text(customer=phone, to=ADAS_NUMBER, body="STOP")
            assert report.status == 200
            in_force[phone] = datetime.now(UTC)

    await asyncio.gather(*(one_after_another() for _ in range(8)))
    return in_force


async def started_late(office: LiveOffice, in_force: dict[str, datetime]) -> list[str]:
    """List who had a text started after their STOP was answered.

    Asked of the attempts, because a busy carrier takes a connection a while after its bytes were written; that they are
    written in the very step that is written down is proven of the HTTP client. Who died before it wrote that down can
    have started until the verdict was too old.
    """
    async with office.login.transaction() as tx:
        rows = await tx.fetch(STARTS, list(in_force), timedelta(seconds=VERDICT_SECONDS))
    return [row["recipient_e164"] for row in rows if row["started_at"] > in_force[row["recipient_e164"]]]


async def posts_of(office: LiveOffice) -> list[JournalView]:
    """List the carrier's requests to send this campaign's texts."""
    posts = await office.twin.journal(operation=CREATE, limit=4 * MANY)
    return [post for post in posts if "winter check" in post.fields["Body"]]


async def all_settled(office: LiveOffice, campaign: Campaign) -> None:
    """Wait until the campaign has ended by itself, every receipt is in, and what nobody took is given back."""

    async def ended() -> bool:
        async with office.login.transaction(office.ada.id) as tx:
            now = await campaigns.get_campaign(tx, campaign_id=campaign.id)
        await office.hasten()
        return now.status is CampaignStatus.COMPLETED

    async def refunded() -> bool:
        return await office.count(TO_REFUND) == 0

    await office.eventually(ended, seconds=120 + PEOPLE / 50)
    await office.settled(seconds=60 + PEOPLE / 50)
    assert await office.twin.wait_until_idle(within=min(300, 60 + PEOPLE / 50))
    await office.eventually(refunded, seconds=60)


async def every_decision_replays(office: LiveOffice) -> int:
    """Decide everything again from the stored facts; returns how many decisions there are."""
    after, seen = UUID(int=0), 0
    while True:
        async with office.login.transaction() as tx:
            rows = await tx.fetch(DECISIONS, after)
        assert all(delivery.replays(row["facts"], verdict=row["verdict"], code=row["code"]) for row in rows)
        if not rows:
            return seen
        after, seen = rows[-1]["id"], seen + len(rows)


@asynccontextmanager
async def kept_in_order(database_url: str) -> AsyncIterator[None]:
    """Vacuum and analyze as often as the product's server does by itself, which the tests' server does not.

    Plans made for empty tables would otherwise be used for full ones until the end.
    """

    async def keep(connection: asyncpg.Connection) -> None:
        while True:
            await connection.execute("vacuum (analyze)")
            await asyncio.sleep(NAP_SECONDS)

    connection = await asyncpg.connect(database_url)
    keeping = asyncio.create_task(keep(connection))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await connection.close()


async def test_a_campaign_to_thousands_with_failures_stops_and_a_killed_worker(
    database_url: str, home: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(7)
    everybody = people()
    unlucky = chance.sample(everybody, PEOPLE * 3 // 100)
    async with (
        kept_in_order(database_url),
        live_office(database_url, home, receipts=True, twin_beside=True) as office,
    ):
        programs = await office.start(webs=1, workers=2)
        doomed = programs[1]
        await misfortunes(office, unlucky)
        campaign = await begin(office)
        sent = "select count(*) from send_jobs where campaign_id = $1 and posting_at is not null"

        async def begun() -> bool:
            return await office.count(sent, campaign.id) >= PEOPLE // 20

        await office.eventually(begun, seconds=60 + PEOPLE / 100)
        stopping = asyncio.create_task(say_stop(office, campaign, chance))

        async def half_way() -> bool:
            held = "select count(*) from send_jobs where status = 'posting' and lease_owner = $1"
            far = await office.count(sent, campaign.id) >= PEOPLE // 4
            return far and await office.count(held, doomed.process_id) > 0

        await office.eventually(half_way, seconds=60 + PEOPLE / 100)
        await doomed.kill()
        assert await office.count(sent, campaign.id) < PEOPLE, "it was killed after the last text"
        programs = [programs[0], programs[2], await office.start_worker()]
        in_force = await stopping
        await all_settled(office, campaign)

        posts = await posts_of(office)
        await one_outcome_each(office, campaign, posts, everybody)
        assert await started_late(office, in_force) == [], "texted after their STOP"
        assert len(in_force) >= QUITTERS // 5, "too few said STOP while texts were leaving"
        record_property("spent_cents", str(await paid_to_the_cent(office)))
        replayed = await every_decision_replays(office)
        assert replayed >= PEOPLE
        record_property("decisions_replayed", replayed)
        span = (max(post.monotonic_us for post in posts) - min(post.monotonic_us for post in posts)) / 1e6
        record_property("texts_per_second", round(len(posts) / span))
        record_property("peak_rss_mib", [peak_rss_mib(program.pid) for program in programs])


async def one_outcome_each(
    office: LiveOffice, campaign: Campaign, posts: Sequence[JournalView], everybody: Sequence[str]
) -> None:
    """Check that everybody has one outcome, that the carrier's books say the same, and all kinds occurred."""
    async with office.login.transaction() as tx:
        rows = await tx.fetch(OUTCOMES, campaign.id)
    assert sorted(row["phone_e164"] for row in rows) == sorted(everybody)
    kinds = Counter(row["status"] for row in rows)
    assert set(kinds) == {"delivered", "undelivered", "failed", "blocked"}, kinds
    assert {row["code"] for row in rows if row["status"] == "blocked"} == {"consent.opted_out"}
    taken = Counter(post.fields["To"] for post in posts if post.effect)
    assert set(taken.values()) == {1}, "somebody got two"
    assert {row["phone_e164"] for row in rows if row["sid"] is not None} == set(taken)


async def paid_to_the_cent(office: LiveOffice) -> Decimal:
    """Check that budget, texts and carrier agree on what was spent; returns it in cents."""
    carried = [text for text in await office.twin.messages(limit=4 * MANY) if text.direction != "inbound"]
    owed = PRICE * sum(text.num_segments for text in carried)
    assert await office.fetchval("select sum(cost_cents) from send_jobs") == owed
    spent = "select daily_spent_cents from budgets where tenant_id = $1"
    assert await office.fetchval(spent, office.ada.id) == owed
    return owed
