"""All SQL of tenants."""

from __future__ import annotations

from frontdesk.features.tenants.model import Tenant
from frontdesk.kernel.db import Transaction

GET = """
    select id, slug, name, timezone, country, hours, forwarding_e164, ring_seconds, textback_enabled,
           textback_open_template, textback_closed_template, textback_cooldown_seconds, voicemail_enabled,
           recording_announcement, created_at, updated_at
    from tenants where id = $1
"""

LIST = """
    select id, slug, name, timezone, country, hours, forwarding_e164, ring_seconds, textback_enabled,
           textback_open_template, textback_closed_template, textback_cooldown_seconds, voicemail_enabled,
           recording_announcement, created_at, updated_at
    from tenants order by name, id
"""

INSERT = """
    insert into tenants (id, slug, name, timezone, country, hours, forwarding_e164, ring_seconds, textback_enabled,
                         textback_open_template, textback_closed_template, textback_cooldown_seconds,
                         voicemail_enabled, recording_announcement, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
    on conflict (slug) do nothing
    returning true
"""

UPDATE = """
    update tenants
    set name = $2, timezone = $3, country = $4, hours = $5::jsonb, forwarding_e164 = $6, ring_seconds = $7,
        textback_enabled = $8, textback_open_template = $9, textback_closed_template = $10,
        textback_cooldown_seconds = $11, voicemail_enabled = $12, recording_announcement = $13, updated_at = $14
    where id = $1
"""


async def find_tenant(tx: Transaction) -> Tenant | None:
    """Find the business this transaction speaks for."""
    row = await tx.fetchrow(GET, tx.tenant)
    return None if row is None else Tenant(**dict(row))


async def list_tenants(tx: Transaction) -> list[Tenant]:
    """List every business the transaction may see."""
    return [Tenant(**dict(row)) for row in await tx.fetch(LIST)]


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
    )
