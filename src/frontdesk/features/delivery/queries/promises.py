"""What was promised of every text, asked of a sample of those that left; across tenants.

Whatever was sent lately has a young id, or belongs to a campaign that was sent lately: nothing here reads all rows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import first_id_of

SAMPLE = 5_000
LOOK_BACK = timedelta(days=1)

LIST_ACCEPTED_TWICE = """
    select tenant_id, count(*)::int as texts, max(last_at) as last_at
    from (
      select newest.job_id, newest.tenant_id, max(newest.posting_at) as last_at
      from (
        select job_id, tenant_id, outcome, posting_at from send_attempts
        where job_id >= $1 order by job_id desc limit $2
      ) as newest
      where newest.outcome = 'accepted'
      group by newest.job_id, newest.tenant_id having count(*) > 1
    ) as doubled
    group by tenant_id order by tenant_id
"""

LIST_ONE_MESSAGE_FOR_TWO = """
    select tenant_id, count(*)::int as texts, max(last_at) as last_at
    from (
      select newest.tenant_id, newest.provider, newest.provider_message_id, max(newest.posting_at) as last_at
      from (
        select tenant_id, provider, provider_message_id, posting_at from send_jobs
        where id >= $1 order by id desc limit $2
      ) as newest
      where newest.provider_message_id is not null
      group by newest.tenant_id, newest.provider, newest.provider_message_id having count(*) > 1
    ) as shared
    group by tenant_id order by tenant_id
"""

# Marketing is made long before it leaves: beside the newest texts, those to people who refused lately are looked at.
LIST_AFTER_STOP = """
    with newest as (
      select id, tenant_id, recipient_e164, message_class from send_jobs where id >= $1 order by id desc limit $2
    ), fresh as (
      select business.id as tenant_id, refusal.phone_e164, refusal.since
      from tenants as business
      cross join lateral (
        select phone_e164, since from do_not_contact
        where tenant_id = business.id and since > $3 order by since desc limit 500
      ) as refusal
    ), suspects as (
      select id, tenant_id, recipient_e164, message_class from newest
      union
      select job.id, job.tenant_id, job.recipient_e164, job.message_class
      from fresh
      join send_jobs as job on job.recipient_e164 = fresh.phone_e164 and job.message_class = 'C3'
                           and job.posting_at > fresh.since and job.tenant_id = fresh.tenant_id
    )
    select job.tenant_id, count(*)::int as texts, max(attempt.started_at) as last_at
    from suspects as job
    join do_not_contact as refusal on refusal.tenant_id = job.tenant_id and refusal.phone_e164 = job.recipient_e164
    join send_attempts as attempt on attempt.job_id = job.id and attempt.tenant_id = job.tenant_id
    where job.message_class <> 'C4' and (refusal.scope = 'all' or job.message_class = 'C3')
      and attempt.started_at > greatest($3, refusal.since + interval '1 second')
    group by job.tenant_id order by job.tenant_id
"""

LIST_UNEXPLAINED = """
    select newest.tenant_id, count(*)::int as texts, max(newest.posting_at) as last_at
    from (
      select id, tenant_id, posting_at from send_jobs where id >= $1 order by id desc limit $2
    ) as newest
    where newest.posting_at is not null
      and not exists (
        select from send_decisions as decision
        where decision.job_id = newest.id and decision.tenant_id = newest.tenant_id)
    group by newest.tenant_id order by newest.tenant_id
"""

# Only where the person's own zone is known, and in North America: elsewhere the hours are others.
LIST_AT_NIGHT = """
    select stream.tenant_id, stream.campaign_id, count(*)::int as texts, max(attempt.started_at) as last_at
    from send_streams as stream
    cross join lateral (
      select id, contact_id from send_jobs
      where tenant_id = stream.tenant_id and campaign_id = stream.campaign_id and posting_at > $1
        and recipient_e164 like '+1%'
      order by posting_at desc limit 2000
    ) as job
    join contacts as person on person.id = job.contact_id and person.tenant_id = stream.tenant_id
    join send_attempts as attempt on attempt.job_id = job.id and attempt.tenant_id = stream.tenant_id
    where stream.opened_at > $1::timestamptz - interval '30 days' and person.timezone is not null
      and attempt.started_at is not null
      and (attempt.started_at at time zone person.timezone)::time not between '08:00' and '21:00'
    group by stream.tenant_id, stream.campaign_id order by stream.tenant_id, stream.campaign_id
"""

LIST_AFTER_PAUSE = """
    select business.id as tenant_id, count(*)::int as texts, max(late.started_at) as last_at
    from delivery_switches as switch
    join tenants as business
      on switch.scope in ('global', 'channel') or (switch.scope = 'tenant' and switch.key = business.id::text)
    cross join lateral (
      select started_at from send_attempts
      where tenant_id = business.id and started_at > switch.paused_at + interval '1 second'
      order by started_at desc limit 1
    ) as late
    where switch.paused_at is not null
    group by business.id order by business.id
"""

LIST_SWITCHES = """
    select scope, key, paused_at, reason, changed_at from delivery_switches
    where scope in ('global', 'channel') or key = any($1::text[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A promise that was broken: whose texts, how many, when last; `campaign_id` where it is a campaign's."""

    tenant_id: UUID
    texts: int
    last_at: datetime | None
    campaign_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """A kill switch as it stands; `changed_at` is when it was pulled or released last."""

    scope: str
    key: str
    paused_at: datetime | None
    reason: str
    changed_at: datetime


async def list_accepted_twice(tx: Transaction) -> list[Broken]:
    """List texts that a carrier has accepted more than once (I1)."""
    return [Broken(**dict(row)) for row in await tx.fetch(LIST_ACCEPTED_TWICE, _since(tx), SAMPLE)]


async def list_one_message_for_two(tx: Transaction) -> list[Broken]:
    """List carrier messages that two texts claim as theirs."""
    return [Broken(**dict(row)) for row in await tx.fetch(LIST_ONE_MESSAGE_FOR_TWO, _since(tx), SAMPLE)]


async def list_after_stop(tx: Transaction) -> list[Broken]:
    """List POSTs that started after the person had refused such texts, but for answers to STOP itself (I3)."""
    return [Broken(**dict(row)) for row in await tx.fetch(LIST_AFTER_STOP, _since(tx), SAMPLE, tx.now - LOOK_BACK)]


async def list_unexplained(tx: Transaction) -> list[Broken]:
    """List texts that left without a stored decision."""
    return [Broken(**dict(row)) for row in await tx.fetch(LIST_UNEXPLAINED, _since(tx), SAMPLE)]


async def list_at_night(tx: Transaction) -> list[Broken]:
    """List campaigns with texts that left before 8 or after 21 on the recipient's own clock (I5)."""
    return [Broken(**dict(row)) for row in await tx.fetch(LIST_AT_NIGHT, tx.now - LOOK_BACK)]


async def list_after_pause(tx: Transaction) -> list[Broken]:
    """List businesses whose texts left more than 1 s after the switch that still stops them (I4)."""
    return [Broken(**dict(row)) for row in await tx.fetch(LIST_AFTER_PAUSE)]


async def list_switches(tx: Transaction, keys: Collection[str]) -> list[Switch]:
    """List the switches that stop everything, and those of some businesses and campaigns, pulled or not."""
    return [Switch(**dict(row)) for row in await tx.fetch(LIST_SWITCHES, sorted(keys))]


def _since(tx: Transaction) -> UUID:
    return first_id_of(tx.now - LOOK_BACK)
