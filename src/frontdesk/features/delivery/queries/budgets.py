"""What a business may spend: reserved before a text leaves, in the transaction that lets it leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction, affected

# In one order of tenants, so that two claims of several tenants never wait for each other in a circle.
LOCK = """
    select budget.tenant_id, business.daily_budget_cents, business.monthly_budget_cents, today.day,
           case when budget.day = today.day then budget.daily_spent_cents else 0 end as daily_spent_cents,
           case when budget.month = date_trunc('month', today.day)::date then budget.monthly_spent_cents else 0 end
             as monthly_spent_cents
    from budgets as budget
    join tenants as business on business.id = budget.tenant_id
    cross join lateral (select ($2::timestamptz at time zone business.timezone)::date as day) as today
    where budget.tenant_id = any($1::uuid[])
    order by budget.tenant_id
    for update of budget
"""

ADD = """
    update budgets as budget
    set daily_spent_cents = case when budget.day = given.day then budget.daily_spent_cents else 0 end + given.cents,
        monthly_spent_cents = case when budget.month = date_trunc('month', given.day)::date
                                   then budget.monthly_spent_cents else 0 end + given.cents,
        day = given.day, month = date_trunc('month', given.day)::date, updated_at = $1
    from unnest($2::uuid[], $3::date[], $4::numeric[]) as given (tenant_id, day, cents)
    where budget.tenant_id = given.tenant_id
"""

# Only where it fits; the row lock puts those who want the last cent in order.
RESERVE = """
    update budgets as budget
    set daily_spent_cents = case when budget.day = today.day then budget.daily_spent_cents else 0 end + $3,
        monthly_spent_cents = case when budget.month = today.month then budget.monthly_spent_cents else 0 end + $3,
        day = today.day, month = today.month, updated_at = $2
    from tenants as business
    cross join lateral (
      select ($2::timestamptz at time zone business.timezone)::date as day,
             date_trunc('month', $2::timestamptz at time zone business.timezone)::date as month
    ) as today
    where budget.tenant_id = $1 and business.id = $1
      and case when budget.day = today.day then budget.daily_spent_cents else 0 end + $3
          <= business.daily_budget_cents
      and case when budget.month = today.month then budget.monthly_spent_cents else 0 end + $3
          <= business.monthly_budget_cents
    returning true
"""

# For several tenants at once; what does not fit is left out, and the caller starts anew.
RESERVE_MANY = """
    update budgets as budget
    set daily_spent_cents = case when budget.day = today.day then budget.daily_spent_cents else 0 end + given.cents,
        monthly_spent_cents = case when budget.month = today.month then budget.monthly_spent_cents else 0 end
                              + given.cents,
        day = today.day, month = today.month, updated_at = $1
    from unnest($2::uuid[], $3::numeric[]) as given (tenant_id, cents)
    join tenants as business on business.id = given.tenant_id
    cross join lateral (
      select ($1::timestamptz at time zone business.timezone)::date as day,
             date_trunc('month', $1::timestamptz at time zone business.timezone)::date as month
    ) as today
    where budget.tenant_id = given.tenant_id
      and case when budget.day = today.day then budget.daily_spent_cents else 0 end + given.cents
          <= business.daily_budget_cents
      and case when budget.month = today.month then budget.monthly_spent_cents else 0 end + given.cents
          <= business.monthly_budget_cents
    returning budget.tenant_id
"""

READ_MANY = """
    select business.id as tenant_id, business.daily_budget_cents, business.monthly_budget_cents, today.day,
           coalesce(case when budget.day = today.day then budget.daily_spent_cents end, 0) as daily_spent_cents,
           coalesce(case when budget.month = date_trunc('month', today.day)::date then budget.monthly_spent_cents end,
                    0) as monthly_spent_cents
    from tenants as business
    cross join lateral (select ($2::timestamptz at time zone business.timezone)::date as day) as today
    left join budgets as budget on budget.tenant_id = business.id
    where business.id = any($1::uuid[])
"""

LIST_PRICES = """
    select asked.provider, asked.country, price.cents
    from unnest($1::text[], $2::text[]) as asked (provider, country)
    cross join lateral (
      select known.cents from segment_prices as known
      where known.provider = asked.provider and known.country in (asked.country, '') and known.since <= $3::date
      order by known.country = '', known.since desc limit 1
    ) as price
