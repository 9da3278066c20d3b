"""What outsiders have made businesses send within the hour, by range of numbers and in all; how far texts reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction, affected

ANYWHERE = ""  # the range under which all that outsiders caused is counted

READ_REACH = """
    select business.country as tenant_country, business.texting_countries, business.range_hourly_limit,
           business.daily_budget_cents, coalesce(near.texts, 0) as range_texts,
           coalesce(everywhere.cents, 0) as hour_cents
    from unnest($1::uuid[], $2::text[]) with ordinality as asked (tenant_id, number_range, position)
    join tenants as business on business.id = asked.tenant_id
    left join provoked_texts as near
           on near.tenant_id = asked.tenant_id and near.number_range = asked.number_range
          and near.since_at > $3::timestamptz - interval '1 hour'
    left join provoked_texts as everywhere
           on everywhere.tenant_id = asked.tenant_id and everywhere.number_range = ''
          and everywhere.since_at > $3::timestamptz - interval '1 hour'
    order by asked.position
"""

# In one order of rows, so that two transactions never wait for each other in a circle. What does not fit is left out,
# and the caller starts anew.
RECORD = """
    insert into provoked_texts as counted (tenant_id, number_range, since_at, texts, cents)
    select tenant_id, number_range, $1, texts, cents
    from unnest($2::uuid[], $3::text[], $4::int[], $5::numeric[]) as given (tenant_id, number_range, texts, cents)
    order by tenant_id, number_range
    on conflict (tenant_id, number_range) do update
    set texts = excluded.texts
                + case when counted.since_at > $1::timestamptz - interval '1 hour' then counted.texts else 0 end,
        cents = excluded.cents
                + case when counted.since_at > $1::timestamptz - interval '1 hour' then counted.cents else 0 end,
        since_at = case when counted.since_at > $1::timestamptz - interval '1 hour' then counted.since_at else $1 end
    where counted.number_range = '' or counted.since_at <= $1::timestamptz - interval '1 hour'
       or counted.texts + excluded.texts <= (
            select business.range_hourly_limit from tenants as business where business.id = counted.tenant_id
          )
"""

FORGET = """
    delete from provoked_texts
    where (tenant_id, number_range) in (
      select tenant_id, number_range from provoked_texts where since_at < $1 order by since_at limit $2
      for update skip locked
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a business lets texts go, and what outsiders have caused within the hour: near a number, and in all."""

    tenant_country: str
    texting_countries: list[str]
    range_hourly_limit: int
    daily_budget_cents: Decimal
    range_texts: int
    hour_cents: Decimal

    @classmethod
    def of(cls, row: asyncpg.Record) -> Reach:
        """Read it from a row that has its columns."""
        return cls(
            tenant_country=row["tenant_country"],
            texting_countries=row["texting_countries"],
            range_hourly_limit=row["range_hourly_limit"],
            daily_budget_cents=row["daily_budget_cents"],
            range_texts=row["range_texts"],
            hour_cents=row["hour_cents"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Texts that outsiders cause in one range of numbers, or in all (`ANYWHERE`), and what they cost in cents."""

    tenant_id: UUID
    number_range: str
    texts: int
    cents: Decimal


async def read_reaches(tx: Transaction, asked: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Reach]:
    """Read how far texts of a tenant reach around a range of numbers, for several at once."""
    rows = await tx.fetch(READ_REACH, [one[0] for one in asked], [one[1] for one in asked], tx.now)
    return {one: Reach.of(row) for one, row in zip(asked, rows, strict=True)}


async def record_provoked(tx: Transaction, counts: Sequence[Count]) -> bool:
    """Count texts that are about to leave; False if a range has no room for them any more."""
    tag = await tx.execute(
        RECORD,
        tx.now,
        [one.tenant_id for one in counts],
        [one.number_range for one in counts],
        [one.texts for one in counts],
        [one.cents for one in counts],
    )
    return affected(tag) == len(counts)


async def forget_provoked(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` counts that began before a moment; returns how many."""
    return affected(await tx.execute(FORGET, before, limit))
