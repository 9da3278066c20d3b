"""What insights does by the clock: the figures of days that are over are counted once and kept."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features import tenants
from frontdesk.features.insights import service
from frontdesk.kernel.db import Database
from frontdesk.kernel.jobs import RunContext, Workflows

KEEP = "insights.keep_days.v1"
DAYS = 100


def add_workflows(workflows: Workflows, *, app: Database, system: Database) -> None:
    """Register the hourly keeping of days that are over; each is counted again until nothing can change it any more."""

    @workflows.workflow(KEEP)
    async def keep(run: RunContext) -> None:
        async def all_businesses() -> int:
            async with system.transaction() as tx:
                businesses = await tenants.list_tenants(tx)
            return sum([await _keep(app, business.id, business.timezone) for business in businesses])

        await run.call("days", all_businesses)

    workflows.schedule("insights.days", workflow=KEEP, expression="11 * * * *")


async def _keep(app: Database, tenant_id: UUID, zone: str) -> int:
    async with app.transaction(tenant_id) as tx:
        return await service.keep_days(tx, zone=zone, days=DAYS)
