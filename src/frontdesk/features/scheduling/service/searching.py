"""The verb of searching: which times of a service can be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features.scheduling.model import (
    GRANULARITY_MINUTES,
    MAX_SEARCH,
    Need,
    Resource,
    Seats,
    Service,
    Slot,
    SlotTaken,
    Stretch,
    Why,
    free_starts,
    merged,
)
from frontdesk.features.scheduling.queries import occupancies, offers
from frontdesk.features.scheduling.service.openings import openings_of
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

OTHERS = 5
HOURS = timedelta(hours=6)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A service with whoever gives it, and the business's hours as JSON: all that a search needs to know."""

    service: Service
    resources: tuple[Resource, ...]
    business_hours: str


async def list_free_slots(
    tx: Transaction,
    *,
    service_id: UUID,
    between: tuple[datetime, datetime],
    resource_id: UUID | None = None,
    limit: int = 20,
    granularity_minutes: int = GRANULARITY_MINUTES,
) -> list[Slot]:
    """List the first free slots of a service that start in a stretch, soonest first, each start once per resource.

    Lead time, horizon, buffers, capacity, hours and everything that is taken are kept. Refuses a service that the
    business does not have (`scheduling.service_not_found`) and a stretch of more than 62 days
    (`scheduling.search_too_wide`).
    """
    if between[1] - between[0] > MAX_SEARCH:
        raise Refused("scheduling.search_too_wide", "search at most 62 days at once", status=422)
    offer = await read_offer(tx, service_id=service_id, resource_id=resource_id)
    return await search(tx, offer, between=between, limit=limit, granularity_minutes=granularity_minutes)


async def find_slot(
    tx: Transaction, *, service_id: UUID, starts_at: datetime, granularity_minutes: int = GRANULARITY_MINUTES
) -> Slot | None:
    """Find the free slot of a service that starts at a moment, at whoever is free; None if there is none."""
    found = await list_free_slots(
        tx,
        service_id=service_id,
        between=(starts_at, starts_at + timedelta(minutes=1)),
        limit=1,
        granularity_minutes=granularity_minutes,
    )
    return found[0] if found and found[0].starts_at == starts_at else None


async def read_offer(tx: Transaction, *, service_id: UUID, resource_id: UUID | None) -> Offer:
    """Read a service that is on offer and who gives it; refuses an unknown one (`scheduling.service_not_found`)."""
    found = await offers.find_offer(tx, service_id=service_id, resource_id=resource_id)
    if found is None:
        raise Refused("scheduling.service_not_found", "no such service, or it is no longer offered", status=404)
    service, resources, business_hours = found
    return Offer(service=service, resources=tuple(resources), business_hours=business_hours)


async def search(
    tx: Transaction, offer: Offer, *, between: Stretch, limit: int, granularity_minutes: int = GRANULARITY_MINUTES
) -> list[Slot]:
    """List the first free slots of an offer that start in a stretch, soonest first."""
    service = offer.service
    within = (max(between[0], earliest(service, tx.now)), min(between[1], latest(service, tx.now)))
    if within[0] >= within[1] or not offer.resources:
        return []
    need = need_of(service)
    reach = (within[0] - need.before, within[1] + need.duration + need.after)
    taken = await occupancies.list_taken(tx, resource_ids=[one.id for one in offer.resources], within=reach)
    found: list[Slot] = []
    for resource in offer.resources:
        openings = openings_of(
            resource, business_hours=offer.business_hours, within=(within[0], within[1] + need.duration)
        )
        seats = Seats(resource.capacity, taken[resource.id])
        starts = free_starts(
            openings, seats, need, within=within, zone=resource.zone, granularity_minutes=granularity_minutes
        )
        found += [slot_of(service, resource, start) for start, _ in zip(starts, range(limit), strict=False)]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.resource_name, slot.resource_id))[:limit]


async def near(tx: Transaction, offer: Offer, *, starts_at: datetime, limit: int = OTHERS) -> tuple[Slot, ...]:
    """List the free slots nearest to a time that cannot be had, in order; a time of day once."""
    chosen: tuple[Slot, ...] = ()
    for before, after in ((HOURS, HOURS), (DAY, WEEK)):
        from_ = max(starts_at - before, earliest(offer.service, tx.now))
        found = await search(tx, offer, between=(from_, max(starts_at, from_) + after), limit=200)
        chosen = _nearest(found, starts_at=starts_at, limit=limit)
        if len(chosen) == limit:
            break
    return chosen


async def find_taken(
    tx: Transaction, *, service_id: UUID, resource_id: UUID | None, starts_at: datetime
) -> SlotTaken | None:
    """Look whether a time can be had, before anything is written for it; None if it looks so, which promises nothing.

    Of many who ask for one time all but the first few are answered by this alone.
    """
    offer = await read_offer(tx, service_id=service_id, resource_id=resource_id)
    barred = {why_not(offer, one, starts_at=starts_at, now=tx.now) for one in offer.resources}
    if None not in barred:
        return None  # whoever books says why
    occupies = offer.service.occupies(starts_at)
    taken = await occupancies.list_taken(tx, resource_ids=[one.id for one in offer.resources], within=occupies)
    if any(Seats(one.capacity, taken[one.id]).is_free(occupies) for one in offer.resources):
        return None
    return SlotTaken(Why.TAKEN, await near(tx, offer, starts_at=starts_at))


def _nearest(slots: Sequence[Slot], *, starts_at: datetime, limit: int) -> tuple[Slot, ...]:
    once: dict[datetime, Slot] = {}
    for slot in sorted(slots, key=lambda one: abs(one.starts_at - starts_at)):
        once.setdefault(slot.starts_at, slot)
    return tuple(sorted(list(once.values())[:limit], key=lambda slot: slot.starts_at))


def why_not(offer: Offer, resource: Resource, *, starts_at: datetime, now: datetime) -> Why | None:
    """Tell why a start cannot be had whatever is booked; None if it can."""
    service = offer.service
    if starts_at < earliest(service, now):
        return Why.TOO_SOON
    if starts_at >= latest(service, now):
        return Why.TOO_FAR
    ends_at = starts_at + service.duration
    openings = openings_of(resource, business_hours=offer.business_hours, within=(starts_at, ends_at))
    inside = any(opens <= starts_at and ends_at <= closes for opens, closes in merged(openings))
    return None if inside else Why.CLOSED


def earliest(service: Service, now: datetime) -> datetime:
    """Tell the first moment at which a booking made now may start."""
    return now + timedelta(minutes=service.lead_minutes)


def latest(service: Service, now: datetime) -> datetime:
    """Tell the moment before which a booking made now must start."""
    return now + timedelta(days=service.horizon_days)


def need_of(service: Service) -> Need:
    """Tell what a booking of a service takes."""
    return Need(
        duration=service.duration,
        before=timedelta(minutes=service.buffer_before_minutes),
        after=timedelta(minutes=service.buffer_after_minutes),
    )


def slot_of(service: Service, resource: Resource, starts_at: datetime) -> Slot:
    """Describe a start as a slot."""
    return Slot(
        service_id=service.id,
        resource_id=resource.id,
        resource_name=resource.name,
        starts_at=starts_at,
        ends_at=starts_at + service.duration,
        zone=resource.zone,
    )
