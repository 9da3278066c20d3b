"""All SQL of senders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.features.senders.model import NumberType, RegistrationStatus, SendingNumber, read_warmup, warmup_json
from frontdesk.kernel.db import Transaction

FIND_OWNER = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, segments_per_second, burst,
           warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where phone_e164 = $1
"""

FIND_BY_ID = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, segments_per_second, burst,
           warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where tenant_id = $1 and id = $2
"""

LOCK_BY_ID = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, segments_per_second, burst,
           warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where tenant_id = $1 and id = $2 for update
"""

LIST_OF_TENANT = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, segments_per_second, burst,
           warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where tenant_id = $1 order by created_at, id
"""

LIST_PAGE = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, segments_per_second, burst,
           warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers
    where tenant_id = $1 and ($2::uuid is null or id < $2) and ($3::text is null or number_type = $3)
      and ($4::text is null or registration_status = $4) and ($5::text is null or provider = $5)
      and ($6::boolean is null or (retired_at is not null) = $6) and ($7::text is null or phone_e164 = $7)
    order by id desc limit $8
"""

INSERT = """
    insert into sending_numbers (id, tenant_id, phone_e164, provider, messaging_service, number_type,
                                 registration_status, registration_id, campaign_class, segments_per_second, burst,
                                 warmup, daily_limit, country, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13, $14, $15)
    on conflict (phone_e164) do nothing
    returning true
"""

UPDATE = """
    update sending_numbers
    set provider = $3, messaging_service = $4, texting_allowed = $5, texting_blocked_reason = $6, number_type = $7,
        registration_status = $8, registration_id = $9, campaign_class = $10, segments_per_second = $11, burst = $12,
        warmup = $13::jsonb, daily_limit = $14, country = $15, retired_at = $16
    where tenant_id = $1 and id = $2
"""


async def find_number(tx: Transaction, *, phone_e164: str) -> SendingNumber | None:
    """Find one of our numbers, whoever's it is, as far as the transaction may see."""
    row = await tx.fetchrow(FIND_OWNER, phone_e164)
    return None if row is None else _number(row)


async def find_number_by_id(tx: Transaction, *, number_id: UUID) -> SendingNumber | None:
    """Find one of the tenant's numbers."""
    row = await tx.fetchrow(FIND_BY_ID, tx.tenant, number_id)
    return None if row is None else _number(row)


async def lock_number(tx: Transaction, *, number_id: UUID) -> SendingNumber | None:
    """Find one of the tenant's numbers and keep others from changing it until the transaction ends."""
    row = await tx.fetchrow(LOCK_BY_ID, tx.tenant, number_id)
    return None if row is None else _number(row)


async def list_numbers(tx: Transaction) -> list[SendingNumber]:
    """List the tenant's numbers, oldest first."""
    return [_number(row) for row in await tx.fetch(LIST_OF_TENANT, tx.tenant)]


async def list_page(
    tx: Transaction,
    *,
    before: UUID | None,
    limit: int,
    number_type: str | None,
    registration_status: str | None,
    provider: str | None,
    retired: bool | None,
    phone_e164: str | None,
) -> list[SendingNumber]:
    """List the tenant's numbers that fit, newest first, from before a given one."""
    rows = await tx.fetch(
        LIST_PAGE, tx.tenant, before, number_type, registration_status, provider, retired, phone_e164, limit
    )
    return [_number(row) for row in rows]


async def insert_number(tx: Transaction, number: SendingNumber) -> bool:
    """Write a number; False if somebody has it already."""
    written = await tx.fetchval(
        INSERT,
        number.id,
        number.tenant_id,
        number.phone_e164,
        number.provider,
        number.messaging_service,
        number.number_type,
        number.registration_status,
        number.registration_id,
        number.campaign_class,
        number.segments_per_second,
        number.burst,
        warmup_json(number.warmup),
        number.daily_limit,
        number.country,
        number.created_at,
    )
    return written is True


async def update_number(tx: Transaction, number: SendingNumber) -> None:
    """Write what a number is and may."""
    await tx.execute(
        UPDATE,
        tx.tenant,
        number.id,
        number.provider,
        number.messaging_service,
        number.texting_allowed,
        number.texting_blocked_reason,
        number.number_type,
        number.registration_status,
        number.registration_id,
        number.campaign_class,
        number.segments_per_second,
        number.burst,
        warmup_json(number.warmup),
        number.daily_limit,
        number.country,
        number.retired_at,
    )


def _number(row: asyncpg.Record) -> SendingNumber:
    retired_at: datetime | None = row["retired_at"]
    return SendingNumber(
        id=row["id"],
        tenant_id=row["tenant_id"],
        phone_e164=row["phone_e164"],
        provider=row["provider"],
        messaging_service=row["messaging_service"],
        texting_allowed=row["texting_allowed"],
        texting_blocked_reason=row["texting_blocked_reason"],
        number_type=NumberType(row["number_type"]),
        registration_status=RegistrationStatus(row["registration_status"]),
        registration_id=row["registration_id"],
        campaign_class=row["campaign_class"],
        segments_per_second=row["segments_per_second"],
        burst=row["burst"],
        warmup=None if row["warmup"] is None else read_warmup(row["warmup"]),
        daily_limit=row["daily_limit"],
        country=row["country"],
        retired_at=retired_at,
        created_at=row["created_at"],
    )
