"""The verbs of appointments: book, move, call off, note who did not come."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from frontdesk.features.scheduling.events import (
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentRescheduled,
    SlotFreed,
)
from frontdesk.features.scheduling.model import (
    Appointment,
    AppointmentStatus,
    Deposit,
    Resource,
    SlotTaken,
    Why,
)
from frontdesk.features.scheduling.queries import appointments, occupancies, offers
from frontdesk.features.scheduling.queries.appointments import AppointmentFilter, NewAppointment
from frontdesk.features.scheduling.service import reminding
from frontdesk.features.scheduling.service.deposits import give_back
from frontdesk.features.scheduling.service.holding import booked, clear_way
from frontdesk.features.scheduling.service.searching import Offer, near, read_offer, why_not
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id


async def book_slot(
    tx: Transaction,
    *,
    service_id: UUID,
    resource_id: UUID | None,
    starts_at: datetime,
    contact_id: UUID,
    source: str,
    note: str = "",
) -> Appointment | SlotTaken:
    """Book a time at once, without a deposit; who comes second is told other times.

    Without `resource_id` whoever is free gives the service. Refuses `scheduling.service_not_found`.
    """
    offer = await read_offer(tx, service_id=service_id, resource_id=resource_id)
    starts_at, why = starts_at.astimezone(UTC), Why.NOT_OFFERED
    await offers.lock_against_outside(tx, resource_ids=[one.id for one in offer.resources])
    for resource in offer.resources:
        barred = why_not(offer, resource, starts_at=starts_at, now=tx.now)
        if barred is not None:
            why = why if why is Why.TAKEN else barred
            continue
        new = NewAppointment(
            id=new_id(),
            service_id=service_id,
            resource_id=resource.id,
            contact_id=contact_id,
            starts_at=starts_at,
            ends_at=starts_at + offer.service.duration,
            deposit=Deposit.NONE,
            source=source,
            note=note,
        )
        if await _book(tx, offer, resource, new):
            return await booked(tx, new, hold_id=None)
        why = Why.TAKEN
    return SlotTaken(why, await near(tx, offer, starts_at=starts_at))


async def get_appointment(tx: Transaction, *, appointment_id: UUID) -> Appointment:
    """Get an appointment; refuses one the tenant does not have (`scheduling.appointment_not_found`)."""
    found = await appointments.find_appointment(tx, appointment_id=appointment_id)
    if found is None:
        raise Refused("scheduling.appointment_not_found", "no such appointment", status=404)
    return found


async def find_upcoming(tx: Transaction, *, contact_id: UUID) -> list[Appointment]:
    """List a person's booked appointments that are still to come, soonest first."""
    wanted = AppointmentFilter(contact_id=contact_id, status=AppointmentStatus.BOOKED, starts_from=tx.now)
    return await appointments.list_appointments(tx, wanted, after=None, limit=20)


