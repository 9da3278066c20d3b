"""Marketing texts in sets: asked for by a campaign, picked per number whose turn it is, taken back if canceled."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from frontdesk.features.delivery.model import BulkIntent, BulkJob
from frontdesk.features.delivery.queries.jobs import read_job
from frontdesk.features.delivery.segments import count
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

INSERT_MANY = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, campaign_id, variant, correlation_id, created_at, updated_at)
    select id, $1, key, 'C3', 'campaign:' || $2::uuid::text, $3, basis, basis_at, contact_id, recipient, sender,
           provider, body, encoding, segments, 'queued', due_at, useful_until, $2, variant, $4, $5, $5
    from unnest($6::uuid[], $7::text[], $8::text[], $9::timestamptz[], $10::uuid[], $11::text[], $12::text[],
                $13::text[], $14::text[], $15::text[], $16::smallint[], $17::timestamptz[], $18::timestamptz[],
                $19::text[])
         as asked (id, key, basis, basis_at, contact_id, recipient, sender, provider, body, encoding, segments, due_at,
                   useful_until, variant)
    on conflict (tenant_id, intent_key) do nothing
    returning id, recipient_e164
"""

# Campaigns take turns within their number's quota, and the first of every number comes before the second of any.
PICK = """
    with turn as (
      select tenant_id, sender, quota, position
      from unnest($2::uuid[], $3::text[], $4::int[]) with ordinality as turn (tenant_id, sender, quota, position)
    ), due as (
      select job.id, turn.sender, turn.quota, turn.position, job.available_at,
             row_number() over (
               partition by turn.sender, stream.campaign_id order by job.available_at, job.id
             ) as nth_of_campaign
      from turn
      join send_streams as stream on stream.tenant_id = turn.tenant_id and stream.closed_at is null
      cross join lateral (
        select text.id, text.available_at from send_jobs as text
        where text.campaign_id = stream.campaign_id and text.sender_e164 = turn.sender and text.status = 'queued'
          and text.message_class = 'C3' and text.available_at <= $1 and text.tenant_id = turn.tenant_id
        order by text.available_at, text.id
        limit turn.quota
        for update skip locked
      ) as job
      where stream.next_at <= $1
        and not exists (
          select from delivery_switches as switch
          where switch.scope = 'campaign' and switch.key = stream.campaign_id::text and switch.paused_at is not null
        )
    ), picked as (
      select id, quota, position,
             row_number() over (partition by sender order by nth_of_campaign, available_at, id) as nth_of_number
      from due
    )
    select job.id, job.tenant_id, job.message_class, job.cause, job.basis, job.basis_at, job.recipient_e164,
           job.sender_e164, job.provider, job.body, job.useful_until, job.fence, job.attempts, job.correlation_id,
           job.campaign_id, job.contact_id, job.segments, job.cost_cents,
           pg_try_advisory_xact_lock_shared(1, hashtext(job.recipient_e164)) as person_locked
    from picked join send_jobs as job on job.id = picked.id
    where picked.nth_of_number <= picked.quota
    order by picked.nth_of_number, picked.position
"""

# Before the money: the other lane writes it and then reserves, and neither may wait for the other in a circle.
ENSURE_WORD = """
    insert into passed_gates (rules_version, gates) select $1, $2::jsonb
    where not exists (select from passed_gates where rules_version = $1)
    on conflict do nothing
"""

DROP_QUEUED = """
    with doomed as (
      select id from send_jobs
      where tenant_id = $1 and campaign_id = $2 and status = 'queued' and message_class = 'C3'
      order by id limit $5 for update skip locked
    )
    update send_jobs as job
    set status = 'dropped', finished_at = $3, failure_code = $4, failure_reason = 'Canceled', updated_at = $3
    from doomed where job.id = doomed.id and job.tenant_id = $1
    returning job.id
"""


async def insert_many(tx: Transaction, intents: Sequence[BulkIntent], *, campaign_id: UUID) -> dict[str, UUID]:
    """Queue marketing texts of one campaign, each once per intent key; returns the new jobs by their recipient."""
    sizes = [count(one.body) for one in intents]
    rows = await tx.fetch(
        INSERT_MANY,
        tx.tenant,
        campaign_id,
        "campaign",
        tx.correlation_id,
        tx.now,
        [new_id() for _ in intents],
        [one.key for one in intents],
        [one.basis for one in intents],
        [one.basis_at for one in intents],
        [one.contact_id for one in intents],
        [one.recipient_e164 for one in intents],
        [one.sender_e164 for one in intents],
        [one.provider for one in intents],
        [one.body for one in intents],
        [size.encoding.value for size in sizes],
        [size.count for size in sizes],
        [one.due_at for one in intents],
        [one.useful_until for one in intents],
        [one.variant for one in intents],
    )
    return {row["recipient_e164"]: row["id"] for row in rows}


async def pick(tx: Transaction, *, turns: Sequence[tuple[UUID, str, int]]) -> list[BulkJob]:
    """Lock due texts of open campaigns: for each (tenant, number, quota) up to that many, its campaigns by turns."""
    rows = await tx.fetch(
        PICK, tx.now, [turn[0] for turn in turns], [turn[1] for turn in turns], [turn[2] for turn in turns]
    )
    return [_picked(row) for row in rows]


def _picked(row: asyncpg.Record) -> BulkJob:
    return BulkJob(job=read_job(row), campaign_id=row["campaign_id"], contact_id=row["contact_id"])


async def ensure_word(tx: Transaction, *, rules_version: str, gates_json: str) -> None:
    """Keep what all gates say of a text that they let through, once per version of the rules."""
    await tx.execute(ENSURE_WORD, rules_version, gates_json)


async def drop_queued(tx: Transaction, *, campaign_id: UUID, code: str, limit: int) -> int:
    """Drop up to `limit` texts of a campaign that have not left; returns how many."""
    return len(await tx.fetch(DROP_QUEUED, tx.tenant, campaign_id, tx.now, code, limit))
