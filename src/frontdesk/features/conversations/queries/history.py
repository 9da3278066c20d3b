"""SQL of a person's timeline and card: what happened between them and the business, in every channel."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.conversations.model import (
    Appointment,
    ConsentStep,
    Happening,
    HappeningKind,
    Paid,
    Received,
)
from frontdesk.kernel.db import Transaction

LIST_HAPPENINGS = """
    with items as (
      (select id, 'text' as kind, created_at as at, direction, body as words, author,
              coalesce(wording, '') as wording, '' as state, nullif(jsonb_array_length(media), 0) as number,
              null::timestamptz as moment,
              send_job_id as other_id
       from conv_messages
       where tenant_id = $1 and conversation_id = $3 and (created_at, id) < ($5, $6)
       order by created_at desc, id desc limit $7)
      union all
      (select id, 'call', started_at, 'inbound', coalesce(missed_because, ''), '', '',
              case when missed_at is not null then 'missed' when answered_at is not null then 'answered'
                   when ended_at is not null then 'ended' else 'ringing' end,
              coalesce(dial_seconds, duration_seconds), null::timestamptz, null::uuid
       from calls
       where tenant_id = $1 and contact_id = $2 and (started_at, id) < ($5, $6)
       order by started_at desc, id desc limit $7)
      union all
      (select message.id, 'voicemail', message.received_at, 'inbound', '', '', '', '', message.duration_seconds,
              null::timestamptz, null::uuid
       from calls as call
       join voicemails as message on message.call_id = call.id and message.tenant_id = call.tenant_id
       where call.tenant_id = $1 and call.contact_id = $2 and (message.received_at, message.id) < ($5, $6)
       order by message.received_at desc, message.id desc limit $7)
      union all
      (select id, 'note', created_at, 'internal', body, author, '', '', null::integer, null::timestamptz, null::uuid
       from conv_notes
       where tenant_id = $1 and conversation_id = $3 and (created_at, id) < ($5, $6)
       order by created_at desc, id desc limit $7)
      union all
      (select booking.id, 'booked', booking.created_at, 'internal', service.name, '', '', booking.status,
              null::integer, booking.starts_at, null::uuid
       from sched_appointments as booking
       join sched_services as service on service.id = booking.service_id and service.tenant_id = booking.tenant_id
       where booking.tenant_id = $1 and booking.contact_id = $2 and (booking.created_at, booking.id) < ($5, $6)
       order by booking.created_at desc, booking.id desc limit $7)
      union all
      (select booking.id, 'called_off', booking.cancelled_at, 'internal', service.name, '', '', booking.status,
              null::integer, booking.starts_at, null::uuid
       from sched_appointments as booking
       join sched_services as service on service.id = booking.service_id and service.tenant_id = booking.tenant_id
       where booking.tenant_id = $1 and booking.contact_id = $2 and (booking.cancelled_at, booking.id) < ($5, $6)
       order by booking.cancelled_at desc, booking.id desc limit $7)
      union all
      (select id, 'change', changed_at, 'internal', kind, author, '', '', null::integer, rests_until, given_to
       from conv_changes
       where tenant_id = $1 and conversation_id = $3 and (changed_at, id) < ($5, $6)
       order by changed_at desc, id desc limit $7)
      union all
      (select id, 'consent', created_at, 'internal', event_type, '', '', scope, null::integer, null::timestamptz,
              null::uuid
       from compliance_events
       where tenant_id = $1 and phone_e164 = $4 and (created_at, id) < ($5, $6)
         and event_type not in ('help', 'help_answered', 'stop_confirmed', 'start_confirmed')
       order by created_at desc, id desc limit $7)
      union all
      (select id, 'payment', paid_at, 'internal', description, '', '', currency, paid_cents::integer,
              null::timestamptz, null::uuid
       from payments
       where tenant_id = $1 and contact_id = $2 and (paid_at, id) < ($5, $6)
       order by paid_at desc, id desc limit $7)
    ), page as (
      select id, kind, at, direction, words, author, wording, state, number, moment, other_id from items
      order by at desc, id desc limit $7
    )
    select page.id, page.kind, page.at, page.direction, page.words, page.author, page.wording,
           coalesce(job.status, page.state) as state, coalesce(job.failure_code, '') as code,
           coalesce(word.citation, '') as citation, page.number,
           case when job.status = 'queued' then job.available_at else page.moment end as moment, page.other_id
    from page
    left join send_jobs as job on job.id = page.other_id and page.kind = 'text' and job.tenant_id = $1
    left join lateral (
      select gate ->> 'citation' as citation
      from send_decisions as decision cross join lateral jsonb_array_elements(decision.gates) as gate
      where decision.tenant_id = $1 and decision.job_id = job.id and gate ->> 'code' = job.failure_code
      order by decision.decided_at desc
      limit 1
    ) as word on job.failure_code is not null
    order by page.at desc, page.id desc
