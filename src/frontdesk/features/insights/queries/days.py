"""What reports tell of days, as parts that add up however they are put together.

Whatever is counted belongs to one day alone: a text to that of its first POST, a reply to that of the campaign's text
it answers, a booking to that of the last missed call before it, an answer to that on which it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import msgspec

from frontdesk.kernel.db import Transaction

EVERYBODY = ""  # nobody's name

COUNT_WAITS = """
    select span.place::int as place, waited.edge, waited.calls
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      select width_bucket(extract(epoch from post.started_at - call.missed_at)::float8, $4::float8[]) - 1 as edge,
             count(*)::int as calls
      from calls as call
      join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
      join lateral (
        select min(started_at) as started_at from send_attempts
        where tenant_id = call.tenant_id and job_id = answer.send_job_id
      ) as post on post.started_at is not null
      where call.tenant_id = $1 and call.started_at >= span.since and call.started_at < span.until
        and call.missed_at is not null
      group by 1
    ) as waited
    where waited.edge >= 0
"""

COUNT_HOURS = """
    select span.place::int as place, busy.weekday, busy.hour, busy.calls, busy.missed
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      select extract(isodow from started_at at time zone $4)::int as weekday,
             extract(hour from started_at at time zone $4)::int as hour,
             count(*)::int as calls, count(missed_at)::int as missed
      from calls where tenant_id = $1 and started_at >= span.since and started_at < span.until
      group by 1, 2
    ) as busy
"""

# Of the calls before one booking only the last has its worth, so that it counts once.
COUNT_FUNNEL = """
    select span.place::int as place, coming.missed, coming.texted, coming.came_back, coming.booked,
           coming.worth_cents, (
             select coalesce(sum(paid_cents - refunded_cents), 0)::bigint from payments
             where tenant_id = $1 and status = 'paid' and paid_at >= span.since and paid_at < span.until
           ) as deposits_cents
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      with missed as (
        select call.id, call.contact_id, call.missed_at, post.started_at is not null as texted
        from calls as call
        left join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
        left join lateral (
          select min(started_at) as started_at from send_attempts
          where tenant_id = call.tenant_id and job_id = answer.send_job_id
        ) as post on true
        where call.tenant_id = $1 and call.started_at >= span.since and call.started_at < span.until
          and call.missed_at is not null
      )
      select count(*)::int as missed, count(*) filter (where missed.texted)::int as texted,
             count(*) filter (where reply.id is not null or booking.id is not null)::int as came_back,
             count(booking.id)::int as booked,
             coalesce(sum(booking.price_cents) filter (where later.id is null), 0)::bigint as worth_cents
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
        select appointment.id, appointment.created_at, shown.price_cents
        from sched_appointments as appointment
        left join sched_showings as shown
          on shown.service_id = appointment.service_id and shown.tenant_id = appointment.tenant_id
        where appointment.tenant_id = $1 and appointment.contact_id = missed.contact_id
          and appointment.status <> 'cancelled' and appointment.created_at > missed.missed_at
          and appointment.created_at < missed.missed_at + interval '7 days'
        order by appointment.created_at limit 1
      ) as booking on missed.texted
      left join lateral (
        select call.id
        from calls as call
        join textbacks as answer on answer.call_id = call.id and answer.tenant_id = call.tenant_id
        where call.tenant_id = $1 and call.contact_id = missed.contact_id and call.missed_at < booking.created_at
          and (call.missed_at, call.id) > (missed.missed_at, missed.id)
          and exists (
            select from send_attempts
            where tenant_id = $1 and job_id = answer.send_job_id and started_at is not null
          )
        limit 1
      ) as later on booking.id is not null
    ) as coming
