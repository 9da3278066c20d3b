"""What the gates need to know, for one text or for many, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import asyncpg

from frontdesk.features.delivery.model import BrandLimit
from frontdesk.features.delivery.queries.strangers import Reach
from frontdesk.features.senders import carrier_day
from frontdesk.kernel.db import Transaction

LOCK_PERSON = "select pg_advisory_xact_lock_shared(1, hashtext($1))"

# For one text that is asked for now, behind everything its thread has. Given arrays, PostgreSQL would plan anew each
# time, hoping to learn from their length: 0.66 ms, longer than all the reading.
READ_FACTS_OF_ONE = """
    select number.id is not null as sender_known, coalesce(number.provider, $4) as provider,
           number.texting_allowed and number.retired_at is null as texting_allowed,
           coalesce(number.texting_blocked_reason, '') as texting_blocked_reason,
           coalesce(number.messaging_service, '') as messaging_service,
           case when 'all' in (refusal.scope, elsewhere.scope) then 'all'
                else coalesce(refusal.scope, elsewhere.scope) end as opted_out_scope,
           exists (
             select from sender_opt_outs as stop where stop.sender_e164 = $3 and stop.phone_e164 = $2
           ) as opted_out_of_sender,
           exists (
             select from sending_numbers as own where own.tenant_id = $1 and own.phone_e164 = $2
           ) as recipient_is_own_number,
           array(
             select switch.scope from delivery_switches as switch
             where switch.paused_at is not null
               and (switch.scope, switch.key) in (('global', 'all'), ('tenant', $1::uuid::text), ('channel', 'sms'))
           ) as paused,
           not exists (
             select from system_epochs as epoch
             where epoch.ended_at is null and epoch.server = current_setting('app.server', true)
           ) and exists (select from system_epochs) as fenced,
           breaker.hold_until,
           coalesce(breaker.hold_reason, '') as hold_reason,
           breaker.opened_at is not null as breaker_open,
           exists (
             select from send_jobs as earlier
             where earlier.tenant_id = $1 and earlier.recipient_e164 = $2
               and earlier.status in ('queued', 'posting', 'unknown') and earlier.message_class in ('C1', 'C2')
           ) as earlier_unsettled,
           price.cents as price_cents, business.country as tenant_country, business.texting_countries,
           business.range_hourly_limit, business.daily_budget_cents, coalesce(near.texts, 0) as range_texts,
           coalesce(everywhere.cents, 0) as hour_cents,
           least(
             business.daily_budget_cents
               - coalesce(case when budget.day = today.day then budget.daily_spent_cents end, 0),
             business.monthly_budget_cents
               - coalesce(case when budget.month = date_trunc('month', today.day)::date
                               then budget.monthly_spent_cents end, 0)
           ) as left_cents,
           brand.brand_id, brand.daily_segments, brand.daily_share, brand.brand_used
    from tenants as business
    cross join lateral (select ($5::timestamptz at time zone business.timezone)::date as day) as today
    left join budgets as budget on budget.tenant_id = business.id
    left join global_do_not_contact as elsewhere on elsewhere.phone_e164 = $2
    left join sending_numbers as number on number.phone_e164 = $3 and number.tenant_id = $1
    left join lateral (
      select known.cents from segment_prices as known
      where known.provider = coalesce(number.provider, $4) and known.country in ($6, '') and known.since <= $5::date
      order by known.country = '', known.since desc limit 1
    ) as price on true
    left join do_not_contact as refusal on refusal.tenant_id = $1 and refusal.phone_e164 = $2
    left join breakers as breaker on breaker.provider = coalesce(number.provider, $4) and breaker.sender_e164 = $3
    left join provoked_texts as near
           on near.tenant_id = $1 and near.number_range = $7 and near.since_at > $5 - interval '1 hour'
    left join provoked_texts as everywhere
           on everywhere.tenant_id = $1 and everywhere.number_range = ''
          and everywhere.since_at > $5 - interval '1 hour'
    left join lateral (
      select known.brand_id, known.daily_segments, known.daily_share, coalesce(sent.segments, 0) as brand_used
      from sending_brands as known
      left join brand_days as sent on sent.tenant_id = $1 and sent.brand_id = known.brand_id and sent.day = $8
      where number.brand_id <> '' and known.tenant_id = $1 and known.brand_id = number.brand_id
        and known.daily_segments is not null
      limit 1
    ) as brand on true
    where business.id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFacts:
    """What the database holds about one text; the breaker's probe is decided by the caller."""

    sender_known: bool
    texting_allowed: bool | None
    texting_blocked_reason: str
    messaging_service: str
    opted_out_scope: str | None
    opted_out_of_sender: bool
    recipient_is_own_number: bool
    paused: tuple[str, ...]
    fenced: bool
    hold_until: datetime | None
    hold_reason: str
    breaker_open: bool
    earlier_unsettled: bool
    brand: BrandLimit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneText:
    """The facts of one text, the provider of its number, a segment's price, what is left to spend, and its reach."""

    stored: StoredFacts
    provider: str
    price_cents: Decimal | None
    left_cents: Decimal
    reach: Reach


async def lock_person(tx: Transaction, *, phone_e164: str) -> None:
    """Share a person's consent lock until the transaction ends; a STOP takes it alone."""
    await tx.execute(LOCK_PERSON, phone_e164)


async def read_facts_of_one(
    tx: Transaction, *, recipient_e164: str, sender_e164: str, provider: str, country: str, number_range: str
) -> OneText:
    """Read the facts of a text of this tenant that has no job yet; the person's lock must be held before.

    `provider` counts only where the number is none of ours; `country` is the recipient's, for the price, and
    `number_range` the thousand numbers around it.
    """
    row = await tx.fetchrow(
        READ_FACTS_OF_ONE,
        tx.tenant,
        recipient_e164,
        sender_e164,
        provider,
        tx.now,
        country,
        number_range,
        carrier_day(tx.now),
    )
    if row is None:
        raise LookupError(recipient_e164)
    return OneText(
        stored=_stored(row),
        provider=row["provider"],
        price_cents=row["price_cents"],
        left_cents=row["left_cents"],
        reach=Reach.of(row),
    )


def _stored(row: asyncpg.Record) -> StoredFacts:
    return StoredFacts(
        sender_known=row["sender_known"],
        texting_allowed=row["texting_allowed"],
        texting_blocked_reason=row["texting_blocked_reason"],
        messaging_service=row["messaging_service"],
        opted_out_scope=row["opted_out_scope"],
        opted_out_of_sender=row["opted_out_of_sender"],
        recipient_is_own_number=row["recipient_is_own_number"],
        paused=tuple(row["paused"]),
        fenced=row["fenced"],
        hold_until=row["hold_until"],
        hold_reason=row["hold_reason"],
        breaker_open=row["breaker_open"],
        earlier_unsettled=row["earlier_unsettled"],
        brand=read_brand_limit(row),
    )


def read_brand_limit(row: asyncpg.Record) -> BrandLimit | None:
    """Read the limit of a number's brand from a row that has its columns; None without one."""
    if row["brand_id"] is None:
        return None
    return BrandLimit(
        brand_id=row["brand_id"],
        daily_segments=row["daily_segments"],
        daily_share=row["daily_share"],
        used=row["brand_used"],
    )
