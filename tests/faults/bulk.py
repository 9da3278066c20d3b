"""An office at noon that may advertise, with the two lanes of its worker on demand: for faults of bulk sending."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from frontdesk.features import contacts, delivery
from frontdesk.features.delivery.service.bulk import claim_marketing
from frontdesk.features.delivery.service.claiming import claim_and_gate
from frontdesk.kernel.ids import new_id
from frontdesk.providers.twin.wire import JournalView
from tests.support.marketing import NOON_UTC, add_people, intents, let_numbers_advertise, queue_campaign
from tests.support.office import ADAS_NUMBER, Office, open_office

CREATE = "messages.create"
MANY = 200_000
PRICE = Decimal("1.3")  # of a segment to the United States through Twilio, in cents
STATES = "select status, coalesce(failure_code, '') as code from send_jobs"
ANSWERS = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    select gen_random_uuid(), $1, 'answer:' || phone, 'C2', 'test', 'test', 'conversation', $2, $3, phone, $4, 'twilio',
           'Your plumber is on the way.', 'gsm7', 1, 'queued', $2, $2::timestamptz + $5::interval, $1, $2, $2
    from unnest($6::text[]) as asked (phone)
"""


@asynccontextmanager
async def open_bulk(database_url: str, home: Path, *, pace: float = 1000) -> AsyncIterator[Office]:
    """Open an office at noon whose numbers are registered, at a pace in segments a second."""
    async with open_office(database_url, home) as office:
        office.clock.ahead = NOON_UTC - office.clock.now()
        for tenant in (office.ada, office.mallory):
            await let_numbers_advertise(office.login, tenant.id, segments_per_second=pace)
        yield office


def go_to(office: Office, moment: datetime) -> None:
    """Put the clock to a moment."""
    office.clock.ahead += moment - office.clock.now()


async def ask(
    office: Office,
    numbers: Sequence[str],
    *,
    zone: str | None = "America/Los_Angeles",
    region: str = "US-WA",
    **changes: object,
) -> UUID:
    """Queue one text of a new campaign of Ada's to each of some new people; returns the campaign's id."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        people = await add_people(tx, numbers, zone=zone, region=region)
        return await queue_campaign(tx, people, sender_e164=ADAS_NUMBER, **changes)  # type: ignore[arg-type]  # passed through


async def ask_one_person_often(office: Office, phone: str, times: int) -> None:
    """Queue many texts of one campaign to one person, which no campaign would do by itself."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        [(number, contact)] = (await add_people(tx, [phone])).items()
        campaign = new_id()
        [text] = intents({number: contact}, campaign_id=campaign, sender_e164=ADAS_NUMBER, due_at=tx.now)
        await delivery.request_many(
            tx, [replace(text, key=f"{text.key}:{turn}") for turn in range(times)], campaign_id=campaign
        )
        await delivery.open_stream(
            tx, campaign_id=campaign, per_minute=None, quiet_from=None, quiet_until=None, numbers=[ADAS_NUMBER]
        )


async def ask_answers(
    office: Office, numbers: Sequence[str], *, useful_for: timedelta = timedelta(hours=1), sender: str = ADAS_NUMBER
) -> None:
    """Queue one text that a person waits for to each number, which nobody has decided on yet."""
    async with office.parts.app.transaction(office.ada.id) as tx:
        somebody = await contacts.ensure_contact(tx, phone_e164=numbers[0])
        await tx.execute(ANSWERS, tx.tenant, tx.now, somebody.id, sender, useful_for, list(numbers))


def marketing_lane(office: Office) -> delivery.MarketingDispatch:
    """Give the worker's lane for campaigns."""
    parts = office.parts
    return delivery.MarketingDispatch(system=parts.system, courier=parts.courier, process_id=parts.process_id)


async def send_some(office: Office, *, turns: int, seconds: float = 1) -> None:
    """Dispatch marketing turn by turn, with time passing in between."""
    lane = marketing_lane(office)
    for _ in range(turns):
        await lane.dispatch_once()
        await office.parts.courier.idle()
        office.clock.ahead += timedelta(seconds=seconds)


async def claim(office: Office, *, limit: int = 256) -> list[delivery.LeasedJob]:
    """Claim marketing once as a worker does, and post nothing."""
    async with office.parts.system.transaction() as tx:
        leased, _ = await claim_marketing(
            tx,
            limit=limit,
            owner=office.parts.process_id,
            decided_from=office.clock.monotonic(),
            paused_by_setting=False,
        )
    return leased


async def claim_answers(office: Office, *, limit: int = 256) -> list[delivery.LeasedJob]:
    """Claim texts that people wait for once as a worker does, and post nothing."""
    async with office.parts.system.transaction() as tx:
        leased, _ = await claim_and_gate(
            tx,
            limit=limit,
            owner=office.parts.process_id,
            decided_from=office.clock.monotonic(),
            paused_by_setting=False,
        )
    return leased


async def states(office: Office) -> Counter[tuple[str, str]]:
    """Count the texts by status and reason."""
    async with office.login.transaction() as tx:
        rows = await tx.fetch(STATES)
    return Counter((row["status"], row["code"]) for row in rows)


async def posts(office: Office) -> list[JournalView]:
    """List the carrier's requests to send, oldest first."""
    return await office.twin.journal(operation=CREATE, limit=MANY)


async def people_texted(office: Office) -> Counter[str]:
    """Count the requests to send by person."""
    return Counter(post.fields["To"] for post in await posts(office))


async def in_turn(office: Office, texts: Sequence[tuple[str, str]]) -> None:
    """Let a person send texts (body, message id) one after another."""
    for body, sid in texts:
        assert await office.text_in(body, sid=sid) == 200


async def at_once(office: Office, texts: Sequence[tuple[str, str]], *, width: int = 20) -> None:
    """Let a person send texts (body, message id), `width` at a time."""
    room = asyncio.Semaphore(width)

    async def send(body: str, sid: str) -> None:
        async with room:
            assert await office.text_in(body, sid=sid) == 200

    await asyncio.gather(*(send(body, sid) for body, sid in texts))


async def value_as_int(office: Office, statement: str, *arguments: object) -> int:
    """Ask the database for a number."""
    found = await office.fetchval(statement, *arguments)
    assert isinstance(found, int)
    return found