"""

ENSURE = """
    insert into budgets (tenant_id, day, month, updated_at)
    select tenant_id, $2::timestamptz::date, date_trunc('month', $2::timestamptz)::date, $2
    from unnest($1::uuid[]) as given (tenant_id)
    on conflict do nothing
"""

# What no carrier took.
LIST_REFUNDABLE = """
    select id, tenant_id from send_jobs
    where cost_cents > 0 and status in ('failed', 'blocked', 'dropped') and provider_message_id is null
    order by tenant_id, id limit $1
    for update skip locked
"""

# A text that goes back to its queue gives back what it had reserved: it may leave on another day, at another price.
# Not if an earlier POST of it was in doubt: that one may have been taken all the same, and a receipt will tell so.
LIST_REFUNDABLE_QUEUED = """
    select job.id, job.tenant_id
    from unnest($1::uuid[], $2::uuid[]) as asked (id, tenant_id)
    join send_jobs as job on job.id = asked.id and job.tenant_id = asked.tenant_id
    where job.status = 'queued' and job.cost_cents > 0
      and not exists (
        select from send_attempts as earlier
        where earlier.job_id = job.id and earlier.tenant_id = job.tenant_id and earlier.fence < job.fence
          and coalesce(earlier.outcome, 'ambiguous') = 'ambiguous'
      )
"""

# What was reserved yesterday is no part of today's sum any more. Which day it is for the budget is asked of the locked
# row: a first text after midnight may just have turned it.
REFUND = """
    with back as (
      select job.id, job.tenant_id, job.cost_cents, job.posting_at
      from unnest($2::uuid[], $3::uuid[]) as asked (id, tenant_id)
      join send_jobs as job on job.id = asked.id and job.tenant_id = asked.tenant_id
    ), cleared as (
      update send_jobs as job set cost_cents = 0 from back where job.id = back.id and job.tenant_id = back.tenant_id
    ), given as (
      select back.tenant_id, array_agg((back.posting_at at time zone business.timezone)::date) as days,
             array_agg(back.cost_cents) as cents
      from back
      join tenants as business on business.id = back.tenant_id
      group by back.tenant_id
    )
    update budgets as budget
    set daily_spent_cents = greatest(0, budget.daily_spent_cents - (
          select coalesce(sum(one.cents), 0) from unnest(given.days, given.cents) as one (day, cents)
          where one.day = budget.day)),
        monthly_spent_cents = greatest(0, budget.monthly_spent_cents - (
          select coalesce(sum(one.cents), 0) from unnest(given.days, given.cents) as one (day, cents)
          where date_trunc('month', one.day)::date = budget.month)),
        updated_at = $1
    from given where budget.tenant_id = given.tenant_id
"""

# Whoever reads the row sees the day that it is, also before the first text of that day.
ADVANCE_DAYS = """
    update budgets as budget
    set daily_spent_cents = 0,
        monthly_spent_cents = case when budget.month = date_trunc('month', today.day)::date
                                   then budget.monthly_spent_cents else 0 end,
        day = today.day, month = date_trunc('month', today.day)::date, updated_at = $1
    from tenants as business
    cross join lateral (select ($1::timestamptz at time zone business.timezone)::date as day) as today
    where business.id = budget.tenant_id and budget.day < today.day
"""

STATUS = """
    select business.id as tenant_id, today.day, business.daily_budget_cents, business.monthly_budget_cents,
           coalesce(case when budget.day = today.day then budget.daily_spent_cents end, 0) as daily_spent_cents,
           coalesce(case when budget.month = date_trunc('month', today.day)::date then budget.monthly_spent_cents end,
                    0) as monthly_spent_cents
    from tenants as business
    cross join lateral (select ($2::timestamptz at time zone business.timezone)::date as day) as today
    left join budgets as budget on budget.tenant_id = business.id
    where business.id = $1
"""

SET_SPENT = """
    insert into budgets (tenant_id, day, month, daily_spent_cents, updated_at)
    select id, today.day, date_trunc('month', today.day)::date, $3, $2
    from tenants
    cross join lateral (select ($2::timestamptz at time zone timezone)::date as day) as today
    where id = $1
    on conflict (tenant_id) do update
    set daily_spent_cents = excluded.daily_spent_cents, day = excluded.day, updated_at = excluded.updated_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A business's limits and what it has reserved, in cents, today and this month in its own zone."""

    tenant_id: UUID
    day: date
    daily_spent_cents: Decimal
    daily_budget_cents: Decimal
    monthly_spent_cents: Decimal
    monthly_budget_cents: Decimal

    @property
    def left_cents(self) -> Decimal:
        """What may still be reserved now."""
        return min(
            self.daily_budget_cents - self.daily_spent_cents, self.monthly_budget_cents - self.monthly_spent_cents
        )


