"""Campaigns as rows: written, approved, started, ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.features.campaigns.model import Campaign, CampaignStatus, Schedule, ScheduleMode, Variant
from frontdesk.kernel.db import Transaction

GET = """
    select campaign.id, campaign.tenant_id, campaign.name, campaign.status, campaign.audience, campaign.variants,
           campaign.senders, campaign.schedule, campaign.per_minute, campaign.quiet_from, campaign.quiet_until,
           campaign.ends_at, campaign.content_hash, campaign.approved_by, campaign.approved_at,
           campaign.rehearsal_id, campaign.recipients, campaign.trip_opt_outs,
           campaign.trip_failures, campaign.tripped_because, campaign.resumed_at, campaign.cloned_from,
           campaign.created_by, campaign.created_at, campaign.updated_at, campaign.started_at, campaign.ended_at,
           exists (
             select from delivery_switches as switch
             where switch.scope = 'campaign' and switch.key = campaign.id::text and switch.paused_at is not null
           ) as paused
    from campaigns as campaign where campaign.tenant_id = $1 and campaign.id = $2
"""

LIST = """
    select campaign.id, campaign.tenant_id, campaign.name, campaign.status, campaign.audience, campaign.variants,
           campaign.senders, campaign.schedule, campaign.per_minute, campaign.quiet_from, campaign.quiet_until,
           campaign.ends_at, campaign.content_hash, campaign.approved_by, campaign.approved_at,
           campaign.rehearsal_id, campaign.recipients, campaign.trip_opt_outs,
           campaign.trip_failures, campaign.tripped_because, campaign.resumed_at, campaign.cloned_from,
           campaign.created_by, campaign.created_at, campaign.updated_at, campaign.started_at, campaign.ended_at,
           exists (
             select from delivery_switches as switch
             where switch.scope = 'campaign' and switch.key = campaign.id::text and switch.paused_at is not null
           ) as paused
    from campaigns as campaign
    where campaign.tenant_id = $1 and ($2::uuid is null or campaign.id < $2)
      and ($3::text is null or campaign.status = $3)
    order by campaign.id desc limit $4
"""

INSERT = """
    insert into campaigns (id, tenant_id, name, status, audience, variants, senders, schedule, per_minute, quiet_from,
                           quiet_until, ends_at, content_hash, trip_opt_outs, trip_failures, cloned_from, created_by,
                           created_at, updated_at)
    values ($1, $2, $3, 'draft', $4::jsonb, $5::jsonb, $6, $7::jsonb, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
            $17)
"""

CHANGE = """
    update campaigns
    set name = $3, audience = $4::jsonb, variants = $5::jsonb, senders = $6, schedule = $7::jsonb, per_minute = $8,
        quiet_from = $9, quiet_until = $10, ends_at = $11, trip_opt_outs = $14, trip_failures = $15,
        status = case when content_hash = $12 then status else 'draft' end,
        approved_by = case when content_hash = $12 then approved_by end,
        approved_at = case when content_hash = $12 then approved_at end,
        content_hash = $12, updated_at = $13
    where tenant_id = $1 and id = $2 and status in ('draft', 'approved')
    returning true
"""

APPROVE = """
    update campaigns set status = 'approved', approved_by = $3, approved_at = $4, updated_at = $4
    where tenant_id = $1 and id = $2 and status = 'draft' and content_hash = $5
    returning true
"""

START = """
    update campaigns set status = 'expanding', started_at = $3, run_id = $4, updated_at = $3
    where tenant_id = $1 and id = $2 and status = 'approved'
    returning true
"""

EXPANDED = """
    update campaigns set status = 'running', recipients = $3, updated_at = $4
    where tenant_id = $1 and id = $2 and status = 'expanding'
    returning true
"""

END = """
    update campaigns set status = $3, ended_at = $4, updated_at = $4
    where tenant_id = $1 and id = $2 and status not in ('completed', 'canceled')
    returning true
"""

TRIP = "update campaigns set tripped_because = $3, updated_at = $4 where tenant_id = $1 and id = $2"

RESUME = """
    update campaigns set tripped_because = null, resumed_at = $3, updated_at = $3 where tenant_id = $1 and id = $2
"""

NOTE_REHEARSAL = "update campaigns set rehearsal_id = $3 where tenant_id = $1 and id = $2"

LIST_MOVING = """
    select tenant_id, id, status, ends_at, trip_opt_outs, trip_failures, resumed_at, tripped_because
    from campaigns as campaign
    where status in ('expanding', 'running')
       or (ended_at > $1::timestamptz - interval '1 day' and exists (
         select from send_jobs as job
         where job.campaign_id = campaign.id and job.tenant_id = campaign.tenant_id and job.status = 'queued'
           and job.message_class = 'C3'
       ))
    order by id
