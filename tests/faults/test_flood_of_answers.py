"""One business queues a hundred thousand texts that people wait for; what others queue leaves within the first claims.

Claims are counted, not seconds: a worker claims again as soon as a quarter of its window is free.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest_asyncio

from frontdesk.features import contacts, senders, tenants
from frontdesk.features.delivery.queries.jobs import CLAIM
from tests.faults.bulk import claim_answers, open_bulk
from tests.support.actors import TEST_ACTS
from tests.support.office import ADAS_NUMBER, CAROL, Office, business

FLOOD = 100_000
ROOM = 64
OTHERS, EACH = 8, 20
QUEUE = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    select gen_random_uuid(), $1, 'test:' || $7 || ':' || n, $7, 'test', 'test', 'conversation', $2, $3,
           $5 || (100000 + n)::text, $4, 'twilio', 'Your plumber is on the way.', 'gsm7', 1, 'queued',
           $2::timestamptz + n * interval '1 microsecond', $2::timestamptz + interval '4 hours', $1, $2, $2
    from generate_series(1, $6::int) as n
"""


async def queue(office: Office, tenant: UUID, *, sender: str, to: str, many: int, message_class: str = "C2") -> None:
    """Queue texts that people wait for; `to` is how their numbers begin."""
    async with office.login.transaction(tenant) as tx:
        person = await contacts.ensure_contact(tx, phone_e164=CAROL)
        await tx.execute(QUEUE, tx.tenant, tx.now, person.id, sender, to, many, message_class)


@pytest_asyncio.fixture
async def flooded(database_url: str, home: Path) -> AsyncIterator[Office]:
    """Open an office in which Ada's business has queued a hundred thousand texts, an hour before anybody else."""
    async with open_bulk(database_url, home) as office:
        async with office.login.transaction() as tx:
            await tx.execute("update tenants set daily_budget_cents = 1e9, monthly_budget_cents = 1e9")
        office.clock.ahead -= timedelta(hours=1)
        await queue(office, office.ada.id, sender=ADAS_NUMBER, to="+12062", many=FLOOD)
        async with office.login.transaction() as tx:
            await tx.execute("analyze send_jobs")
        office.clock.ahead += timedelta(hours=1)
        yield office


async def open_shops(office: Office) -> dict[str, UUID]:
    """Open other businesses, each with a number; returns them by it."""
    shops: dict[str, UUID] = {}
    for place in range(OTHERS):
        shop = business(name=f"Shop {place}", slug=f"shop-{place}")
        line = f"+1602555{place:04}"
        async with office.login.transaction(shop.id) as tx:
            await tenants.create_tenant(tx, shop, by=TEST_ACTS)
            await senders.add_number(tx, phone_e164=line, provider="twilio")
        shops[line] = shop.id
    return shops


async def claim(office: Office, *, times: int) -> Counter[str]:
    """Claim as a worker does; counts what may leave by number."""
    left: Counter[str] = Counter()
    for _ in range(times):
        left.update(job.sender_e164 for job in await claim_answers(office, limit=ROOM))
    return left


async def test_a_trickle_of_eight_others_leaves_in_three_claims_and_no_room_stays_empty(flooded: Office) -> None:
    shops = await open_shops(flooded)
    for place, (line, shop) in enumerate(shops.items()):
        await queue(flooded, shop, sender=line, to=f"+1360{place}", many=EACH)
    left = await claim(flooded, times=3)
    assert {line: left[line] for line in shops} == dict.fromkeys(shops, EACH)
    assert left.total() == 3 * ROOM, "what the others leave free the flood takes"


async def test_a_business_own_replies_and_confirmations_leave_before_its_own_flood_is_over(flooded: Office) -> None:
    for to, message_class in (("+13601", "C1"), ("+13602", "C4")):
        await queue(flooded, flooded.ada.id, sender=ADAS_NUMBER, to=to, many=EACH, message_class=message_class)
    classes = Counter(job.message_class.value for job in await claim_answers(flooded, limit=ROOM))
    assert classes == {"C1": EACH, "C4": EACH, "C2": ROOM - 2 * EACH}


async def test_more_lines_than_room_are_served_by_the_time_they_have_waited(flooded: Office) -> None:
    shops = await open_shops(flooded)
    for place, (line, shop) in enumerate(shops.items()):
        await queue(flooded, shop, sender=line, to=f"+1360{place}", many=2)
        flooded.clock.ahead += timedelta(seconds=1)
    lines = list(shops)
    first = {job.sender_e164 for job in await claim_answers(flooded, limit=3)}
    assert first == {ADAS_NUMBER, *lines[:2]}


async def test_a_flood_that_is_paused_is_passed_over(flooded: Office) -> None:
    shops = await open_shops(flooded)
    line, shop = next(iter(shops.items()))
    await queue(flooded, shop, sender=line, to="+13601", many=EACH)
    async with flooded.login.transaction() as tx:
        await tx.execute(
            "insert into delivery_switches (scope, key, paused_at, changed_at) values ('tenant', $1, $2, $2)",
            str(flooded.ada.id), tx.now,
        )  # fmt: skip
    assert await claim(flooded, times=1) == {line: EACH}


async def test_a_claim_reads_no_more_of_a_flood_than_it_has_room_for(flooded: Office) -> None:
    async with flooded.parts.system.transaction() as tx:
        told = json.loads(str(await tx.fetchval(f"explain (analyze, format json) {CLAIM}", tx.now, ROOM)))
    reads = list(_reads_of_jobs(told[0]["Plan"]))
    assert {read["Node Type"] for read in reads} <= {"Index Scan", "Index Only Scan"}
    assert "send_jobs_in_line" in {read["Index Name"] for read in reads}
    assert max(read["Actual Rows"] * read["Actual Loops"] for read in reads) <= 2 * ROOM


def _reads_of_jobs(node: dict[str, Any]) -> list[dict[str, Any]]:
    """List the nodes of a plan that read send jobs."""
    found = [node] if node.get("Relation Name") == "send_jobs" and "Scan" in str(node["Node Type"]) else []
    for below in node.get("Plans", []):
        found += _reads_of_jobs(below)
    return found
