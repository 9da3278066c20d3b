"""Send jobs as they are asked for: one row per intent, with the decision that set its first status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.features.delivery.model import JobStatus, TextIntent
from frontdesk.kernel.db import Transaction

# Texts of a thread go by (created_at, id). A new one comes after all that it can see, whatever the clocks say that
# made its moment and its id.
INSERT_JOB = """
    with job as (
      insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                             recipient_e164, sender_e164, provider, body, encoding, segments, status, fence,
                             lease_owner, attempts, available_at, useful_until, posting_at, finished_at, failure_code,
                             failure_reason, correlation_id, causation_id, created_at, updated_at, cost_cents)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
              $24, $25, $26, $27,
              greatest($28, (
                select max(earlier.created_at) + interval '1 microsecond' from send_jobs as earlier
                where earlier.tenant_id = $2 and earlier.recipient_e164 = $10
                  and earlier.status in ('queued', 'posting', 'unknown')
              )), $28, $35)
      on conflict (tenant_id, intent_key) do nothing
      returning id, tenant_id, status
    ), decision as (
      insert into send_decisions (id, tenant_id, job_id, decided_at, verdict, code, gates, facts, rules_version)
      select $29, job.tenant_id, job.id, $28, $30, $31, $32::jsonb, $33::jsonb, $34 from job
    ), attempt as (
      insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, process_id)
      select job.id, $17, job.tenant_id, $11, $28, $18 from job where job.status = 'posting'
    )
    select true from job
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to insert, with the decision that set its first status."""

    id: UUID
    intent: TextIntent
    encoding: str
    segments: int
    status: JobStatus
    lease_owner: UUID | None
    available_at: datetime
    failure_code: str | None
    failure_reason: str | None
    decision_id: UUID
    verdict: str
    code: str
    gates_json: str
    facts_json: str
    rules_version: str
    cost_cents: Decimal


async def insert_job(tx: Transaction, job: NewJob) -> bool:
    """Write a job with its decision, and its attempt if it is leased; False if the intent exists already."""
    intent = job.intent
    leased = job.status is JobStatus.POSTING
    ended = job.status in (JobStatus.BLOCKED, JobStatus.DROPPED)
    written = await tx.fetchval(
        INSERT_JOB,
        job.id,
        tx.tenant,
        intent.key,
        intent.message_class.value,
        intent.cause,
        intent.template,
        intent.basis,
        intent.basis_at,
        intent.contact_id,
        intent.recipient_e164,
        intent.sender_e164,
        intent.provider,
        intent.body,
        job.encoding,
        job.segments,
        job.status.value,
        1 if leased else 0,
        job.lease_owner if leased else None,
        1 if leased else 0,
        job.available_at,
        intent.useful_until,
        tx.now if leased else None,
        tx.now if ended else None,
        job.failure_code,
        job.failure_reason,
        tx.correlation_id,
        tx.causation_id,
        tx.now,
        job.decision_id,
        job.verdict,
        job.code,
        job.gates_json,
        job.facts_json,
        job.rules_version,
        job.cost_cents,
    )
    return written is True