"""

FIND_OWNER = "select tenant_id from campaigns where id = $1"


@dataclass(frozen=True, slots=True)
class Moving:
    """A campaign that is being expanded or sent."""

    tenant_id: UUID
    id: UUID
    status: CampaignStatus
    ends_at: datetime
    trip_opt_outs: int
    trip_failures: int
    resumed_at: datetime | None
    tripped_because: str | None


def _campaign(row: asyncpg.Record) -> Campaign:
    fields = dict(row)
    schedule = json.loads(fields.pop("schedule"))
    return Campaign(
        **{
            **fields,
            "status": CampaignStatus(fields["status"]),
            "variants": tuple(Variant(**one) for one in json.loads(fields["variants"])),
            "senders": tuple(fields["senders"]),
            "schedule": Schedule(
                mode=ScheduleMode(schedule["mode"]),
                at=None if schedule.get("at") is None else datetime.fromisoformat(schedule["at"]),
                local_at=None if schedule.get("local_at") is None else datetime.fromisoformat(schedule["local_at"]),
            ),
        }
    )


def _variants_json(campaign: Campaign) -> str:
    return json.dumps([{"name": one.name, "body": one.body, "weight": one.weight} for one in campaign.variants])


def _schedule_json(campaign: Campaign) -> str:
    schedule = campaign.schedule
    return json.dumps(
        {
            "mode": schedule.mode.value,
            "at": None if schedule.at is None else schedule.at.isoformat(),
            "local_at": None if schedule.local_at is None else schedule.local_at.isoformat(),
        }
    )


async def find_campaign(tx: Transaction, *, campaign_id: UUID) -> Campaign | None:
    """Find a campaign by id."""
    row = await tx.fetchrow(GET, tx.tenant, campaign_id)
    return None if row is None else _campaign(row)


async def list_campaigns(
    tx: Transaction, *, before: UUID | None, status: CampaignStatus | None, limit: int
) -> list[Campaign]:
    """List campaigns, newest first, from before a given one."""
    rows = await tx.fetch(LIST, tx.tenant, before, None if status is None else status.value, limit)
    return [_campaign(row) for row in rows]


async def insert_campaign(tx: Transaction, campaign: Campaign) -> None:
    """Write a new draft."""
    await tx.execute(
        INSERT,
        campaign.id,
        tx.tenant,
        campaign.name,
        campaign.audience,
        _variants_json(campaign),
        list(campaign.senders),
        _schedule_json(campaign),
        campaign.per_minute,
        campaign.quiet_from,
        campaign.quiet_until,
        campaign.ends_at,
        campaign.content_hash,
        campaign.trip_opt_outs,
        campaign.trip_failures,
        campaign.cloned_from,
        campaign.created_by,
        tx.now,
    )


async def update_campaign(tx: Transaction, campaign: Campaign) -> bool:
    """Write what a campaign says; a change of what was approved takes the approval back. False once it has started."""
    changed = await tx.fetchval(
        CHANGE,
        tx.tenant,
        campaign.id,
        campaign.name,
        campaign.audience,
        _variants_json(campaign),
        list(campaign.senders),
        _schedule_json(campaign),
        campaign.per_minute,
        campaign.quiet_from,
        campaign.quiet_until,
        campaign.ends_at,
        campaign.content_hash,
        tx.now,
        campaign.trip_opt_outs,
        campaign.trip_failures,
    )
    return changed is True


async def mark_approved(tx: Transaction, *, campaign_id: UUID, by: str, content_hash: str) -> bool:
    """Approve a draft as it was read; False if it is no draft or says something else now."""
    return await tx.fetchval(APPROVE, tx.tenant, campaign_id, by, tx.now, content_hash) is True


async def mark_started(tx: Transaction, *, campaign_id: UUID, run_id: UUID) -> bool:
    """Begin to make an approved campaign's texts; False if it is not approved."""
    return await tx.fetchval(START, tx.tenant, campaign_id, tx.now, run_id) is True


async def note_expanded(tx: Transaction, *, campaign_id: UUID, recipients: int) -> bool:
    """Write that every person has a text or a reason; False if the campaign has ended meanwhile."""
    return await tx.fetchval(EXPANDED, tx.tenant, campaign_id, recipients, tx.now) is True


async def mark_ended(tx: Transaction, *, campaign_id: UUID, status: CampaignStatus) -> bool:
    """End a campaign; False if it has ended."""
    return await tx.fetchval(END, tx.tenant, campaign_id, status.value, tx.now) is True


async def note_tripped(tx: Transaction, *, campaign_id: UUID, because: str) -> None:
    """Write why a campaign paused by itself."""
    await tx.execute(TRIP, tx.tenant, campaign_id, because, tx.now)


async def note_resumed(tx: Transaction, *, campaign_id: UUID) -> None:
    """Write that a person let a campaign go on: only texts from now on count against its limits."""
    await tx.execute(RESUME, tx.tenant, campaign_id, tx.now)


async def note_rehearsal(tx: Transaction, *, campaign_id: UUID, rehearsal_id: UUID) -> None:
    """Point a campaign to its latest rehearsal."""
    await tx.execute(NOTE_REHEARSAL, tx.tenant, campaign_id, rehearsal_id)


async def list_moving(tx: Transaction) -> list[Moving]:
    """List the campaigns of every tenant that are being expanded or sent, or have ended and left texts behind."""
    return [
        Moving(**{**dict(row), "status": CampaignStatus(row["status"])}) for row in await tx.fetch(LIST_MOVING, tx.now)
    ]


async def find_owner(tx: Transaction, *, campaign_id: UUID) -> UUID | None:
    """Find whose a campaign is; asked across tenants, before its business is known."""
    owner = await tx.fetchval(FIND_OWNER, campaign_id)
    return owner if isinstance(owner, UUID) else None
