"""The verbs of the agenda: what a stretch of time looks like, where an appointment may go, and who changed it first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from frontdesk.features import tenants
from frontdesk.features.scheduling.model import (
    GRANULARITY_MINUTES,
    Appointment,
    AppointmentStatus,
    Hold,
    Resource,
    Seats,
    Slot,
    Stretch,
    free_starts,
    merged,
    without,
)
from frontdesk.features.scheduling.queries import agenda, appointments
from frontdesk.features.scheduling.queries.appointments import AppointmentFilter
from frontdesk.features.scheduling.service import reminding
from frontdesk.features.scheduling.service.offers import list_resources
from frontdesk.features.scheduling.service.openings import NO_BREAKS, openings_of
from frontdesk.features.scheduling.service.searching import earliest, latest, need_of, read_offer, slot_of
from frontdesk.features.scheduling.words import say_time
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

DAY = timedelta(days=1)
LATELY = timedelta(seconds=1)
MOST = 2000
BOOKING_PAGE = "system:booking-page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktime:
    """When a resource works in a stretch, when it rests, and when calendars outside say that it is busy."""

    resource: Resource
    open: tuple[Stretch, ...]
    breaks: tuple[Stretch, ...]
    busy: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """All that stands in a stretch of time; called off appointments are left out."""

    appointments: tuple[Appointment, ...]
    holds: tuple[Hold, ...]
    worktimes: tuple[Worktime, ...]


async def read_agenda(tx: Transaction, *, within: Stretch) -> Agenda:
    """Read what stands in a stretch, by resource; at most 2 000 appointments."""
    business = await tenants.get_tenant(tx)
    wanted = AppointmentFilter(starts_from=within[0] - DAY, starts_until=within[1])
    found = await appointments.list_appointments(tx, wanted, after=None, limit=MOST)
    standing = [one for one in found if one.status is not AppointmentStatus.CANCELLED and one.ends_at > within[0]]
    holds = await agenda.list_holds(tx, within=within)
    busy: dict[UUID, list[Stretch]] = {}
    for one in await agenda.list_busy(tx, within=within):
        busy.setdefault(one.resource_id, []).append((one.starts_at, one.ends_at))
    return Agenda(
        appointments=tuple(standing),
        holds=tuple(holds),
        worktimes=tuple(
            _worktime(one, hours=business.hours, busy=busy, within=within) for one in await list_resources(tx)
        ),
    )


async def read_agenda_mark(tx: Transaction, *, within: Stretch) -> str:
    """Read a word that changes with anything that stands in a stretch."""
    return await agenda.read_mark(tx, within=within)


async def list_moves(
    tx: Transaction,
    *,
    appointment_id: UUID,
    within: Stretch,
    granularity_minutes: int = GRANULARITY_MINUTES,
) -> list[Slot]:
    """List where an appointment may go in a stretch, at whoever gives its service; its own time is in nobody's way.

    Refuses `scheduling.appointment_not_found`; a service that is no longer offered has no other times.
    """
    known = await appointments.find_appointment(tx, appointment_id=appointment_id)
    if known is None:
        raise Refused("scheduling.appointment_not_found", "no such appointment", status=404)
    try:
        offer = await read_offer(tx, service_id=known.service_id, resource_id=None)
    except Refused:
        return []
    service = offer.service
    reach = (max(within[0], earliest(service, tx.now)), min(within[1], latest(service, tx.now)))
    if reach[0] >= reach[1]:
        return []
    need = need_of(service)
    taken = await agenda.list_taken_by_others(
        tx,
        appointment_id=appointment_id,
        resource_ids=[one.id for one in offer.resources],
        within=(reach[0] - need.before, reach[1] + need.duration + need.after),
    )
    found: list[Slot] = []
    for resource in offer.resources:
        openings = openings_of(
            resource, business_hours=offer.business_hours, within=(reach[0], reach[1] + need.duration)
        )
        starts = free_starts(
            openings,
            Seats(resource.capacity, taken[resource.id]),
            need,
            within=reach,
            zone=resource.zone,
            granularity_minutes=granularity_minutes,
        )
        found += [slot_of(service, resource, start) for start in starts]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.resource_id != known.resource_id, slot.resource_name))


async def refuse_changed(tx: Transaction, *, appointment_id: UUID, revision: int) -> Appointment:
    """Keep an appointment for who looked at it last; refuses one that somebody changed since.

    The codes are `scheduling.appointment_changed` (409) and `scheduling.appointment_not_found` (404).
    """
    known = await appointments.find_appointment(tx, appointment_id=appointment_id, lock=True)
    if known is None:
        raise Refused("scheduling.appointment_not_found", "no such appointment", status=404)
    if known.revision != revision:
        when = say_time(known.starts_at, zone=known.zone)
        happened = (
            "called this appointment off"
            if known.status is AppointmentStatus.CANCELLED
            else f"moved this appointment to {when}, {known.resource_name},"
        )
        raise Refused(
            "scheduling.appointment_changed",
            f"{await _changer(tx, known)} {happened} while you looked at it. Your change was not made.",
            status=409,
            details={"revision": known.revision},
        )
    return known


async def complete_appointment(tx: Transaction, *, appointment_id: UUID, by: Actor) -> Appointment:
    """Note that an appointment took place; refuses one that has not begun, and one that is off or was missed.

    The codes are `scheduling.appointment_not_begun` and `scheduling.appointment_over`.
    """
    known = await appointments.find_appointment(tx, appointment_id=appointment_id, lock=True)
    if known is None:
        raise Refused("scheduling.appointment_not_found", "no such appointment", status=404)
    if known.status is AppointmentStatus.COMPLETED:
        return known
    if known.status is AppointmentStatus.CANCELLED:
        raise Refused("scheduling.appointment_over", "this appointment is cancelled", status=409)
    if known.starts_at > tx.now:
        raise Refused("scheduling.appointment_not_begun", "this appointment has not begun yet", status=409)
    await appointments.close_appointment(tx, appointment_id=appointment_id, status=AppointmentStatus.COMPLETED)
    await reminding.drop_reminders(tx, appointment_id=appointment_id)
    await audit.write_entry(
        tx, actor=by, action="scheduling.appointment_completed", subject=f"appointment:{appointment_id}"
    )
    return replace(known, status=AppointmentStatus.COMPLETED)


async def _changer(tx: Transaction, known: Appointment) -> str:
    """Name who changed an appointment last, as the audit log has it."""
    entries = await audit.search_entries(
        tx, subject=f"appointment:{known.id}", action="scheduling", since=known.updated_at - LATELY
    )
    if not entries:
        return "Somebody else"
    return entries[-1].actor_name or ("The customer" if entries[-1].actor == BOOKING_PAGE else "Frontdesk")


def _worktime(resource: Resource, *, hours: str, busy: Mapping[UUID, list[Stretch]], within: Stretch) -> Worktime:
    open_ = openings_of(resource, business_hours=hours, within=within)
    breaks: list[Stretch] = []
    if resource.breaks != NO_BREAKS:
        whole = openings_of(replace(resource, breaks=NO_BREAKS), business_hours=hours, within=within)
        breaks = without(whole, open_)
    return Worktime(
        resource=resource,
        open=tuple(merged(open_)),
        breaks=tuple(breaks),
        busy=tuple(merged(busy.get(resource.id, ()))),
    )
