"""How providers fare, and moving marketing away from one that is in trouble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from frontdesk.kernel.db import Transaction, affected

# Of texts old enough to have been delivered: how long each took, or has been taking so far.
MEASURE = """
    select provider, count(*)::int as texts,
           (percentile_cont(0.9) within group (
             order by extract(epoch from coalesce(finished_at, $1::timestamptz) - accepted_at)
           ))::numeric(10, 2) as receipts_p90_seconds,
           (count(*) filter (where status in ('failed', 'undelivered')))::numeric / count(*) as failed_share
    from send_jobs
    where message_class = 'C3' and accepted_at between $1::timestamptz - interval '10 minutes'
                                                  and $1::timestamptz - interval '30 seconds'
    group by provider order by provider
"""

LIST_WEIGHTS = "select provider, weight, changed_at from provider_shares order by provider"

SET_WEIGHT = """
    insert into provider_shares (provider, weight, receipts_p90_seconds, failed_share, changed_at)
    values ($1, $2, $3, $4, $5)
    on conflict (provider) do update
    set weight = excluded.weight, receipts_p90_seconds = excluded.receipts_p90_seconds,
        failed_share = excluded.failed_share, changed_at = excluded.changed_at
"""

# A text whose POST was ever in doubt stays: only its own provider knows it again by its key, another sends it twice.
MOVE_AWAY = """
    with stuck as (
      select job.id, other.phone_e164, other.provider
      from send_streams as stream
      join send_jobs as job on job.campaign_id = stream.campaign_id and job.tenant_id = stream.tenant_id
      cross join lateral (
        select number.phone_e164, number.provider from sending_numbers as number
        where number.tenant_id = stream.tenant_id and number.phone_e164 = any(stream.senders)
          and number.provider = any($2::text[]) and number.texting_allowed and number.retired_at is null
        order by hashtext(job.recipient_e164 || number.phone_e164) limit 1
      ) as other
      where stream.closed_at is null and job.status = 'queued' and job.message_class = 'C3' and job.provider = $1
        and job.available_at <= $4::timestamptz + interval '1 minute'
        and not exists (
          select from send_attempts as tried
          where tried.job_id = job.id and tried.tenant_id = job.tenant_id
            and coalesce(tried.outcome, 'ambiguous') = 'ambiguous'
        )
      limit $3
      for update of job skip locked
    )
    update send_jobs as job set sender_e164 = stuck.phone_e164, provider = stuck.provider, updated_at = $4
    from stuck where job.id = stuck.id
"""

PACE_NEW = """
    insert into number_paces (sender_e164)
    select phone from send_streams as stream cross join unnest(stream.senders) as phone where stream.closed_at is null
    on conflict do nothing
"""

LIST_PROVIDERS = "select distinct provider from sending_numbers where retired_at is null"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReading:
    """How a provider's texts of the last 10 minutes fared; seconds from acceptance to the last receipt."""

    provider: str
    texts: int
    receipts_p90_seconds: Decimal
    failed_share: Decimal


@dataclass(frozen=True, slots=True)
class Weight:
    """A provider's share of the marketing in percent, and since when."""

    provider: str
    weight: int
    changed_at: datetime


async def measure_providers(tx: Transaction) -> list[ProviderReading]:
    """Measure how each provider's marketing texts of the last 10 minutes fared."""
    return [ProviderReading(**dict(row)) for row in await tx.fetch(MEASURE, tx.now)]


async def list_weights(tx: Transaction) -> list[Weight]:
    """List the providers whose share was ever changed."""
    return [Weight(row["provider"], row["weight"], row["changed_at"]) for row in await tx.fetch(LIST_WEIGHTS)]


async def put_weight(tx: Transaction, reading: ProviderReading, *, weight: int) -> None:
    """Write a provider's share, with what it was set from."""
    await tx.execute(SET_WEIGHT, reading.provider, weight, reading.receipts_p90_seconds, reading.failed_share, tx.now)


async def move_away(tx: Transaction, *, provider: str, healthy: Sequence[str], limit: int) -> int:
    """Give queued marketing of a provider in trouble to numbers of the same campaigns elsewhere; returns how many."""
    await tx.execute(PACE_NEW)
    return affected(await tx.execute(MOVE_AWAY, provider, list(healthy), limit, tx.now))


async def list_providers(tx: Transaction) -> list[str]:
    """List the providers that any number is at."""
    return [row["provider"] for row in await tx.fetch(LIST_PROVIDERS)]
