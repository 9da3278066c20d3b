"""Reports on send jobs: what was meant to leave, why it did or did not, and every POST that was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.db import Transaction

LIST_JOBS = """
    select id, message_class, channel, cause, template, recipient_e164, sender_e164, provider, body, encoding, segments,
           status, attempts, available_at, useful_until, accepted_at, finished_at, provider_message_id, failure_code,
           failure_reason, correlation_id, created_at, updated_at
    from send_jobs
    where tenant_id = $1 and ($2::uuid is null or id < $2) and ($3::text[] is null or status = any($3))
    order by id desc
    limit $4
"""

FIND_JOB = """
    select id, message_class, channel, cause, template, recipient_e164, sender_e164, provider, body, encoding, segments,
           status, attempts, available_at, useful_until, accepted_at, finished_at, provider_message_id, failure_code,
           failure_reason, correlation_id, created_at, updated_at
    from send_jobs where tenant_id = $1 and id = $2
"""

LIST_ATTEMPTS = """
    select fence, sender_e164, posting_at, started_at, finished_at, outcome, http_status, provider_code,
           provider_message_id
    from send_attempts where tenant_id = $1 and job_id = $2 order by fence
"""

LIST_DECISIONS = """
    select decision.id, decision.decided_at, decision.verdict, decision.code,
           coalesce(nullif(decision.gates, '[]'), passed.gates, '[]')::text as gates_json,
           decision.facts::text as facts_json, decision.rules_version
    from send_decisions as decision
    left join passed_gates as passed on passed.rules_version = decision.rules_version and decision.verdict = 'send'
    where decision.tenant_id = $1 and decision.job_id = $2
    order by decision.decided_at, decision.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendJob:
    """A send job as people look at it."""

    id: UUID
    message_class: str
    channel: str
    cause: str
    template: str
    recipient_e164: str
    sender_e164: str
    provider: str
    body: str
    encoding: str
    segments: int
    status: str
    attempts: int
    available_at: datetime
    useful_until: datetime
    accepted_at: datetime | None
    finished_at: datetime | None
    provider_message_id: str | None
    failure_code: str | None
    failure_reason: str | None
    correlation_id: UUID
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One POST that was permitted to start, and how it ended."""

    fence: int
    sender_e164: str
    posting_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    http_status: int | None
    provider_code: str | None
    provider_message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """One word of the gates; each gate's verdict with its source and the facts it was given, as JSON."""

    id: UUID
    decided_at: datetime
    verdict: str
    code: str
    gates_json: str
    facts_json: str
    rules_version: str


async def list_jobs(tx: Transaction, *, before: UUID | None, statuses: list[str] | None, limit: int) -> list[SendJob]:
    """List send jobs, newest first, from before a given one, in given states or in any."""
    return [SendJob(**dict(row)) for row in await tx.fetch(LIST_JOBS, tx.tenant, before, statuses, limit)]


async def find_job(tx: Transaction, *, job_id: UUID) -> SendJob | None:
    """Find a send job by id."""
    row = await tx.fetchrow(FIND_JOB, tx.tenant, job_id)
    return None if row is None else SendJob(**dict(row))


async def list_attempts(tx: Transaction, *, job_id: UUID) -> list[Attempt]:
    """List a job's POSTs in their order."""
    return [Attempt(**dict(row)) for row in await tx.fetch(LIST_ATTEMPTS, tx.tenant, job_id)]


async def list_decisions(tx: Transaction, *, job_id: UUID) -> list[StoredDecision]:
    """List what the gates said of a job, in order."""
    return [StoredDecision(**dict(row)) for row in await tx.fetch(LIST_DECISIONS, tx.tenant, job_id)]
