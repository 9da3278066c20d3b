"""What happened in stretches of time: calls, texts, replies, bookings and money, counted in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from frontdesk.kernel.db import Transaction

# Texts are counted where their first POST started; what gates kept back is no text that was late.
COUNT_SPANS = """
    select span.since, called.calls, called.missed, called.texted, called.late, called.p50_ms, called.p95_ms,
           heard.replies, stopped.stops, made.bookings, made.worth_cents, sent.texts, sent.delivered,
           sent.undelivered, sent.cost_cents
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      select count(*)::int as calls, count(call.missed_at)::int as missed, count(post.started_at)::int as texted,
             count(*) filter (where job.status not in ('blocked', 'dropped')
               and (coalesce(post.started_at, $4) - call.missed_at > interval '5 seconds' or job.status = 'failed')
             )::int as late,
             (percentile_cont(0.5) within group (order by extract(epoch from post.started_at - call.missed_at))
                filter (where post.started_at is not null) * 1000)::float8 as p50_ms,
             (percentile_cont(0.95) within group (order by extract(epoch from post.started_at - call.missed_at))
                filter (where post.started_at is not null) * 1000)::float8 as p95_ms
      from calls as call
      left join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
        and call.missed_at is not null
      left join send_jobs as job on job.id = answer.send_job_id and job.tenant_id = call.tenant_id
      left join lateral (
        select min(started_at) as started_at from send_attempts
        where tenant_id = job.tenant_id and job_id = job.id
      ) as post on true
      where call.tenant_id = $1 and call.started_at >= span.since and call.started_at < span.until
    ) as called
    cross join lateral (
      select count(*)::int as replies from conv_messages
      where tenant_id = $1 and direction = 'inbound' and created_at >= span.since and created_at < span.until
    ) as heard
    cross join lateral (
      select count(*)::int as stops from compliance_events
      where tenant_id = $1 and event_type = 'stop' and created_at >= span.since and created_at < span.until
    ) as stopped
    cross join lateral (
      select count(*)::int as bookings, coalesce(sum(shown.price_cents), 0) as worth_cents
      from sched_appointments as booking
      left join sched_showings as shown
        on shown.service_id = booking.service_id and shown.tenant_id = booking.tenant_id
      where booking.tenant_id = $1 and booking.created_at >= span.since and booking.created_at < span.until
        and booking.status <> 'cancelled'
    ) as made
    cross join lateral (
      select count(*)::int as texts, count(*) filter (where job.status = 'delivered')::int as delivered,
             count(*) filter (where job.status in ('undelivered', 'failed'))::int as undelivered,
             coalesce(sum(job.cost_cents), 0) as cost_cents
      from send_attempts as post
      join send_jobs as job on job.id = post.job_id and job.tenant_id = $1
      where post.tenant_id = $1 and post.started_at >= span.since and post.started_at < span.until
        and not exists (
          select from send_attempts as before
          where before.job_id = post.job_id and before.tenant_id = $1
            and (before.started_at, before.fence) < (post.started_at, post.fence)
        )
    ) as sent
    order by span.place
"""

COUNT_PROMISED = """
    select count(*)::int as texts,
           count(*) filter (
             where coalesce(post.started_at, $3) - call.missed_at > interval '5 seconds' or job.status = 'failed'
           )::int as late
    from calls as call
    join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
    join send_jobs as job on job.id = answer.send_job_id and job.tenant_id = call.tenant_id
    left join lateral (
      select min(started_at) as started_at from send_attempts
      where tenant_id = job.tenant_id and job_id = job.id
    ) as post on true
    where call.tenant_id = $1 and call.started_at >= $2 and call.missed_at is not null
      and job.status not in ('blocked', 'dropped')
"""

LIST_KEPT = """
    select day, calls, missed, texted, late, replies, stops, bookings, worth_cents, texts, delivered, undelivered,
           cost_cents, counted_at
    from daily_figures as kept
    where kept.tenant_id = $1 and day >= $2 and day <= $3 and zone = $4
      and not exists (
        select from late_changes as late
        where late.tenant_id = $1 and late.counted_at >= kept.day::timestamp at time zone $4
          and late.counted_at < (kept.day + 1)::timestamp at time zone $4
      )
    order by day
