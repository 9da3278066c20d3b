"""The pages of one service and of one person or bay: looked at, changed, added, archived."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import scheduling, tenants
from frontdesk.features.scheduling.model.showing import Showing
from frontdesk.features.scheduling.service import offers, showing
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.amounts import write_cents
from frontdesk.web.pages.booking_settings_form import (
    LEADS,
    NEW_DAYS_OFF,
    REMINDERS,
    Typed,
    days_off_of,
    read_resource,
    read_service,
    week_of,
    with_present,
)
from frontdesk.web.pages.frame import Frames, Shown, go_to

NOT_FOUND, UNPROCESSABLE = 404, 422
NAME_TAKEN = "scheduling.name_taken"
USUAL_MINUTES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """A service with how it is shown and who gives it."""

    service: scheduling.Service
    showing: Showing
    givers: Sequence[str]
    price: str
    deposit: str

    @property
    def is_shown(self) -> bool:
        """Tell whether strangers see it on the booking page."""
        return self.service.active and self.showing.public and bool(self.givers)


async def lines_of(tx: Transaction) -> list[ServiceLine]:
    """List all services with what is said of them, archived ones last."""
    shown = await showing.list_showings(tx)
    givers = await scheduling.list_givers(tx)
    names = {one.id: one.name for one in await scheduling.list_resources(tx)}
    found = await scheduling.list_services(tx, active_only=False)
    return [
        ServiceLine(
            service=one,
            showing=shown.get(one.id, Showing()),
            givers=sorted(names[giver] for giver in givers.get(one.id, []) if giver in names),
            price=write_cents(shown.get(one.id, Showing()).price_cents),
            deposit=write_cents(one.deposit_cents or None),
        )
        for one in sorted(found, key=lambda one: (not one.active, one.name))
    ]


def add_services(routes: APIRouter, door: FrontDoor, frames: Frames) -> None:
    """Add the pages of services."""
    may_write = door.to_business(Scope.BOOKING_WRITE)

    @routes.get("/services/new")
    async def new_service(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await _show_service(request, visit, frames, None)

    @routes.post("/services/new")
    async def add_service(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await _save_service(request, visit, frames, None)

    @routes.get("/services/{service_id}")
    async def service(
        request: Request, service_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_READ))]
    ) -> Response:
        return await _show_service(request, visit, frames, service_id)

    @routes.post("/services/{service_id}")
    async def save_service(request: Request, service_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await _save_service(request, visit, frames, service_id)


def add_resources(routes: APIRouter, door: FrontDoor, frames: Frames) -> None:
    """Add the pages of people and bays."""
    may_write = door.to_business(Scope.BOOKING_WRITE)

    @routes.get("/resources/new")
    async def new_resource(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await _show_resource(request, visit, frames, None)

    @routes.post("/resources/new")
    async def add_resource(request: Request, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        return await _save_resource(request, visit, frames, None)

    @routes.get("/resources/{resource_id}")
    async def resource(
        request: Request, resource_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_READ))]
    ) -> Response:
        return await _show_resource(request, visit, frames, resource_id)

    @routes.post("/resources/{resource_id}")
    async def save_resource(
        request: Request, resource_id: UUID, visit: Annotated[Visit, Depends(may_write)]
    ) -> Response:
        return await _save_resource(request, visit, frames, resource_id)


async def _save_service(request: Request, visit: Visit, frames: Frames, service_id: UUID | None) -> Response:
    async with visit.transaction() as tx:
        known = await _service(tx, service_id)
    async with request.form() as form:
        typed = Typed(form)
        service, shown, givers = read_service(typed, known)
    if not typed.faults:
        try:
            async with visit.transaction() as tx:
                if service_id is None:
                    await scheduling.add_service(tx, service, by=visit.actor)
                else:
                    await scheduling.change_service(tx, service, by=visit.actor)
                await scheduling.set_givers(tx, service_id=service.id, resource_ids=givers, by=visit.actor)
                await showing.show_service_so(tx, service_id=service.id, showing=shown, by=visit.actor)
        except Refused as refusal:
            if refusal.code != NAME_TAKEN:
                raise
            typed.faults["name"] = "There is a service of that name already."
    if typed.faults:
        return await _show_service(request, visit, frames, service_id, typed=typed, drafted=(service, shown, givers))
    return go_to(_home(visit, "added" if service_id is None else "saved"))


async def _save_resource(request: Request, visit: Visit, frames: Frames, resource_id: UUID | None) -> Response:
    async with visit.transaction() as tx:
        known = await _resource(tx, resource_id)
    async with request.form() as form:
        typed = Typed(form)
        resource = read_resource(typed, known)
    if not typed.faults:
        try:
            async with visit.transaction() as tx:
                if resource_id is None:
                    added = await scheduling.add_resource(tx, resource, by=visit.actor)
                    # Who is new gives everything, until something else is said at the service.
                    for service in await scheduling.list_services(tx):
                        givers = (await scheduling.list_givers(tx, service_id=service.id)).get(service.id, [])
                        if typed.ticked("gives_all"):
                            await scheduling.set_givers(
                                tx, service_id=service.id, resource_ids=[*givers, added.id], by=visit.actor
                            )
                else:
                    await scheduling.change_resource(tx, resource, by=visit.actor)
        except Refused as refusal:
            if refusal.code == NAME_TAKEN:
                typed.faults["name"] = "There is somebody or something of that name already."
            elif refusal.code == "tenants.hours_invalid":
                typed.faults["open"] = f"These hours cannot be: {refusal.message.partition(': ')[2]}."
            else:
                raise
    if typed.faults:
        return await _show_resource(request, visit, frames, resource_id, typed=typed, drafted=resource)
    return go_to(_home(visit, "added" if resource_id is None else "saved"))


async def _show_service(
    request: Request,
    visit: Visit,
    frames: Frames,
    service_id: UUID | None,
    *,
    typed: Typed | None = None,
    drafted: tuple[scheduling.Service, Showing, list[UUID]] | None = None,
) -> Response:
    async with visit.transaction() as tx:
        known = await _service(tx, service_id)
        resources = await scheduling.list_resources(tx)
        if drafted is None:
            shown = (await showing.list_showings(tx)).get(known.id, Showing())
            everybody = [one.id for one in resources]
            given = (await scheduling.list_givers(tx, service_id=known.id)).get(known.id, [])
            drafted = known, shown, everybody if service_id is None else given
    service, shown, givers = drafted
    values = {
        "service": service,
        "name": known.name,
        "is_new": service_id is None,
        "showing": shown,
        "price": typed.text("price") if typed else write_cents(shown.price_cents),
        "deposit": typed.text("deposit") if typed else write_cents(service.deposit_cents or None),
        "givers": set(givers),
        "resources": resources,
        "leads": with_present(LEADS, [service.lead_minutes]),
        "reminders": with_present(REMINDERS, service.reminder_minutes),
        "faults": typed.faults if typed else {},
        "typed": typed,
        "may_change": visit.may(Scope.BOOKING_WRITE),
    }
    status = UNPROCESSABLE if typed else 200
    shown_page = Shown(template="booking_settings_service.html", values=values, status=status)
    return await frames.page(request, visit, shown_page)


async def _show_resource(
    request: Request,
    visit: Visit,
    frames: Frames,
    resource_id: UUID | None,
    *,
    typed: Typed | None = None,
    drafted: scheduling.Resource | None = None,
) -> Response:
    async with visit.transaction() as tx:
        business = await tenants.get_tenant(tx)
        known = await _resource(tx, resource_id)
    resource = drafted or known
    values = {
        "resource": resource,
        "name": known.name,
        "is_new": resource_id is None,
        "week": week_of(resource, business_hours=business.hours),
        "days_off": days_off_of(known),
        "new_days_off": range(NEW_DAYS_OFF),
        "zone": business.timezone,
        "faults": typed.faults if typed else {},
        "typed": typed,
        "may_change": visit.may(Scope.BOOKING_WRITE),
    }
    status = UNPROCESSABLE if typed else 200
    shown = Shown(template="booking_settings_resource.html", values=values, status=status)
    return await frames.page(request, visit, shown)


async def _service(tx: Transaction, service_id: UUID | None) -> scheduling.Service:
    if service_id is None:
        return scheduling.new_service(service_id=new_id(), name="", duration_minutes=USUAL_MINUTES)
    return await scheduling.get_service(tx, service_id=service_id)


async def _resource(tx: Transaction, resource_id: UUID | None) -> scheduling.Resource:
    if resource_id is None:
        return scheduling.new_resource(resource_id=new_id(), name="")
    return await offers.get_resource(tx, resource_id=resource_id)


def _home(visit: Visit, done: str) -> str:
    return f"/businesses/{visit.tenant_id}/settings/booking?done={done}"
