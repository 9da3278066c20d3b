"""What checks of campaigns ask and drills change; across tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction

LIST_TRIPPED = """
    select id, tenant_id, tripped_because from campaigns
    where status in ('expanding', 'running') and tripped_because is not null
    order by id limit 50
"""

COUNT_UNMADE = """
    select count(*)::int from campaigns
    where status = 'expanding' and started_at < $1::timestamptz - $2::interval
"""

LIST_SENDING = """
    select id, tenant_id from campaigns as campaign
    where status in ('expanding', 'running')
      and not exists (
        select from delivery_switches as switch
        where switch.scope = 'campaign' and switch.key = campaign.id::text and switch.paused_at is not null)
    order by id
"""

ADD_TRIPPED = """
    insert into campaigns (id, tenant_id, name, status, audience, variants, senders, schedule, ends_at, content_hash,
                           tripped_because, created_by, created_at, updated_at, started_at)
    select $1, tenant_id, 'Campaign of a drill', 'running', '{"filter": {"where": "all", "of": []}}',
           '[{"name": "A", "body": "Words of a drill."}]', array[phone_e164], '{"mode": "at_once"}',
           $2::timestamptz + interval '1 day', 'drill', '7 of the last 100 people said STOP (limit 3)', 'system:drill',
           $2, $2, $2
    from sending_numbers where retired_at is null order by created_at, id limit 1
    returning tenant_id
"""

# So that whoever looks after campaigns does not find it finished and end it.
ADD_WAITING_TEXT = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, campaign_id, correlation_id, created_at, updated_at)
    select $1, $3, 'drill:' || $1::uuid::text, 'C3', 'drill', 'drill', 'drill', $2, $4, '+12065550177',
           number.phone_e164, number.provider, 'Words of a drill.', 'gsm7', 1, 'queued',
           $2::timestamptz + interval '5 hours', $2::timestamptz + interval '9 hours', $1, $1, $2, $2
    from sending_numbers as number
    where number.tenant_id = $3 and number.retired_at is null order by number.created_at, number.id limit 1
"""

ADD_PERSON = """
    insert into contacts (id, tenant_id, phone_e164, created_at) values ($1, $2, '+12065550177', $3)
    on conflict (tenant_id, phone_e164) do update set phone_e164 = excluded.phone_e164
    returning id
"""

LIST_DRILLED = "select id from campaigns where content_hash = 'drill' and status in ('expanding', 'running')"

CANCEL_DRILLED = """
    update campaigns set status = 'canceled', ended_at = $1, updated_at = $1
    where content_hash = 'drill' and status in ('expanding', 'running')
"""


@dataclass(frozen=True, slots=True)
class Tripped:
    """A campaign that stopped itself, and why."""

    id: UUID
    tenant_id: UUID
    because: str


async def list_tripped(tx: Transaction) -> list[Tripped]:
    """List campaigns that stopped themselves and that nobody has let go on."""
    return [Tripped(row["id"], row["tenant_id"], row["tripped_because"]) for row in await tx.fetch(LIST_TRIPPED)]


async def count_unmade(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count campaigns whose texts are being made for longer than a while."""
    found = await tx.fetchval(COUNT_UNMADE, tx.now, longer_than)
    return found if isinstance(found, int) else 0


async def list_sending(tx: Transaction) -> list[tuple[UUID, UUID]]:
    """List (campaign, business) of the campaigns that are sent and that no switch of their own stops."""
    return [(row["id"], row["tenant_id"]) for row in await tx.fetch(LIST_SENDING)]


async def add_tripped(tx: Transaction, *, campaign_id: UUID, person_id: UUID) -> None:
    """Write a campaign that has stopped itself, with a text that waits."""
    tenant_id = await tx.fetchval(ADD_TRIPPED, campaign_id, tx.now)
    person = await tx.fetchval(ADD_PERSON, person_id, tenant_id, tx.now)
    await tx.execute(ADD_WAITING_TEXT, campaign_id, tx.now, tenant_id, person)


async def cancel_drilled(tx: Transaction) -> list[UUID]:
    """Write that the campaigns of drills are canceled; lists them."""
    found = [row["id"] for row in await tx.fetch(LIST_DRILLED)]
    await tx.execute(CANCEL_DRILLED, tx.now)
    return found
