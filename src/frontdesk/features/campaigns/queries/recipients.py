"""The people of a campaign, and what became of the text to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.features.campaigns.model import Recipient
from frontdesk.kernel.db import Transaction

ADD_RECIPIENTS = """
    insert into campaign_recipients (campaign_id, phone_e164, tenant_id, contact_id, variant, sender_e164, send_job_id,
                                     skipped_because, due_at, added_at)
    select $1, phone, $2, contact_id, variant, sender, job_id, skipped, due_at, $3
    from unnest($4::text[], $5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::timestamptz[])
         as given (phone, contact_id, variant, sender, job_id, skipped, due_at)
    on conflict do nothing
"""

COUNT_RECIPIENTS = "select count(*) from campaign_recipients where tenant_id = $1 and campaign_id = $2"

LIST_RECIPIENTS = """
    select person.phone_e164, person.contact_id, person.variant, person.skipped_because,
           coalesce(job.sender_e164, person.sender_e164) as sender_e164,
           person.due_at, job.id as send_job_id, job.status, coalesce(job.failure_code, '') as code,
           coalesce(job.failure_reason, '') as reason, job.available_at, job.posting_at, job.cost_cents
    from campaign_recipients as person
    left join send_jobs as job on job.id = person.send_job_id and job.tenant_id = person.tenant_id
    where person.tenant_id = $1 and person.campaign_id = $2 and person.phone_e164 > $3
      and ($4::text is null or coalesce(job.status, 'skipped') = $4)
    order by person.phone_e164 limit $5
"""

RESULTS = """
    select coalesce(job.status, 'skipped') as status, coalesce(job.failure_code, person.skipped_because, '') as code,
           person.variant, count(*)::int as people, coalesce(sum(job.segments), 0)::int as segments,
           coalesce(sum(job.cost_cents), 0) as cost_cents,
           count(stop.phone_e164)::int as opted_out, count(answer.contact_id)::int as answered
    from campaign_recipients as person
    left join send_jobs as job on job.id = person.send_job_id and job.tenant_id = person.tenant_id
    left join do_not_contact as stop
           on stop.tenant_id = person.tenant_id and stop.phone_e164 = person.phone_e164
          and stop.since >= job.posting_at and stop.since < job.posting_at + interval '7 days'
    left join conversations as answer
           on answer.tenant_id = person.tenant_id and answer.contact_id = person.contact_id
          and answer.last_inbound_at >= job.posting_at
    where person.tenant_id = $1 and person.campaign_id = $2
    group by 1, 2, 3 order by 1, 2, 3
"""

COUNT_UNSETTLED = """
    select count(*) filter (where status = 'queued')::int as queued,
           count(*) filter (where status in ('posting', 'unknown'))::int as in_flight
    from send_jobs where tenant_id = $1 and campaign_id = $2 and status in ('queued', 'posting', 'unknown')
"""

LAST_HUNDRED = """
    select count(*)::int as sent,
           count(*) filter (where latest.status in ('failed', 'undelivered'))::int as failed,
           count(stop.phone_e164)::int as opted_out
    from (
      select recipient_e164, status, posting_at, tenant_id from send_jobs
      where tenant_id = $1 and campaign_id = $2
        and status in ('accepted', 'sent', 'delivered', 'undelivered', 'failed') and posting_at > $3
      order by posting_at desc
      limit 100
    ) as latest
    left join do_not_contact as stop
           on stop.tenant_id = latest.tenant_id and stop.phone_e164 = latest.recipient_e164
          and stop.since >= latest.posting_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one person's text fares; `status` is 'skipped' where there is none."""

    phone_e164: str
    contact_id: UUID
    variant: str
    sender_e164: str
    send_job_id: UUID | None
    status: str
    code: str
    reason: str
    due_at: datetime | None
    held_until: datetime | None
    posted_at: datetime | None
    cost_cents: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """People of one variant that share a status and a reason, with what they cost, said and did."""

    status: str
    code: str
    variant: str
    people: int
    segments: int
    cost_cents: Decimal
    opted_out: int
    answered: int


@dataclass(frozen=True, slots=True)
class LastHundred:
    """How the last hundred texts of a campaign fared."""

    sent: int
    failed: int
    opted_out: int


async def add_recipients(tx: Transaction, recipients: Sequence[Recipient], *, campaign_id: UUID) -> None:
    """Write people into a campaign, each once."""
    await tx.execute(
        ADD_RECIPIENTS,
        campaign_id,
        tx.tenant,
        tx.now,
        [one.phone_e164 for one in recipients],
        [one.contact_id for one in recipients],
        [one.variant for one in recipients],
        [one.sender_e164 for one in recipients],
        [one.send_job_id for one in recipients],
        [one.skipped_because for one in recipients],
        [one.due_at for one in recipients],
    )


async def count_recipients(tx: Transaction, *, campaign_id: UUID) -> int:
    """Count the people of a campaign so far."""
    count = await tx.fetchval(COUNT_RECIPIENTS, tx.tenant, campaign_id)
    return count if isinstance(count, int) else 0


async def list_recipients(
    tx: Transaction, *, campaign_id: UUID, after: str, status: str | None, limit: int
) -> list[Outcome]:
    """List a campaign's people by number, from after a given one."""
    rows = await tx.fetch(LIST_RECIPIENTS, tx.tenant, campaign_id, after, status, limit)
    return [
        Outcome(
            phone_e164=row["phone_e164"],
            contact_id=row["contact_id"],
            variant=row["variant"],
            sender_e164=row["sender_e164"],
            send_job_id=row["send_job_id"],
            status=row["status"] or "skipped",
            code=row["code"] or row["skipped_because"] or "",
            reason=row["reason"],
            due_at=row["due_at"],
            held_until=row["available_at"] if row["status"] == "queued" else None,
            posted_at=row["posting_at"],
            cost_cents=row["cost_cents"] or Decimal(0),
        )
        for row in rows
    ]


async def list_results(tx: Transaction, *, campaign_id: UUID) -> list[ResultLine]:
    """Sum up what became of a campaign's texts, by status, reason and variant."""
    return [ResultLine(**dict(row)) for row in await tx.fetch(RESULTS, tx.tenant, campaign_id)]


async def read_unsettled(tx: Transaction, *, tenant_id: UUID, campaign_id: UUID) -> tuple[int, int]:
    """Count the texts of a campaign that wait, and those whose POST is under way or in doubt."""
    row = await tx.fetchrow(COUNT_UNSETTLED, tenant_id, campaign_id)
    return (0, 0) if row is None else (row["queued"], row["in_flight"])


async def look_at_last_hundred(tx: Transaction, *, tenant_id: UUID, campaign_id: UUID, since: datetime) -> LastHundred:
    """Tell how many of a campaign's last hundred texts failed, and how many of those people said STOP since."""
    row = await tx.fetchrow(LAST_HUNDRED, tenant_id, campaign_id, since)
    return LastHundred(0, 0, 0) if row is None else LastHundred(row["sent"], row["failed"], row["opted_out"])
