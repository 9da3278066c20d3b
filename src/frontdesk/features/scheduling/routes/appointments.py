"""Routes of times: what is free, what is held, what is booked, and who waits."""

import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import contacts
from frontdesk.features.scheduling.model import Appointment, AppointmentStatus, SlotTaken, WaiterStatus
from frontdesk.features.scheduling.queries.appointments import AppointmentFilter
from frontdesk.features.scheduling.routes.rush import Rush, Wanted
from frontdesk.features.scheduling.routes.views import (
    AppointmentChange,
    AppointmentView,
    Cancellation,
    HoldView,
    NewAppointment,
    NewHold,
    NewWaiter,
    ReminderView,
    SlotView,
    WaiterView,
    show_appointment,
    show_hold,
    show_slot,
    slot_taken,
)
from frontdesk.features.scheduling.service import booking, holding, reminding, searching, waiting
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.paging import (
    DEFAULT_LIMIT,
    Limit,
    MomentCursor,
    Page,
    next_link,
    page_of,
    read_cursor,
    write_cursor,
)
from frontdesk.kernel.telemetry import Metrics
from frontdesk.kernel.telemetry.metrics import BOOK_CONFLICTS, BOOKING_POST_SECONDS

CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "The time cannot be had; `other_slots` lists the nearest that can"}
}
OVER: dict[int | str, dict[str, Any]] = {409: {"description": "The appointment is over, or the time cannot be had"}}
DEFAULT_SEARCH = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a hold lasts, and how far apart the starts that are offered are."""

    hold_ttl: timedelta
    granularity_minutes: int


def add_routes(routes: APIRouter, access: Access, *, limits: Limits, metrics: Metrics) -> None:
    """Add the routes of slots, holds, appointments and the waiting list."""
    _add_slots(routes, access, limits)
    _add_holds(routes, access, limits, metrics)
    _add_booking(routes, access, metrics)
    _add_reading(routes, access)
    _add_changing(routes, access, metrics)
    _add_waiting(routes, access)


def _add_slots(routes: APIRouter, access: Access, limits: Limits) -> None:
    @routes.get("/availability", summary="List the free times of a service, soonest first")
    async def list_free_slots(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))],
        service_id: UUID,
        resource_id: UUID | None = None,
        starts_from: Moment | None = None,
        starts_until: Moment | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    ) -> list[SlotView]:
        async with visit.transaction() as tx:
            start = starts_from or tx.now
            found = await searching.list_free_slots(
                tx,
                service_id=service_id,
                resource_id=resource_id,
                between=(start, starts_until or start + DEFAULT_SEARCH),
                limit=limit,
                granularity_minutes=limits.granularity_minutes,
            )
        return [show_slot(slot) for slot in found]


def _add_holds(routes: APIRouter, access: Access, limits: Limits, metrics: Metrics) -> None:
    @routes.post("/holds", summary="Keep a time for somebody for a while", status_code=201, responses=CONFLICT)
    async def hold_slot(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], new: NewHold
    ) -> HoldView:
        async with visit.transaction() as tx:
            if new.contact_id is not None:
                await contacts.get_contact(tx, contact_id=new.contact_id)
            done = await holding.hold_slot(
                tx,
                service_id=new.service_id,
                resource_id=new.resource_id,
                starts_at=new.starts_at,
                contact_id=new.contact_id,
                source=new.source,
                ttl=limits.hold_ttl,
            )
        if isinstance(done, SlotTaken):
            raise _conflict(done, metrics)
        return show_hold(done.hold)

    @routes.delete("/holds/{hold_id}", summary="Let a held time go", status_code=204)
    async def release_hold(
        hold_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))]
    ) -> Response:
        async with visit.transaction() as tx:
            if not await holding.release_hold(tx, hold_id=hold_id):
                raise Refused("scheduling.hold_not_found", "no such hold, or it is over", status=404)
        return Response(status_code=204)


def _add_booking(routes: APIRouter, access: Access, metrics: Metrics) -> None:
    rush = Rush()

    @routes.post("/appointments", summary="Book a time", status_code=201, responses=CONFLICT)
    async def book(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))],
        new: NewAppointment,
        idempotency_key: Annotated[idempotency.Key | None, Header()] = None,
    ) -> AppointmentView:
        started = time.perf_counter()
        try:
            wanted = _wanted(visit, new)
            if wanted is None:
                return await _make(visit, new, idempotency_key, None, metrics)
            taken = await rush.look(wanted, lambda: _look(visit, wanted))
            if taken is not None and idempotency_key is None:
                metrics.increment(BOOK_CONFLICTS)
                raise Refused("scheduling.slot_taken", taken.message, status=409, details=taken.details)
            with rush.turn(wanted):
                return await _make(visit, new, idempotency_key, taken, metrics)
        finally:
            metrics.observe(BOOKING_POST_SECONDS, time.perf_counter() - started)


def _add_reading(routes: APIRouter, access: Access) -> None:
    @routes.get("/appointments", summary="List appointments by their start")
    async def list_appointments(
        request: Request,
        response: Response,
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))],
        wanted: Annotated[AppointmentFilter, Depends(_filter)],
        after: MomentCursor | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[AppointmentView]:
        place = None if after is None else read_cursor(after, UUID)
        async with visit.transaction() as tx:
            found = await booking.list_appointments(tx, wanted, after=place, limit=limit)
        if len(found) == limit:
            last = write_cursor(found[-1].starts_at, str(found[-1].id))
            link = next_link(request.url.path, request.url.query, before=last)
            response.headers["link"] = link.replace("before=", "after=")
        return [show_appointment(one) for one in found]

    @routes.get("/appointments/{appointment_id}", summary="Read an appointment")
    async def get_appointment(
        appointment_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))]
    ) -> AppointmentView:
        async with visit.transaction() as tx:
            return show_appointment(await booking.get_appointment(tx, appointment_id=appointment_id))

    @routes.get("/appointments/{appointment_id}/reminders", summary="List the reminders of an appointment")
    async def list_reminders(
        appointment_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))]
    ) -> list[ReminderView]:
        async with visit.transaction() as tx:
            found = await reminding.list_reminders(tx, appointment_id=appointment_id)
        return [ReminderView(due_at=one.due_at, minutes_before=one.minutes_before, status=one.status) for one in found]


def _add_changing(routes: APIRouter, access: Access, metrics: Metrics) -> None:
    may_write = access.to_business(Scope.BOOKING_WRITE)

    @routes.patch("/appointments/{appointment_id}", summary="Move an appointment", responses=CONFLICT)
    async def reschedule(
        appointment_id: UUID, visit: Annotated[Visit, Depends(may_write)], change: AppointmentChange
    ) -> AppointmentView:
        async with visit.transaction() as tx:
            done = await booking.reschedule_appointment(
                tx,
                appointment_id=appointment_id,
                starts_at=change.starts_at,
                resource_id=change.resource_id,
                source=change.source,
                by=visit.actor,
            )
        if isinstance(done, SlotTaken):
            raise _conflict(done, metrics)
        return show_appointment(done)

    @routes.post("/appointments/{appointment_id}/cancel", summary="Call an appointment off", responses=OVER)
    async def cancel(
        appointment_id: UUID, visit: Annotated[Visit, Depends(may_write)], wanted: Cancellation
    ) -> AppointmentView:
        async with visit.transaction() as tx:
            return show_appointment(
                await booking.cancel_appointment(
                    tx,
                    appointment_id=appointment_id,
                    because=wanted.because,
                    source=wanted.source,
                    by=visit.actor,
                    refund=wanted.refund,
                )
            )

    @routes.post("/appointments/{appointment_id}/no-show", summary="Note that somebody did not come", responses=OVER)
    async def mark_no_show(appointment_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> AppointmentView:
        async with visit.transaction() as tx:
            return show_appointment(await booking.mark_no_show(tx, appointment_id=appointment_id, by=visit.actor))


def _add_waiting(routes: APIRouter, access: Access) -> None:
    @routes.get("/waiting-list", summary="List who waits for a time to come free, latest first")
    async def list_waiters(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))],
        status: WaiterStatus | None = None,
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[WaiterView]:
        async with visit.transaction() as tx:
            found = await waiting.list_waiters(tx, status=status, before=before, limit=limit)
        return page_of([WaiterView(**asdict(one)) for one in found], found[-1].id if found else None, limit=limit)

    @routes.post("/waiting-list", summary="Put somebody on the waiting list", status_code=201)
    async def join_waiting_list(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], new: NewWaiter
    ) -> WaiterView:
        async with visit.transaction() as tx:
            await contacts.get_contact(tx, contact_id=new.contact_id)
            waiter = await waiting.join_waiting_list(
                tx,
                service_id=new.service_id,
                resource_id=new.resource_id,
                contact_id=new.contact_id,
                wanted=(new.wanted_from_at, new.wanted_until),
            )
        return WaiterView(**asdict(waiter))

    @routes.delete("/waiting-list/{waiter_id}", summary="Take somebody off the waiting list", status_code=204)
    async def leave_waiting_list(
        waiter_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))]
    ) -> Response:
        async with visit.transaction() as tx:
            await waiting.leave_waiting_list(tx, waiter_id=waiter_id)
        return Response(status_code=204)


def _wanted(visit: Visit, new: NewAppointment) -> Wanted | None:
    """Tell which time is asked for; None where a hold keeps it."""
    if new.hold_id is not None or new.service_id is None or new.starts_at is None:
        return None
    return Wanted(
        tenant_id=visit.tenant_id, service_id=new.service_id, resource_id=new.resource_id, starts_at=new.starts_at
    )


async def _look(visit: Visit, wanted: Wanted) -> Refused | None:
    async with visit.transaction() as tx:
        taken = await searching.find_taken(
            tx, service_id=wanted.service_id, resource_id=wanted.resource_id, starts_at=wanted.starts_at
        )
    return None if taken is None else slot_taken(taken)


async def _make(
    visit: Visit, new: NewAppointment, key: str | None, taken: Refused | None, metrics: Metrics
) -> AppointmentView:
    """Book in one transaction; what is `taken` is booked by nobody, but a repeated key still gets its first answer."""
    async with visit.transaction() as tx:

        async def make() -> UUID:
            if taken is not None:
                metrics.increment(BOOK_CONFLICTS)
                raise taken
            done = await _book(tx, new)
            if isinstance(done, SlotTaken):
                raise _conflict(done, metrics)
            return done.id

        appointment_id, _ = await idempotency.once(
            tx, operation="scheduling.book", key=key, request=new.model_dump(mode="json"), make=make
        )
        return show_appointment(await booking.get_appointment(tx, appointment_id=appointment_id))


async def _book(tx: Transaction, new: NewAppointment) -> Appointment | SlotTaken:
    if new.hold_id is not None:
        return await holding.confirm_hold(
            tx, hold_id=new.hold_id, contact_id=await _person(tx, new), source=new.source, note=new.note
        )
    if new.service_id is None or new.starts_at is None:
        raise LookupError("an appointment without a time passed its checks")
    return await booking.book_slot(
        tx,
        service_id=new.service_id,
        resource_id=new.resource_id,
        starts_at=new.starts_at,
        contact_id=await _person(tx, new),
        source=new.source,
        note=new.note,
    )


async def _person(tx: Transaction, new: NewAppointment) -> UUID:
    if new.phone_e164 is not None:
        return (await contacts.ensure_contact(tx, phone_e164=new.phone_e164, name=new.name)).id
    if new.contact_id is not None:
        return (await contacts.get_contact(tx, contact_id=new.contact_id)).id
    raise LookupError("an appointment without a person passed its checks")


def _conflict(taken: SlotTaken, metrics: Metrics) -> Refused:
    metrics.increment(BOOK_CONFLICTS)
    return slot_taken(taken)


def _filter(
    starts_from: Moment | None = None,
    starts_until: Moment | None = None,
    status: AppointmentStatus | None = None,
    resource_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> AppointmentFilter:
    return AppointmentFilter(
        starts_from=starts_from,
        starts_until=starts_until,
        status=status,
        resource_id=resource_id,
        contact_id=contact_id,
    )
