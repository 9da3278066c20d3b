"""The SQL of reports: how fast, what came of missed calls, campaigns, who answered, which hours are busy, money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from frontdesk.kernel.db import Transaction

LIST_WAITS = """
    select edge.place::int - 1 as place, count(waits.seconds)::int as calls
    from unnest($4::float8[]) with ordinality as edge (above, place)
    left join (
      select width_bucket(extract(epoch from post.started_at - call.missed_at)::float8, $4::float8[]) as bucket,
             extract(epoch from post.started_at - call.missed_at) as seconds
      from calls as call
      join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
      join lateral (
        select min(started_at) as started_at from send_attempts
        where tenant_id = call.tenant_id and job_id = answer.send_job_id
      ) as post on post.started_at is not null
      where call.tenant_id = $1 and call.started_at >= $2 and call.started_at < $3 and call.missed_at is not null
    ) as waits on waits.bucket = edge.place
    group by edge.place order by edge.place
"""

# A person answers what came in since the last text that left: from the first of it they kept somebody waiting.
LIST_AGENTS = """
    with answers as (
      select ours.author, ours.conversation_id, extract(epoch from ours.created_at - theirs.created_at) as seconds
      from conv_messages as ours
      left join lateral (
        select id from conv_messages
        where tenant_id = ours.tenant_id and conversation_id = ours.conversation_id and id < ours.id
          and direction = 'outbound'
        order by id desc limit 1
      ) as before on true
      left join lateral (
        select min(created_at) as created_at from conv_messages
        where tenant_id = ours.tenant_id and conversation_id = ours.conversation_id and direction = 'inbound'
          and id < ours.id and (before.id is null or id > before.id)
      ) as theirs on true
      where ours.tenant_id = $1 and ours.direction = 'outbound' and ours.author <> ''
        and ours.created_at >= $2 and ours.created_at < $3
    )
    select author, grouping(author)::int = 1 as is_everybody, count(*)::int as texts,
           count(distinct conversation_id)::int as threads,
           (percentile_cont(0.5) within group (order by seconds) filter (where seconds is not null))::float8
             as median_seconds,
           (percentile_cont(0.9) within group (order by seconds) filter (where seconds is not null))::float8
             as slow_seconds,
           count(seconds) filter (where seconds <= 60)::int as within_a_minute,
           count(seconds) filter (where seconds > 60 and seconds <= 300)::int as within_five,
           count(seconds) filter (where seconds > 300 and seconds <= 900)::int as within_quarter,
           count(seconds) filter (where seconds > 900 and seconds <= 3600)::int as within_an_hour,
           count(seconds) filter (where seconds > 3600)::int as later
    from answers
    group by grouping sets ((author), ())
    order by is_everybody desc, threads desc, author
    limit 101
"""

GET_FUNNEL = """
    with missed as (
      select call.id, call.contact_id, call.missed_at, post.started_at is not null as texted
      from calls as call
      left join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
      left join lateral (
        select min(started_at) as started_at from send_attempts
        where tenant_id = call.tenant_id and job_id = answer.send_job_id
      ) as post on true
      where call.tenant_id = $1 and call.started_at >= $2 and call.started_at < $3 and call.missed_at is not null
    ), followed as (
      select missed.id, missed.texted, reply.id is not null as replied, booking.id as booking_id,
             booking.price_cents
      from missed
      left join lateral (
        select message.id
        from conversations as thread
        join conv_messages as message on message.conversation_id = thread.id and message.tenant_id = thread.tenant_id
        where thread.tenant_id = $1 and thread.contact_id = missed.contact_id and message.direction = 'inbound'
          and message.created_at > missed.missed_at and message.created_at < missed.missed_at + interval '7 days'
        limit 1
      ) as reply on missed.texted
      left join lateral (
        select appointment.id, shown.price_cents
        from sched_appointments as appointment
        left join sched_showings as shown
          on shown.service_id = appointment.service_id and shown.tenant_id = appointment.tenant_id
        where appointment.tenant_id = $1 and appointment.contact_id = missed.contact_id
          and appointment.status <> 'cancelled' and appointment.created_at > missed.missed_at
          and appointment.created_at < missed.missed_at + interval '7 days'
        order by appointment.created_at limit 1
      ) as booking on missed.texted
    )
    select count(*)::int as missed, count(*) filter (where texted)::int as texted,
           count(*) filter (where replied or booking_id is not null)::int as came_back,
           count(booking_id)::int as booked,
           (select coalesce(sum(one.price_cents), 0)
            from (select distinct booking_id, price_cents from followed where booking_id is not null) as one
           ) as worth_cents,
           (select coalesce(sum(paid_cents - refunded_cents), 0) from payments
            where tenant_id = $1 and status = 'paid' and paid_at >= $2 and paid_at < $3) as deposits_cents
    from followed