"""

KEEP = """
    insert into daily_figures (tenant_id, day, zone, calls, missed, texted, late, replies, stops, bookings,
                               worth_cents, texts, delivered, undelivered, cost_cents, counted_at)
    select $1, day, $2, calls, missed, texted, late, replies, stops, bookings, worth_cents, texts, delivered,
           undelivered, cost_cents, $3
    from unnest($4::date[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::int[],
                $12::numeric[], $13::int[], $14::int[], $15::int[], $16::numeric[])
         as counted (day, calls, missed, texted, late, replies, stops, bookings, worth_cents, texts, delivered,
                     undelivered, cost_cents)
    order by day
    on conflict (tenant_id, day) do update
    set zone = excluded.zone, calls = excluded.calls, missed = excluded.missed, texted = excluded.texted,
        late = excluded.late, replies = excluded.replies, stops = excluded.stops, bookings = excluded.bookings,
        worth_cents = excluded.worth_cents, texts = excluded.texts, delivered = excluded.delivered,
        undelivered = excluded.undelivered, cost_cents = excluded.cost_cents, counted_at = excluded.counted_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What happened in a stretch: calls, first texts and how late they were, replies, bookings, texts, money."""

    calls: int = 0
    missed: int = 0
    texted: int = 0
    late: int = 0
    replies: int = 0
    stops: int = 0
    bookings: int = 0
    worth_cents: Decimal = Decimal(0)
    texts: int = 0
    delivered: int = 0
    undelivered: int = 0
    cost_cents: Decimal = Decimal(0)

    @property
    def delivery_rate(self) -> float | None:
        """The share of texts with a known end that arrived, 0 to 1; None without any."""
        known = self.delivered + self.undelivered
        return self.delivered / known if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch with how long callers waited for their text, in milliseconds; None without any."""

    counted: Counted
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDay:
    """The figures of a day that is over, and when they were counted."""

    day: date
    counted: Counted
    counted_at: datetime


async def list_counted(tx: Transaction, spans: Sequence[tuple[datetime, datetime]]) -> list[Stretch]:
    """List what happened in stretches, each from its start to just before its end, in their order."""
    rows = await tx.fetch(COUNT_SPANS, tx.tenant, [one[0] for one in spans], [one[1] for one in spans], tx.now)
    return [Stretch(counted=_counted(row), p50_ms=row["p50_ms"], p95_ms=row["p95_ms"]) for row in rows]


async def read_promised(tx: Transaction, *, since: datetime) -> tuple[int, int]:
    """Read how many first texts since a moment no gate kept back, and how many of them were late or failed."""
    row = await tx.fetchrow(COUNT_PROMISED, tx.tenant, since, tx.now)
    return (row["texts"], row["late"]) if row else (0, 0)


async def list_kept(tx: Transaction, *, first: date, last: date, zone: str) -> list[KeptDay]:
    """List the days that are kept, counted in this zone."""
    rows = await tx.fetch(LIST_KEPT, tx.tenant, first, last, zone)
    return [KeptDay(day=row["day"], counted=_counted(row), counted_at=row["counted_at"]) for row in rows]


async def record_days(tx: Transaction, *, zone: str, days: Sequence[tuple[date, Counted]]) -> None:
    """Keep the figures of days, in place of what was kept of them."""
    counted = [one for _, one in days]
    await tx.execute(
        KEEP,
        tx.tenant,
        zone,
        tx.now,
        [day for day, _ in days],
        [one.calls for one in counted],
        [one.missed for one in counted],
        [one.texted for one in counted],
        [one.late for one in counted],
        [one.replies for one in counted],
        [one.stops for one in counted],
        [one.bookings for one in counted],
        [one.worth_cents for one in counted],
        [one.texts for one in counted],
        [one.delivered for one in counted],
        [one.undelivered for one in counted],
        [one.cost_cents for one in counted],
    )


def _counted(row: asyncpg.Record) -> Counted:
    return Counted(
        calls=row["calls"],
        missed=row["missed"],
        texted=row["texted"],
        late=row["late"],
        replies=row["replies"],
        stops=row["stops"],
        bookings=row["bookings"],
        worth_cents=row["worth_cents"],
        texts=row["texts"],
        delivered=row["delivered"],
        undelivered=row["undelivered"],
        cost_cents=row["cost_cents"],
    )
