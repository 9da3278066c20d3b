"""The verbs of looking at send jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from frontdesk.features.delivery.model import JobStatus
from frontdesk.features.delivery.queries import reports
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """A send job with every decision on it and every POST of it."""

    job: reports.SendJob
    decisions: list[reports.StoredDecision]
    attempts: list[reports.Attempt]


async def list_jobs(
    tx: Transaction, *, statuses: Sequence[JobStatus] = (), before: UUID | None = None, limit: int = 50
) -> list[reports.SendJob]:
    """List send jobs, newest first, in the given states (none given: in any)."""
    wanted = [status.value for status in statuses] or None
    return await reports.list_jobs(tx, before=before, statuses=wanted, limit=limit)


async def report_job(tx: Transaction, *, job_id: UUID) -> JobReport:
    """Report all that is known of a send job; refuses one the tenant does not have (`delivery.job_not_found`)."""
    job = await reports.find_job(tx, job_id=job_id)
    if job is None:
        raise Refused("delivery.job_not_found", "no such send job", status=404)
    return JobReport(
        job=job,
        decisions=await reports.list_decisions(tx, job_id=job_id),
        attempts=await reports.list_attempts(tx, job_id=job_id),
    )
