"""What checks of delivery ask and its remedies change; across tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from frontdesk.kernel.db import Transaction, affected

OLDEST_DUE = """
    select count(*)::int as texts, min(job.available_at) as oldest_at
    from send_jobs as job
    where job.status = 'queued' and job.available_at <= $1 and job.useful_until > $1
      and job.message_class <> 'C3'
      and not exists (
        select from delivery_switches as switch
        where switch.paused_at is not null
          and (switch.scope = 'global'
               or (switch.scope = 'tenant' and switch.key = job.tenant_id::text)
               or (switch.scope = 'channel' and switch.key = job.channel)))
      and not exists (
        select from breakers as breaker
        where breaker.provider = job.provider and breaker.sender_e164 = job.sender_e164 and breaker.hold_until > $1)
"""

# Beyond that it is the same alarm, and counting a campaign of a million would take longer than a look may.
COUNT_WAITING = """
    select count(*)::int
    from (select from send_jobs where status = 'queued' and available_at <= $1 limit 20000) as waiting
"""

LIST_HELD = """
    select provider, sender_e164, hold_until, hold_reason, opened_at, failures_in_row
    from breakers
    where opened_at is not null or hold_until > $1
    order by updated_at desc limit 50
"""

COUNT_DOUBTFUL = """
    select count(*)::int from send_jobs where status = 'unknown' and posting_at < $1::timestamptz - $2::interval
"""

COUNT_STUCK_POSTING = """
    select count(*)::int from send_jobs where status = 'posting' and posting_at < $1::timestamptz - $2::interval
"""

LIST_SPENT = """
    select business.slug,
           case when business.daily_budget_cents > 0 and budget.day = (now() at time zone business.timezone)::date
                then budget.daily_spent_cents::float / business.daily_budget_cents else 0 end as daily_share,
           case when business.monthly_budget_cents > 0
                 and budget.month = date_trunc('month', now() at time zone business.timezone)::date
                then budget.monthly_spent_cents::float / business.monthly_budget_cents else 0 end as monthly_share
    from tenants as business join budgets as budget on budget.tenant_id = business.id
    order by 1
"""

LIST_BLOCKED_NUMBERS = """
    select phone_e164, texting_blocked_reason from sending_numbers
    where not texting_allowed and retired_at is null and texting_blocked_reason <> 'by hand'
    order by 1 limit 50
"""

LIFT_FAILING_HOLDS = (
    "update breakers set hold_until = $1, next_pause_seconds = 10, updated_at = $1 where opened_at is not null"
)

ALLOW_NUMBERS = """
    update sending_numbers set texting_allowed = true, texting_blocked_reason = ''
    where not texting_allowed and retired_at is null and id = $1
    returning phone_e164
"""

ALLOW_ALL_NUMBERS = """
    update sending_numbers set texting_allowed = true, texting_blocked_reason = ''
    where not texting_allowed and retired_at is null and texting_blocked_reason <> 'by hand'
    returning phone_e164
"""

# Nothing of ours waits for longer than an hour, and no carrier's wish is followed for longer.
LIST_LONG_HOLDS = """
    select provider, sender_e164, hold_until, hold_reason, opened_at, failures_in_row
    from breakers where hold_until > $1::timestamptz + interval '61 minutes'
    order by provider, sender_e164 limit 50
"""

LIFT_LONG_HOLDS = """
    update breakers set hold_until = $1, updated_at = $1
    where hold_until > $1::timestamptz + interval '61 minutes'
"""

COUNT_FORGOTTEN = """
    select count(*)::int from send_jobs
    where status = 'queued' and message_class <> 'C3' and available_at > $1::timestamptz + interval '61 minutes'
      and useful_until > $1
"""

LOOK_AT_FORGOTTEN = """
    update send_jobs set available_at = $1, updated_at = $1
    where status = 'queued' and message_class <> 'C3' and available_at > $1::timestamptz + interval '61 minutes'
      and useful_until > $1
