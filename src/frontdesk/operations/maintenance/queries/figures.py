"""Figures of the day, what went wrong last, and what waits for a person; across tenants, without numbers of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction

LAST_SCHEDULED = "select max(last_at) from job_schedules"

SENT_SINCE = """
    select coalesce(sum(day.sent), 0)::int as sent, coalesce(sum(day.bounced), 0)::int as bounced
    from tenants as business
    cross join lateral (
      select count(*) filter (where attempt.provider_message_id is not null) as sent,
             count(*) filter (where job.status in ('failed', 'undelivered')) as bounced
      from send_attempts as attempt
      join send_jobs as job on job.id = attempt.job_id and job.tenant_id = attempt.tenant_id
      where attempt.tenant_id = business.id and attempt.started_at >= $1
    ) as day
"""

LIST_FAILED_TEXTS = """
    select id, tenant_id, updated_at as happened_at, template as subject, coalesce(failure_code, '') as code,
           coalesce(failure_reason, '') as words
    from send_jobs where status in ('failed', 'undelivered') order by id desc limit $1
"""

LIST_REJECTED_EVENTS = """
    select id, tenant_id, failed_at as happened_at, name as subject, 'outbox.rejected' as code, last_error as words
    from outbox_events_errors where starts_with(name, $2) order by failed_at desc limit $1
"""

LIST_FAILED_RUNS = """
    select id, tenant_id, coalesce(finished_at, created_at) as happened_at, workflow as subject,
           coalesce(failed_step, '') as code, coalesce(last_error, '') as words
    from job_runs where state = 'failed' order by created_at desc limit $1
"""

LIST_FAILED_IMPORTS = """
    select id, tenant_id, coalesce(finished_at, updated_at) as happened_at, 'import' as subject, failure_code as code,
           failure as words
    from imports where status = 'failed' order by id desc limit $1
"""

LIST_EXHAUSTED_WEBHOOKS = """
    select id, tenant_id, coalesce(finished_at, created_at) as happened_at, event_name as subject,
           last_outcome as code, coalesce(last_status_code::text, '') as words
    from webhook_deliveries where status = 'exhausted' order by finished_at desc limit $1
"""

COUNT_WAITING = """
    select 'rejected_events' as queue, count(*)::int as waiting, min(failed_at) as oldest_at from outbox_events_errors
    union all
    select 'failed_runs', count(*)::int, min(finished_at) from job_runs where state = 'failed'
    union all
    select 'exhausted_webhooks', count(*)::int, min(finished_at) from webhook_deliveries
    where status = 'exhausted' and finished_at > $1::timestamptz - $2::interval
    union all
    select 'texts_in_doubt', count(*)::int, min(posting_at) from send_jobs where status = 'unknown'
    union all
    select 'texts_tried_again', count(*)::int, min(created_at) from send_jobs
    where status = 'queued' and message_class <> 'C3' and attempts > 0
"""


class ErrorType(StrEnum):
    """What went wrong; the last two are the sources' names."""

    TEXT = "text"
    EVENT = "event"
    RUN = "run"
    IMPORT = "import"
    WEBHOOK = "webhook"
    REPLY_PROCESSING = "reply_processing"  # events of replies that could not be handled
    ENRICHMENT = "enrichment"  # nobody enriches yet: always empty


@dataclass(frozen=True, slots=True)
class KnownError:
    """Something that went wrong; `words` may be a provider's own."""

    type: ErrorType
    id: UUID
    tenant_id: UUID | None
    at: datetime
    subject: str
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a queue of the failed, and since when."""

    queue: str
    waiting: int
    oldest_at: datetime | None


async def find_last_scheduled(tx: Transaction) -> datetime | None:
    """Tell when something last started by the clock."""
    found = await tx.fetchval(LAST_SCHEDULED)
    return found if isinstance(found, datetime) else None


async def measure_sent(tx: Transaction, *, since: datetime) -> tuple[int, int]:
    """Count texts that a carrier took since a moment, and those whose POST began since then and that failed."""
    row = await tx.fetchrow(SENT_SINCE, since)
    return (0, 0) if row is None else (row["sent"], row["bounced"])


async def list_errors(tx: Transaction, kind: ErrorType, *, limit: int) -> list[KnownError]:
    """List what went wrong of one type, newest first."""
    rows: Sequence[asyncpg.Record]
    match kind:
        case ErrorType.TEXT:
            rows = await tx.fetch(LIST_FAILED_TEXTS, limit)
        case ErrorType.EVENT:
            rows = await tx.fetch(LIST_REJECTED_EVENTS, limit, "")
        case ErrorType.REPLY_PROCESSING:
            rows = await tx.fetch(LIST_REJECTED_EVENTS, limit, "conversations.")
        case ErrorType.RUN:
            rows = await tx.fetch(LIST_FAILED_RUNS, limit)
        case ErrorType.IMPORT:
            rows = await tx.fetch(LIST_FAILED_IMPORTS, limit)
        case ErrorType.WEBHOOK:
            rows = await tx.fetch(LIST_EXHAUSTED_WEBHOOKS, limit)
        case ErrorType.ENRICHMENT:
            rows = []
    return [
        KnownError(
            kind, row["id"], row["tenant_id"], row["happened_at"], row["subject"], row["code"], row["words"][:500]
        )
        for row in rows
    ]


async def list_waiting(tx: Transaction, *, webhooks_within: timedelta) -> list[Waiting]:
    """List the queues of what failed; webhooks of others count while they can still be replayed."""
    return [
        Waiting(row["queue"], row["waiting"], row["oldest_at"])
        for row in await tx.fetch(COUNT_WAITING, tx.now, webhooks_within)
    ]
