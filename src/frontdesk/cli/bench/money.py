"""Limits that no bench reaches: what is measured is speed, not what the demo businesses have set."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from frontdesk.features import tenants
from frontdesk.kernel import actor

if TYPE_CHECKING:
    from frontdesk.kernel.db import Database

ENOUGH_CENTS = Decimal(10**9)
ENOUGH_CALLERS = 1_000_000


async def lift_budgets(system: Database) -> None:
    """Give every business more money than a bench can spend, and more callers than it can have from one place."""
    async with system.transaction() as tx:
        businesses = await tenants.list_tenants(tx)
    for business in businesses:
        async with system.transaction(business.id) as tx:
            rich = replace(
                business,
                daily_budget_cents=ENOUGH_CENTS,
                monthly_budget_cents=ENOUGH_CENTS,
                range_hourly_limit=ENOUGH_CALLERS,
            )
            await tenants.update_tenant(tx, rich, by=actor.system("bench"), changed=["budgets"])
