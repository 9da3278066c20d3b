"""What a worker does for endpoints: reads the outbox for them, leases what is due, and writes down how it went.

Everything is told at least once and may come in any order: whoever is told twice knows it by the `webhook-id`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.db import Tx, affected
from frontdesk.kernel.hooks.events import DeliveryExhausted, EndpointDisabled
from frontdesk.kernel.hooks.model import (
    DISABLE_AFTER,
    Claimed,
    DeliveryStatus,
    DisabledBecause,
    NextStep,
    Tried,
    after_failure,
    write_body,
)
from frontdesk.kernel.ids import new_id

LEASE = timedelta(seconds=60)  # a try takes 15 s at most
# Events are dated when their transaction begins, and seen when it has committed: what came late is looked for again.
OVERLAP = timedelta(seconds=3)
SWEEP_EVERY = timedelta(seconds=60)
SWEPT_OVERLAP = timedelta(minutes=10)
CURSOR_MOVES_BY = timedelta(seconds=1)
FEED_BATCH = 500
GONE = 410


@dataclass(frozen=True, slots=True)
class Room:
    """How many tries may be under way at once, in all workers together; a failing endpoint has room for one."""

    per_endpoint: int = 8
    per_tenant: int = 32


LOCK_CURSOR = "select read_until_at, swept_at from webhook_cursors where name = 'outbox' for update skip locked"
MOVE_CURSOR = "update webhook_cursors set read_until_at = $1, swept_at = $2 where name = 'outbox'"
# An endpoint never hears of its own failures: that would fail again, for ever.
LIST_UNTOLD = """
    select endpoint.id as endpoint_id, event.tenant_id, event.id as message_id, event.name, event.payload::text as data,
           event.created_at
    from webhook_endpoints as endpoint
    join outbox_events as event
      on event.tenant_id = endpoint.tenant_id and event.created_at >= greatest($1, endpoint.listens_from_at)
    where endpoint.disabled_at is null and event.name = any(endpoint.event_names)
      and not (starts_with(event.name, 'hooks.') and event.payload ->> 'endpoint_id' = endpoint.id::text)
      and not exists (
        select from webhook_deliveries as known
        where known.endpoint_id = endpoint.id and known.message_id = event.id
      )
    order by event.created_at, event.id
    limit $2
"""
INSERT_DELIVERIES = """
    insert into webhook_deliveries (id, tenant_id, endpoint_id, message_id, event_name, body, status, due_at,
                                    created_at)
    select id, tenant_id, endpoint_id, message_id, event_name, body, 'pending', $7, created_at
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $8::timestamptz[])
         as told (id, tenant_id, endpoint_id, message_id, event_name, body, created_at)
    on conflict (endpoint_id, message_id) do nothing
"""
# Each endpoint has room for a few tries at once, a failing one for one, each tenant for some more: whoever is slow or
# dead holds up their own.
CLAIM = """
    with busy as (
      select tenant_id, endpoint_id, count(*) as tries from webhook_deliveries
      where status = 'pending' and claimed_by is not null and claimed_at > $1::timestamptz - $5::interval
      group by tenant_id, endpoint_id
    ), ready as (
      select endpoint.id, endpoint.tenant_id, due.since,
             case when endpoint.failing_since_at is null then $4::int else 1 end - coalesce(
               (select busy.tries from busy where busy.endpoint_id = endpoint.id), 0
             ) as room
      from webhook_endpoints as endpoint
      cross join lateral (
        select first.due_at as since from webhook_deliveries as first
        where first.endpoint_id = endpoint.id and first.status = 'pending' and first.due_at <= $1
          and (first.claimed_by is null or first.claimed_at <= $1 - $5::interval)
        order by first.due_at, first.id limit 1
      ) as due
      where endpoint.disabled_at is null
    ), picked as (
      select delivery.id, ready.tenant_id, ready.since,
             row_number() over (partition by ready.id order by delivery.due_at) as turn,
             row_number() over (partition by ready.tenant_id order by delivery.due_at) as tenants_turn
      from ready
      cross join lateral (
        select one.id, one.due_at from webhook_deliveries as one
        where one.endpoint_id = ready.id and one.status = 'pending' and one.due_at <= $1
          and (one.claimed_by is null or one.claimed_at <= $1 - $5::interval)
        order by one.due_at, one.id limit greatest(ready.room, 0)
        for update skip locked
      ) as delivery
    ), chosen as (
      select id from picked
      where tenants_turn <= $6::int - coalesce(
        (select sum(busy.tries) from busy where busy.tenant_id = picked.tenant_id), 0
      )
      order by turn, since limit $2
    )
    update webhook_deliveries as delivery
    set claimed_by = $3, claimed_at = $1, fence = delivery.fence + 1, attempts = delivery.attempts + 1
    from chosen, webhook_endpoints as endpoint
    where delivery.id = chosen.id and endpoint.id = delivery.endpoint_id
    returning delivery.id, delivery.tenant_id, delivery.endpoint_id, delivery.message_id, delivery.event_name,
              delivery.body, delivery.step, delivery.attempts, delivery.fence, endpoint.url, endpoint.sealed_secret,
              case when endpoint.previous_secret_until > $1 then endpoint.sealed_previous_secret end
                as sealed_previous_secret
