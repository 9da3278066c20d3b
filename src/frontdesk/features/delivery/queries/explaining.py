"""Finding texts whose decisions somebody wants to understand, and all that is needed to decide anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.delivery.model import ClaimedJob, MessageClass
from frontdesk.kernel.db import Transaction

LOOK = 20_000  # of the newest texts in one go: a search for words stays short, however many there are

LIST_EXPLAINED = """
    select job.id, job.created_at, job.recipient_e164, job.body, job.message_class, job.status, job.available_at,
           coalesce(contact.name, '') as name, coalesce(last.verdict, '') as verdict,
           coalesce(nullif(job.failure_code, ''), last.code, '') as code, last.decided_at
    from (
      select one.id, one.contact_id, one.created_at, one.recipient_e164, one.body, one.message_class, one.status,
             one.available_at, one.failure_code
      from send_jobs as one where one.tenant_id = $1 and one.id < $2 order by one.id desc limit $6
    ) as job
    left join contacts as contact on contact.tenant_id = $1 and contact.id = job.contact_id
    left join lateral (
      select decision.verdict, decision.code, decision.decided_at from send_decisions as decision
      where decision.tenant_id = $1 and decision.job_id = job.id order by decision.id desc limit 1
    ) as last on true
    where ($3 = '' or position($3 in lower(job.body)) > 0 or position($3 in lower(coalesce(contact.name, ''))) > 0
           or ($4 <> '' and position($4 in job.recipient_e164) > 0))
      and case $5 when 'sent' then job.status in ('posting', 'accepted', 'sent', 'delivered', 'unknown')
                  when 'held' then job.status = 'queued'
                  when 'not_sent' then job.status in ('blocked', 'dropped')
                  when 'failed' then job.status in ('failed', 'undelivered')
                  else true end
    order by job.id desc limit $7
"""

FIND_LOOKED = """
    select id from send_jobs where tenant_id = $1 and id < $2 order by id desc offset $3 limit 1
"""

READ_AGAIN = """
    select id, tenant_id, message_class, cause, template, basis, basis_at, contact_id, campaign_id, recipient_e164,
           sender_e164, provider, body, segments, cost_cents, useful_until, fence, attempts, correlation_id
    from send_jobs where tenant_id = $1 and id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """A text in a list: to whom, what, how it stands and the last word of the gates on it."""

    id: UUID
    created_at: datetime
    recipient_e164: str
    body: str
    message_class: str
    status: str
    available_at: datetime
    name: str
    verdict: str
    code: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainJob:
    """A text as it would be decided anew; `campaign_id` is None where it is of no campaign."""

    job: ClaimedJob
    template: str
    contact_id: UUID
    campaign_id: UUID | None


async def list_explained(
    tx: Transaction, *, words: str, digits: str, outcome: str, before: UUID, limit: int
) -> list[ExplainedLine]:
    """List texts, newest first, among the next 20,000: with words in text, name or number (each if not empty)."""
    rows = await tx.fetch(LIST_EXPLAINED, tx.tenant, before, words, digits, outcome, LOOK, limit)
    return [ExplainedLine(**dict(row)) for row in rows]


async def find_looked(tx: Transaction, *, before: UUID) -> UUID | None:
    """Find the text as far as which such a list has looked; None if it has looked at all."""
    found = await tx.fetchval(FIND_LOOKED, tx.tenant, before, LOOK - 1)
    return found if isinstance(found, UUID) else None


async def find_again(tx: Transaction, *, job_id: UUID) -> AgainJob | None:
    """Find a text with all that its gates would ask about it."""
    row = await tx.fetchrow(READ_AGAIN, tx.tenant, job_id)
    if row is None:
        return None
    columns = dict(row)
    template, contact_id, campaign_id = (columns.pop(name) for name in ("template", "contact_id", "campaign_id"))
    columns |= {"message_class": MessageClass(columns["message_class"]), "person_locked": True}
    job = ClaimedJob(**columns)
    return AgainJob(job=job, template=template, contact_id=contact_id, campaign_id=campaign_id)
