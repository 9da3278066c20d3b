"""Figures of sending by business: what waits, what leaves, what arrives, what it costs."""

from __future__ import annotations

from uuid import UUID

from frontdesk.kernel.db import Transaction

QUEUE_LENGTH = """
    select business.slug as business,
           count(job.id) filter (where job.status = 'queued' and job.available_at <= $2)::int as due,
           count(job.id) filter (where job.status = 'queued' and job.available_at > $2)::int as later,
           count(job.id) filter (where job.status in ('posting', 'unknown'))::int as in_flight
    from tenants as business
    left join send_jobs as job on job.tenant_id = business.id and job.status in ('queued', 'posting', 'unknown')
    where $1::uuid is null or business.id = $1
    group by business.slug order by business.slug
"""

SENDS_PER_MINUTE = """
    select business.slug as business, date_trunc('minute', attempt.started_at) as minute, count(*)::int as sends
    from send_attempts as attempt join tenants as business on business.id = attempt.tenant_id
    where attempt.started_at > $2::timestamptz - interval '10 minutes' and ($1::uuid is null or business.id = $1)
    group by 1, 2 order by 1, 2
"""

DELIVERY_RATE = """
    select business.slug as business, job.status, count(*)::int as texts,
           round(count(*) * 100.0 / sum(count(*)) over (partition by business.slug), 2) as percentage
    from send_jobs as job join tenants as business on business.id = job.tenant_id
    where job.created_at > $2::timestamptz - interval '1 hour' and ($1::uuid is null or business.id = $1)
    group by 1, 2 order by 1, 2
"""

BUDGET_STATUS = """
    select business.slug as business,
           coalesce(case when budget.day = today.day then budget.daily_spent_cents end, 0) as daily_spent_cents,
           business.daily_budget_cents,
           coalesce(case when budget.month = date_trunc('month', today.day)::date then budget.monthly_spent_cents end,
                    0) as monthly_spent_cents,
           business.monthly_budget_cents
    from tenants as business
    cross join lateral (select ($2::timestamptz at time zone business.timezone)::date as day) as today
    left join budgets as budget on budget.tenant_id = business.id
    where $1::uuid is null or business.id = $1
    order by business.slug
"""

FAILURE_REASONS = """
    select business.slug as business, coalesce(job.failure_reason, '') as failure_reason,
           coalesce(job.failure_code, '') as code, count(*)::int as texts
    from send_jobs as job join tenants as business on business.id = job.tenant_id
    where job.status in ('failed', 'undelivered', 'blocked', 'dropped') and ($1::uuid is null or business.id = $1)
      and job.created_at > $2::timestamptz - interval '24 hours'
    group by 1, 2, 3 order by 1, 4 desc
"""


async def read_figure(tx: Transaction, figure: str, *, tenant_id: UUID | None) -> list[dict[str, object]]:
    """Read a figure by name, of one business or of all that the transaction sees."""
    match figure:
        case "queue-length":
            rows = await tx.fetch(QUEUE_LENGTH, tenant_id, tx.now)
        case "sends-per-minute":
            rows = await tx.fetch(SENDS_PER_MINUTE, tenant_id, tx.now)
        case "delivery-rate":
            rows = await tx.fetch(DELIVERY_RATE, tenant_id, tx.now)
        case "budget-status":
            rows = await tx.fetch(BUDGET_STATUS, tenant_id, tx.now)
        case "failure-reasons":
            rows = await tx.fetch(FAILURE_REASONS, tenant_id, tx.now)
        case _:
            raise LookupError(figure)
    return [dict(row) for row in rows]