"""

# A person answers what came in since the last text that left: from the first of it they kept somebody waiting. Waits
# are rounded up to two figures, so that there are few of them and each bound that is shown stays exact.
COUNT_WAITING = """
    select span.place::int as place, answered.author, answered.seconds, answered.texts
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      select answer.author,
             case when answer.wait <= 100 then ceil(answer.wait)
                  when answer.wait <= 1000 then ceil(answer.wait / 10) * 10
                  when answer.wait <= 10000 then ceil(answer.wait / 100) * 100
                  else ceil(answer.wait / 1000) * 1000
             end::int as seconds, count(*)::int as texts
      from (
        select ours.author, extract(epoch from ours.created_at - theirs.created_at) as wait
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
            and id < ours.id and id > coalesce(before.id, '00000000-0000-0000-0000-000000000000')
        ) as theirs on true
        where ours.tenant_id = $1 and ours.direction = 'outbound' and ours.author <> ''
          and ours.created_at >= span.since and ours.created_at < span.until
      ) as answer
      group by 1, 2
    ) as answered
"""

# With each thread stands the day on which its author, or anybody, had answered in it before: in a stretch it counts on
# the one day before which there is none in the stretch.
COUNT_THREADS = """
    select span.place::int as place, answered.author, answered.earlier_on, answered.threads
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      select thread.author, (before.created_at at time zone $4)::date as earlier_on, count(*)::int as threads
      from (
        select coalesce(author, '') as author, conversation_id from conv_messages
        where tenant_id = $1 and direction = 'outbound' and author <> ''
          and created_at >= span.since and created_at < span.until
        group by grouping sets ((author, conversation_id), (conversation_id))
      ) as thread
      left join lateral (
        select created_at from conv_messages
        where tenant_id = $1 and conversation_id = thread.conversation_id and direction = 'outbound'
          and author <> '' and (thread.author = '' or author = thread.author)
          and created_at < span.since and created_at >= span.since - interval '400 days'
        order by created_at desc limit 1
      ) as before on true
      group by 1, 2
    ) as answered
"""

# A text belongs to the day of its first POST, however often it was tried.
COUNT_COSTS = """
    select span.place::int as place, spent.message_class, spent.campaign_id, spent.texts, spent.delivered,
           spent.undelivered, spent.cost_cents::text as cost_cents
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      select job.message_class, job.campaign_id, count(*)::int as texts,
             count(*) filter (where job.status = 'delivered')::int as delivered,
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
      group by 1, 2
    ) as spent
"""

# A reply answers the last text of a campaign that the person got in three days; each person counts once with each text.
COUNT_REPLIES = """
    select span.place::int as place, heard.campaign_id, heard.replies, heard.stops
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as span (since, until, place)
    cross join lateral (
      select sent.campaign_id, count(distinct sent.id)::int as replies,
             count(distinct sent.id) filter (where message.wording = 'stop')::int as stops
      from conv_messages as message
      cross join lateral (
        select id, campaign_id, posting_at from send_jobs
        where tenant_id = $1 and recipient_e164 = message.sender_e164 and message_class = 'C3'
          and posting_at > message.created_at - interval '3 days' and posting_at <= message.created_at
        order by posting_at desc limit 1
      ) as sent
      where message.tenant_id = $1 and message.direction = 'inbound' and message.created_at >= span.since
        and message.created_at < span.until + interval '3 days'
        and sent.posting_at >= span.since and sent.posting_at < span.until and sent.campaign_id is not null
      group by 1
    ) as heard
"""

LIST_PARTS = """
    select day, parts, counted_at
    from daily_figures as kept
    where kept.tenant_id = $1 and day >= $2 and day <= $3 and zone = $4 and parts is not null
      and not exists (
        select from late_changes as late
        where late.tenant_id = $1 and late.counted_at >= kept.day::timestamp at time zone $4
          and late.counted_at < (kept.day + 1)::timestamp at time zone $4
      )
"""

KEEP_PARTS = """
    update daily_figures set parts = kept.parts
    from unnest($2::date[], $3::jsonb[]) as kept (day, parts)
    where tenant_id = $1 and daily_figures.day = kept.day