"""
SETTLE = """
    with told as (
      select id, fence, attempt_id, status, step, due_at, outcome, status_code, started_at, took_ms
      from unnest($3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::smallint[], $8::timestamptz[], $9::text[],
                  $10::smallint[], $11::timestamptz[], $12::integer[])
           as told (id, fence, attempt_id, status, step, due_at, outcome, status_code, started_at, took_ms)
    ), settled as (
      update webhook_deliveries as delivery
      set status = told.status, step = told.step, due_at = told.due_at, claimed_by = null, claimed_at = null,
          last_outcome = told.outcome, last_status_code = told.status_code,
          finished_at = case when told.status = 'pending' then null else $1::timestamptz end
      from told
      where delivery.id = told.id and delivery.claimed_by = $2 and delivery.fence = told.fence
      returning delivery.id, delivery.tenant_id, delivery.endpoint_id, delivery.attempts, told.attempt_id,
                told.outcome, told.status_code, told.started_at, told.took_ms
    ), noted as (
      insert into webhook_attempts (id, tenant_id, delivery_id, number, started_at, took_ms, outcome, status_code)
      select attempt_id, tenant_id, id, attempts, started_at, took_ms, outcome, status_code from settled
    )
    select id from settled
"""
RECORD_HEALTH = """
    update webhook_endpoints as endpoint
    set failing_since_at = case when seen.well then null else coalesce(endpoint.failing_since_at, $1) end,
        disabled_at = case
          when seen.gone or (not seen.well and endpoint.failing_since_at <= $1 - $5::interval) then $1 end,
        disabled_because = case
          when seen.gone then 'gone'
          when not seen.well and endpoint.failing_since_at <= $1 - $5::interval then 'failing'
          else '' end
    from unnest($2::uuid[], $3::boolean[], $4::boolean[]) as seen (id, well, gone)
    where endpoint.id = seen.id and endpoint.disabled_at is null
      and (not seen.well or endpoint.failing_since_at is not null)
    returning endpoint.id, endpoint.tenant_id, endpoint.disabled_because
"""
GIVE_BACK = """
    update webhook_deliveries set claimed_by = null, claimed_at = null where claimed_by = $1 and status = 'pending'
"""
FORGET = """
    delete from webhook_deliveries where id in (
      select id from webhook_deliveries where finished_at < $1 order by finished_at limit $2
    )
