"""Nobody waits behind another's campaign: claims are counted, not seconds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from frontdesk.features import contacts, delivery
from frontdesk.features.delivery.service.bulk import claim_marketing
from frontdesk.features.delivery.service.claiming import claim_and_gate
from tests.support.marketing import NOON_UTC, add_people, let_numbers_advertise, queue_campaign
from tests.support.office import ADAS_NUMBER, CAROL, MALLORYS_NUMBER, Office, open_office

ROOM = 64
CROWD = 50_000
WAITING = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    select gen_random_uuid(), $1, 'test:answer', 'C2', 'test', 'test', 'conversation', $2, $3, $4, $5, 'twilio',
           'Your plumber is on the way.', 'gsm7', 1, 'queued', $2, $2::timestamptz + interval '1 hour', $1, $2, $2
"""


async def claim_texts_of_campaigns(office: Office, *, room: int = ROOM) -> Counter[str]:
    """Claim once as a worker does for campaigns; counts what may leave by number."""
    async with office.parts.system.transaction() as tx:
        leased, _ = await claim_marketing(
            tx,
            limit=room,
            owner=office.parts.process_id,
            decided_from=office.clock.monotonic(),
            paused_by_setting=False,
        )
    return Counter(job.sender_e164 for job in leased)


async def claim_texts_people_wait_for(office: Office) -> list[delivery.LeasedJob]:
    """Claim once as a worker does for texts that a person waits for."""
    async with office.parts.system.transaction() as tx:
        leased, _ = await claim_and_gate(
            tx,
            limit=ROOM,
            owner=office.parts.process_id,
            decided_from=office.clock.monotonic(),
            paused_by_setting=False,
        )
    return leased


async def queue_crowd(office: Office) -> None:
    """Let Ada's business text fifty thousand people, in ten campaigns."""
    numbers = [f"+1{206 + index // 10_000}555{index % 10_000:04}" for index in range(CROWD)]
    for start in range(0, CROWD, 5_000):
        async with office.parts.app.transaction(office.ada.id) as tx:
            people = await add_people(tx, numbers[start : start + 5_000])
            await queue_campaign(tx, people, sender_e164=ADAS_NUMBER)


async def test_twenty_texts_leave_beside_fifty_thousand_of_another_and_answers_before_both(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        office.clock.ahead = NOON_UTC - office.clock.now()
        for tenant in (office.ada, office.mallory):
            await let_numbers_advertise(office.login, tenant.id)
        async with office.login.transaction() as tx:
            await tx.execute("update sending_numbers set burst = 100")
            await tx.execute("update tenants set daily_budget_cents = 1e9, monthly_budget_cents = 1e9")
        await queue_crowd(office)
        assert set(await claim_texts_of_campaigns(office)) == {ADAS_NUMBER}
        async with office.parts.app.transaction(office.mallory.id) as tx:
            people = await add_people(tx, [f"+1360555{number:04}" for number in range(20)])
            await queue_campaign(tx, people, sender_e164=MALLORYS_NUMBER)
        async with office.parts.app.transaction(office.ada.id) as tx:
            carol = await contacts.ensure_contact(tx, phone_e164=CAROL)
            await tx.execute(WAITING, tx.tenant, tx.now, carol.id, CAROL, ADAS_NUMBER)

        left: Counter[str] = Counter()
        for claims in range(1, 4):
            left += await claim_texts_of_campaigns(office)
            if claims == 1:
                # Fifty thousand are due before it, and it is the only one that this lane sees.
                assert [job.recipient_e164 for job in await claim_texts_people_wait_for(office)] == [CAROL]
        assert left[MALLORYS_NUMBER] == 20
        assert left[ADAS_NUMBER] > 0, "the crowd must not starve either"
        assert await office.fetchval("select count(*) from send_jobs where status = 'queued'") > CROWD - 4 * ROOM  # type: ignore[operator]  # a count


async def test_no_number_is_passed_over_while_there_is_room_for_one_text_only(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        office.clock.ahead = NOON_UTC - office.clock.now()
        for tenant, sender, area in ((office.ada, ADAS_NUMBER, 206), (office.mallory, MALLORYS_NUMBER, 360)):
            await let_numbers_advertise(office.login, tenant.id)
            async with office.parts.app.transaction(tenant.id) as tx:
                people = await add_people(tx, [f"+1{area}555{number:04}" for number in range(50)])
                await queue_campaign(tx, people, sender_e164=sender)
        turns = [await claim_texts_of_campaigns(office, room=1) for _ in range(6)]
        assert [sum(turn.values()) for turn in turns] == [1] * 6
        assert sum(turns, Counter()) == {ADAS_NUMBER: 3, MALLORYS_NUMBER: 3}


async def test_campaigns_of_one_number_take_turns(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        office.clock.ahead = NOON_UTC - office.clock.now()
        await let_numbers_advertise(office.login, office.ada.id)
        async with office.login.transaction() as tx:
            await tx.execute("update sending_numbers set burst = 100")
        for area, size in ((206, 200), (360, 10)):
            async with office.parts.app.transaction(office.ada.id) as tx:
                people = await add_people(tx, [f"+1{area}555{number:04}" for number in range(size)])
                await queue_campaign(tx, people, sender_e164=ADAS_NUMBER)
        await claim_texts_of_campaigns(office, room=20)
        assert await office.fetchval("select count(*) from send_jobs where status = 'posting'") == 20
        small = "select count(*) from send_jobs where status = 'posting' and recipient_e164 like '+1360%'"
        assert await office.fetchval(small) == 10