"""

# A text that is due and of no use is dropped by the next claim; one that is held back goes on waiting for it.
COUNT_USELESS = """
    select count(*)::int
    from send_jobs as job
    where job.status = 'queued' and job.message_class <> 'C3'
      and job.useful_until < $1::timestamptz - interval '10 minutes'
      and not exists (
        select from delivery_switches as switch
        where switch.paused_at is not null
          and (switch.scope in ('global', 'channel')
               or (switch.scope = 'tenant' and switch.key = job.tenant_id::text)))
"""

DROP_USELESS = """
    update send_jobs as job
    set status = 'dropped', failure_code = 'delivery.too_late', finished_at = $1, updated_at = $1
    where job.status = 'queued' and job.message_class <> 'C3'
      and job.useful_until < $1::timestamptz - interval '10 minutes'
    returning job.id, job.tenant_id, job.correlation_id
"""

# Only who is near the limit is looked at: for them, what the texts of their day have reserved.
LIST_PHANTOM_SPENT = """
    select business.id as tenant_id, business.slug, budget.daily_spent_cents, real.cents as real_cents
    from budgets as budget
    join tenants as business on business.id = budget.tenant_id
    cross join lateral (
      select coalesce(sum(job.cost_cents), 0)::numeric(14, 4) as cents
      from send_jobs as job
      where job.tenant_id = budget.tenant_id and job.cost_cents > 0
        and job.posting_at >= budget.day::timestamp at time zone business.timezone
    ) as real
    where business.daily_budget_cents > 0 and budget.day = ($1::timestamptz at time zone business.timezone)::date
      and budget.daily_spent_cents >= business.daily_budget_cents * 0.9
      and budget.daily_spent_cents > real.cents * 1.01 + 1
    order by business.slug
"""

CORRECT_SPENT = """
    update budgets
    set daily_spent_cents = $3,
        monthly_spent_cents = greatest(0, monthly_spent_cents - (daily_spent_cents - $3::numeric)), updated_at = $2
    where tenant_id = $1
"""

DOUBT_NOW = """
    update send_jobs set available_at = $1 where status = 'unknown' and available_at > $1
"""


@dataclass(frozen=True, slots=True)
class DueTexts:
    """Texts that could leave and have not; `oldest_at` is when the first of them fell due."""

    texts: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldNumber:
    """A number that does not send for a while because of how its carrier behaves."""

    provider: str
    sender_e164: str
    hold_until: datetime | None
    hold_reason: str
    opened_at: datetime | None
    failures_in_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomSpent:
    """A business whose budget counts more for today than its texts have reserved, in cents."""

    tenant_id: UUID
    slug: str
    daily_spent_cents: Decimal
    real_cents: Decimal


@dataclass(frozen=True, slots=True)
class DroppedText:
    """A text that was dropped, and what it belongs to."""

    id: UUID
    tenant_id: UUID
    correlation_id: UUID


@dataclass(frozen=True, slots=True)
class SpentShare:
    """How much of its budget a business has spent, 1 is all of it."""

    slug: str
    daily_share: float
    monthly_share: float


async def get_due_texts(tx: Transaction) -> DueTexts:
    """Count texts of classes C1, C2 and C4 that nothing holds back and that have not left."""
    row = await tx.fetchrow(OLDEST_DUE, tx.now)
    if row is None:
        raise LookupError("send_jobs")
    return DueTexts(row["texts"], row["oldest_at"])


async def count_waiting(tx: Transaction) -> int:
    """Count texts that are due, of every class, up to 20 000."""
    return _count(await tx.fetchval(COUNT_WAITING, tx.now))


async def list_held(tx: Transaction) -> list[HeldNumber]:
    """List numbers that are held back by their carrier's failures or limits."""
    return [HeldNumber(**dict(row)) for row in await tx.fetch(LIST_HELD, tx.now)]