"""

FORGET_CHANGED = """
    with late as (delete from late_changes where tenant_id = $1 returning counted_at)
    delete from daily_figures
    where tenant_id = $1 and day in (select (counted_at at time zone $2)::date from late)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """Calls in an hour of the week; Monday is 1."""

    weekday: int
    hour: int
    calls: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What came of missed calls, and what it was worth, in cents."""

    missed: int = 0
    texted: int = 0
    came_back: int = 0
    booked: int = 0
    worth_cents: int = 0
    deposits_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How somebody answered: how many texts after so many seconds, and threads by the day they answered there before.

    The seconds -1 stand for texts that nobody had waited for.
    """

    waits: dict[int, int] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What texts of one kind, or of one campaign, came to."""

    message_class: str
    campaign_id: UUID | None
    texts: int
    delivered: int
    undelivered: int
    cost_cents: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Who answered a campaign."""

    campaign_id: UUID
    replies: int
    stops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every report tells of a day; `waits` are callers by the edge they waited for at least."""

    waits: dict[int, int] = field(default_factory=dict)
    hours: list[Hour] = field(default_factory=list)
    coming: Coming = field(default_factory=Coming)
    answers: dict[str, Answers] = field(default_factory=dict)
    spent: list[Spent] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptParts:
    """What is kept of a day that is over, and when it was counted."""

    day: date
    parts: Parts
    counted_at: datetime


async def list_counted_parts(
    tx: Transaction, spans: Sequence[tuple[datetime, datetime]], *, zone: str, edges: Sequence[float]
) -> list[Parts]:
    """List what reports tell of stretches, counted now, each from its start to just before its end, in their order."""
    if not spans:
        return []
    asked = (tx.tenant, [one[0] for one in spans], [one[1] for one in spans])
    coming = {row["place"]: msgspec.convert(dict(row), Coming) for row in await tx.fetch(COUNT_FUNNEL, *asked)}
    found = [Parts(coming=coming[place]) for place in range(1, len(spans) + 1)]
    for row in await tx.fetch(COUNT_WAITS, *asked, list(edges)):
        found[row["place"] - 1].waits[row["edge"]] = row["calls"]
    for row in await tx.fetch(COUNT_HOURS, *asked, zone):
        found[row["place"] - 1].hours.append(msgspec.convert(dict(row), Hour))
    for row in await tx.fetch(COUNT_WAITING, *asked):
        answers = found[row["place"] - 1].answers.setdefault(row["author"], Answers())
        answers.waits[-1 if row["seconds"] is None else row["seconds"]] = row["texts"]
    for row in await tx.fetch(COUNT_THREADS, *asked, zone):
        answers = found[row["place"] - 1].answers.setdefault(row["author"], Answers())
        answers.threads["" if row["earlier_on"] is None else row["earlier_on"].isoformat()] = row["threads"]
    for row in await tx.fetch(COUNT_COSTS, *asked):
        found[row["place"] - 1].spent.append(msgspec.convert(dict(row), Spent))
    for row in await tx.fetch(COUNT_REPLIES, *asked):
        found[row["place"] - 1].heard.append(msgspec.convert(dict(row), Heard))
    return found


async def list_kept_parts(tx: Transaction, *, first: date, last: date, zone: str) -> list[KeptParts]:
    """List what is kept of days, counted in this zone and changed by nothing since."""
    rows = await tx.fetch(LIST_PARTS, tx.tenant, first, last, zone)
    return [
        KeptParts(day=row["day"], parts=msgspec.json.decode(row["parts"], type=Parts), counted_at=row["counted_at"])
        for row in rows
    ]


async def record_parts(tx: Transaction, parts: Sequence[tuple[date, Parts]]) -> None:
    """Keep what reports tell of days whose figures are kept."""
    written = [msgspec.json.encode(one).decode() for _, one in parts]
    await tx.execute(KEEP_PARTS, tx.tenant, [day for day, _ in parts], written)


async def forget_changed(tx: Transaction, *, zone: str) -> None:
    """Forget the days that something late has changed, so that they are counted anew."""
    await tx.execute(FORGET_CHANGED, tx.tenant, zone)
