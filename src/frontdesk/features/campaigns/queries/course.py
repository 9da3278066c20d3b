"""How a campaign went on over time: what left, arrived, failed, was answered and stopped, by spans of equal length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction

FIND_SPAN = """
    select min(posting_at) as first_at, greatest(max(posting_at), max(finished_at)) as last_at
    from send_jobs
    where tenant_id = $1 and campaign_id = $2 and posting_at is not null
      and status in ('accepted', 'sent', 'delivered', 'undelivered', 'failed')
"""

# An answer counts at the moment of the last text that somebody wrote, a STOP at the moment it was said.
LIST_COURSE = """
    with text as materialized (
      select job.posting_at, job.finished_at, job.status, job.contact_id, job.recipient_e164
      from send_jobs as job
      where job.tenant_id = $1 and job.campaign_id = $2 and job.posting_at is not null
        and job.status in ('accepted', 'sent', 'delivered', 'undelivered', 'failed')
    ), news as (
      select posting_at as at, 1 as sent, 0 as delivered, 0 as failed, 0 as answered, 0 as stopped from text
      union all
      select finished_at, 0, (status = 'delivered')::int, (status <> 'delivered')::int, 0, 0
      from text where finished_at is not null and status in ('delivered', 'undelivered', 'failed')
      union all
      select answer.last_inbound_at, 0, 0, 0, 1, 0
      from text
      join conversations as answer on answer.tenant_id = $1 and answer.contact_id = text.contact_id
      where answer.last_inbound_at >= text.posting_at
      union all
      select stop.since, 0, 0, 0, 0, 1
      from text
      join do_not_contact as stop on stop.tenant_id = $1 and stop.phone_e164 = text.recipient_e164
      where stop.since >= text.posting_at and stop.since < text.posting_at + interval '7 days'
    )
    select least(date_bin($3::interval, at, $4::timestamptz), $5::timestamptz) as at, sum(sent)::int as sent,
           sum(delivered)::int as delivered, sum(failed)::int as failed, sum(answered)::int as answered,
           sum(stopped)::int as stopped
    from news group by 1 order by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLine:
    """What happened from a moment on, until the next line's."""

    at: datetime
    sent: int
    delivered: int
    failed: int
    answered: int
    stopped: int


async def find_span(tx: Transaction, *, campaign_id: UUID) -> tuple[datetime, datetime] | None:
    """Tell when the first text of a campaign left and when the last thing happened to one; None if none left."""
    row = await tx.fetchrow(FIND_SPAN, tx.tenant, campaign_id)
    return None if row is None or row["first_at"] is None else (row["first_at"], row["last_at"])


async def list_course(
    tx: Transaction, *, campaign_id: UUID, step: timedelta, first_at: datetime, last_at: datetime
) -> list[CourseLine]:
    """List what happened by spans of `step` from `first_at` on; all that came after `last_at` counts there."""
    rows = await tx.fetch(LIST_COURSE, tx.tenant, campaign_id, step, first_at, last_at)
    return [CourseLine(**dict(row)) for row in rows]