async def lock_budgets(tx: Transaction, tenant_ids: Sequence[UUID]) -> dict[UUID, Budget]:
    """Lock the budgets of some tenants until the transaction ends, beginning those that have none."""
    rows = await tx.fetch(LOCK, sorted(tenant_ids), tx.now)
    if len(rows) < len(tenant_ids):
        await tx.execute(ENSURE, sorted(tenant_ids), tx.now)
        rows = await tx.fetch(LOCK, sorted(tenant_ids), tx.now)
    return {row["tenant_id"]: Budget(**dict(row)) for row in rows}


async def add_spent(tx: Transaction, spent: Sequence[tuple[Budget, Decimal]]) -> None:
    """Add what locked budgets have reserved."""
    await tx.execute(
        ADD,
        tx.now,
        [budget.tenant_id for budget, _ in spent],
        [budget.day for budget, _ in spent],
        [cents for _, cents in spent],
    )


async def reserve(tx: Transaction, *, cents: Decimal) -> bool:
    """Reserve for the transaction's tenant; False if it does not fit any more."""
    if await tx.fetchval(RESERVE, tx.tenant, tx.now, cents) is True:
        return True
    await tx.execute(ENSURE, [tx.tenant], tx.now)
    return await tx.fetchval(RESERVE, tx.tenant, tx.now, cents) is True


async def read_budgets(tx: Transaction, tenant_ids: Sequence[UUID]) -> dict[UUID, Budget]:
    """Read the budgets of some tenants without locking them."""
    rows = await tx.fetch(READ_MANY, list(tenant_ids), tx.now)
    return {row["tenant_id"]: Budget(**dict(row)) for row in rows}


async def reserve_many(tx: Transaction, wanted: Sequence[tuple[UUID, Decimal]]) -> bool:
    """Reserve for several tenants, in order of their ids; False if somebody's does not fit any more."""
    left = dict(sorted(wanted))
    for _ in range(2):  # the second time for those whose first text this is
        for row in await tx.fetch(RESERVE_MANY, tx.now, list(left), list(left.values())):
            del left[row["tenant_id"]]
        if not left:
            return True
        await tx.execute(ENSURE, list(left), tx.now)
    return False


async def list_prices(tx: Transaction, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Decimal]:
    """List what a segment costs now, in cents, at (provider, country); one that nobody knows is left out."""
    rows = await tx.fetch(LIST_PRICES, [one[0] for one in places], [one[1] for one in places], tx.now)
    return {(row["provider"], row["country"]): row["cents"] for row in rows}


async def refund_queued(tx: Transaction, texts: Sequence[tuple[UUID, UUID]]) -> None:
    """Give back what these texts (id, tenant) have reserved, those of them that are queued again."""
    queued = await tx.fetch(LIST_REFUNDABLE_QUEUED, [one for one, _ in texts], [tenant for _, tenant in texts])
    await _refund(tx, queued)


async def refund(tx: Transaction, *, limit: int) -> int:
    """Give back what up to `limit` texts had reserved that no carrier took; returns how many budgets that changed."""
    return await _refund(tx, await tx.fetch(LIST_REFUNDABLE, limit))


async def _refund(tx: Transaction, texts: Sequence[asyncpg.Record]) -> int:
    if not texts:
        return 0
    return affected(await tx.execute(REFUND, tx.now, [one["id"] for one in texts], [one["tenant_id"] for one in texts]))


async def advance_days(tx: Transaction) -> int:
    """Begin the new day, or month, of every business whose last one is over in its own zone; returns how many."""
    return affected(await tx.execute(ADVANCE_DAYS, tx.now))


async def find_budget(tx: Transaction) -> Budget | None:
    """Find the tenant's limits and what it has reserved."""
    row = await tx.fetchrow(STATUS, tx.tenant, tx.now)
    return None if row is None else Budget(**dict(row))


async def put_spent(tx: Transaction, *, daily_spent_cents: Decimal) -> None:
    """Correct what counts as spent today."""
    await tx.execute(SET_SPENT, tx.tenant, tx.now, daily_spent_cents)
