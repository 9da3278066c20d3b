"""The verbs of busy times outside: taken in per calendar, joined, and laid around what is booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from frontdesk.features.scheduling.events import BookingCollided
from frontdesk.features.scheduling.model import Collision, Stretch, merged, without
from frontdesk.features.scheduling.queries import occupancies, offers
from frontdesk.features.scheduling.queries.occupancies import Piece
from frontdesk.kernel.db import Overtaken, Transaction
from frontdesk.kernel.errors import Refused


async def record_external_busy(
    tx: Transaction,
    *,
    resource_id: UUID,
    source: str,
    window: tuple[datetime, datetime],
    busy: Sequence[tuple[datetime, datetime]],
) -> list[Collision]:
    """Put what a calendar tells of a window in place of what it told; returns the bookings that it came over.

    `source` names one calendar, like `google:<id>`; `busy` has no events that we wrote there ourselves. Times are cut
    to the window, joined with those of other calendars, and kept free on every seat. Where a booking stands already it
    stays, is noted once as collided, and `BookingCollided` is announced. The same news again changes nothing. Refuses
    an unknown resource (`scheduling.resource_not_found`); raises `Overtaken` where the transaction must run again.
    """
    capacity = await offers.lock_resource(tx, resource_id=resource_id)
    if capacity is None:
        raise Refused("scheduling.resource_not_found", "no such resource", status=404)
    told = await occupancies.list_source(tx, resource_id=resource_id, source=source, window=window)
    cut = merged((max(start, window[0]), min(end, window[1])) for start, end in busy)
    kept = merged([*without(told, [window]), *cut])
    if merged(told) != kept:
        await occupancies.replace_source(tx, resource_id=resource_id, source=source, window=window, busy=kept)
        await _settle(tx, resource_id=resource_id, capacity=capacity)
    return await _announce_collisions(tx, resource_id)


async def forget_external_source(tx: Transaction, *, resource_id: UUID, source: str) -> None:
    """Forget all that a calendar has told of a resource, as when it is disconnected."""
    capacity = await offers.lock_resource(tx, resource_id=resource_id)
    if capacity is not None:
        await occupancies.drop_source(tx, resource_id=resource_id, source=source)
        await _settle(tx, resource_id=resource_id, capacity=capacity)
        await occupancies.forget_collisions(tx, resource_id=resource_id)


async def settle_outside(tx: Transaction, *, resource_id: UUID) -> None:
    """Lay outside time anew around what is booked: after a booking that stood in it has gone, or seats were added."""
    capacity = await offers.lock_resource(tx, resource_id=resource_id)
    if capacity is not None:
        await _settle(tx, resource_id=resource_id, capacity=capacity)


async def settle_if_needed(tx: Transaction, *, resource_id: UUID) -> None:
    """Lay outside time anew if some of it waits for a booking to go."""
    if await occupancies.is_outside_waiting(tx, resource_id=resource_id):
        await settle_outside(tx, resource_id=resource_id)


async def _settle(tx: Transaction, *, resource_id: UUID, capacity: int) -> None:
    busy = merged(await occupancies.list_outside(tx, resource_id=resource_id))
    by_seat: dict[int, list[Stretch]] = {}
    for seat, start, end in await occupancies.list_booked(tx, resource_id=resource_id):
        by_seat.setdefault(seat, []).append((start, end))
    pieces: list[Piece] = []
    for seat in range(1, capacity + 1):
        free = without(busy, by_seat.get(seat, []))
        under = without(busy, free)
        pieces += [Piece(seat=seat, stretch=one, binding=True) for one in free]
        pieces += [Piece(seat=seat, stretch=one, binding=False) for one in under]
    if await occupancies.replace_outside(tx, resource_id=resource_id, pieces=pieces) != len(pieces):
        raise Overtaken


async def _announce_collisions(tx: Transaction, resource_id: UUID) -> list[Collision]:
    await occupancies.forget_collisions(tx, resource_id=resource_id)
    found = await occupancies.note_collisions(tx, resource_id=resource_id)
    for collision, contact_id in found:
        tx.announce(
            BookingCollided(
                appointment_id=collision.appointment_id,
                contact_id=contact_id,
                resource_id=collision.resource_id,
                starts_at=collision.starts_at,
                ends_at=collision.ends_at,
                source=collision.source,
            )
        )
    return [collision for collision, _ in found]
