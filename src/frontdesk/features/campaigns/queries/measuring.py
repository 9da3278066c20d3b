"""What is measured of campaigns while they run, across tenants."""

from __future__ import annotations

from frontdesk.kernel.db import Transaction

COUNT_MOVING = """
    select business.slug as business, count(*)::float8 as moving,
           count(*) filter (where campaign.tripped_because is not null)::float8 as tripped
    from campaigns as campaign join tenants as business on business.id = campaign.tenant_id
    where campaign.status in ('expanding', 'running')
    group by business.slug
"""


async def list_moving_counts(tx: Transaction) -> list[tuple[str, float, float]]:
    """List how many campaigns are made or sent, and how many of them stopped themselves, by business."""
    return [(row["business"], row["moving"], row["tripped"]) for row in await tx.fetch(COUNT_MOVING)]
