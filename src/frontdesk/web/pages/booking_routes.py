"""The addresses of the public booking page and of the signed links that lead back to a booking."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import scheduling
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.pages.booking import BY, SOURCE, BookingDesk, Place, go_to, public_service
from frontdesk.web.pages.booking_views import Visitor, agreement, read_moment, read_visitor, say_deposit, show_time
from frontdesk.web.pages.booking_waiting import add_waiting
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.booking import APPOINTMENT, HOLD

Day = Annotated[str, Query(max_length=10, pattern=r"^[0-9-]*$")]
Words = Annotated[str, Form(max_length=600)]
CONFLICT, UNPROCESSABLE = 409, 422


def booking_pages(parts: Frontdesk) -> APIRouter:
    """Make the routes of the public booking page; they are open to everybody, and limited."""
    routes = Routes(prefix="/book/{business_slug}", include_in_schema=False)
    desk = BookingDesk(parts)
    _add_choosing(routes, desk)
    _add_asking(routes, desk)
    add_waiting(routes, desk)
    _add_looking_after(routes, desk)
    _add_moving(routes, desk)
    _add_held(routes, desk)
    _add_widget(routes, desk)
    return routes


def _add_choosing(routes: APIRouter, desk: BookingDesk) -> None:
    @routes.get("")
    async def services(request: Request, business_slug: str) -> Response:
        place = await desk.find(request, business_slug)
        async with desk.parts.app.transaction(place.business.id) as tx:
            found = await scheduling.list_services(tx)
            givers = await scheduling.list_givers(tx)
        offered = [one for one in found if givers.get(one.id) and place.is_shown(one.id)]
        prices = {one: shown.price_cents for one, shown in place.showings.items()}
        return desk.show(place, "booking.html", services=offered, prices=prices)

    @routes.get("/s/{service_id}")
    async def times(request: Request, business_slug: str, service_id: UUID, start: Day = "", day: Day = "") -> Response:
        place = await desk.find(request, business_slug)
        async with desk.parts.app.transaction(place.business.id) as tx:
            service = await public_service(tx, place, service_id)
            choice = await desk.read_choice(tx, place, service, start=start, day=day)
        return desk.show(place, "booking_times.html", service=service, choice=choice, moving=None, wrong="")

    @routes.get("/s/{service_id}/at")
    async def details(
        request: Request, business_slug: str, service_id: UUID, at: Annotated[str, Query(max_length=40)] = ""
    ) -> Response:
        place = await desk.find(request, business_slug)
        return await _show_form(desk, place, service_id, at, Visitor())


def _add_asking(routes: APIRouter, desk: BookingDesk) -> None:
    @routes.post("/s/{service_id}/at")
    async def book(
        request: Request,
        business_slug: str,
        service_id: UUID,
        at: Words = "",
        name: Words = "",
        phone: Words = "",
        note: Words = "",
        website: Words = "",
    ) -> Response:
        place = await desk.find(request, business_slug)
        visitor, phone_e164 = read_visitor(name, phone, note, country=place.business.country)
        if not phone_e164:
            return await _show_form(desk, place, service_id, at, visitor, status=UNPROCESSABLE)
        await desk.count_booking(request, place, phone_e164)
        if website:  # a field that people do not see: whoever fills it in is a program
            return go_to(f"/book/{place.business.slug}")
        async with desk.parts.app.transaction(place.business.id) as tx:
            service = await public_service(tx, place, service_id)
            slot = await _slot_at(tx, desk, service_id, at)
            done = None
            if slot is not None:
                text = agreement(place.business)
                contact_id = await desk.agree(tx, request, place, visitor, phone_e164, text=text)
                done = await desk.book(tx, service=service, slot=slot, contact_id=contact_id, note=visitor.note)
        match done:
            case scheduling.SlotTaken() | None:
                return await _show_taken(desk, place, service)
            case scheduling.DepositDue():
                return go_to(done.url)
            case scheduling.Appointment():
                return go_to(desk.appointment_path(place, done.id))


def _add_looking_after(routes: APIRouter, desk: BookingDesk) -> None:
    @routes.get("/a/{appointment_link}")
    async def appointment(request: Request, business_slug: str, appointment_link: str) -> Response:
        place = await desk.find(request, business_slug)
        return await _show_appointment(desk, place, desk.read_link(APPOINTMENT, appointment_link))

    @routes.get("/a/{appointment_link}/appointment.ics")
    async def calendar_file(request: Request, business_slug: str, appointment_link: str) -> Response:
        place = await desk.find(request, business_slug)
        appointment_id = desk.read_link(APPOINTMENT, appointment_link)
        async with desk.parts.app.transaction(place.business.id) as tx:
            known = await scheduling.get_appointment(tx, appointment_id=appointment_id)
        where = desk.links.appointment(place.business.slug, known.id)
        body = scheduling.invitation(known, business=place.business.name, link=where)
        method = "CANCEL" if known.status is scheduling.AppointmentStatus.CANCELLED else "REQUEST"
        headers = {"content-disposition": 'attachment; filename="appointment.ics"'}
        return Response(body, media_type=f"text/calendar; method={method}; charset=utf-8", headers=headers)

    @routes.post("/a/{appointment_link}/cancel")
    async def cancel(request: Request, business_slug: str, appointment_link: str) -> Response:
        place = await desk.find(request, business_slug)
        appointment_id = desk.read_link(APPOINTMENT, appointment_link)
        await desk.count_booking(request, place, "")
        try:
            async with desk.parts.app.transaction(place.business.id) as tx:
                await scheduling.cancel_appointment(
                    tx, appointment_id=appointment_id, because="by the person", source=SOURCE, by=BY
                )
        except Refused as refusal:
            return await _show_appointment(desk, place, appointment_id, wrong=refusal.message, status=refusal.status)
        return go_to(desk.appointment_path(place, appointment_id))


def _add_moving(routes: APIRouter, desk: BookingDesk) -> None:
    @routes.get("/a/{appointment_link}/move")
    async def times(
        request: Request, business_slug: str, appointment_link: str, start: Day = "", day: Day = ""
    ) -> Response:
        place = await desk.find(request, business_slug)
        appointment_id = desk.read_link(APPOINTMENT, appointment_link)
        return await _show_move(desk, place, appointment_id, start=start, day=day)

    @routes.post("/a/{appointment_link}/move")
    async def move(request: Request, business_slug: str, appointment_link: str, at: Words = "") -> Response:
        place = await desk.find(request, business_slug)
        appointment_id, moment = desk.read_link(APPOINTMENT, appointment_link), read_moment(at)
        await desk.count_booking(request, place, "")
        if moment is None:
            return await _show_move(desk, place, appointment_id, wrong="Choose a time.", status=UNPROCESSABLE)
        async with desk.parts.app.transaction(place.business.id) as tx:
            done = await scheduling.reschedule_appointment(
                tx, appointment_id=appointment_id, starts_at=moment, source=SOURCE, by=BY
            )
        if isinstance(done, scheduling.SlotTaken):
            wrong = "This time has just been taken. Your appointment is as it was; choose another time."
            return await _show_move(desk, place, appointment_id, wrong=wrong, status=CONFLICT)
        return go_to(desk.appointment_path(place, appointment_id))


def _add_held(routes: APIRouter, desk: BookingDesk) -> None:
    @routes.get("/h/{hold_link}")
    async def held(request: Request, business_slug: str, hold_link: str) -> Response:
        place = await desk.find(request, business_slug)
        hold_id = desk.read_link(HOLD, hold_link)
        async with desk.parts.app.transaction(place.business.id) as tx:
            kept = await scheduling.find_hold(tx, hold_id=hold_id)
            service = None if kept is None else await scheduling.get_service(tx, service_id=kept.service_id)
        return desk.show(place, "booking_held.html", held=kept, service=service, link=hold_link, others=())

    @routes.post("/h/{hold_link}")
    async def take(request: Request, business_slug: str, hold_link: str) -> Response:
        place = await desk.find(request, business_slug)
        hold_id = desk.read_link(HOLD, hold_link)
        await desk.count_booking(request, place, "")
        async with desk.parts.app.transaction(place.business.id) as tx:
            done = await scheduling.take_offer(tx, hold_id=hold_id, source=SOURCE)
        if isinstance(done, scheduling.SlotTaken):
            others = [show_time(slot, zone=place.business.timezone, whole=True) for slot in done.other_slots]
            gone = {"held": None, "service": None, "link": hold_link, "others": others}
            return desk.show(place, "booking_held.html", status=CONFLICT, **gone)
        return go_to(desk.appointment_path(place, done.id))


def _add_widget(routes: APIRouter, desk: BookingDesk) -> None:
    @routes.get("/widget.js")
    async def widget(request: Request, business_slug: str) -> Response:
        place = await desk.find(request, business_slug)
        body = WIDGET.replace("@ADDRESS@", desk.links.page(place.business.slug))
        # Any site may load it; what it shows there is decided by the page's own frame-ancestors.
        headers = {"cross-origin-resource-policy": "cross-origin", "cache-control": "public, max-age=300"}
        return Response(body, media_type="text/javascript", headers=headers)


WIDGET = """(function () {
  "use strict";
  var script = document.currentScript;
  var frame = document.createElement("iframe");
  frame.src = "@ADDRESS@";
  frame.title = script.getAttribute("data-title") || "Book an appointment";
  frame.loading = "lazy";
  frame.style.width = "100%";
  frame.style.height = script.getAttribute("data-height") || "640px";
  frame.style.border = "0";
  script.parentNode.insertBefore(frame, script.nextSibling);
})();
"""


async def _slot_at(tx: Transaction, desk: BookingDesk, service_id: UUID, at: str) -> scheduling.Slot | None:
    """Find the free slot of a service that starts then, at whoever is free."""
    moment = read_moment(at)
    if moment is None:
        return None
    return await scheduling.find_slot(
        tx, service_id=service_id, starts_at=moment, granularity_minutes=desk.granularity_minutes
    )


async def _show_form(
    desk: BookingDesk, place: Place, service_id: UUID, at: str, visitor: Visitor, *, status: int = 200
) -> Response:
    async with desk.parts.app.transaction(place.business.id) as tx:
        service = await public_service(tx, place, service_id)
        slot = await _slot_at(tx, desk, service_id, at)
    if slot is None:
        return await _show_taken(desk, place, service)
    return desk.show(
        place,
        "booking_details.html",
        status=status,
        service=service,
        time=show_time(slot, zone=place.business.timezone, whole=True),
        visitor=visitor,
        agreement=agreement(place.business),
        terms=scheduling.deposit_terms(place.page.refund_hours) if service.deposit_cents else "",
    )


async def _show_taken(desk: BookingDesk, place: Place, service: scheduling.Service) -> Response:
    async with desk.parts.app.transaction(place.business.id) as tx:
        choice = await desk.read_choice(tx, place, service, start="", day="")
    wrong = "This time cannot be had any more. These are free:"
    shown = {"service": service, "choice": choice, "moving": None, "wrong": wrong}
    return desk.show(place, "booking_times.html", status=CONFLICT, **shown)


async def _show_appointment(
    desk: BookingDesk, place: Place, appointment_id: UUID, *, wrong: str = "", status: int = 200
) -> Response:
    async with desk.parts.app.transaction(place.business.id) as tx:
        known = await scheduling.get_appointment(tx, appointment_id=appointment_id)
        open_still = known.status is scheduling.AppointmentStatus.BOOKED and known.starts_at > tx.now
        asked = await scheduling.find_terms(tx, appointment_id=appointment_id)
    return desk.show(
        place,
        "booking_appointment.html",
        status=status,
        appointment=known,
        when=scheduling.say_time(known.starts_at, zone=known.zone),
        open_still=open_still,
        deposit=say_deposit(known, asked, now=desk.parts.clock.now()),
        path=desk.appointment_path(place, appointment_id),
        wrong=wrong,
    )


async def _show_move(
    desk: BookingDesk,
    place: Place,
    appointment_id: UUID,
    *,
    start: str = "",
    day: str = "",
    wrong: str = "",
    status: int = 200,
) -> Response:
    async with desk.parts.app.transaction(place.business.id) as tx:
        known = await scheduling.get_appointment(tx, appointment_id=appointment_id)
        service = await scheduling.get_service(tx, service_id=known.service_id)
        choice = await desk.read_choice(tx, place, service, start=start, day=day)
    moving = {
        "path": desk.appointment_path(place, appointment_id),
        "when": scheduling.say_time(known.starts_at, zone=known.zone),
    }
    shown = {"service": service, "choice": choice, "moving": moving, "wrong": wrong}
    return desk.show(place, "booking_times.html", status=status, **shown)
