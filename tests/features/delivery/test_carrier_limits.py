"""What carriers take from a registered brand in a day, and from a campaign in a minute, is never exceeded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest_asyncio

from frontdesk.features import delivery, senders
from frontdesk.features.delivery.service.deciding import replays
from tests.faults.bulk import ask_answers, claim, claim_answers, go_to, open_bulk, states, value_as_int
from tests.support.actors import TEST_ACTS
from tests.support.marketing import add_people, phones, queue_campaign
from tests.support.office import ADAS_NUMBER, CAROL, Office

BRAND = "BHARBOR"
SECOND_NUMBER = "+12125550199"
FULL = ("queued", "senders.brand_day_full")
MIDNIGHT = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)  # in Los Angeles, the night after the day of these tests
NEXT_NOON = datetime(2026, 12, 2, 18, 0, tzinfo=UTC)
GIVE_BRAND = "update sending_numbers set brand_id = $2, campaign_class = $3 where tenant_id = $1"
ADD_SECOND = """
    update sending_numbers
    set registration_status = 'approved', registration_id = 'C0FFEE', segments_per_second = 1000, country = 'US'
    where phone_e164 = $1
"""


@pytest_asyncio.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    """Open an office at noon whose two numbers share a campaign of class A and a brand."""
    async with open_bulk(database_url, home) as found:
        async with found.login.transaction(found.ada.id) as tx:
            await senders.add_number(tx, phone_e164=SECOND_NUMBER, provider="twilio")
            await tx.execute(ADD_SECOND, SECOND_NUMBER)
            await tx.execute(GIVE_BRAND, tx.tenant, BRAND, "A")
            await tx.execute("update tenants set range_hourly_limit = 1000")
        yield found


async def limit(office: Office, daily_segments: int | None, *, daily_share: int = 100) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        await senders.put_brand(
            tx, brand_id=BRAND, daily_segments=daily_segments, daily_share=daily_share, by=TEST_ACTS
        )


async def used(office: Office) -> int:
    async with office.parts.app.transaction(office.ada.id) as tx:
        return (await senders.get_brand(tx, brand_id=BRAND)).used_today


async def advertise(office: Office, numbers: Sequence[str], *, sender: str = ADAS_NUMBER) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        people = await add_people(tx, numbers)
        await queue_campaign(tx, people, sender_e164=sender)


async def claim_often(office: Office, *, times: int = 20, seconds: float = 1) -> list[delivery.LeasedJob]:
    leased = []
    for _ in range(times):
        leased += await claim(office)
        office.clock.ahead += timedelta(seconds=seconds)
    return leased


async def test_advertising_stops_short_of_the_brands_day_and_goes_on_after_midnight_pacific(office: Office) -> None:
    await limit(office, 40)
    await advertise(office, phones(60))
    assert len(await claim_often(office)) == 38, "the last 5 % are for answers"
    assert await used(office) == 38
    waiting = await states(office)
    assert waiting[FULL] == 1, "one text of the number tells why; the others stay as they are"
    assert waiting["queued", ""] == 21
    go_to(office, MIDNIGHT - timedelta(seconds=40))
    assert await claim_often(office, times=1) == []
    go_to(office, NEXT_NOON)
    assert len(await claim_often(office)) == 22
    assert await used(office) == 22


async def test_a_raised_limit_is_used_within_five_minutes(office: Office) -> None:
    await limit(office, 20)
    await advertise(office, phones(30))
    assert len(await claim_often(office)) == 19
    await limit(office, None)
    assert len(await claim_often(office, times=12, seconds=30)) == 11


async def test_the_numbers_of_a_brand_share_its_day(office: Office) -> None:
    await limit(office, 40)
    await advertise(office, phones(30))
    await advertise(office, phones(30, start=100), sender=SECOND_NUMBER)
    left = Counter(job.sender_e164 for job in await claim_often(office))
    assert left.total() == 38
    assert min(left.values()) > 0
    assert (await states(office))[FULL] == 2


async def test_a_share_of_the_texts_counts_where_the_business_knows_it(office: Office) -> None:
    await limit(office, 20, daily_share=50)
    await advertise(office, phones(60))
    assert len(await claim_often(office)) == 38


async def test_an_answer_uses_the_last_of_the_day_and_then_waits_while_a_stop_is_confirmed(office: Office) -> None:
    await limit(office, 2)
    await ask_answers(office, ["+12065551001", "+12065551002", "+12065551003"])
    assert len(await claim_answers(office)) == 2
    assert (await states(office))[FULL] == 1
    await office.missed_call(caller="+12065551004")
    assert (await states(office))[FULL] == 2
    assert await office.text_in("STOP", sid="SM" + "5" * 32) == 200
    await office.parts.courier.idle()
    assert await office.posts_to(CAROL) == 1, "the law wants it confirmed, whatever carriers count"
    assert await used(office) == 3


async def test_many_at_once_never_use_more_than_the_day_holds(office: Office) -> None:
    await limit(office, 5)
    calls = [(f"CA{number:032}", f"+1206555{2000 + number}") for number in range(20)]
    await asyncio.gather(*(office.missed_call(sid=sid, caller=caller) for sid, caller in calls))
    await office.parts.courier.idle()
    for _ in range(3):
        await claim_answers(office)
    assert await used(office) == 5
    assert await value_as_int(office, "select count(*) from send_attempts") == 5
    assert (await states(office))[FULL] == 15


async def test_a_campaign_of_the_lowest_class_keeps_its_pace_over_all_its_numbers(office: Office) -> None:
    async with office.login.transaction() as tx:
        await tx.execute(GIVE_BRAND, office.ada.id, "", "T")
    await advertise(office, phones(200))
    await advertise(office, phones(200, start=300), sender=SECOND_NUMBER)
    began = office.clock.now()
    left = await claim_often(office, times=200, seconds=0.2)
    minutes = (office.clock.now() - began) / timedelta(minutes=1)
    assert 0.6 * minutes * 75 < len(left) <= minutes * 75 + 1
    moments = sorted(job.decided_at for job in left)
    assert min(later - earlier for earlier, later in pairwise(moments)) >= timedelta(seconds=0.8)
    assert set(Counter(job.sender_e164 for job in left)) == {ADAS_NUMBER, SECOND_NUMBER}


async def test_every_decision_about_a_day_replays(office: Office) -> None:
    await limit(office, 10)
    await advertise(office, phones(20))
    await claim_often(office, times=3)
    await ask_answers(office, [f"+12065553{number:03}" for number in range(10)])
    await claim_answers(office)
    async with office.login.transaction() as tx:
        decided = await tx.fetch("select verdict, code, facts::text as facts from send_decisions")
    assert {row["code"] for row in decided} == {"ok", "senders.brand_day_full"}
    assert all(replays(row["facts"], verdict=row["verdict"], code=row["code"]) for row in decided)