"""

LIST_CAMPAIGNS = """
    with ours as (
      select id, name, started_at from campaigns
      where tenant_id = $1 and started_at < $3 and coalesce(ended_at, $3) >= $2
      order by started_at desc limit 50
    ), heard as (
      select post.campaign_id, count(distinct message.conversation_id)::int as replies,
             count(distinct message.conversation_id) filter (where message.wording = 'stop')::int as stops
      from conv_messages as message
      cross join lateral (
        select campaign_id from send_jobs
        where tenant_id = $1 and recipient_e164 = message.sender_e164 and message_class = 'C3'
          and posting_at > message.created_at - interval '3 days' and posting_at <= message.created_at
        order by posting_at desc limit 1
      ) as post
      where message.tenant_id = $1 and message.direction = 'inbound' and message.created_at >= $2
        and message.created_at < $3 + interval '3 days'
      group by post.campaign_id
    )
    select ours.id, ours.name, ours.started_at, sent.texts, sent.delivered, sent.undelivered, sent.cost_cents,
           coalesce(heard.replies, 0) as replies, coalesce(heard.stops, 0) as stops
    from ours
    cross join lateral (
      select count(*)::int as texts, count(*) filter (where status = 'delivered')::int as delivered,
             count(*) filter (where status in ('undelivered', 'failed'))::int as undelivered,
             coalesce(sum(cost_cents), 0) as cost_cents
      from send_jobs where tenant_id = $1 and campaign_id = ours.id and posting_at is not null
    ) as sent
    left join heard on heard.campaign_id = ours.id
    order by ours.started_at desc
"""

LIST_HOURS = """
    select extract(isodow from started_at at time zone $4)::int as weekday,
           extract(hour from started_at at time zone $4)::int as hour,
           count(*)::int as calls, count(missed_at)::int as missed
    from calls where tenant_id = $1 and started_at >= $2 and started_at < $3
    group by 1, 2 order by 1, 2
"""

LIST_COSTS = """
    select job.message_class, job.campaign_id, coalesce(campaign.name, '') as campaign, count(*)::int as texts,
           coalesce(sum(job.cost_cents), 0) as cost_cents
    from (
      select distinct job_id from send_attempts where tenant_id = $1 and started_at >= $2 and started_at < $3
    ) as started
    join send_jobs as job on job.id = started.job_id and job.tenant_id = $1
    left join campaigns as campaign on campaign.id = job.campaign_id and campaign.tenant_id = job.tenant_id
    group by job.message_class, job.campaign_id, campaign.name
    order by cost_cents desc, texts desc limit 100
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFigures:
    """How somebody answered: texts, threads, and how long people waited, in seconds; None without any wait."""

    author: str
    is_everybody: bool
    texts: int
    threads: int
    median_seconds: float | None
    slow_seconds: float | None
    within_a_minute: int
    within_five: int
    within_quarter: int
    within_an_hour: int
    later: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """What came of missed calls within seven days, and what it was worth, in cents."""

    missed: int
    texted: int
    came_back: int
    booked: int
    worth_cents: Decimal
    deposits_cents: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFigures:
    """What came of a campaign; replies and opt-outs are people who wrote within three days."""

    id: UUID
    name: str
    started_at: datetime
    texts: int
    delivered: int
    undelivered: int
    cost_cents: Decimal
    replies: int
    stops: int

    @property
    def cost_per_reply_cents(self) -> Decimal | None:
        """What one reply has cost, in cents; None without any."""
        return self.cost_cents / self.replies if self.replies else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HourFigures:
    """Calls in one hour of the week; Monday is 1."""

    weekday: int
    hour: int
    calls: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFigures:
    """What texts of one kind, or of one campaign, have cost."""

    message_class: str
    campaign_id: UUID | None
    campaign: str
    texts: int
    cost_cents: Decimal


async def list_waits(tx: Transaction, *, since: datetime, until: datetime, edges: Sequence[float]) -> list[int]:
    """List how many callers waited for their text from each edge, in seconds, to the next."""
    rows = await tx.fetch(LIST_WAITS, tx.tenant, since, until, list(edges))
    return [row["calls"] for row in rows]


async def list_agents(tx: Transaction, *, since: datetime, until: datetime) -> list[AgentFigures]:
    """List who answered and how fast; everybody together is the first."""
    rows = await tx.fetch(LIST_AGENTS, tx.tenant, since, until)
    return [AgentFigures(**{**dict(row), "author": row["author"] or ""}) for row in rows]


async def get_funnel(tx: Transaction, *, since: datetime, until: datetime) -> Funnel:
    """Get what came of the calls that were missed in a stretch."""
    return Funnel(**dict(await tx.fetchrow(GET_FUNNEL, tx.tenant, since, until) or {}))


async def list_campaigns(tx: Transaction, *, since: datetime, until: datetime) -> list[CampaignFigures]:
    """List what came of campaigns that ran in a stretch, the latest first."""
    return [CampaignFigures(**dict(row)) for row in await tx.fetch(LIST_CAMPAIGNS, tx.tenant, since, until)]


async def list_hours(tx: Transaction, *, since: datetime, until: datetime, zone: str) -> list[HourFigures]:
    """List how many calls came in each hour of the week, on the clock of a zone."""
    return [HourFigures(**dict(row)) for row in await tx.fetch(LIST_HOURS, tx.tenant, since, until, zone)]


async def list_costs(tx: Transaction, *, since: datetime, until: datetime) -> list[CostFigures]:
    """List what texts have cost by kind and campaign, the dearest first."""
    return [CostFigures(**dict(row)) for row in await tx.fetch(LIST_COSTS, tx.tenant, since, until)]