"""


async def feed(tx: Tx) -> int:
    """Make a delivery of each new event for each endpoint that listens to it; returns how many.

    One process feeds at a time. While a batch is full the cursor stays, and the next call goes on.
    """
    cursor = await tx.fetchrow(LOCK_CURSOR)
    if cursor is None:
        return 0
    read_until: datetime = cursor["read_until_at"]
    sweeps = tx.now - cursor["swept_at"] >= SWEEP_EVERY
    rows = await tx.fetch(LIST_UNTOLD, read_until - (SWEPT_OVERLAP if sweeps else OVERLAP), FEED_BATCH)
    if rows:
        await tx.execute(
            INSERT_DELIVERIES,
            [new_id() for _ in rows],
            [row["tenant_id"] for row in rows],
            [row["endpoint_id"] for row in rows],
            [row["message_id"] for row in rows],
            [row["name"] for row in rows],
            [
                write_body(row["name"], at=row["created_at"], data=row["data"], message_id=row["message_id"])
                for row in rows
            ],
            tx.now,
            [row["created_at"] for row in rows],
        )
    if len(rows) < FEED_BATCH and (sweeps or tx.now - read_until >= CURSOR_MOVES_BY):
        await tx.execute(MOVE_CURSOR, max(read_until, tx.now), tx.now if sweeps else cursor["swept_at"])
    return len(rows)


async def claim_due(tx: Tx, *, owner: UUID, limit: int, room: Room) -> list[Claimed]:
    """Lease due deliveries to `owner` for 60 s, oldest first, as far as there is room for each endpoint and tenant."""
    rows = await tx.fetch(CLAIM, tx.now, limit, owner, room.per_endpoint, LEASE, room.per_tenant)
    return [Claimed(**dict(row)) for row in rows]


async def settle(tx: Tx, *, owner: UUID, tried: Sequence[Tried], chance: random.Random) -> int:
    """Write down how tries ended and when each is tried again; returns how many of them still counted.

    Announces what was given up, and whoever is told nothing any more.
    """
    steps = [_step_after(one, now=tx.now, chance=chance) for one in tried]
    rows = await tx.fetch(
        SETTLE,
        tx.now,
        owner,
        [one.claimed.id for one in tried],
        [one.claimed.fence for one in tried],
        [new_id() for _ in tried],
        [step.status.value for step in steps],
        [step.step for step in steps],
        [step.due_at for step in steps],
        [one.outcome for one in tried],
        [one.status_code for one in tried],
        [one.started_at for one in tried],
        [one.took_ms for one in tried],
    )
    counted = {row["id"] for row in rows}
    for one, step in zip(tried, steps, strict=True):
        if one.claimed.id in counted and step.status is DeliveryStatus.EXHAUSTED:
            event = DeliveryExhausted(
                endpoint_id=one.claimed.endpoint_id,
                delivery_id=one.claimed.id,
                message_id=one.claimed.message_id,
                event_name=one.claimed.event_name,
            )
            tx.announce(event, tenant_id=one.claimed.tenant_id)
    await _record_health(tx, [one for one in tried if one.claimed.id in counted])
    return len(counted)


async def _record_health(tx: Tx, tried: Sequence[Tried]) -> None:
    """Note which endpoints fail since when; one success is enough to be well again."""
    well: dict[UUID, bool] = {}
    gone: dict[UUID, bool] = {}
    for one in tried:
        endpoint = one.claimed.endpoint_id
        well[endpoint] = well.get(endpoint, False) or one.ok
        gone[endpoint] = gone.get(endpoint, False) or one.status_code == GONE
    if not well:
        return
    rows = await tx.fetch(RECORD_HEALTH, tx.now, list(well), list(well.values()), list(gone.values()), DISABLE_AFTER)
    for row in rows:
        if row["disabled_because"]:
            because = DisabledBecause(row["disabled_because"]).value
            tx.announce(EndpointDisabled(endpoint_id=row["id"], because=because), tenant_id=row["tenant_id"])


async def give_back(tx: Tx, *, owner: UUID) -> int:
    """Free what a process leased and did not finish."""
    return affected(await tx.execute(GIVE_BACK, owner))


async def forget_deliveries(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete deliveries that were finished before a moment, with their tries; returns how many."""
    return affected(await tx.execute(FORGET, before, limit))


def _step_after(one: Tried, *, now: datetime, chance: random.Random) -> NextStep:
    if one.ok:
        return NextStep(DeliveryStatus.DELIVERED, one.claimed.step, now)
    return after_failure(one.claimed.step, now=now, chance=chance)
