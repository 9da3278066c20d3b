"""Send jobs: claimed, leased, and how each POST ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from frontdesk.features.delivery.model import ClaimedJob, JobStatus, MessageClass
from frontdesk.kernel.db import Transaction

POST_LEASE = timedelta(seconds=20)  # twice the deadline of a POST; then its job counts as in doubt

FIND_BY_INTENT = (
    "select id, status, coalesce(failure_code, '') as code from send_jobs where tenant_id = $1 and intent_key = $2"
)

# Lines of a business and class share the room, then take what others left: nobody's flood delays anybody else's text.
# The limit is hidden in a sub-select: one that the planner can see makes it plan anew for every claim (0.6 ms).
CLAIM = """
    with recursive line as (
      (
        select job.tenant_id, job.message_class from send_jobs as job
        where job.status = 'queued' and job.message_class <> 'C3'
        order by job.tenant_id, job.message_class limit 1
      )
      union all
      select next.tenant_id, next.message_class
      from line
      cross join lateral (
        select job.tenant_id, job.message_class from send_jobs as job
        where job.status = 'queued' and job.message_class <> 'C3'
          and (job.tenant_id, job.message_class) > (line.tenant_id, line.message_class)
        order by job.tenant_id, job.message_class limit 1
      ) as next
    ), turn as (
      select line.tenant_id, line.message_class, first.available_at,
             greatest(1, (select $2::bigint) / count(*) over ()) as share
      from line
      cross join lateral (
        select job.available_at from send_jobs as job
        where job.tenant_id = line.tenant_id and job.message_class = line.message_class and job.status = 'queued'
          and job.message_class <> 'C3' and job.available_at <= $1
        order by job.available_at, job.id limit 1
      ) as first
      where not exists (
        select from delivery_switches as switch
        where switch.paused_at is not null
          and (switch.scope, switch.key) in (('global', 'all'), ('tenant', line.tenant_id::text), ('channel', 'sms'))
      )
    ), round as materialized (
      select turn.tenant_id, turn.message_class, round.taken, round.room
      from turn
      cross join lateral (values (1, 0, turn.share), (2, turn.share, (select $2::bigint))) as round (nth, taken, room)
      order by round.nth, turn.available_at, turn.tenant_id, turn.message_class
    ), due as materialized (
      select job.id, job.tenant_id, job.message_class, job.cause, job.basis, job.basis_at, job.recipient_e164,
             job.sender_e164, job.provider, job.body, job.segments, job.cost_cents, job.useful_until, job.fence,
             job.attempts, job.correlation_id, job.available_at
      from round
      cross join lateral (
        select job.id, job.tenant_id, job.message_class, job.cause, job.basis, job.basis_at, job.recipient_e164,
               job.sender_e164, job.provider, job.body, job.segments, job.cost_cents, job.useful_until, job.fence,
               job.attempts, job.correlation_id, job.available_at
        from send_jobs as job
        where job.tenant_id = round.tenant_id and job.message_class = round.message_class and job.status = 'queued'
          and job.message_class <> 'C3' and job.available_at <= $1
          and not exists (
            select from breakers as breaker
            where breaker.provider = job.provider and breaker.sender_e164 = job.sender_e164
              and breaker.hold_until > $1
          )
          and (job.message_class = 'C4' or not exists (
            select from send_jobs as earlier
            where earlier.tenant_id = job.tenant_id and earlier.recipient_e164 = job.recipient_e164
              and (earlier.created_at, earlier.id) < (job.created_at, job.id)
              and earlier.status in ('queued', 'posting', 'unknown') and earlier.message_class in ('C1', 'C2')
          ))
        order by job.available_at, job.id
        offset round.taken limit round.room
        for update of job skip locked
      ) as job
      limit (select $2::bigint)
    )
    select job.id, job.tenant_id, job.message_class, job.cause, job.basis, job.basis_at, job.recipient_e164,
           job.sender_e164, job.provider, job.body, job.segments, job.cost_cents, job.useful_until, job.fence,
           job.attempts, job.correlation_id,
           pg_try_advisory_xact_lock_shared(1, hashtext(job.recipient_e164)) as person_locked
    from (
      select distinct on (due.id) due.id, due.tenant_id, due.message_class, due.cause, due.basis, due.basis_at,
             due.recipient_e164, due.sender_e164, due.provider, due.body, due.segments, due.cost_cents,
             due.useful_until, due.fence, due.attempts, due.correlation_id, due.available_at
      from due order by due.id
    ) as job
    order by job.available_at, job.id
