"""People who agreed to marketing, numbers that may send it, and texts of a campaign: for tests of bulk sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from frontdesk.features import delivery
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.ids import new_id

# Noon on a Tuesday in New York and 9 in the morning in Seattle: open to marketing in every one of the states.
NOON_UTC = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
BODY = "Harbor Plumbing: winter check for $49 until Friday. Reply STOP to opt out."

ADD_PEOPLE = """
    insert into contacts (id, tenant_id, phone_e164, name, created_at, timezone, region, country)
    select id, $1, phone, 'Carol', $3, $4, $5, 'US'
    from unnest($2::uuid[], $6::text[]) as given (id, phone)
"""

ADD_CONSENTS = """
    insert into opt_ins (id, tenant_id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip,
                         user_agent, sellers, not_a_condition, source, missing, recorded_at, recorded_by)
    select gen_random_uuid(), $1, phone, 'written', 'marketing', 'I agree to texts from Harbor Plumbing.',
           encode(sha256('I agree to texts from Harbor Plumbing.'), 'hex'), 'https://harbor.example/offers',
           $2::timestamptz - interval '30 days', 'America/Los_Angeles', '203.0.113.7', 'Mozilla/5.0',
           '{Harbor Plumbing}', true, 'web form', '{}', $2::timestamptz - interval '30 days', 'system:tests'
    from unnest($3::text[]) as given (phone)
"""

LET_NUMBERS_ADVERTISE = """
    update sending_numbers
    set registration_status = 'approved', registration_id = 'C0FFEE', segments_per_second = $2, burst = 1
    where tenant_id = $1
"""


def phones(count: int, *, start: int = 0) -> list[str]:
    """List numbers of Seattle."""
    return [f"+1206555{number:04d}" for number in range(1000 + start, 1000 + start + count)]


async def add_people(
    tx: Transaction,
    numbers: Sequence[str],
    *,
    consent: bool = True,
    zone: str | None = "America/Los_Angeles",
    region: str = "US-WA",
) -> dict[str, UUID]:
    """Add people to the transaction's tenant, who agreed to marketing in writing 30 days ago."""
    ids = {phone: new_id() for phone in numbers}
    await tx.execute(ADD_PEOPLE, tx.tenant, list(ids.values()), tx.now, zone, region, list(ids))
    if consent:
        await tx.execute(ADD_CONSENTS, tx.tenant, tx.now, list(numbers))
    return ids


async def let_numbers_advertise(login: Database, tenant_id: UUID, *, segments_per_second: float = 1000) -> None:
    """Register every number of a business, at a pace."""
    async with login.transaction() as tx:
        await tx.execute(LET_NUMBERS_ADVERTISE, tenant_id, segments_per_second)


def intents(
    people: dict[str, UUID],
    *,
    campaign_id: UUID,
    sender_e164: str,
    due_at: datetime,
    provider: str = "twilio",
    body: str = BODY,
) -> list[delivery.BulkIntent]:
    """Make one text per person."""
    return [
        delivery.BulkIntent(
            key=f"campaign:{campaign_id}:{phone}",
            basis="written consent on record",
            basis_at=due_at,
            contact_id=contact_id,
            recipient_e164=phone,
            sender_e164=sender_e164,
            provider=provider,
            body=body,
            variant="A",
            due_at=due_at,
            useful_until=due_at + timedelta(days=2),
        )
        for phone, contact_id in people.items()
    ]


async def queue_campaign(
    tx: Transaction,
    people: dict[str, UUID],
    *,
    sender_e164: str,
    per_minute: Decimal | None = None,
    campaign_id: UUID | None = None,
    **changes: object,
) -> UUID:
    """Queue a campaign's texts as due now and open its stream; returns its id."""
    found = campaign_id or new_id()
    texts = intents(people, campaign_id=found, sender_e164=sender_e164, due_at=tx.now)
    await delivery.request_many(tx, [replace(one, **changes) for one in texts], campaign_id=found)  # type: ignore[arg-type]  # the test names fields of the intent
    await delivery.open_stream(
        tx,
        campaign_id=found,
        per_minute=per_minute,
        quiet_from=None,
        quiet_until=None,
        numbers=[sender_e164],
    )
    return found
