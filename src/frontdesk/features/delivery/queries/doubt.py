"""Jobs whose POST may or may not have taken effect, and receipts that carriers send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features.delivery.model import JobStatus
from frontdesk.kernel.db import Transaction, affected

LOOK_LEASE = timedelta(seconds=15)

ORPHAN_OF_PROCESS = """
    update send_jobs set status = 'unknown', available_at = $2, lease_owner = null, updated_at = $2
    where status = 'posting' and lease_owner = $1
"""

ORPHAN_BY_AGE = """
    update send_jobs set status = 'unknown', available_at = $1, lease_owner = null, updated_at = $1
    where id in (
      select id from send_jobs where status = 'posting' and available_at <= $1 limit 500 for update skip locked
    )
"""

CLAIM_IN_DOUBT = """
    with due as (
      select id from send_jobs
      where status = 'unknown' and available_at <= $1
      order by available_at limit $2
      for update skip locked
    )
    update send_jobs as job set available_at = $1 + $3::interval, looks = job.looks + 1
    from due where job.id = due.id
    returning job.id, job.tenant_id, job.fence, job.looks, job.provider, job.recipient_e164, job.sender_e164, job.body,
              job.posting_at, job.useful_until, job.contact_id, job.message_class, job.correlation_id
"""

LIST_KNOWN_IDS = """
    select provider_message_id from send_jobs where provider = $1 and provider_message_id = any($2::text[])
"""

SETTLE_FOUND = """
    update send_jobs
    set status = $3, provider_message_id = $4, accepted_at = coalesce(accepted_at, $5), last_error = null,
        finished_at = case when send_status_rank($3) >= 3 then $5::timestamptz end, looks = 0, updated_at = $5
    where id = $1 and fence = $2 and status = 'unknown'
"""

SETTLE_ABSENT = """
    update send_jobs set status = $3, available_at = $4, looks = 0, updated_at = $5, failure_code = $6,
           useful_until = least(useful_until, $7),
           finished_at = case when $3 = 'queued' then null else $5::timestamptz end
    where id = $1 and fence = $2 and status = 'unknown'
"""

LOOK_AGAIN = """
    update send_jobs set available_at = $3, looks = $4 where id = $1 and fence = $2 and status = 'unknown'
"""

TAKE_RECEIPT = """
    with target as (
      select id, status from send_jobs
      where provider = $1
        and (provider_message_id = $2 or (id = $3 and coalesce(provider_message_id, $2) = $2))
      limit 1
      for update
    )
    update send_jobs as job
    set provider_message_id = $2,
        status = case when send_status_rank($4) > send_status_rank(target.status) then $4 else target.status end,
        accepted_at = coalesce(job.accepted_at, $6),
        finished_at = case when send_status_rank($4) >= 3 then coalesce(job.finished_at, $6) else job.finished_at end,
        failure_code = case when send_status_rank($4) > send_status_rank(target.status)
                            then nullif($5, '') else job.failure_code end,
        failure_reason = case when send_status_rank($4) > send_status_rank(target.status)
                              then nullif($7, '') else job.failure_reason end,
        updated_at = $6
    from target where job.id = target.id
    returning job.id, job.tenant_id, job.status, target.status as was, job.contact_id, job.recipient_e164,
              job.sender_e164, job.message_class, job.correlation_id
"""

UNPARK = """
    delete from parked_receipts where provider = $1 and provider_message_id = any($2::text[])
    returning provider, provider_message_id, status, error_code, failure
"""

# Jobs are locked before receipts, as where results are recorded, so that the two never wait for each other in a circle.
UNPARK_KNOWN = """
    with known as (
      select job.provider, job.provider_message_id
      from parked_receipts as parked
      join send_jobs as job on job.provider = parked.provider and job.provider_message_id = parked.provider_message_id
      limit 100
      for update of job skip locked
    )
    delete from parked_receipts as parked using known
    where parked.provider = known.provider and parked.provider_message_id = known.provider_message_id
    returning parked.provider, parked.provider_message_id, parked.status, parked.error_code, parked.failure
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulJob:
    """A job that the carrier must be asked about."""

    id: UUID
    tenant_id: UUID
    fence: int
    looks: int
    provider: str
    recipient_e164: str
    sender_e164: str
    body: str
    posting_at: datetime
    useful_until: datetime
    contact_id: UUID
    message_class: str
    correlation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenReceipt:
    """What a receipt changed: the job's status before and after."""

    job_id: UUID
    tenant_id: UUID
    status: JobStatus
    was: JobStatus
    contact_id: UUID
    recipient_e164: str
    sender_e164: str
    message_class: str
    correlation_id: UUID


