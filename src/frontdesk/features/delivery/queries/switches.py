"""Kill switches and the health of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.delivery.model import StopProof
from frontdesk.kernel.db import Transaction

PAUSE = """
    insert into delivery_switches (scope, key, paused_at, paused_by, reason, changed_at)
    values ($1, $2, $3, $4, $5, $3)
    on conflict (scope, key) do update
    set paused_at = coalesce(delivery_switches.paused_at, excluded.paused_at), paused_by = excluded.paused_by,
        reason = excluded.reason, changed_at = excluded.changed_at
"""

RESUME = """
    update delivery_switches set paused_at = null, changed_at = $3
    where scope = $1 and key = $2 and paused_at is not null
    returning true
"""

LIST_PAUSED = """
    select scope, key, paused_at, paused_by, reason from delivery_switches
    where paused_at is not null order by paused_at
"""

PROVE_STOP = """
    select switch.paused_at, coalesce(switch.paused_by, '') as paused_by, coalesce(switch.reason, '') as reason,
           (select count(*) from send_jobs where tenant_id = business.id and status = 'posting') as in_flight,
           (select count(*) from send_jobs where tenant_id = business.id and status = 'queued') as queued,
           (select max(started_at) from send_attempts where tenant_id = business.id and started_at is not null)
             as last_started_at
    from tenants as business
    left join delivery_switches as switch on switch.scope = $2 and switch.key = $3 and switch.paused_at is not null
    where business.id = $1
"""

PROVE_GLOBAL_STOP = """
    select (select paused_at from delivery_switches where scope = $1 and key = $2) as paused_at,
           coalesce((select paused_by from delivery_switches where scope = $1 and key = $2), '') as paused_by,
           coalesce((select reason from delivery_switches where scope = $1 and key = $2), '') as reason,
           (select count(*) from send_jobs where status = 'posting') as in_flight,
           (select count(*) from send_jobs where status = 'queued') as queued,
           (select max(latest.started_at) from tenants as business
            cross join lateral (
              select started_at from send_attempts
              where tenant_id = business.id and started_at is not null order by started_at desc limit 1
            ) as latest) as last_started_at
"""

PROVE_CAMPAIGN_STOP = """
    select switch.paused_at, coalesce(switch.paused_by, '') as paused_by, coalesce(switch.reason, '') as reason,
           (select count(*) from send_jobs
            where tenant_id = $3 and campaign_id = asked.id and status = 'posting') as in_flight,
           (select count(*) from send_jobs
            where tenant_id = $3 and campaign_id = asked.id and status = 'queued') as queued,
           (select max(attempt.started_at)
            from (
              select id, tenant_id from send_jobs
              where tenant_id = $3 and campaign_id = asked.id and posting_at is not null
              order by posting_at desc limit 1000
            ) as job
            join send_attempts as attempt on attempt.job_id = job.id and attempt.tenant_id = job.tenant_id)
             as last_started_at
    from (select $2::uuid as id) as asked
    left join delivery_switches as switch
           on switch.scope = $1 and switch.key = asked.id::text and switch.paused_at is not null
"""

# A text in doubt may belong to a process that was only believed dead: it can start until its verdict is too old.
COUNT_POSTING_TO = """
    select count(*) from send_jobs
    where tenant_id = $1 and recipient_e164 = $2 and status in ('posting', 'unknown') and message_class <> 'C4'
      and posting_at > $3::timestamptz - case status when 'posting' then interval '2 seconds'
                                                     else interval '1 second' end
"""

NOTE_SENDERS = """
    insert into breakers (provider, sender_e164, updated_at)
    select provider, sender, $3 from unnest($1::text[], $2::text[]) as given (provider, sender)
    order by provider, sender
    on conflict do nothing
"""

UPDATE_BREAKERS = """
    update breakers as breaker
    set failures_in_row = seen.failures_in_row,
        recent_total = seen.recent_total,
        recent_failed = seen.recent_failed,
        opened_at = case when seen.healthy then null when seen.trips then coalesce(breaker.opened_at, $7)
                         else breaker.opened_at end,
        hold_until = case when seen.trips then $7 + make_interval(secs => breaker.next_pause_seconds)
                          when seen.asked_until is not null
                            then greatest(seen.asked_until, breaker.hold_until)
                          when seen.healthy and breaker.hold_reason <> 'rate' then null
                          else breaker.hold_until end,
        hold_reason = case when seen.trips then 'failing' when seen.asked_until is not null then 'rate'
                           when seen.healthy and breaker.hold_reason <> 'rate' then '' else breaker.hold_reason end,
        next_pause_seconds = case when seen.trips then least(breaker.next_pause_seconds * 2, 300)
                                  when seen.healthy then 10 else breaker.next_pause_seconds end,
        updated_at = $7
    from (
      select known.provider, known.sender_e164, given.asked_until,
             given.succeeded > 0 and given.in_row = 0 and given.asked_until is null as healthy,
             case when given.succeeded > 0 then given.in_row
                  else known.failures_in_row + given.in_row end as failures_in_row,
             known.recent_total / kept.shrink + given.succeeded + given.failed as recent_total,
             known.recent_failed / kept.shrink + given.failed as recent_failed,
             given.failed > 0 and (
               case when given.succeeded > 0 then given.in_row else known.failures_in_row + given.in_row end >= 5
               or known.opened_at is not null
               or (known.recent_total / kept.shrink + given.succeeded + given.failed >= 20
                   and 2 * (known.recent_failed / kept.shrink + given.failed)
                       >= known.recent_total / kept.shrink + given.succeeded + given.failed)
             ) as trips
      from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::timestamptz[])
           as given (provider, sender, succeeded, failed, in_row, asked_until)
      join breakers as known on known.provider = given.provider and known.sender_e164 = given.sender
      cross join lateral (select case when known.recent_total > 20 then 2 else 1 end as shrink) as kept
    ) as seen
    where breaker.provider = seen.provider and breaker.sender_e164 = seen.sender_e164
      and (seen.recent_failed > 0 or seen.asked_until is not null or breaker.opened_at is not null
           or breaker.failures_in_row > 0 or breaker.hold_until is not null)
