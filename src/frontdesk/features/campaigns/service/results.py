"""Reading campaigns: which there are, and what became of their texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features.campaigns.model import Campaign, CampaignStatus
from frontdesk.features.campaigns.queries import campaigns, course, recipients
from frontdesk.features.campaigns.service.drafting import get_campaign
from frontdesk.kernel.db import Transaction

# The shortest step of a course with which it has at most so many of them.
MOST_STEPS = 72
STEPS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
)
LONGEST_STEP = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a campaign went on: a line for each span of `step` from `first_at` to `last_at`, in sums since the start."""

    first_at: datetime
    last_at: datetime
    step: timedelta
    lines: tuple[course.CourseLine, ...]


async def list_campaigns(
    tx: Transaction, *, before: UUID | None = None, status: CampaignStatus | None = None, limit: int = 50
) -> list[Campaign]:
    """List campaigns, newest first; pass the last id as `before` for the next page."""
    return await campaigns.list_campaigns(tx, before=before, status=status, limit=limit)


async def sum_results(tx: Transaction, *, campaign_id: UUID) -> list[recipients.ResultLine]:
    """Sum up what became of a campaign's texts, by status, reason and wording."""
    await get_campaign(tx, campaign_id=campaign_id)
    return await recipients.list_results(tx, campaign_id=campaign_id)


async def list_people(
    tx: Transaction, *, campaign_id: UUID, after: str = "", status: str | None = None, limit: int = 50
) -> list[recipients.Outcome]:
    """List a campaign's people by number; pass the last number as `after` for the next page."""
    await get_campaign(tx, campaign_id=campaign_id)
    return await recipients.list_recipients(tx, campaign_id=campaign_id, after=after, status=status, limit=limit)


async def read_course(tx: Transaction, *, campaign_id: UUID) -> Course | None:
    """Read how a campaign's texts went on over time, summed up since its start; None before the first text left."""
    await get_campaign(tx, campaign_id=campaign_id)
    span = await course.find_span(tx, campaign_id=campaign_id)
    if span is None:
        return None
    first_at, last_at = span
    step = next((one for one in STEPS if (last_at - first_at) / one < MOST_STEPS), LONGEST_STEP)
    first_at = first_at.replace(second=0, microsecond=0)
    last_at = first_at + (last_at - first_at) // step * step
    found = await course.list_course(tx, campaign_id=campaign_id, step=step, first_at=first_at, last_at=last_at)
    by_moment = {one.at: one for one in found}
    lines: list[course.CourseLine] = []
    total = course.CourseLine(at=first_at, sent=0, delivered=0, failed=0, answered=0, stopped=0)
    for at in range((last_at - first_at) // step + 1):
        moment = first_at + at * step
        total = _added(total, by_moment.get(moment), moment)
        lines.append(total)
    return Course(first_at=first_at, last_at=last_at, step=step, lines=tuple(lines))


def _added(so_far: course.CourseLine, more: course.CourseLine | None, at: datetime) -> course.CourseLine:
    if more is None:
        return replace(so_far, at=at)
    return course.CourseLine(
        at=at,
        sent=so_far.sent + more.sent,
        delivered=so_far.delivered + more.delivered,
        failed=so_far.failed + more.failed,
        answered=so_far.answered + more.answered,
        stopped=so_far.stopped + more.stopped,
    )
