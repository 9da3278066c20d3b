"""What carriers count: segments of a brand since their midnight, and when a registered campaign may go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from frontdesk.kernel.db import Transaction, affected

# In one order of rows, so that two transactions never wait for each other in a circle. What does not fit is left out
# unless $5 says that it goes all the same, and the caller starts anew.
COUNT = """
    insert into brand_days as counted (tenant_id, brand_id, day, segments)
    select tenant_id, brand_id, $1, segments
    from unnest($2::uuid[], $3::text[], $4::int[]) as given (tenant_id, brand_id, segments)
    order by tenant_id, brand_id
    on conflict (tenant_id, brand_id) do update
    set segments = excluded.segments + case when counted.day >= excluded.day then counted.segments else 0 end,
        day = greatest(counted.day, excluded.day)
    where $5::boolean or counted.day < excluded.day
       or counted.segments + excluded.segments <= (
            select brand.daily_segments::bigint * 100 / brand.daily_share from sending_brands as brand
            where brand.tenant_id = counted.tenant_id and brand.brand_id = counted.brand_id
          )
"""

ENSURE_REGISTRATIONS = """
    insert into registration_paces (tenant_id, registration_id)
    select tenant_id, registration_id
    from unnest($1::uuid[], $2::text[]) as asked (tenant_id, registration_id)
    order by tenant_id, registration_id
    on conflict do nothing
"""

LOCK_REGISTRATIONS = """
    select pace.tenant_id, pace.registration_id, pace.next_at
    from unnest($1::uuid[], $2::text[]) as asked (tenant_id, registration_id)
    join registration_paces as pace
      on pace.tenant_id = asked.tenant_id and pace.registration_id = asked.registration_id
    order by pace.tenant_id, pace.registration_id
    for update of pace
"""

ADVANCE_REGISTRATIONS = """
    update registration_paces as pace
    set next_at = turn.next_at
    from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as turn (tenant_id, registration_id, next_at)
    where pace.tenant_id = turn.tenant_id and pace.registration_id = turn.registration_id
"""


@dataclass(frozen=True, slots=True)
class BrandCount:
    """Segments of a brand that are about to leave."""

    tenant_id: UUID
    brand_id: str
    segments: int


async def record_segments(tx: Transaction, counts: Sequence[BrandCount], *, day: date, even_if_full: bool) -> bool:
    """Count segments that are about to leave on a day of the carriers; False if a brand has no room for them."""
    tag = await tx.execute(
        COUNT,
        day,
        [one.tenant_id for one in counts],
        [one.brand_id for one in counts],
        [one.segments for one in counts],
        even_if_full,
    )
    return affected(tag) == len(counts)


async def lock_registrations(
    tx: Transaction, registrations: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], datetime]:
    """Lock the paces of registered campaigns (tenant, id) in a fixed order; returns when each may go on."""
    asked = ([one[0] for one in registrations], [one[1] for one in registrations])
    rows = await tx.fetch(LOCK_REGISTRATIONS, *asked)
    if len(rows) < len(registrations):
        await tx.execute(ENSURE_REGISTRATIONS, *asked)
        rows = await tx.fetch(LOCK_REGISTRATIONS, *asked)
    return {(row["tenant_id"], row["registration_id"]): row["next_at"] for row in rows}


async def advance_registrations(tx: Transaction, advances: Sequence[tuple[tuple[UUID, str], datetime]]) -> None:
    """Write when registered campaigns may go on."""
    await tx.execute(
        ADVANCE_REGISTRATIONS,
        [one[0] for one, _ in advances],
        [one[1] for one, _ in advances],
        [next_at for _, next_at in advances],
    )