"""
FIND_THREAD = "select id from conversations where tenant_id = $1 and contact_id = $2"
LIST_APPOINTMENTS = """
    select booking.id, service.name as service, resource.name as resource, booking.status, booking.starts_at
    from sched_appointments as booking
    join sched_services as service on service.id = booking.service_id and service.tenant_id = booking.tenant_id
    join sched_resources as resource on resource.id = booking.resource_id and resource.tenant_id = booking.tenant_id
    where booking.tenant_id = $1 and booking.contact_id = $2
    order by booking.starts_at desc limit $3
"""
LIST_RECEIVED = """
    select part.campaign_id, campaign.name, coalesce(job.status, 'skipped') as status,
           coalesce(job.failure_code, part.skipped_because, '') as code, part.added_at as at
    from campaign_recipients as part
    join campaigns as campaign on campaign.id = part.campaign_id and campaign.tenant_id = part.tenant_id
    left join send_jobs as job on job.id = part.send_job_id and job.tenant_id = part.tenant_id
    where part.tenant_id = $1 and part.contact_id = $2
    order by part.added_at desc limit $3
"""
LIST_PAID = """
    select id, description, amount_cents::integer as amount_cents, currency, status, coalesce(paid_at, created_at) as at
    from payments where tenant_id = $1 and contact_id = $2
    order by id desc limit $3
"""
LIST_CONSENT_STEPS = """
    select event_type, channel, scope, coalesce(metadata ->> 'reason', '') as reason, created_at as at
    from compliance_events where tenant_id = $1 and phone_e164 = $2
    order by created_at desc, seq desc limit $3
"""


async def list_happenings(
    tx: Transaction,
    *,
    contact_id: UUID,
    conversation_id: UUID | None,
    phone_e164: str,
    before: tuple[datetime, UUID],
    limit: int,
) -> list[Happening]:
    """List what happened between a person and the business, newest first, from before a place."""
    at, place = before
    rows = await tx.fetch(LIST_HAPPENINGS, tx.tenant, contact_id, conversation_id, phone_e164, at, place, limit)
    return [Happening(**(dict(row) | {"kind": HappeningKind(row["kind"])})) for row in rows]


async def find_thread(tx: Transaction, *, contact_id: UUID) -> UUID | None:
    """Find a person's thread."""
    found = await tx.fetchval(FIND_THREAD, tx.tenant, contact_id)
    return found if isinstance(found, UUID) else None


async def list_appointments(tx: Transaction, *, contact_id: UUID, limit: int) -> list[Appointment]:
    """List a person's appointments, the latest first."""
    return [Appointment(**dict(row)) for row in await tx.fetch(LIST_APPOINTMENTS, tx.tenant, contact_id, limit)]


async def list_received(tx: Transaction, *, contact_id: UUID, limit: int) -> list[Received]:
    """List the campaigns a person was part of, the latest first."""
    return [Received(**dict(row)) for row in await tx.fetch(LIST_RECEIVED, tx.tenant, contact_id, limit)]


async def list_paid(tx: Transaction, *, contact_id: UUID, limit: int) -> list[Paid]:
    """List what a person was asked to pay, the latest first."""
    return [Paid(**dict(row)) for row in await tx.fetch(LIST_PAID, tx.tenant, contact_id, limit)]


async def list_consent_steps(tx: Transaction, *, phone_e164: str, limit: int) -> list[ConsentStep]:
    """List what the ledger knows of a person's consent, the latest first."""
    return [ConsentStep(**dict(row)) for row in await tx.fetch(LIST_CONSENT_STEPS, tx.tenant, phone_e164, limit)]
