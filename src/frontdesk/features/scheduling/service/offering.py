"""The verb of offering: a free time is kept for somebody on the waiting list by hand, and they are told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.scheduling.model import Held, Hold, SlotTaken, WaiterStatus
from frontdesk.features.scheduling.queries import waiting
from frontdesk.features.scheduling.service.holding import hold_slot
from frontdesk.features.scheduling.service.telling import Told, tell_came_free
from frontdesk.features.scheduling.service.waiting import OFFER_TTL, SOURCE
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


async def offer_time(
    tx: Transaction, told: Told, *, waiter_id: UUID, starts_at: datetime, resource_id: UUID | None, by: Actor
) -> Hold | SlotTaken:
    """Keep a time for an hour for somebody who waits, and tell them; refuses `scheduling.waiter_not_found`.

    Somebody to whom another time is offered already, or who has left, is refused (`scheduling.waiter_served`).
    """
    found = await waiting.list_waiters(tx, only=waiter_id)
    if not found:
        raise Refused("scheduling.waiter_not_found", "nobody like that is on the waiting list", status=404)
    waiter = found[0]
    if waiter.status is not WaiterStatus.WAITING:
        raise Refused("scheduling.waiter_served", "this person does not wait any more", status=409)
    done = await hold_slot(
        tx,
        service_id=waiter.service_id,
        resource_id=resource_id,
        starts_at=starts_at,
        contact_id=waiter.contact_id,
        source=SOURCE,
        ttl=min(OFFER_TTL, starts_at - tx.now),
    )
    if not isinstance(done, Held):
        return done
    await waiting.update_waiter(tx, waiter_id=waiter_id, status=WaiterStatus.OFFERED, hold_id=done.hold.id)
    await tell_came_free(tx, told, done.hold, contact_id=waiter.contact_id)
    await audit.write_entry(tx, actor=by, action="scheduling.time_offered", subject=f"waiter:{waiter_id}")
    return done.hold
