"""The SQL of many businesses side by side: how each one's day stands, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.kernel.db import Transaction

# A day is the business's own. Each figure is one look into an index, so that a hundred businesses are one question.
LIST_DAYS = """
    select business.id as tenant_id, business.name, business.timezone, business.daily_budget_cents,
           calls.count as calls, calls.missed, answers.texted, heard.count as replies, booked.count as bookings,
           coalesce(case when budget.day = today.day then budget.daily_spent_cents end, 0) as spent_cents,
           switch.paused_at, coalesce(switch.paused_by, '') as paused_by, numbers.total as numbers, numbers.in_care,
           doubtful.in_doubt
    from unnest($1::uuid[]) as asked (tenant_id)
    join tenants as business on business.id = asked.tenant_id
    cross join lateral (
      select ($2::timestamptz at time zone business.timezone)::date as day,
             date_trunc('day', $2::timestamptz at time zone business.timezone) at time zone business.timezone
               as begins_at
    ) as today
    left join budgets as budget on budget.tenant_id = business.id
    left join delivery_switches as switch on switch.scope = 'tenant' and switch.key = business.id::text
    cross join lateral (
      select count(*) as count, count(*) filter (where missed_at is not null) as missed
      from calls where tenant_id = business.id and started_at >= today.begins_at
    ) as calls
    cross join lateral (
      select count(*) as texted
      from calls as call join textbacks as answer on answer.call_id = call.id and answer.tenant_id = business.id
      where call.tenant_id = business.id and call.started_at >= today.begins_at and answer.outcome = 'texting'
    ) as answers
    cross join lateral (
      select count(*) as count from conv_messages
      where tenant_id = business.id and direction = 'inbound' and created_at >= today.begins_at
    ) as heard
    cross join lateral (
      select count(*) as count from sched_appointments
      where tenant_id = business.id and created_at >= today.begins_at
    ) as booked
    cross join lateral (
      select count(*) as total,
             count(*) filter (where not texting_allowed or registration_status = 'rejected') as in_care
      from sending_numbers where tenant_id = business.id and retired_at is null
    ) as numbers
    cross join lateral (
      select count(*) as in_doubt from send_jobs where tenant_id = business.id and status = 'unknown'
    ) as doubtful
    where $3::text is null or (business.name, business.id) > ($3, $4::uuid)
    order by business.name, business.id limit $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDay:
    """How a business's own day stands: counts since its midnight, what it spent of what it may, what needs care.

    `in_care` of its `numbers` may not text, `in_doubt` texts are being looked up at the carrier.
    """

    tenant_id: UUID
    name: str
    timezone: str
    daily_budget_cents: Decimal
    calls: int
    missed: int
    texted: int
    replies: int
    bookings: int
    spent_cents: Decimal
    paused_at: datetime | None
    paused_by: str
    numbers: int
    in_care: int
    in_doubt: int


async def list_business_days(
    tx: Transaction, *, among: list[UUID], now: datetime, after: tuple[str, UUID] | None, limit: int
) -> list[BusinessDay]:
    """List how the day of each of some businesses stands, by name, from after a given one."""
    name, tenant_id = after or (None, None)
    rows = await tx.fetch(LIST_DAYS, among, now, name, tenant_id, limit)
    return [BusinessDay(**dict(row)) for row in rows]