"""

LEASE = """
    with decided as (
      select id, decision_id, facts, cost_cents
      from unnest($1::uuid[], $2::uuid[], $3::text[], $11::numeric[]) as given (id, decision_id, facts, cost_cents)
    ), leased as (
      update send_jobs as job
      set status = 'posting', available_at = $4, fence = job.fence + 1, attempts = job.attempts + 1, lease_owner = $5,
          posting_at = $6, finished_at = null, failure_code = null, failure_reason = null, updated_at = $6,
          cost_cents = decided.cost_cents
      from decided where job.id = decided.id
      returning job.id, job.tenant_id, job.sender_e164, job.fence, decided.decision_id, decided.facts
    ), attempt as (
      insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, process_id)
      select id, fence, tenant_id, sender_e164, $6, $5 from leased
    ), word as (
      insert into passed_gates (rules_version, gates) select $10, $9::jsonb
      where not exists (select from passed_gates where rules_version = $10)
      on conflict do nothing
    )
    insert into send_decisions (id, tenant_id, job_id, decided_at, verdict, code, gates, facts, rules_version)
    select decision_id, tenant_id, id, $6, $7, $8, '[]', facts::jsonb, $10 from leased
"""

SETTLE_DECIDED = """
    with decided as (
      select id, status, available_at, code, reason, decision_id, verdict, gates, facts
      from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
                  $9::text[])
           as given (id, status, available_at, code, reason, decision_id, verdict, gates, facts)
    ), moved as (
      update send_jobs as job
      set status = decided.status, available_at = decided.available_at, lease_owner = null,
          finished_at = case when decided.status in ('blocked', 'dropped') then $10::timestamptz end,
          failure_code = decided.code, failure_reason = decided.reason, updated_at = $10
      from decided where job.id = decided.id
      returning job.id, job.tenant_id
    )
    insert into send_decisions (id, tenant_id, job_id, decided_at, verdict, code, gates, facts, rules_version)
    select decided.decision_id, moved.tenant_id, moved.id, $10, decided.verdict, decided.code, decided.gates::jsonb,
           decided.facts::jsonb, $11
    from decided join moved on moved.id = decided.id
"""

RECORD_RESULTS = """
    with result as (
      select id, fence, status, available_at, sid, code, reason, error, attempt, started_at, http_status, provider_code
      from unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                  $8::text[], $9::text[], $10::timestamptz[], $11::int[], $12::text[])
           as given (id, fence, status, available_at, sid, code, reason, error, attempt, started_at, http_status,
                     provider_code)
    ), tried as (
      update send_attempts as attempt
      set started_at = result.started_at, finished_at = $13, outcome = result.attempt,
          http_status = result.http_status, provider_code = nullif(result.provider_code, ''),
          provider_message_id = result.sid
      from result where attempt.job_id = result.id and attempt.fence = result.fence
    )
    update send_jobs as job
    set status = result.status,
        available_at = coalesce(result.available_at, job.available_at),
        provider_message_id = coalesce(result.sid, job.provider_message_id),
        attempts = job.attempts - (result.attempt = 'not_started')::int,
        lease_owner = null,
        looks = 0,
        accepted_at = case when result.sid is not null then coalesce(job.accepted_at, $13) else job.accepted_at end,
        finished_at = case when send_status_rank(result.status) >= 3 then $13::timestamptz end,
        failure_code = result.code,
        failure_reason = result.reason,
        last_error = nullif(result.error, ''),
        updated_at = $13
    from result
    where job.id = result.id and job.fence = result.fence
      and (job.status in ('posting', 'unknown') or (job.status = 'queued' and result.sid is not null))
    returning job.id
