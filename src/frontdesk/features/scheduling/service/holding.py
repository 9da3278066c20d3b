"""The verbs of holds: keep a time, book it, let it go, and clear away what has run out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from frontdesk.features.scheduling.events import AppointmentBooked, HoldExpired, SlotFreed
from frontdesk.features.scheduling.model import (
    HOLD_TTL,
    Appointment,
    Deposit,
    Held,
    Hold,
    HoldOutcome,
    PastHold,
    Resource,
    SlotTaken,
    Why,
)
from frontdesk.features.scheduling.queries import appointments, holds, occupancies, offers
from frontdesk.features.scheduling.queries.appointments import NewAppointment
from frontdesk.features.scheduling.service import reminding
from frontdesk.features.scheduling.service.searching import Offer, near, read_offer, why_not
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id


async def hold_slot(
    tx: Transaction,
    *,
    service_id: UUID,
    resource_id: UUID | None,
    starts_at: datetime,
    contact_id: UUID | None,
    source: str,
    ttl: timedelta = HOLD_TTL,
    awaits_payment: bool = False,
) -> Held | SlotTaken:
    """Keep a time for somebody until it is booked, let go, or `ttl` is over (S2: 15 min).

    Without `resource_id` whoever is free gives the service. Whoever comes second is told which other times can be had;
    PostgreSQL decides who that is, however many ask at once. Refuses `scheduling.service_not_found`.
    """
    offer = await read_offer(tx, service_id=service_id, resource_id=resource_id)
    starts_at, why = starts_at.astimezone(UTC), Why.NOT_OFFERED
    await offers.lock_against_outside(tx, resource_ids=[one.id for one in offer.resources])
    for resource in offer.resources:
        barred = why_not(offer, resource, starts_at=starts_at, now=tx.now)
        if barred is not None:
            why = why if why is Why.TAKEN else barred
            continue
        wanted = Hold(
            id=new_id(),
            tenant_id=tx.tenant,
            resource_id=resource.id,
            service_id=service_id,
            contact_id=contact_id,
            seat=0,
            starts_at=starts_at,
            ends_at=starts_at + offer.service.duration,
            expires_at=tx.now + ttl,
            awaits_payment=awaits_payment,
            source=source,
        )
        if await _keep(tx, offer, resource, wanted):
            return Held(wanted)
        why = Why.TAKEN
    return SlotTaken(why, await near(tx, offer, starts_at=starts_at))


async def confirm_hold(
    tx: Transaction,
    *,
    hold_id: UUID,
    contact_id: UUID,
    source: str,
    note: str = "",
    deposit: Deposit = Deposit.NONE,
) -> Appointment | SlotTaken:
    """Book what a hold keeps; said twice, it books once.

    A hold that has run out is booked all the same if its time is still free, else other times are told. Refuses a hold
    that was never there (`scheduling.hold_not_found`), one that was let go (`scheduling.hold_released`), and one that
    waits for its deposit (`scheduling.deposit_due`).
    """
    held = await holds.lock_hold(tx, hold_id=hold_id)
    if held is None:
        return await _confirm_past(
            tx, hold_id=hold_id, contact_id=contact_id, source=source, note=note, deposit=deposit
        )
    if held.awaits_payment and deposit is Deposit.NONE:
        raise Refused("scheduling.deposit_due", "this time is booked once its deposit is paid", status=409)
    if await occupancies.is_busy_outside(tx, resource_id=held.resource_id, within=(held.starts_at, held.ends_at)):
        await _end(tx, held, HoldOutcome.EXPIRED)
        offer = await read_offer(tx, service_id=held.service_id, resource_id=None)
        return SlotTaken(Why.TAKEN, await near(tx, offer, starts_at=held.starts_at))
    new = NewAppointment(
        id=new_id(),
        service_id=held.service_id,
        resource_id=held.resource_id,
        contact_id=contact_id,
        starts_at=held.starts_at,
        ends_at=held.ends_at,
        deposit=deposit,
        source=source,
        note=note,
    )
    if await appointments.add_held(tx, new, hold_id=hold_id) is None:
        raise LookupError(f"hold {hold_id} keeps no time")
    await holds.close_hold(tx, hold_id=hold_id, outcome=HoldOutcome.BOOKED, appointment_id=new.id)
    return await booked(tx, new, hold_id=hold_id)


async def find_hold(tx: Transaction, *, hold_id: UUID) -> Hold | None:
    """Find a hold that is still there."""
    return await holds.find_hold(tx, hold_id=hold_id)


async def take_offer(tx: Transaction, *, hold_id: UUID, source: str) -> Appointment | SlotTaken:
    """Book a time that is, or was, kept for a known person; refuses any other (`scheduling.hold_not_found`)."""
    kept = await holds.lock_hold(tx, hold_id=hold_id) or await holds.lock_past(tx, hold_id=hold_id)
    if kept is None or kept.contact_id is None:
        raise Refused("scheduling.hold_not_found", "no such hold", status=404)
    return await confirm_hold(tx, hold_id=hold_id, contact_id=kept.contact_id, source=source)


async def release_hold(tx: Transaction, *, hold_id: UUID) -> bool:
    """Let a held time go; False if nothing was held any more."""
    held = await holds.lock_hold(tx, hold_id=hold_id)
    if held is None:
        return False
    await _end(tx, held, HoldOutcome.RELEASED)
    return True


async def expire_hold(tx: Transaction, *, hold_id: UUID) -> bool:
    """End a hold as if it had run out: who says yes later is booked if the time is still free."""
    held = await holds.lock_hold(tx, hold_id=hold_id)
    if held is None:
        return False
    await _end(tx, held, HoldOutcome.EXPIRED)
    return True


async def expire_holds(tx: Transaction, *, limit: int = 100) -> int:
    """Clear away holds of the business that have run out; returns how many.

    One that somebody is booking at this moment is left to them.
    """
    over = await holds.lock_over(tx, limit=limit)
    for held in over:
        await _end(tx, held, HoldOutcome.EXPIRED)
    return len(over)


async def forget_past_holds(tx: Transaction, *, before: datetime) -> int:
    """Forget holds that ended before a moment and booked nothing; a yes to one of them is refused from then on."""
    return await holds.forget_released(tx, before=before)


async def booked(tx: Transaction, new: NewAppointment, *, hold_id: UUID | None) -> Appointment:
    """Announce a new appointment, and set its reminders."""
    appointment = await appointments.find_appointment(tx, appointment_id=new.id)
    if appointment is None:
        raise LookupError(f"appointment {new.id} was not written")
    tx.announce(
        AppointmentBooked(
            appointment_id=appointment.id,
            service_id=appointment.service_id,
            resource_id=appointment.resource_id,
            contact_id=appointment.contact_id,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            source=appointment.source,
            hold_id=hold_id,
        )
    )
    await reminding.set_reminders(tx, appointment)
    return appointment


async def clear_way(tx: Transaction, *, resource_id: UUID, within: tuple[datetime, datetime]) -> bool:
    """End the holds that have run out and stand in the way of a stretch; tells whether there were any."""
    over = await holds.lock_over(tx, resource_id=resource_id, within=within)
    for held in over:
        await _end(tx, held, HoldOutcome.EXPIRED)
    return bool(over)


async def _keep(tx: Transaction, offer: Offer, resource: Resource, wanted: Hold) -> bool:
    occupies = offer.service.occupies(wanted.starts_at)
    for _ in range(resource.capacity):
        if await holds.hold(tx, wanted, capacity=resource.capacity, occupies=occupies) is not None:
            return True
    if not await clear_way(tx, resource_id=resource.id, within=occupies):
        return False
    return await holds.hold(tx, wanted, capacity=resource.capacity, occupies=occupies) is not None


async def _confirm_past(
    tx: Transaction, *, hold_id: UUID, contact_id: UUID, source: str, note: str, deposit: Deposit
) -> Appointment | SlotTaken:
    past = await holds.lock_past(tx, hold_id=hold_id)
    if past is None:
        raise Refused("scheduling.hold_not_found", "no such hold", status=404)
    if past.appointment_id is not None:
        known = await appointments.find_appointment(tx, appointment_id=past.appointment_id)
        if known is not None:
            return known
    if past.outcome is HoldOutcome.RELEASED:
        raise Refused("scheduling.hold_released", "this hold was let go: choose a time again", status=409)
    return await _take_anew(tx, past, contact_id=contact_id, source=source, note=note, deposit=deposit)


async def _take_anew(
    tx: Transaction, past: PastHold, *, contact_id: UUID, source: str, note: str, deposit: Deposit
) -> Appointment | SlotTaken:
    held = await hold_slot(
        tx,
        service_id=past.service_id,
        resource_id=past.resource_id,
        starts_at=past.starts_at,
        contact_id=contact_id,
        source=past.source,
    )
    if isinstance(held, SlotTaken):
        return held
    done = await confirm_hold(
        tx, hold_id=held.hold.id, contact_id=contact_id, source=source, note=note, deposit=deposit
    )
    if isinstance(done, Appointment):
        await holds.note_booked(tx, hold_id=past.hold_id, appointment_id=done.id)
    return done


async def _end(tx: Transaction, held: Hold, outcome: HoldOutcome) -> None:
    await occupancies.drop_of_hold(tx, hold_id=held.id)
    await holds.close_hold(tx, hold_id=held.id, outcome=outcome, appointment_id=None)
    if outcome is HoldOutcome.EXPIRED:
        tx.announce(
            HoldExpired(
                hold_id=held.id,
                resource_id=held.resource_id,
                service_id=held.service_id,
                contact_id=held.contact_id,
                starts_at=held.starts_at,
                awaited_payment=held.awaits_payment,
                source=held.source,
            )
        )
    tx.announce(
        SlotFreed(
            resource_id=held.resource_id,
            service_id=held.service_id,
            starts_at=held.starts_at,
            ends_at=held.ends_at,
        )
    )
