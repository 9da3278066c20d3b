"""Whose turn it is: campaigns that may be picked from, and the pace of each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from frontdesk.kernel.db import Transaction

# `order`, `limit` and `offset` keep the planner from hashing all texts: each number looks at one entry of its index.
LOCK_TURNS = """
    select number.tenant_id, number.phone_e164 as sender_e164, number.provider, pace.next_at,
           case when pace.day = today.day then pace.sent_today else 0 end as sent_today, today.day,
           (today.day + 1)::timestamp at time zone business.timezone as tomorrow_at,
           number.number_type, number.segments_per_second, number.burst, number.warmup, number.daily_limit,
           coalesce(nullif(number.registration_id, ''), number.phone_e164) as registration_id, number.campaign_class,
           coalesce(brand.minute_share, 100) as minute_share
    from number_paces as pace
    join sending_numbers as number on number.phone_e164 = pace.sender_e164
    join tenants as business on business.id = number.tenant_id
    cross join lateral (select ($1::timestamptz at time zone business.timezone)::date as day) as today
    left join sending_brands as brand on brand.tenant_id = number.tenant_id and brand.brand_id = number.brand_id
    left join registration_paces as together
           on together.tenant_id = number.tenant_id
          and together.registration_id = coalesce(nullif(number.registration_id, ''), number.phone_e164)
    where number.texting_allowed and number.retired_at is null and pace.next_at <= $1
      and (together.next_at is null or together.next_at <= $1)
      and not exists (
        select from delivery_switches as switch
        where switch.paused_at is not null
          and (switch.scope, switch.key) in (('global', 'all'), ('tenant', number.tenant_id::text), ('channel', 'sms'))
      )
      and not exists (
        select from breakers as breaker
        where breaker.provider = number.provider and breaker.sender_e164 = number.phone_e164 and breaker.hold_until > $1
      )
      and exists (
        select from send_streams as stream
        cross join lateral (
          select from send_jobs as job
          where job.campaign_id = stream.campaign_id and job.sender_e164 = number.phone_e164 and job.status = 'queued'
            and job.message_class = 'C3' and job.available_at <= $1
          order by job.available_at, job.id limit 1
        ) as due
        where stream.tenant_id = number.tenant_id and stream.closed_at is null and stream.next_at <= $1
          and not exists (
            select from delivery_switches as switch
            where switch.scope = 'campaign' and switch.key = stream.campaign_id::text and switch.paused_at is not null
          )
        offset 0
      )
    order by pace.served_at, pace.sender_e164
    limit $2
    for update of pace skip locked
"""

ADVANCE_NUMBERS = """
    update number_paces as pace
    set next_at = turn.next_at, served_at = $1, day = turn.day, sent_today = turn.sent_today
    from unnest($2::text[], $3::timestamptz[], $4::date[], $5::int[]) as turn (sender, next_at, day, sent_today)
    where pace.sender_e164 = turn.sender
"""

ENSURE_PACES = """
    insert into number_paces (sender_e164) select distinct sender from unnest($1::text[]) as given (sender)
    on conflict do nothing
"""

OPEN_STREAM = """
    insert into send_streams (campaign_id, tenant_id, per_minute, quiet_from, quiet_until, senders, opened_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (campaign_id) do nothing
"""

CLOSE_STREAM = "update send_streams set closed_at = $3 where tenant_id = $1 and campaign_id = $2 and closed_at is null"

LIST_THROTTLES = """
    select campaign_id, per_minute, next_at from send_streams
    where campaign_id = any($1::uuid[]) and per_minute is not null
    order by campaign_id for update
"""

ADVANCE_STREAMS = """
    update send_streams as stream
    set next_at = greatest(stream.next_at, $1) + make_interval(secs => 60.0 * turn.texts / stream.per_minute)
    from unnest($2::uuid[], $3::int[]) as turn (campaign_id, texts)
    where stream.campaign_id = turn.campaign_id and stream.per_minute is not null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A number whose turn it is, locked until the transaction ends; `warmup` is its plan as JSON.

    `registration_id` names what shares the pace of its `campaign_class`: its campaign, else the number itself.
    """

    tenant_id: UUID
    sender_e164: str
    provider: str
    next_at: datetime | None
    sent_today: int
    day: date
    tomorrow_at: datetime
    number_type: str
    segments_per_second: Decimal | None
    burst: int
    warmup: str | None
    daily_limit: int | None
    registration_id: str
    campaign_class: str
    minute_share: int


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a number has come in its turn."""

    sender_e164: str
    next_at: datetime
    day: date
    sent_today: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """A campaign's own limit, in texts a minute, and when its next text is due."""

    campaign_id: UUID
    per_minute: Decimal
    next_at: datetime


async def lock_turns(tx: Transaction, *, limit: int) -> list[Turn]:
    """Lock up to `limit` numbers that have marketing due and may send now, the longest unserved first."""
    return [Turn(**dict(row)) for row in await tx.fetch(LOCK_TURNS, tx.now, limit)]


async def advance_numbers(tx: Transaction, advances: Sequence[Advance]) -> None:
    """Write when each number may send again, and how much it sent today."""
    await tx.execute(
        ADVANCE_NUMBERS,
        tx.now,
        [one.sender_e164 for one in advances],
        [one.next_at for one in advances],
        [one.day for one in advances],
        [one.sent_today for one in advances],
    )


async def ensure_paces(tx: Transaction, senders: Sequence[str]) -> None:
    """Begin to pace numbers that have not sent marketing before."""
    await tx.execute(ENSURE_PACES, list(senders))


async def open_stream(
    tx: Transaction,
    *,
    campaign_id: UUID,
    per_minute: Decimal | None,
    quiet_from: time | None,
    quiet_until: time | None,
    numbers: Sequence[str],
) -> None:
    """Let a campaign's texts be picked, at most so many a minute, and not in its own quiet hours either.

    `numbers` may stand in for each other when a provider is in trouble.
    """
    await tx.execute(OPEN_STREAM, campaign_id, tx.tenant, per_minute, quiet_from, quiet_until, list(numbers), tx.now)


async def close_stream(tx: Transaction, *, campaign_id: UUID) -> None:
    """End the picking of a campaign's texts."""
    await tx.execute(CLOSE_STREAM, tx.tenant, campaign_id, tx.now)


async def lock_throttles(tx: Transaction, campaign_ids: Sequence[UUID]) -> list[Throttle]:
    """Lock the throttles of those campaigns that have one, in a fixed order."""
    return [Throttle(**dict(row)) for row in await tx.fetch(LIST_THROTTLES, list(campaign_ids))]


async def advance_streams(tx: Transaction, sent: Sequence[tuple[UUID, int]]) -> None:
    """Count texts against their campaigns' throttles."""
    await tx.execute(ADVANCE_STREAMS, tx.now, [one for one, _ in sent], [texts for _, texts in sent])