@dataclass(frozen=True, slots=True, order=True)
class ParkedReceipt:
    """A receipt that came before its text was known; `failure` is its class of failure, empty without one."""

    provider: str
    provider_message_id: str
    status: str
    error_code: str
    failure: str


async def orphan_jobs_of(tx: Transaction, *, process_id: UUID) -> int:
    """Put in doubt what a dead process was posting."""
    return affected(await tx.execute(ORPHAN_OF_PROCESS, process_id, tx.now))


async def orphan_overdue_jobs(tx: Transaction) -> int:
    """Put in doubt what has been posting for longer than any POST may take."""
    return affected(await tx.execute(ORPHAN_BY_AGE, tx.now))


async def claim_in_doubt(tx: Transaction, *, limit: int) -> list[DoubtfulJob]:
    """Take jobs to ask the carrier about, for 15 s, oldest POST first."""
    jobs = [DoubtfulJob(**dict(row)) for row in await tx.fetch(CLAIM_IN_DOUBT, tx.now, limit, LOOK_LEASE)]
    return sorted(jobs, key=lambda job: (job.posting_at, job.id))


async def list_known_ids(tx: Transaction, *, provider: str, ids: list[str]) -> set[str]:
    """List which of a carrier's message ids belong to jobs already."""
    return {row["provider_message_id"] for row in await tx.fetch(LIST_KNOWN_IDS, provider, ids)}


async def settle_found(tx: Transaction, job: DoubtfulJob, *, status: JobStatus, provider_message_id: str) -> bool:
    """Write that the carrier has the message after all; False if the job has moved on."""
    tag = await tx.execute(SETTLE_FOUND, job.id, job.fence, status.value, provider_message_id, tx.now)
    return affected(tag) == 1


async def settle_absent(
    tx: Transaction,
    job: DoubtfulJob,
    *,
    status: JobStatus,
    available_at: datetime,
    code: str | None,
    repost_until: datetime | None,
) -> bool:
    """Write that the carrier does not have it: queued again, or dropped if it is too late.

    After `repost_until` it may not be posted any more, because its carrier has forgotten the key of its first POST.
    """
    tag = await tx.execute(SETTLE_ABSENT, job.id, job.fence, status.value, available_at, tx.now, code, repost_until)
    return affected(tag) == 1


async def look_again(tx: Transaction, job: DoubtfulJob, *, at: datetime, looks: int) -> None:
    """Ask the carrier once more at `at`; `looks` is how often it has answered so far."""
    await tx.execute(LOOK_AGAIN, job.id, job.fence, at, looks)


async def take_receipt(
    tx: Transaction,
    *,
    provider: str,
    provider_message_id: str,
    reference: UUID | None,
    status: JobStatus,
    error_code: str,
    reason: str,
) -> TakenReceipt | None:
    """Move the job a receipt speaks of, never backwards; None if no job is known by that id or reference."""
    row = await tx.fetchrow(
        TAKE_RECEIPT, provider, provider_message_id, reference, status.value, error_code, tx.now, reason
    )
    if row is None:
        return None
    return TakenReceipt(
        job_id=row["id"],
        tenant_id=row["tenant_id"],
        status=JobStatus(row["status"]),
        was=JobStatus(row["was"]),
        contact_id=row["contact_id"],
        recipient_e164=row["recipient_e164"],
        sender_e164=row["sender_e164"],
        message_class=row["message_class"],
        correlation_id=row["correlation_id"],
    )


async def unpark(tx: Transaction, *, provider: str, ids: list[str]) -> list[ParkedReceipt]:
    """Take parked receipts of messages that have become known, in the order of their ids."""
    return sorted(ParkedReceipt(**dict(row)) for row in await tx.fetch(UNPARK, provider, ids))


async def unpark_known(tx: Transaction) -> list[ParkedReceipt]:
    """Take parked receipts whose message has become known by whatever way, in the order of their ids."""
    return sorted(ParkedReceipt(**dict(row)) for row in await tx.fetch(UNPARK_KNOWN))
