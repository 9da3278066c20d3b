"""What scheduling does by the clock: holds expire, reminders leave, and what is over is put away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from frontdesk.features.scheduling.queries import appointments, holds, reminders
from frontdesk.features.scheduling.service import holding, telling
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.telemetry import get_logger

BATCH = 100

log = get_logger("scheduling")


async def collect_holds(*, system: Database, app: Database) -> int:
    """Clear away the holds of every business that have run out; returns how many."""
    async with system.transaction() as tx:
        whose = await holds.list_tenants_with_over(tx)
    return await _for_each(app, whose, lambda tx: holding.expire_holds(tx, limit=BATCH), what="holds_not_collected")


async def send_reminders(*, system: Database, app: Database, told: telling.Told) -> int:
    """Remind the people of every business whose reminders are due; returns how many reminders were settled."""
    async with system.transaction() as tx:
        whose = await reminders.list_tenants_with_due(tx)
    return await _for_each(app, whose, lambda tx: telling.remind_due(tx, told, limit=BATCH), what="reminders_not_sent")


async def finish_past(*, system: Database) -> int:
    """Mark appointments of yesterday and before as kept, and forget outside time that is over; returns how many."""
    async with system.transaction() as tx:
        return await appointments.finish_over(tx, limit=1000)


async def _for_each(
    app: Database, whose: list[UUID], work: Callable[[Transaction], Awaitable[int]], *, what: str
) -> int:
    """Work for each business in its own transaction; one that fails keeps no other waiting."""
    total = 0
    for tenant_id in whose:
        try:
            total += await app.perform(work, tenant_id=tenant_id)
        except Exception:
            log.exception(what, tenant_id=str(tenant_id))
    return total