"""

LIST_LATE = """
    update send_jobs set late_at = $1
    where id in (
      select id from send_jobs
      where status in ('queued', 'posting', 'unknown') and message_class = 'C1' and late_at is null
        and created_at < $1::timestamptz - interval '60 seconds'
      order by created_at limit 100 for update skip locked
    )
    returning id, tenant_id, recipient_e164, correlation_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One decision on a claimed job; `cost_cents` is what it has reserved if it goes."""

    id: UUID
    status: JobStatus
    available_at: datetime
    code: str
    reason: str | None
    decision_id: UUID
    verdict: str
    gates_json: str
    facts_json: str
    cost_cents: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResult:
    """How one POST ended, and the state that follows."""

    id: UUID
    fence: int
    status: JobStatus
    available_at: datetime | None
    provider_message_id: str | None
    failure_code: str | None
    failure_reason: str | None
    error: str
    attempt: str
    started_at: datetime | None
    http_status: int
    provider_code: str


@dataclass(frozen=True, slots=True)
class LateJob:
    """A reply that has not left for 60 s."""

    id: UUID
    tenant_id: UUID
    recipient_e164: str
    correlation_id: UUID


async def find_by_intent(tx: Transaction, *, key: str) -> tuple[UUID, JobStatus, str] | None:
    """Find the job of an intent: its id, status and code."""
    row = await tx.fetchrow(FIND_BY_INTENT, tx.tenant, key)
    return None if row is None else (row["id"], JobStatus(row["status"]), row["code"])


def read_job(row: asyncpg.Record) -> ClaimedJob:
    """Read a job in the hands of this transaction from a row that has its columns."""
    return ClaimedJob(
        id=row["id"],
        tenant_id=row["tenant_id"],
        message_class=MessageClass(row["message_class"]),
        cause=row["cause"],
        basis=row["basis"],
        basis_at=row["basis_at"],
        recipient_e164=row["recipient_e164"],
        sender_e164=row["sender_e164"],
        provider=row["provider"],
        body=row["body"],
        segments=row["segments"],
        cost_cents=row["cost_cents"],
        useful_until=row["useful_until"],
        fence=row["fence"],
        attempts=row["attempts"],
        correlation_id=row["correlation_id"],
        person_locked=row["person_locked"],
    )


async def claim_jobs(tx: Transaction, *, limit: int) -> list[ClaimedJob]:
    """Lock up to `limit` due jobs, and share each person's consent lock where nobody holds it alone.

    Businesses take even shares, the longest due first within each and in what is left over. Paused work, numbers that
    are held back and texts behind an earlier one of the same thread stay untouched.
    """
    return [read_job(row) for row in await tx.fetch(CLAIM, tx.now, limit)]


async def apply_decisions(tx: Transaction, decisions: Sequence[Applied], *, owner: UUID, rules_version: str) -> None:
    """Move claimed jobs to what their gates said; those that may go become `posting` under a new fence."""
    passed: dict[tuple[str, str, str], list[Applied]] = {}
    others: list[Applied] = []
    for one in decisions:
        if one.status is JobStatus.POSTING:
            passed.setdefault((one.verdict, one.code, one.gates_json), []).append(one)
        else:
            others.append(one)
    # What all gates said is alike for all that they let through: kept once per version of the rules.
    for (verdict, code, gates_json), alike in passed.items():
        await tx.execute(
            LEASE,
            [one.id for one in alike],
            [one.decision_id for one in alike],
            [one.facts_json for one in alike],
            tx.now + POST_LEASE,
            owner,
            tx.now,
            verdict,
            code,
            gates_json,
            rules_version,
            [one.cost_cents for one in alike],
        )
    if others:
        await _settle_decided(tx, others, rules_version=rules_version)


async def _settle_decided(tx: Transaction, decisions: Sequence[Applied], *, rules_version: str) -> None:
    await tx.execute(
        SETTLE_DECIDED,
        [one.id for one in decisions],
        [one.status.value for one in decisions],
        [one.available_at for one in decisions],
        [one.code for one in decisions],
        [one.reason for one in decisions],
        [one.decision_id for one in decisions],
        [one.verdict for one in decisions],
        [one.gates_json for one in decisions],
        [one.facts_json for one in decisions],
        tx.now,
        rules_version,
    )


async def record_results(tx: Transaction, results: Sequence[PostResult]) -> set[UUID]:
    """Write how POSTs ended, fenced; returns the jobs that took the result (a lost lease takes none)."""
    rows = await tx.fetch(
        RECORD_RESULTS,
        [one.id for one in results],
        [one.fence for one in results],
        [one.status.value for one in results],
        [one.available_at for one in results],
        [one.provider_message_id for one in results],
        [one.failure_code for one in results],
        [one.failure_reason for one in results],
        [one.error for one in results],
        [one.attempt for one in results],
        [one.started_at for one in results],
        [one.http_status for one in results],
        [one.provider_code for one in results],
        tx.now,
    )
    return {row["id"] for row in rows}


async def mark_late(tx: Transaction) -> list[LateJob]:
    """Mark replies that have waited for 60 s, once each, oldest first."""
    rows = sorted(await tx.fetch(LIST_LATE, tx.now), key=lambda row: row["id"])
    return [LateJob(row["id"], row["tenant_id"], row["recipient_e164"], row["correlation_id"]) for row in rows]
