"""Receipts as carriers post them, taken in many at a time: archived, applied, announced and parked in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from frontdesk.features.delivery.events import CarrierReportedOptOut, TextGivenUp, TextProgressed
from frontdesk.features.delivery.model import JobStatus, MessageClass
from frontdesk.kernel.db import Transaction

# Archive first, in the order of its key, then jobs in the order of their id: two processes never wait in a circle.
# A receipt binds only a job of the business that its number belongs to, where that is known.
TAKE_IN_RECEIPTS = """
    with told as (
      select archive_id, tenant_id, provider, kind, dedupe_key, content_type, body, headers, correlation_id, message_id,
             reference, status, word, error_code, reason, opted_out, event_id, other_event_id, failure, position
      from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[],
                  $9::uuid[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[],
                  $16::boolean[], $17::uuid[], $18::uuid[], $26::text[])
           with ordinality
           as given (archive_id, tenant_id, provider, kind, dedupe_key, content_type, body, headers, correlation_id,
                     message_id, reference, status, word, error_code, reason, opted_out, event_id, other_event_id,
                     failure, position)
    ), archived as (
      insert into webhook_events (id, tenant_id, provider, kind, dedupe_key, content_type, body, headers,
                                  correlation_id, received_at)
      select archive_id, tenant_id, provider, kind, dedupe_key, content_type, body, headers::jsonb, correlation_id, $19
      from told
      order by provider, dedupe_key, position
      on conflict (provider, dedupe_key) do nothing
      returning id
    ), meant as (
      select told.position, told.message_id, told.status, told.error_code, told.reason, told.opted_out, told.event_id,
             told.other_event_id, found.id as job_id
      from archived
      join told on told.archive_id = archived.id
      cross join lateral (
        select job.id from send_jobs as job
        where job.provider = told.provider and job.provider_message_id = told.message_id
          and job.tenant_id = coalesce(told.tenant_id, job.tenant_id)
        union all
        select job.id from send_jobs as job
        where job.id = told.reference and job.provider = told.provider
          and coalesce(job.provider_message_id, told.message_id) = told.message_id
          and job.tenant_id = coalesce(told.tenant_id, job.tenant_id)
        limit 1
      ) as found
    ), target as (
      select job.id, job.status, job.provider_message_id from send_jobs as job
      where job.id in (select job_id from meant)
      order by job.id
      for update
    ), known as (
      select meant.position, meant.message_id, meant.status, meant.error_code, meant.reason, meant.opted_out,
             meant.event_id, meant.other_event_id, target.id, target.status as was, target.provider_message_id as had
      from meant join target on target.id = meant.job_id
      where coalesce(target.provider_message_id, meant.message_id) = meant.message_id
    ), best as (
      select distinct on (id) id, was, had, message_id, status, error_code, reason, opted_out, event_id, other_event_id,
             send_status_rank(status) > send_status_rank(was) as moves
      from known
      order by id, send_status_rank(status) desc, position
    ), moved as (
      update send_jobs as job
      set provider_message_id = best.message_id,
          status = case when best.moves then best.status else best.was end,
          accepted_at = coalesce(job.accepted_at, $19),
          finished_at = case when best.moves and send_status_rank(best.status) >= 3
                             then coalesce(job.finished_at, $19) else job.finished_at end,
          failure_code = case when best.moves then nullif(best.error_code, '') else job.failure_code end,
          failure_reason = case when best.moves then nullif(best.reason, '') else job.failure_reason end,
          updated_at = $19
      from best where job.id = best.id and (best.moves or best.had is null)
      returning job.id, job.tenant_id, job.correlation_id, job.message_class, job.recipient_e164, best.was, best.status,
                best.moves, best.error_code, best.reason, best.opted_out, best.event_id, best.other_event_id
    ), stopped as (
      select distinct on (job.id) job.id, job.tenant_id, job.correlation_id, job.recipient_e164, job.sender_e164,
             job.provider, known.other_event_id
      from known join send_jobs as job on job.id = known.id
      where known.opted_out and job.message_class <> $22
      order by job.id, known.position
    ), news as (
      select event_id as id, tenant_id, $20 as name, correlation_id,
             jsonb_build_object('job_id', id, 'status', status, 'code', error_code) as payload
      from moved where moves and message_class <> $23
      union all
      select other_event_id, tenant_id, $21, correlation_id,
             jsonb_build_object('job_id', id, 'recipient_e164', recipient_e164, 'message_class', message_class,
                                'reason', coalesce(nullif(error_code, ''), status))
      from moved where moves and reason <> '' and not opted_out
      union all
      select other_event_id, tenant_id, $24, correlation_id,
             jsonb_build_object('job_id', id, 'recipient_e164', recipient_e164, 'sender_e164', sender_e164,
                                'provider', provider)
      from stopped
    ), announced as (
      insert into outbox_events (id, tenant_id, name, payload, correlation_id, created_at, available_at, dispatched_at)
      select id, tenant_id, name, payload, correlation_id, $19, $19,
             case when name = any($25::text[]) then null else $19::timestamptz end
      from news
    ), parked as (
      insert into parked_receipts (provider, provider_message_id, status, error_code, failure, received_at)
      select told.provider, told.message_id, told.word, told.error_code, told.failure, $19
      from told join archived on archived.id = told.archive_id
      where told.position not in (select position from known)
      order by told.provider, told.message_id, told.word
      on conflict do nothing
    )
    select told.archive_id in (select id from archived) as is_new from told order by told.position
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldReceipt:
    """A receipt with its webhook, ready to be written.

    `word` is the carrier's status in our words, `status` what it makes of the job, `reason` why the text failed (empty
    if it did not), `tenant_id` whose text it must be, if that is known.
    """

    archive_id: UUID
    tenant_id: UUID | None
    provider: str
    kind: str
    dedupe_key: str
    content_type: str
    body: bytes
    headers_json: str
    correlation_id: UUID
    message_id: str
    reference: UUID | None
    status: JobStatus
    word: str
    error_code: str
    failure: str
    reason: str
    opted_out: bool
    event_id: UUID
    other_event_id: UUID


async def take_in_receipts(tx: Transaction, told: Sequence[ToldReceipt], *, heard: Sequence[str]) -> list[bool]:
    """Archive receipts, move their jobs, announce what changed and park what is not known yet; False for repeats.

    `heard` names the events that somebody listens to; the others are written as dispatched.
    """
    rows = await tx.fetch(
        TAKE_IN_RECEIPTS,
        [one.archive_id for one in told],
        [one.tenant_id for one in told],
        [one.provider for one in told],
        [one.kind for one in told],
        [one.dedupe_key for one in told],
        [one.content_type for one in told],
        [one.body for one in told],
        [one.headers_json for one in told],
        [one.correlation_id for one in told],
        [one.message_id for one in told],
        [one.reference for one in told],
        [one.status.value for one in told],
        [one.word for one in told],
        [one.error_code for one in told],
        [one.reason for one in told],
        [one.opted_out for one in told],
        [one.event_id for one in told],
        [one.other_event_id for one in told],
        tx.now,
        TextProgressed.name,
        TextGivenUp.name,
        MessageClass.COMPLIANCE.value,
        MessageClass.MARKETING.value,
        CarrierReportedOptOut.name,
        list(heard),
        [one.failure for one in told],
    )
    return [row["is_new"] for row in rows]
