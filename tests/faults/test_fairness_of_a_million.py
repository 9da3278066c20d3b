"""One business queues a million texts; what others queue leaves within the first claims all the same."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features import senders, tenants
from tests.faults.bulk import ask_answers, claim, claim_answers, open_bulk, value_as_int
from tests.support.actors import TEST_ACTS
from tests.support.marketing import add_people, let_numbers_advertise, queue_campaign
from tests.support.office import ADAS_NUMBER, CAROL, Office, business

CROWD = int(os.environ.get("FRONTDESK_CROWD", "1000000"))
AT_ONCE = 50_000
ROOM = 64
OTHERS, EACH = 8, 20
FIRST_CLAIMS = 40  # at one claim in 20 ms this is less than a second of one worker
# Only those at the front of each campaign will be decided on here, so that only they need their consent on record.
AT_THE_FRONT = 400
QUEUE = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, campaign_id, variant, correlation_id, created_at, updated_at)
    select gen_random_uuid(), $1, 'campaign:' || n, 'C3', 'campaign:' || $5::uuid::text, 'campaign',
           'written consent on record', $2, $7, '+1206' || (2000000 + n)::text, $6, 'twilio',
           'Harbor Plumbing: winter check for $49 until Friday. Reply STOP to opt out.', 'gsm7', 1, 'queued',
           $2::timestamptz + n * interval '1 microsecond', $2::timestamptz + interval '2 days', $5, 'A', $1, $2, $2
    from generate_series($3::int, $4::int) as n
"""


async def queue_crowd(office: Office) -> None:
    """Let Ada's business text a crowd, in campaigns of fifty thousand."""
    office.clock.ahead -= timedelta(seconds=2)
    async with office.login.transaction(office.ada.id) as tx:
        firsts = range(0, CROWD, AT_ONCE)
        front = [f"+1206{2_000_000 + first + number}" for first in firsts for number in range(AT_THE_FRONT)]
        people = await add_people(tx, front)
    for start in range(0, CROWD, AT_ONCE):
        async with office.login.transaction(office.ada.id) as tx:
            campaign = await queue_campaign(tx, {}, sender_e164=ADAS_NUMBER)
            last = min(start + AT_ONCE, CROWD) - 1
            await tx.execute(QUEUE, tx.tenant, tx.now, start, last, campaign, ADAS_NUMBER, people[front[0]])
    async with office.login.transaction() as tx:
        await tx.execute("insert into number_paces (sender_e164) values ($1) on conflict do nothing", ADAS_NUMBER)
        await tx.execute("analyze send_jobs")
    office.clock.ahead += timedelta(seconds=2)


async def queue_others(office: Office) -> dict[str, UUID]:
    """Let other businesses text twenty people each; returns their numbers and ids."""
    lines: dict[str, UUID] = {}
    for place in range(OTHERS):
        tenant = business(name=f"Shop {place}", slug=f"shop-{place}")
        line = f"+1602555{place:04}"
        async with office.login.transaction(tenant.id) as tx:
            await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
            await senders.add_number(tx, phone_e164=line, provider="twilio")
        await let_numbers_advertise(office.login, tenant.id)
        async with office.login.transaction(tenant.id) as tx:
            people = await add_people(tx, [f"+1360555{place:02}{number:02}" for number in range(EACH)])
            await queue_campaign(tx, people, sender_e164=line)
        lines[line] = tenant.id
    return lines


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_texts_of_other_businesses_leave_in_the_first_claims_beside_a_million_of_one(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await queue_crowd(office)
        others = await queue_others(office)
        await ask_answers(office, [CAROL])
        async with office.login.transaction() as tx:
            await tx.execute("update sending_numbers set burst = 100")
            await tx.execute("update tenants set daily_budget_cents = 1e9, monthly_budget_cents = 1e9")
        assert [job.recipient_e164 for job in await claim_answers(office)] == [CAROL], "an answer waits for nobody"
        left: Counter[str] = Counter()
        for _ in range(FIRST_CLAIMS):
            left.update(job.sender_e164 for job in await claim(office, limit=ROOM))
        assert {line: left[line] for line in others} == dict.fromkeys(others, EACH)
        assert left[ADAS_NUMBER] > 0, "the crowd must not starve either"
        waiting = "select count(*) from send_jobs where status = 'queued' and tenant_id = $1 and message_class = 'C3'"
        assert await value_as_int(office, waiting, office.ada.id) == CROWD - left[ADAS_NUMBER]
        await office.missed_call(caller="+12065550188")
        await office.parts.courier.idle()
        assert await office.posts_to("+12065550188") == 1, "a person who has just called gets their text at once"
