"""What is measured of sending while it runs, across tenants: what waits, what fails, what is spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import first_id_of

ANSWERS_LAST = timedelta(hours=2)  # a text-back is useful for 15 minutes, a receipt may come somewhat later
MOST_COUNTED = 20_001  # beyond the highest threshold nobody needs to know how much more

COUNT_DUE = """
    select (select count(*) from (
              select from send_jobs
              where status = 'queued' and message_class <> 'C3' and available_at <= $1 limit $2) as waited_for)::float8
             as waiting,
           (select count(*) from (
              select from send_jobs
              where status = 'queued' and message_class = 'C3' and available_at <= $1 limit $2) as marketing)::float8
             as marketing
"""

# Of each business the texts of the last hour, the newest 1000 at most; what has no receipt yet is not counted.
MEASURE_OUTCOMES = """
    select business.slug as business,
           count(*) filter (where latest.status = 'delivered')::float8 as delivered,
           count(*) filter (where latest.status in ('undelivered', 'failed'))::float8 as failed
    from tenants as business
    cross join lateral (
      select job.status
      from send_attempts as attempt join send_jobs as job on job.id = attempt.job_id
      where attempt.tenant_id = business.id and attempt.started_at > $1::timestamptz - interval '1 hour'
      order by attempt.started_at desc limit 1000
    ) as latest
    group by business.slug
    having count(*) filter (where latest.status in ('delivered', 'undelivered', 'failed')) > 0
"""

MEASURE_OPT_OUTS = """
    select business.slug as business, count(*)::float8 as texts,
           count(*) filter (where exists (
             select from do_not_contact as refusal
             where refusal.tenant_id = business.id and refusal.phone_e164 = latest.recipient_e164
               and refusal.source = 'person' and refusal.since >= latest.started_at))::float8 as opted_out
    from tenants as business
    cross join lateral (
      select job.recipient_e164, attempt.started_at
      from send_attempts as attempt join send_jobs as job on job.id = attempt.job_id
      where attempt.tenant_id = business.id and attempt.started_at > $1::timestamptz - interval '30 days'
        and job.message_class <> 'C4' and job.status in ('accepted', 'sent', 'delivered')
      order by attempt.started_at desc limit 100
    ) as latest
    group by business.slug
"""

MEASURE_CARRIERS = """
    select provider, count(*)::float8 as posts, count(*) filter (where failed)::float8 as failed
    from (
      select job.provider, attempt.outcome in ('rate_limited', 'unavailable', 'ambiguous', 'channel_blocked') as failed
      from tenants as business
      cross join lateral (
        select job_id, outcome from send_attempts
        where tenant_id = business.id and started_at > $1::timestamptz - interval '10 minutes' and outcome is not null
        order by started_at desc limit 1000
      ) as attempt
      join send_jobs as job on job.id = attempt.job_id
    ) as posted
    group by provider
"""

MEASURE_BUDGETS = """
    select business.slug as business,
           greatest(
             case when budget.day = today.day and business.daily_budget_cents > 0
                  then budget.daily_spent_cents * 100 / business.daily_budget_cents else 0 end,
             case when budget.month = date_trunc('month', today.day)::date and business.monthly_budget_cents > 0
                  then budget.monthly_spent_cents * 100 / business.monthly_budget_cents else 0 end)::float8 as percent
    from tenants as business
    cross join lateral (select ($1::timestamptz at time zone business.timezone)::date as day) as today
    join budgets as budget on budget.tenant_id = business.id
"""

LIST_PACED = """
    select business.slug as business, number.warmup::text as warmup, number.daily_limit, pace.day, pace.sent_today
    from sending_numbers as number
    join tenants as business on business.id = number.tenant_id
    join number_paces as pace on pace.sender_e164 = number.phone_e164
    where number.retired_at is null and pace.sent_today > 0 and pace.day >= $1::timestamptz::date - 1
      and (number.warmup is not null or number.daily_limit is not null)
"""

OLDEST_PARKED = """
    select coalesce(extract(epoch from $1 - min(received_at)), 0)::float8 from parked_receipts
"""

# Texts that answer a missed call and were given up within the hour.
COUNT_FAILED_ANSWERS = """
    select business.slug as business, count(*)::float8 as texts
    from send_jobs as job join tenants as business on business.id = job.tenant_id
    where job.message_class = 'C1' and job.status in ('failed', 'undelivered')
      and job.id >= $2::uuid and job.finished_at > $1::timestamptz - interval '1 hour'
    group by business.slug
"""


@dataclass(frozen=True, slots=True)
class Paced:
    """A number that may send so much on a day, and what it sent on its latest one; `warmup` is JSON."""

    business: str
    warmup: str | None
    daily_limit: int | None
    day: date
    sent_today: int


async def measure_due(tx: Transaction) -> tuple[float, float]:
    """Count texts that are due: those that a person waits for, and marketing; 20 001 stands for more."""
    row = _one(await tx.fetchrow(COUNT_DUE, tx.now, MOST_COUNTED))
    return row["waiting"], row["marketing"]


async def list_outcomes(tx: Transaction) -> list[tuple[str, float, float]]:
    """List how many texts of the last hour arrived and failed, by business."""
    return [(row["business"], row["delivered"], row["failed"]) for row in await tx.fetch(MEASURE_OUTCOMES, tx.now)]


async def list_opt_outs(tx: Transaction) -> list[tuple[str, float, float]]:
    """List of each business how many of the last 100 texts there are, and how many people said STOP after them."""
    return [(row["business"], row["texts"], row["opted_out"]) for row in await tx.fetch(MEASURE_OPT_OUTS, tx.now)]


async def list_carriers(tx: Transaction) -> list[tuple[str, float, float]]:
    """List POSTs of the last 10 minutes by carrier, and how many of them the carrier could not take."""
    return [(row["provider"], row["posts"], row["failed"]) for row in await tx.fetch(MEASURE_CARRIERS, tx.now)]


async def list_spent_percent(tx: Transaction) -> list[tuple[str, float]]:
    """List how much of its daily or monthly budget, whichever is nearer, each business has spent, in percent."""
    return [(row["business"], row["percent"]) for row in await tx.fetch(MEASURE_BUDGETS, tx.now)]


async def list_paced(tx: Transaction) -> list[Paced]:
    """List numbers with a limit per day that sent something of late."""
    return [Paced(**dict(row)) for row in await tx.fetch(LIST_PACED, tx.now)]


async def measure_oldest_parked(tx: Transaction) -> float:
    """Tell for how many seconds the oldest receipt of an unknown text has waited."""
    age = await tx.fetchval(OLDEST_PARKED, tx.now)
    return float(age) if isinstance(age, float | int) else 0.0


async def list_failed_answers(tx: Transaction) -> list[tuple[str, float]]:
    """List by business how many answers to missed calls were given up within the hour."""
    rows = await tx.fetch(COUNT_FAILED_ANSWERS, tx.now, first_id_of(tx.now - ANSWERS_LAST))
    return [(row["business"], row["texts"]) for row in rows]


def _one(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise LookupError("send_jobs")
    return row
