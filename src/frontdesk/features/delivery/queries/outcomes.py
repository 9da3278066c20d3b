"""How the texts of the last hour ended, by what a kill switch can stop; across tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import first_id_of

SAMPLE = 10_000
HOUR = timedelta(hours=1)
MADE_BEFORE = timedelta(hours=24)  # a text ends within a day of being made, but for a campaign's

# Carriers' words for "your content or your sender was filtered": Twilio 30007, Telnyx 40002 and 40003.
FILTERED = ("30007", "40002", "40003")

# What is paused is dealt with, and what ended before a switch was released last has been looked at.
LIST_ENDED = """
    with ended as (
      select tenant_id, campaign_id, status, failure_code, finished_at
      from (
        select tenant_id, campaign_id, status, failure_code, finished_at from send_jobs
        where id >= $1 order by id desc limit $2
      ) as newest
      where newest.campaign_id is null
      union all
      select stream.tenant_id, stream.campaign_id, job.status, job.failure_code, job.finished_at
      from send_streams as stream
      cross join lateral (
        select status, failure_code, finished_at from send_jobs
        where tenant_id = stream.tenant_id and campaign_id = stream.campaign_id
          and posting_at > $3::timestamptz - interval '1 day'
        order by posting_at desc limit 2000
      ) as job
      where stream.opened_at > $3::timestamptz - interval '30 days'
    )
    select ended.tenant_id, ended.campaign_id,
           count(*) filter (where ended.status = 'delivered')::int as delivered,
           count(*) filter (where ended.status in ('failed', 'undelivered'))::int as failed,
           count(*) filter (where ended.failure_code = any($4::text[]))::int as filtered
    from ended
    where ended.status in ('delivered', 'failed', 'undelivered') and ended.finished_at > $3
      and not exists (
        select from delivery_switches as switch
        where (switch.scope = 'global'
               or (switch.scope = 'tenant' and switch.key = ended.tenant_id::text)
               or (switch.scope = 'campaign' and switch.key = ended.campaign_id::text))
          and (switch.paused_at is not null or switch.changed_at >= ended.finished_at))
    group by ended.tenant_id, ended.campaign_id
    order by ended.tenant_id, ended.campaign_id
"""

MEASURE_RECEIPTS = """
    select count(*)::int as texts, count(*) filter (where status in ('accepted', 'sent'))::int as silent
    from (
      select status, accepted_at from send_jobs where id >= $1 and id < $2 order by id desc limit $3
    ) as newest
    where newest.accepted_at between $4::timestamptz - interval '1 hour' and $4::timestamptz - interval '10 minutes'
"""

LIST_FLOODED = """
    select newest.tenant_id, count(*)::int as texts
    from (
      select tenant_id, recipient_e164, posting_at from send_jobs where id >= $1 order by id desc limit $2
    ) as newest
    where newest.posting_at > $3::timestamptz - interval '10 minutes'
      and not exists (
        select from delivery_switches as switch
        where (switch.scope = 'global' or (switch.scope = 'tenant' and switch.key = newest.tenant_id::text))
          and (switch.paused_at is not null or switch.changed_at >= newest.posting_at))
    group by newest.tenant_id, newest.recipient_e164 having count(*) > $4
    order by newest.tenant_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How texts of a business ended within the hour: those of one campaign, or all that are of none."""

    tenant_id: UUID
    campaign_id: UUID | None
    delivered: int
    failed: int
    filtered: int

    @property
    def texts(self) -> int:
        """All of them."""
        return self.delivered + self.failed


@dataclass(frozen=True, slots=True)
class Flooded:
    """A person whom a business has texted too often within 10 minutes, and how often."""

    tenant_id: UUID
    texts: int


async def list_ended(tx: Transaction) -> list[Ended]:
    """List how the texts of the last hour ended that no switch stops, and that none has stopped since."""
    oldest = first_id_of(tx.now - MADE_BEFORE)
    return [Ended(**dict(row)) for row in await tx.fetch(LIST_ENDED, oldest, SAMPLE, tx.now - HOUR, list(FILTERED))]


async def measure_receipts(tx: Transaction) -> tuple[int, int]:
    """Measure how many texts carriers took 10 to 60 minutes ago, and how many of them got no word since."""
    row = await tx.fetchrow(
        MEASURE_RECEIPTS,
        first_id_of(tx.now - 2 * HOUR),
        first_id_of(tx.now - timedelta(minutes=10)),
        SAMPLE,
        tx.now,
    )
    return (0, 0) if row is None else (row["texts"], row["silent"])


async def list_flooded(tx: Transaction, *, more_than: int) -> list[Flooded]:
    """List people who got more than so many texts within 10 minutes from a business that may still send."""
    oldest = first_id_of(tx.now - HOUR)
    rows = await tx.fetch(LIST_FLOODED, oldest, SAMPLE, tx.now, more_than)
    return [Flooded(row["tenant_id"], row["texts"]) for row in rows]
