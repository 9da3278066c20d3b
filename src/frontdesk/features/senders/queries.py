"""All SQL of senders."""

from __future__ import annotations

from frontdesk.features.senders.model import SendingNumber
from frontdesk.kernel.db import Transaction

FIND_OWNER = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason, created_at
    from sending_numbers where phone_e164 = $1
"""

LIST_OF_TENANT = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason, created_at
    from sending_numbers where tenant_id = $1 order by created_at, id
"""

INSERT = """
    insert into sending_numbers (id, tenant_id, phone_e164, provider, messaging_service, created_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (phone_e164) do nothing
    returning true
"""


async def find_number(tx: Transaction, *, phone_e164: str) -> SendingNumber | None:
    """Find one of our numbers, whoever's it is, as far as the transaction may see."""
    row = await tx.fetchrow(FIND_OWNER, phone_e164)
    return None if row is None else SendingNumber(**dict(row))


async def list_numbers(tx: Transaction) -> list[SendingNumber]:
    """List the tenant's numbers, oldest first."""
    return [SendingNumber(**dict(row)) for row in await tx.fetch(LIST_OF_TENANT, tx.tenant)]


async def insert_number(tx: Transaction, number: SendingNumber) -> bool:
    """Write a number; False if somebody has it already."""
    written = await tx.fetchval(
        INSERT,
        number.id,
        number.tenant_id,
        number.phone_e164,
        number.provider,
        number.messaging_service,
        number.created_at,
    )
    return written is True
