"""The verbs of the waiting list: a time that comes free is kept for whoever waits longest for one like it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features.scheduling.events import SlotFreed
from frontdesk.features.scheduling.model import Held, Hold, Waiter, WaiterStatus
from frontdesk.features.scheduling.queries import offers, waiting
from frontdesk.features.scheduling.service.holding import hold_slot
from frontdesk.features.scheduling.service.searching import read_offer, search
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

OFFER_TTL = timedelta(hours=1)
LOOKED_AT = 20
SOURCE = "waiting_list"


async def join_waiting_list(
    tx: Transaction,
    *,
    service_id: UUID,
    resource_id: UUID | None,
    contact_id: UUID,
    wanted: tuple[datetime, datetime],
) -> Waiter:
    """Put somebody on the waiting list of a service, for times that start in a stretch.

    Refuses `scheduling.service_not_found` and a stretch that is over or upside down (`scheduling.wish_invalid`).
    """
    if wanted[1] <= max(wanted[0], tx.now):
        raise Refused("scheduling.wish_invalid", "the wanted time ends before it begins, or is over", status=422)
    await read_offer(tx, service_id=service_id, resource_id=resource_id)
    waiter = Waiter(
        id=new_id(),
        service_id=service_id,
        resource_id=resource_id,
        contact_id=contact_id,
        wanted_from_at=wanted[0],
        wanted_until=wanted[1],
        status=WaiterStatus.WAITING,
        hold_id=None,
        created_at=tx.now,
    )
    await waiting.add_waiter(tx, waiter)
    return waiter


async def leave_waiting_list(tx: Transaction, *, waiter_id: UUID) -> None:
    """Take somebody off the waiting list; refuses one who is not on it (`scheduling.waiter_not_found`)."""
    found = await waiting.list_waiters(tx, only=waiter_id)
    if not found:
        raise Refused("scheduling.waiter_not_found", "nobody like that is on the waiting list", status=404)
    if found[0].status in (WaiterStatus.WAITING, WaiterStatus.OFFERED):
        await waiting.update_waiter(tx, waiter_id=waiter_id, status=WaiterStatus.LEFT, hold_id=found[0].hold_id)


async def list_waiters(
    tx: Transaction, *, status: WaiterStatus | None = None, before: UUID | None = None, limit: int = 50
) -> list[Waiter]:
    """List who is or was on the waiting list, latest first; pass the last id as `before` for the next page."""
    return await waiting.list_waiters(tx, status=status, before=before, limit=limit)


async def offer_freed(tx: Transaction, freed: SlotFreed) -> tuple[Hold, Waiter] | None:
    """Keep a time that came free for whoever has waited longest for one like it; None if nobody has."""
    services = [service for service, _ in await offers.list_links(tx, resource_id=freed.resource_id)]
    if not services or freed.ends_at <= tx.now:
        return None
    line = await waiting.pick_in_line(
        tx,
        service_ids=services,
        resource_id=freed.resource_id,
        starts_at=freed.starts_at,
        ends_at=freed.ends_at,
        limit=LOOKED_AT,
    )
    for waiter in line:
        hold = await _keep_for(tx, waiter, freed)
        if hold is not None:
            await waiting.update_waiter(tx, waiter_id=waiter.id, status=WaiterStatus.OFFERED, hold_id=hold.id)
            return hold, waiter
    return None


async def note_booked(tx: Transaction, *, hold_id: UUID | None) -> None:
    """Note that somebody on the list took the time that was kept for them."""
    await _settle(tx, hold_id, WaiterStatus.BOOKED)


async def note_lapsed(tx: Transaction, *, hold_id: UUID) -> None:
    """Note that somebody on the list let the time go that was kept for them: the next one is asked."""
    await _settle(tx, hold_id, WaiterStatus.LEFT)


async def _settle(tx: Transaction, hold_id: UUID | None, status: WaiterStatus) -> None:
    if hold_id is not None:
        for waiter in await waiting.list_waiters(tx, hold_id=hold_id, status=WaiterStatus.OFFERED):
            await waiting.update_waiter(tx, waiter_id=waiter.id, status=status, hold_id=hold_id)


async def _keep_for(tx: Transaction, waiter: Waiter, freed: SlotFreed) -> Hold | None:
    try:
        offer = await read_offer(tx, service_id=waiter.service_id, resource_id=freed.resource_id)
    except Refused:
        return None
    between = (max(freed.starts_at, waiter.wanted_from_at), min(freed.ends_at, waiter.wanted_until))
    for slot in await search(tx, offer, between=between, limit=1):
        held = await hold_slot(
            tx,
            service_id=waiter.service_id,
            resource_id=slot.resource_id,
            starts_at=slot.starts_at,
            contact_id=waiter.contact_id,
            source=SOURCE,
            ttl=min(OFFER_TTL, slot.starts_at - tx.now),
        )
        if isinstance(held, Held):
            return held.hold
    return None
