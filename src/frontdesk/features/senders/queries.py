"""All SQL of senders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.features.senders.carriers import Brand, BrandUse, carrier_day, next_carrier_day
from frontdesk.features.senders.model import NumberType, RegistrationStatus, SendingNumber, read_warmup, warmup_json
from frontdesk.kernel.db import Transaction

FIND_OWNER = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, brand_id, segments_per_second,
           burst, warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where phone_e164 = $1
"""

FIND_BY_ID = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, brand_id, segments_per_second,
           burst, warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where tenant_id = $1 and id = $2
"""

LOCK_BY_ID = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, brand_id, segments_per_second,
           burst, warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where tenant_id = $1 and id = $2 for update
"""

LIST_OF_TENANT = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, brand_id, segments_per_second,
           burst, warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers where tenant_id = $1 order by created_at, id
"""

LIST_PAGE = """
    select id, tenant_id, phone_e164, provider, messaging_service, texting_allowed, texting_blocked_reason,
           number_type, registration_status, registration_id, campaign_class, brand_id, segments_per_second,
           burst, warmup::text as warmup, daily_limit, country, retired_at, created_at
    from sending_numbers
    where tenant_id = $1 and ($2::uuid is null or id < $2) and ($3::text is null or number_type = $3)
      and ($4::text is null or registration_status = $4) and ($5::text is null or provider = $5)
      and ($6::boolean is null or (retired_at is not null) = $6) and ($7::text is null or phone_e164 = $7)
    order by id desc limit $8
"""

INSERT = """
    insert into sending_numbers (id, tenant_id, phone_e164, provider, messaging_service, number_type,
                                 registration_status, registration_id, campaign_class, segments_per_second, burst,
                                 warmup, daily_limit, country, created_at, brand_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13, $14, $15, $16)
    on conflict (phone_e164) do nothing
    returning true
"""

UPDATE = """
    update sending_numbers
    set provider = $3, messaging_service = $4, texting_allowed = $5, texting_blocked_reason = $6, number_type = $7,
        registration_status = $8, registration_id = $9, campaign_class = $10, segments_per_second = $11, burst = $12,
        warmup = $13::jsonb, daily_limit = $14, country = $15, retired_at = $16, brand_id = $17
    where tenant_id = $1 and id = $2
"""

PUT_BRAND = """
    insert into sending_brands (tenant_id, brand_id, daily_segments, daily_share, minute_share, changed_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (tenant_id, brand_id) do update
    set daily_segments = excluded.daily_segments, daily_share = excluded.daily_share,
        minute_share = excluded.minute_share, changed_at = excluded.changed_at
"""

LIST_BRANDS = """
    select brand.brand_id, brand.daily_segments, brand.daily_share, brand.minute_share, brand.changed_at,
           coalesce(today.segments, 0) as used_today
    from sending_brands as brand
    left join brand_days as today
           on today.tenant_id = brand.tenant_id and today.brand_id = brand.brand_id and today.day = $2
    where brand.tenant_id = $1 order by brand.brand_id
"""

LIST_BRAND_USE = """
    select brand.brand_id, brand.daily_segments, brand.daily_share, today.segments
    from sending_brands as brand
    join brand_days as today on today.tenant_id = brand.tenant_id and today.brand_id = brand.brand_id
    where brand.daily_segments is not null and today.day = $1
    order by today.segments desc, brand.brand_id
"""

SPOIL_BRAND = """
    insert into sending_brands (tenant_id, brand_id, daily_segments, changed_at)
    select tenant_id, 'DRILL', $1, $2 from sending_numbers order by tenant_id limit 1
    on conflict (tenant_id, brand_id) do update set daily_segments = excluded.daily_segments
"""

SPOIL_BRAND_DAY = """
    insert into brand_days (tenant_id, brand_id, day, segments)
    select tenant_id, brand_id, $1, $2 from sending_brands where brand_id = 'DRILL'
    on conflict (tenant_id, brand_id) do update set day = excluded.day, segments = excluded.segments
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
        number.brand_id,
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
        number.brand_id,
    )


async def put_brand(
    tx: Transaction, *, brand_id: str, daily_segments: int | None, daily_share: int, minute_share: int
) -> None:
    """Write what carriers let a brand send a day, and which percent of its texts counts."""
    await tx.execute(PUT_BRAND, tx.tenant, brand_id, daily_segments, daily_share, minute_share, tx.now)


async def list_brands(tx: Transaction) -> list[Brand]:
    """List the tenant's brands by id, with the segments of each since the carriers' midnight."""
    day, resets_at = carrier_day(tx.now), next_carrier_day(tx.now)
    rows = await tx.fetch(LIST_BRANDS, tx.tenant, day)
    return [Brand(**dict(row), day=day, resets_at=resets_at) for row in rows]


async def list_brand_use(tx: Transaction) -> list[BrandUse]:
    """List brands with a limited day that have sent since the carriers' midnight, of every business."""
    return [BrandUse(**dict(row)) for row in await tx.fetch(LIST_BRAND_USE, carrier_day(tx.now))]


async def put_drilled_brand(tx: Transaction, *, daily_segments: int, segments: int) -> None:
    """Let a drill's brand have sent so much of a limited day."""
    await tx.execute(SPOIL_BRAND, daily_segments, tx.now)
    await tx.execute(SPOIL_BRAND_DAY, carrier_day(tx.now), segments)


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
        brand_id=row["brand_id"],
        segments_per_second=row["segments_per_second"],
        burst=row["burst"],
        warmup=None if row["warmup"] is None else read_warmup(row["warmup"]),
        daily_limit=row["daily_limit"],
        country=row["country"],
        retired_at=retired_at,
        created_at=row["created_at"],
    )