"""

TAKE_PROBE = """
    update breakers set hold_until = $3 + make_interval(secs => next_pause_seconds)
    where provider = $1 and sender_e164 = $2 and opened_at is not null and coalesce(hold_until, $3) <= $3
    returning true
"""

BLOCK_NUMBER = """
    update sending_numbers set texting_allowed = false, texting_blocked_reason = $2 where phone_e164 = $1
"""


@dataclass(frozen=True, slots=True)
class PausedSwitch:
    """A kill switch that is pulled."""

    scope: str
    key: str
    paused_at: datetime
    paused_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSummary:
    """What one batch of results says about a number; `trailing` counts the failures after its last success."""

    provider: str
    sender_e164: str
    succeeded: int
    failed: int
    trailing: int
    asked_until: datetime | None


async def pause(tx: Transaction, *, scope: str, key: str, by: str, reason: str) -> None:
    """Pull a switch; pulling it again keeps the first moment."""
    await tx.execute(PAUSE, scope, key, tx.now, by, reason)


async def resume(tx: Transaction, *, scope: str, key: str) -> bool:
    """Release a switch; False if it was not pulled."""
    return await tx.fetchval(RESUME, scope, key, tx.now) is True


async def list_paused(tx: Transaction) -> list[PausedSwitch]:
    """List every pulled switch, oldest first."""
    rows = await tx.fetch(LIST_PAUSED)
    return [PausedSwitch(row["scope"], row["key"], row["paused_at"], row["paused_by"], row["reason"]) for row in rows]


async def prove_stop(tx: Transaction, *, scope: str, key: str) -> StopProof:
    """Report how sending of the transaction's tenant stands under one switch."""
    row = await tx.fetchrow(PROVE_STOP, tx.tenant, scope, key)
    if row is None:
        raise LookupError("tenant")
    return StopProof(**dict(row))


async def prove_global_stop(tx: Transaction, *, scope: str, key: str) -> StopProof:
    """Report how all sending stands under one switch."""
    row = await tx.fetchrow(PROVE_GLOBAL_STOP, scope, key)
    if row is None:
        raise LookupError("switch")
    return StopProof(**dict(row))


async def prove_campaign_stop(tx: Transaction, *, scope: str, campaign_id: UUID) -> StopProof:
    """Report how the sending of one campaign stands under its switch."""
    row = await tx.fetchrow(PROVE_CAMPAIGN_STOP, scope, campaign_id, tx.tenant)
    if row is None:
        raise LookupError("campaign")
    return StopProof(**dict(row))


async def count_posting_to(tx: Transaction, *, recipient_e164: str) -> int:
    """Count texts to a person whose POST may be starting this moment."""
    count = await tx.fetchval(COUNT_POSTING_TO, tx.tenant, recipient_e164, tx.now)
    return count if isinstance(count, int) else 0


async def update_breakers(tx: Transaction, summaries: Sequence[SenderSummary]) -> None:
    """Note how numbers fared: open at 5 failures in a row or half of the last 20, close on a success.

    An open breaker lets one probe through per pause, which doubles from 10 s to 5 min.
    """
    providers = [one.provider for one in summaries]
    senders = [one.sender_e164 for one in summaries]
    if any(one.failed or one.asked_until for one in summaries):
        await tx.execute(NOTE_SENDERS, providers, senders, tx.now)
    await tx.execute(
        UPDATE_BREAKERS,
        providers,
        senders,
        [one.succeeded for one in summaries],
        [one.failed for one in summaries],
        [one.trailing for one in summaries],
        [one.asked_until for one in summaries],
        tx.now,
    )


async def take_probe(tx: Transaction, *, provider: str, sender_e164: str) -> bool:
    """Win the right to send the one probe of an open breaker."""
    return await tx.fetchval(TAKE_PROBE, provider, sender_e164, tx.now) is True


async def block_number(tx: Transaction, *, sender_e164: str, reason: str) -> None:
    """Keep a number from texting, because its carrier does."""
    await tx.execute(BLOCK_NUMBER, sender_e164, reason)