async def list_appointments(
    tx: Transaction, wanted: AppointmentFilter, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[Appointment]:
    """List appointments by their start; pass the last one's start and id as `after` for the next page."""
    return await appointments.list_appointments(tx, wanted, after=after, limit=limit)


async def reschedule_appointment(
    tx: Transaction,
    *,
    appointment_id: UUID,
    starts_at: datetime,
    source: str,
    by: Actor,
    resource_id: UUID | None = None,
) -> Appointment | SlotTaken:
    """Move an appointment; it keeps its old time until the new one is won, and if that cannot be had.

    Without `resource_id` its own resource is asked first, then whoever else gives the service. Refuses one that is not
    booked any more (`scheduling.appointment_over`).
    """
    known = await _lock_booked(tx, appointment_id)
    starts_at = starts_at.astimezone(UTC)
    if starts_at == known.starts_at and resource_id in (None, known.resource_id) and known.collided_at is None:
        return known
    offer = await read_offer(tx, service_id=known.service_id, resource_id=resource_id)
    resources = sorted(offer.resources, key=lambda one: one.id != known.resource_id)
    await offers.lock_against_outside(tx, resource_ids=[one.id for one in resources])
    await occupancies.mark_before_moving(tx)
    await occupancies.drop_of_appointment(tx, appointment_id=appointment_id)
    won = await _first_free(tx, offer, resources, appointment_id=appointment_id, starts_at=starts_at)
    if isinstance(won, Why):
        await occupancies.cancel_move(tx)
        return SlotTaken(won, await near(tx, offer, starts_at=starts_at))
    resource, seat = won
    ends_at = starts_at + offer.service.duration
    await appointments.move(
        tx, appointment_id=appointment_id, resource_id=resource.id, seat=seat, stretch=(starts_at, ends_at)
    )
    moved = await get_appointment(tx, appointment_id=appointment_id)
    await _announce_move(tx, known, moved, source=source, by=by)
    return moved


async def cancel_appointment(
    tx: Transaction, *, appointment_id: UUID, because: str, source: str, by: Actor, refund: bool | None = None
) -> Appointment:
    """Call an appointment off and free its time; one that is called off already stays as it is.

    Its deposit goes back if that was promised for so early a call, or as `refund` says.
    Refuses one that is over otherwise (`scheduling.appointment_over`).
    """
    known = await appointments.find_appointment(tx, appointment_id=appointment_id, lock=True)
    if known is not None and known.status is AppointmentStatus.CANCELLED:
        return known
    known = await _lock_booked(tx, appointment_id)
    await occupancies.drop_of_appointment(tx, appointment_id=appointment_id)
    await appointments.close_appointment(
        tx, appointment_id=appointment_id, status=AppointmentStatus.CANCELLED, because=because
    )
    await reminding.drop_reminders(tx, appointment_id=appointment_id)
    await give_back(tx, known, refund=refund, by=by)
    ended = await get_appointment(tx, appointment_id=appointment_id)
    tx.announce(
        AppointmentCancelled(
            appointment_id=ended.id,
            contact_id=ended.contact_id,
            resource_id=ended.resource_id,
            starts_at=ended.starts_at,
            ends_at=ended.ends_at,
            revision=ended.revision,
            because=because,
            source=source,
        )
    )
    _announce_freed(tx, known)
    await _write_down(tx, "scheduling.appointment_cancelled", ended, by=by)
    return ended


async def mark_no_show(tx: Transaction, *, appointment_id: UUID, by: Actor) -> Appointment:
    """Note that a person did not come; refuses one that has not begun (`scheduling.appointment_not_begun`)."""
    known = await appointments.find_appointment(tx, appointment_id=appointment_id, lock=True)
    if known is not None and known.status is AppointmentStatus.NO_SHOW:
        return known
    if known is None or known.status is not AppointmentStatus.COMPLETED:
        known = await _lock_booked(tx, appointment_id)
    if known.starts_at > tx.now:
        raise Refused("scheduling.appointment_not_begun", "this appointment has not begun yet", status=409)
    await appointments.close_appointment(tx, appointment_id=appointment_id, status=AppointmentStatus.NO_SHOW)
    await reminding.drop_reminders(tx, appointment_id=appointment_id)
    tx.announce(AppointmentMissed(appointment_id=known.id, contact_id=known.contact_id, starts_at=known.starts_at))
    await _write_down(tx, "scheduling.appointment_missed", known, by=by)
    return await get_appointment(tx, appointment_id=appointment_id)


async def note_deposit(tx: Transaction, *, appointment_id: UUID, deposit: Deposit) -> None:
    """Write how the deposit of an appointment stands."""
    await appointments.note_deposit(tx, appointment_id=appointment_id, deposit=deposit)


async def _book(tx: Transaction, offer: Offer, resource: Resource, new: NewAppointment) -> bool:
    occupies = offer.service.occupies(new.starts_at)
    for _ in range(resource.capacity):
        if await appointments.add_appointment(tx, new, capacity=resource.capacity, occupies=occupies) is not None:
            return True
    if not await clear_way(tx, resource_id=resource.id, within=occupies):
        return False
    return await appointments.add_appointment(tx, new, capacity=resource.capacity, occupies=occupies) is not None


async def _first_free(
    tx: Transaction, offer: Offer, resources: list[Resource], *, appointment_id: UUID, starts_at: datetime
) -> tuple[Resource, int] | Why:
    why = Why.NOT_OFFERED
    occupies = offer.service.occupies(starts_at)
    for resource in resources:
        barred = why_not(offer, resource, starts_at=starts_at, now=tx.now)
        if barred is not None:
            why = why if why is Why.TAKEN else barred
            continue
        for attempt in range(resource.capacity + 1):
            if attempt == resource.capacity and not await clear_way(tx, resource_id=resource.id, within=occupies):
                break
            seat = await appointments.take_anew(
                tx,
                appointment_id=appointment_id,
                resource_id=resource.id,
                capacity=resource.capacity,
                occupies=occupies,
            )
            if seat is not None:
                return resource, seat
        why = Why.TAKEN
    return why


async def _lock_booked(tx: Transaction, appointment_id: UUID) -> Appointment:
    known = await appointments.find_appointment(tx, appointment_id=appointment_id, lock=True)
    if known is None:
        raise Refused("scheduling.appointment_not_found", "no such appointment", status=404)
    if known.status is not AppointmentStatus.BOOKED:
        raise Refused(
            "scheduling.appointment_over", f"this appointment is {known.status.value.replace('_', ' ')}", status=409
        )
    return known


async def _announce_move(tx: Transaction, known: Appointment, moved: Appointment, *, source: str, by: Actor) -> None:
    tx.announce(
        AppointmentRescheduled(
            appointment_id=moved.id,
            contact_id=moved.contact_id,
            resource_id=moved.resource_id,
            old_resource_id=known.resource_id,
            starts_at=moved.starts_at,
            ends_at=moved.ends_at,
            old_starts_at=known.starts_at,
            revision=moved.revision,
            source=source,
        )
    )
    _announce_freed(tx, known)
    await reminding.set_reminders(tx, moved)
    await _write_down(tx, "scheduling.appointment_rescheduled", moved, by=by)


def _announce_freed(tx: Transaction, known: Appointment) -> None:
    tx.announce(
        SlotFreed(
            resource_id=known.resource_id,
            service_id=known.service_id,
            starts_at=known.starts_at,
            ends_at=known.ends_at,
        )
    )


async def _write_down(tx: Transaction, action: str, appointment: Appointment, *, by: Actor) -> None:
    await audit.write_entry(tx, actor=by, action=action, subject=f"appointment:{appointment.id}")
