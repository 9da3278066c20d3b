"""Rows as a fault would leave them, for drills on throwaway installations."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import first_id_of, new_id

FIND_NUMBER = """
    select tenant_id, phone_e164, provider from sending_numbers
    where retired_at is null and texting_allowed order by created_at, id limit 1
"""

ADD_PERSON = """
    insert into contacts (id, tenant_id, phone_e164, timezone, created_at) values ($1, $2, $3, $4, $5)
    on conflict (tenant_id, phone_e164) do update set timezone = excluded.timezone
    returning id
"""

ADD_TEXT = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, posting_at, accepted_at, finished_at, failure_code, campaign_id,
                           correlation_id, created_at, updated_at)
    values ($1, $2, 'drill:' || $1::uuid::text, $3, 'drill', 'drill', 'drill', $4, $5, $6, $7, $8, 'A text of a drill.',
            'gsm7', 1, $9, $10, $11, $12::timestamptz, $12, $13, $14, $15, $1, $4, $4)
"""

ADD_ATTEMPT = """
    insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, started_at, finished_at, outcome,
                               process_id)
    values ($1, $2, $3, $4, $5, $5, $5, 'accepted', $1)
"""

ADD_DECISION = """
    insert into send_decisions (id, tenant_id, job_id, decided_at, verdict, code, gates, facts, rules_version)
    values ($1, $2, $3, $4, 'send', 'ok', '[]', '{}', 'drill')
"""

REFUSE = """
    insert into do_not_contact (tenant_id, phone_e164, scope, reason, source, since)
    values ($1, $2, 'all', 'drill', 'person', $3)
"""

OPEN_STREAM = """
    insert into send_streams (campaign_id, tenant_id, senders, opened_at) values ($1, $2, array[$3::text], $4)
"""

HOLD_NUMBER = """
    insert into breakers (provider, sender_e164, hold_until, hold_reason, updated_at) values ($1, $2, $3, 'rate', $4)
    on conflict (provider, sender_e164) do update set hold_until = excluded.hold_until, hold_reason = 'rate'
"""

SPEND = """
    insert into budgets (tenant_id, day, month, daily_spent_cents, monthly_spent_cents, updated_at)
    select id, today.day, date_trunc('month', today.day)::date, daily_budget_cents, daily_budget_cents, $2
    from tenants
    cross join lateral (select ($2::timestamptz at time zone timezone)::date as day) as today
    where id = $1
    on conflict (tenant_id) do update
    set daily_spent_cents = excluded.daily_spent_cents, day = excluded.day,
        monthly_spent_cents = excluded.monthly_spent_cents, month = excluded.month
"""

LOWER_BUDGET = "update tenants set daily_budget_cents = 1 where id = $1"

RAISE_BUDGETS = "update tenants set daily_budget_cents = 5000 where daily_budget_cents = 1"

DELIVER = """
    update send_jobs set status = 'delivered', finished_at = $1
    where template = 'drill' and status in ('accepted', 'sent') and tenant_id = $2
"""

DELETE_TEXTS = "delete from send_jobs where template = 'drill'"

DELETE_REFUSALS = "delete from do_not_contact where reason = 'drill'"

DELETE_STREAMS = "delete from send_streams where campaign_id = any($1::uuid[])"

LIST_CAMPAIGNS = "select distinct campaign_id from send_jobs where template = 'drill' and campaign_id is not null"


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a business, for texts of a drill to leave from."""

    tenant_id: UUID
    phone_e164: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoiledText:
    """A text as a fault would leave it; `started_at` lists when POSTs of it started, each accepted."""

    made_at: datetime
    phone_e164: str
    status: str
    useful_until: datetime
    available_at: datetime
    message_class: str = "C1"
    timezone: str | None = None
    posting_at: datetime | None = None
    finished_at: datetime | None = None
    failure_code: str | None = None
    campaign_id: UUID | None = None
    started_at: tuple[datetime, ...] = ()
    explained: bool = True


async def get_number(tx: Transaction) -> Number:
    """Return the first number that may text."""
    row = await tx.fetchrow(FIND_NUMBER)
    if row is None:
        raise LookupError("sending_numbers")
    return Number(**dict(row))


async def add_text(tx: Transaction, number: Number, text: SpoiledText) -> UUID:
    """Write a text, the person it is for, its POSTs and its decision; returns its id."""
    job_id = UUID(int=first_id_of(text.made_at).int | secrets.randbits(60))
    person = await tx.fetchval(ADD_PERSON, new_id(), number.tenant_id, text.phone_e164, text.timezone, tx.now)
    await tx.execute(
        ADD_TEXT,
        job_id,
        number.tenant_id,
        text.message_class,
        tx.now,
        person,
        text.phone_e164,
        number.phone_e164,
        number.provider,
        text.status,
        text.available_at,
        text.useful_until,
        text.posting_at,
        text.finished_at,
        text.failure_code,
        text.campaign_id,
    )
    for fence, started_at in enumerate(text.started_at, start=1):
        await tx.execute(ADD_ATTEMPT, job_id, fence, number.tenant_id, number.phone_e164, started_at)
    if text.explained:
        await tx.execute(ADD_DECISION, new_id(), number.tenant_id, job_id, tx.now)
    return job_id


async def refuse(tx: Transaction, number: Number, *, phone_e164: str, since: datetime) -> None:
    """Write that a person refused everything at a moment."""
    await tx.execute(REFUSE, number.tenant_id, phone_e164, since)


async def open_stream(tx: Transaction, number: Number, campaign_id: UUID) -> None:
    """Write that a campaign's texts may be picked."""
    await tx.execute(OPEN_STREAM, campaign_id, number.tenant_id, number.phone_e164, tx.now)


async def hold_number(tx: Transaction, number: Number, *, until: datetime) -> None:
    """Hold a number back."""
    await tx.execute(HOLD_NUMBER, number.provider, number.phone_e164, until, tx.now)


async def put_spent(tx: Transaction, number: Number) -> None:
    """Let a budget count its whole limit as spent today, without a text for it."""
    await tx.execute(SPEND, number.tenant_id, tx.now)


async def put_lowest_budget(tx: Transaction, number: Number) -> None:
    """Lower a business's daily limit to one cent, which is spent."""
    await tx.execute(LOWER_BUDGET, number.tenant_id)
    await tx.execute(SPEND, number.tenant_id, tx.now)


async def raise_budgets(tx: Transaction) -> None:
    """Give the businesses with a limit of one cent the usual one."""
    await tx.execute(RAISE_BUDGETS)


async def mark_delivered(tx: Transaction, number: Number) -> None:
    """Write that the texts of drills have arrived."""
    await tx.execute(DELIVER, tx.now, number.tenant_id)


async def delete_spoiled(tx: Transaction) -> None:
    """Take away what drills have written."""
    campaigns = [row["campaign_id"] for row in await tx.fetch(LIST_CAMPAIGNS)]
    await tx.execute(DELETE_TEXTS)
    await tx.execute(DELETE_STREAMS, campaigns)
    await tx.execute(DELETE_REFUSALS)
