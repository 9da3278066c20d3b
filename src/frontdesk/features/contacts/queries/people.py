"""The SQL of single people: found by number or id, added when they are new."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.contacts.model import Contact
from frontdesk.kernel.db import Transaction

ENSURE = """
    with known as (
      select id, tenant_id, phone_e164, name, created_at from contacts where tenant_id = $2 and phone_e164 = $3
    ), added as (
      insert into contacts (id, tenant_id, phone_e164, name, created_at)
      select $1, $2, $3, $4, $5 where not exists (select from known)
      on conflict (tenant_id, phone_e164) do update set name = contacts.name
      returning id, tenant_id, phone_e164, name, created_at
    )
    select id, tenant_id, phone_e164, name, created_at from known
    union all
    select id, tenant_id, phone_e164, name, created_at from added
"""

FIND_BY_ID = "select id, tenant_id, phone_e164, name, created_at from contacts where tenant_id = $1 and id = $2"

FIND_BY_PHONE = """
    select id, tenant_id, phone_e164, name, created_at from contacts where tenant_id = $1 and phone_e164 = $2
"""

LIST = """
    select id, tenant_id, phone_e164, name, created_at from contacts
    where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""


async def ensure_contact(tx: Transaction, *, contact_id: UUID, phone_e164: str, name: str) -> Contact:
    """Get the person with this number, adding them if they are new."""
    row = await tx.fetchrow(ENSURE, contact_id, tx.tenant, phone_e164, name, tx.now)
    if row is None:
        raise LookupError(phone_e164)
    return Contact(**dict(row))


async def find_contact(tx: Transaction, *, contact_id: UUID) -> Contact | None:
    """Find a person by id."""
    row = await tx.fetchrow(FIND_BY_ID, tx.tenant, contact_id)
    return None if row is None else Contact(**dict(row))


async def find_contact_by_phone(tx: Transaction, *, phone_e164: str) -> Contact | None:
    """Find a person by number."""
    row = await tx.fetchrow(FIND_BY_PHONE, tx.tenant, phone_e164)
    return None if row is None else Contact(**dict(row))


async def list_contacts(tx: Transaction, *, before: UUID | None, limit: int) -> list[Contact]:
    """List people, newest first, from before a given one."""
    return [Contact(**dict(row)) for row in await tx.fetch(LIST, tx.tenant, before, limit)]