async def count_doubtful(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count texts whose fate is unknown for longer than a while."""
    return _count(await tx.fetchval(COUNT_DOUBTFUL, tx.now, longer_than))


async def count_stuck_posting(tx: Transaction, *, longer_than: timedelta) -> int:
    """Count texts that have been `posting` for longer than a while."""
    return _count(await tx.fetchval(COUNT_STUCK_POSTING, tx.now, longer_than))


async def list_spent(tx: Transaction) -> list[SpentShare]:
    """List how much of its budgets every business has spent today and this month."""
    return [SpentShare(row["slug"], row["daily_share"], row["monthly_share"]) for row in await tx.fetch(LIST_SPENT)]


async def list_blocked_numbers(tx: Transaction) -> list[tuple[str, str]]:
    """List numbers that may not text, with the reason."""
    return [(row["phone_e164"], row["texting_blocked_reason"]) for row in await tx.fetch(LIST_BLOCKED_NUMBERS)]


async def lift_failing_holds(tx: Transaction) -> int:
    """Let every open breaker try one text at once; returns how many there are."""
    return affected(await tx.execute(LIFT_FAILING_HOLDS, tx.now))


async def lift_block(tx: Transaction, *, number_id: UUID) -> str | None:
    """Let a number text again; returns its number, None if nothing kept it."""
    found = await tx.fetchval(ALLOW_NUMBERS, number_id)
    return found if isinstance(found, str) else None


async def lift_all_blocks(tx: Transaction) -> list[str]:
    """Let every number text again that its carrier had blocked; lists them."""
    return [row["phone_e164"] for row in await tx.fetch(ALLOW_ALL_NUMBERS)]


async def look_at_doubt_now(tx: Transaction) -> int:
    """Let texts in doubt be asked about at once; returns how many."""
    return affected(await tx.execute(DOUBT_NOW, tx.now))


async def list_long_holds(tx: Transaction) -> list[HeldNumber]:
    """List numbers that are held back for longer than the hour that any wait may take."""
    return [HeldNumber(**dict(row)) for row in await tx.fetch(LIST_LONG_HOLDS, tx.now)]


async def lift_long_holds(tx: Transaction) -> int:
    """Let numbers send that were held back for longer than an hour; returns how many."""
    return affected(await tx.execute(LIFT_LONG_HOLDS, tx.now))


async def count_forgotten(tx: Transaction) -> int:
    """Count useful texts, marketing left out, that nobody will look at within the hour."""
    return _count(await tx.fetchval(COUNT_FORGOTTEN, tx.now))


async def look_at_forgotten(tx: Transaction) -> int:
    """Let such texts be looked at now; every gate is asked again. Returns how many."""
    return affected(await tx.execute(LOOK_AT_FORGOTTEN, tx.now))


async def count_useless(tx: Transaction) -> int:
    """Count queued texts that are of no use for 10 minutes and that no switch holds back, marketing left out."""
    return _count(await tx.fetchval(COUNT_USELESS, tx.now))


async def drop_useless(tx: Transaction) -> list[DroppedText]:
    """Drop queued texts that are of no use for 10 minutes, marketing left out."""
    rows = await tx.fetch(DROP_USELESS, tx.now)
    return [DroppedText(row["id"], row["tenant_id"], row["correlation_id"]) for row in rows]


async def list_phantom_spent(tx: Transaction) -> list[PhantomSpent]:
    """List businesses near their limit whose budget counts more for today than their texts have reserved."""
    return [PhantomSpent(**dict(row)) for row in await tx.fetch(LIST_PHANTOM_SPENT, tx.now)]


async def update_spent(tx: Transaction, one: PhantomSpent) -> None:
    """Let a budget count what the texts of today have reserved; the month follows."""
    await tx.execute(CORRECT_SPENT, one.tenant_id, tx.now, one.real_cents)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
