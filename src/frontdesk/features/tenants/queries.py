"""All SQL of tenants."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from frontdesk.features.tenants.model import Setup, SetupStep, Tenant
from frontdesk.kernel.db import Transaction

GET = """
    select id, slug, name, timezone, country, hours, forwarding_e164, ring_seconds, textback_enabled,
           textback_open_template, textback_closed_template, textback_cooldown_seconds, voicemail_enabled,
           recording_announcement, daily_budget_cents, monthly_budget_cents, quiet_from, quiet_until, state,
           postal_address, website, registrations::text as registrations, double_opt_in, marketing_daily_cap,
           texting_countries, range_hourly_limit, created_at, updated_at
    from tenants where id = $1
"""

LIST = """
    select id, slug, name, timezone, country, hours, forwarding_e164, ring_seconds, textback_enabled,
           textback_open_template, textback_closed_template, textback_cooldown_seconds, voicemail_enabled,
           recording_announcement, daily_budget_cents, monthly_budget_cents, quiet_from, quiet_until, state,
           postal_address, website, registrations::text as registrations, double_opt_in, marketing_daily_cap,
           texting_countries, range_hourly_limit, created_at, updated_at
    from tenants order by name, id
"""

FIND_BY_SLUG = """
    select id, slug, name, timezone, country, hours, forwarding_e164, ring_seconds, textback_enabled,
           textback_open_template, textback_closed_template, textback_cooldown_seconds, voicemail_enabled,
           recording_announcement, daily_budget_cents, monthly_budget_cents, quiet_from, quiet_until, state,
           postal_address, website, registrations::text as registrations, double_opt_in, marketing_daily_cap,
           texting_countries, range_hourly_limit, created_at, updated_at
    from tenants where slug = $1
"""

INSERT = """
    insert into tenants (id, slug, name, timezone, country, hours, forwarding_e164, ring_seconds, textback_enabled,
                         textback_open_template, textback_closed_template, textback_cooldown_seconds,
                         voicemail_enabled, recording_announcement, created_at, updated_at, daily_budget_cents,
                         monthly_budget_cents, quiet_from, quiet_until, state, postal_address, website, registrations,
                         double_opt_in, marketing_daily_cap, texting_countries, range_hourly_limit)
    values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17, $18, $19, $20, $21,
            $22, $23::jsonb, $24, $25, $26, $27)
    on conflict (slug) do nothing
    returning true
"""

UPDATE = """
    update tenants
    set name = $2, timezone = $3, country = $4, hours = $5::jsonb, forwarding_e164 = $6, ring_seconds = $7,
        textback_enabled = $8, textback_open_template = $9, textback_closed_template = $10,
        textback_cooldown_seconds = $11, voicemail_enabled = $12, recording_announcement = $13, updated_at = $14,
        daily_budget_cents = $15, monthly_budget_cents = $16, quiet_from = $17, quiet_until = $18, state = $19,
        postal_address = $20, website = $21, registrations = $22::jsonb, double_opt_in = $23, marketing_daily_cap = $24,
        texting_countries = $25, range_hourly_limit = $26
    where id = $1
"""

FIND_SETUP = "select step, finished_at from onboardings where tenant_id = $1"
FIND_OPEN_SETUP = """
    select setup.tenant_id
    from unnest($1::uuid[]) as asked (tenant_id) join onboardings as setup on setup.tenant_id = asked.tenant_id
    where setup.finished_at is null order by setup.started_at desc limit 1
"""
INSERT_SETUP = "insert into onboardings (tenant_id, step, started_at) values ($1, $2, $3) on conflict do nothing"
UPDATE_SETUP = """
    update onboardings set step = $2, finished_at = coalesce(finished_at, $3) where tenant_id = $1
"""


async def find_tenant(tx: Transaction) -> Tenant | None:
    """Find the business this transaction speaks for."""
    row = await tx.fetchrow(GET, tx.tenant)
    return None if row is None else _tenant(row)


async def find_by_slug(tx: Transaction, *, slug: str) -> Tenant | None:
    """Find the business with a name for addresses, of all that the transaction may see."""
    row = await tx.fetchrow(FIND_BY_SLUG, slug)
    return None if row is None else _tenant(row)


async def list_tenants(tx: Transaction) -> list[Tenant]:
    """List every business the transaction may see."""
    return [_tenant(row) for row in await tx.fetch(LIST)]


async def insert_tenant(tx: Transaction, tenant: Tenant) -> bool:
    """Write a new business; False if its slug is taken."""
    written = await tx.fetchval(
        INSERT,
        tenant.id,
        tenant.slug,
        tenant.name,
        tenant.timezone,
        tenant.country,
        tenant.hours,
        tenant.forwarding_e164,
        tenant.ring_seconds,
        tenant.textback_enabled,
        tenant.textback_open_template,
        tenant.textback_closed_template,
        tenant.textback_cooldown_seconds,
        tenant.voicemail_enabled,
        tenant.recording_announcement,
        tenant.created_at,
        tenant.daily_budget_cents,
        tenant.monthly_budget_cents,
        tenant.quiet_from,
        tenant.quiet_until,
        tenant.state,
        tenant.postal_address,
        tenant.website,
        tenant.registrations,
        tenant.double_opt_in,
        tenant.marketing_daily_cap,
        list(tenant.texting_countries),
        tenant.range_hourly_limit,
    )
    return written is True


async def update_tenant(tx: Transaction, tenant: Tenant) -> None:
    """Write a business's settings."""
    await tx.execute(
        UPDATE,
        tenant.id,
        tenant.name,
        tenant.timezone,
        tenant.country,
        tenant.hours,
        tenant.forwarding_e164,
        tenant.ring_seconds,
        tenant.textback_enabled,
        tenant.textback_open_template,
        tenant.textback_closed_template,
        tenant.textback_cooldown_seconds,
        tenant.voicemail_enabled,
        tenant.recording_announcement,
        tx.now,
        tenant.daily_budget_cents,
        tenant.monthly_budget_cents,
        tenant.quiet_from,
        tenant.quiet_until,
        tenant.state,
        tenant.postal_address,
        tenant.website,
        tenant.registrations,
        tenant.double_opt_in,
        tenant.marketing_daily_cap,
        list(tenant.texting_countries),
        tenant.range_hourly_limit,
    )


async def find_setup(tx: Transaction) -> Setup | None:
    """Find how far the business's first set-up has come."""
    row = await tx.fetchrow(FIND_SETUP, tx.tenant)
    return None if row is None else Setup(step=SetupStep(row["step"]), finished_at=row["finished_at"])


async def find_open_setup(tx: Transaction, *, among: list[UUID]) -> UUID | None:
    """Find which of some businesses was begun last and is not set up yet; the transaction sees all of them."""
    row = await tx.fetchrow(FIND_OPEN_SETUP, among)
    return None if row is None else row["tenant_id"]


async def insert_setup(tx: Transaction) -> None:
    """Note that the business's first set-up has begun."""
    await tx.execute(INSERT_SETUP, tx.tenant, SetupStep.HOURS.value, tx.now)


async def update_setup(tx: Transaction, setup: Setup) -> None:
    """Note how far the business's first set-up has come; what was finished stays so."""
    await tx.execute(UPDATE_SETUP, tx.tenant, setup.step.value, setup.finished_at)


def _tenant(row: asyncpg.Record) -> Tenant:
    return Tenant(**(dict(row) | {"texting_countries": tuple(row["texting_countries"])}))
