"""What consent does by the clock: questions that nobody answered are closed."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features import tenants
from frontdesk.features.consent import service
from frontdesk.kernel.db import Database
from frontdesk.kernel.jobs import RunContext, Workflows

EXPIRE = "consent.expire_requests.v1"
BATCH = 500


def add_workflows(workflows: Workflows, *, app: Database, system: Database) -> None:
    """Register the hourly closing of opt-ins that nobody confirmed within 72 hours; open, they permit nothing."""

    @workflows.workflow(EXPIRE)
    async def expire(run: RunContext) -> None:
        async def close_all() -> int:
            async with system.transaction() as tx:
                businesses = await tenants.list_tenants(tx)
            return sum([await _close(app, business.id) for business in businesses])

        await run.call("requests", close_all)

    workflows.schedule("consent.requests", workflow=EXPIRE, expression="23 * * * *")


async def _close(app: Database, tenant_id: UUID) -> int:
    total = 0
    while True:
        async with app.transaction(tenant_id) as tx:
            closed = await service.expire_requests(tx, limit=BATCH)
        total += closed
        if closed < BATCH:
            return total
