"""Routes of what is on offer: services, resources, and the public page."""

import json
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header

from frontdesk.features.scheduling.model import Page, Resource, Service
from frontdesk.features.scheduling.routes.views import (
    NewResource,
    NewService,
    PageView,
    ResourceChange,
    ResourceView,
    ServiceChange,
    ServiceView,
    show_resource,
    show_service,
)
from frontdesk.features.scheduling.service import offers
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

TAKEN: dict[int | str, dict[str, Any]] = {409: {"description": "There is one of that name already"}}


def add_routes(routes: APIRouter, access: Access) -> None:
    """Add the routes of services, resources and the page."""
    _add_services(routes, access)
    _add_changing_services(routes, access)
    _add_resources(routes, access)
    _add_changing_resources(routes, access)
    _add_page(routes, access)


def _add_services(routes: APIRouter, access: Access) -> None:
    @routes.get("/services", summary="List the business's services by name")
    async def list_services(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))],
        *,
        inactive: bool = False,
    ) -> list[ServiceView]:
        async with visit.transaction() as tx:
            found = await offers.list_services(tx, active_only=not inactive)
            givers = await offers.list_givers(tx)
        return [show_service(one, givers.get(one.id, [])) for one in found]

    @routes.get("/services/{service_id}", summary="Read a service")
    async def get_service(
        service_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))]
    ) -> ServiceView:
        async with visit.transaction() as tx:
            return await _shown(tx, service_id)


def _add_changing_services(routes: APIRouter, access: Access) -> None:
    @routes.post("/services", summary="Add a service", status_code=201, responses=TAKEN)
    async def add_service(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))],
        new: NewService,
        idempotency_key: Annotated[idempotency.Key | None, Header()] = None,
    ) -> ServiceView:
        async with visit.transaction() as tx:

            async def add() -> UUID:
                plain = offers.new_service(service_id=new_id(), name=new.name, duration_minutes=new.duration_minutes)
                added = await offers.add_service(tx, _changed_service(plain, new), by=visit.actor)
                await offers.set_givers(tx, service_id=added.id, resource_ids=new.resource_ids or [], by=visit.actor)
                return added.id

            service_id, _ = await idempotency.once(
                tx, operation="scheduling.service", key=idempotency_key, request=new.model_dump(mode="json"), make=add
            )
            return await _shown(tx, service_id)

    @routes.patch("/services/{service_id}", summary="Change a service, or who gives it", responses=TAKEN)
    async def change_service(
        service_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))],
        change: ServiceChange,
    ) -> ServiceView:
        async with visit.transaction() as tx:
            known = await offers.get_service(tx, service_id=service_id)
            if change.model_fields_set - {"resource_ids"}:
                await offers.change_service(tx, _changed_service(known, change), by=visit.actor)
            if change.resource_ids is not None:
                await offers.set_givers(tx, service_id=service_id, resource_ids=change.resource_ids, by=visit.actor)
            return await _shown(tx, service_id)


def _add_resources(routes: APIRouter, access: Access) -> None:
    @routes.get("/resources", summary="List the business's resources by name")
    async def list_resources(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))],
        *,
        inactive: bool = False,
    ) -> list[ResourceView]:
        async with visit.transaction() as tx:
            return [show_resource(one) for one in await offers.list_resources(tx, active_only=not inactive)]

    @routes.get("/resources/{resource_id}", summary="Read a resource with its hours, breaks and days off")
    async def get_resource(
        resource_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))]
    ) -> ResourceView:
        async with visit.transaction() as tx:
            return show_resource(await offers.get_resource(tx, resource_id=resource_id))


def _add_changing_resources(routes: APIRouter, access: Access) -> None:
    @routes.post("/resources", summary="Add a resource: a person, a bay, a room", status_code=201, responses=TAKEN)
    async def add_resource(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))],
        new: NewResource,
        idempotency_key: Annotated[idempotency.Key | None, Header()] = None,
    ) -> ResourceView:
        async with visit.transaction() as tx:

            async def add() -> UUID:
                plain = offers.new_resource(resource_id=new_id(), name=new.name)
                return (await offers.add_resource(tx, _changed_resource(plain, new), by=visit.actor)).id

            resource_id, _ = await idempotency.once(
                tx, operation="scheduling.resource", key=idempotency_key, request=new.model_dump(mode="json"), make=add
            )
            return show_resource(await offers.get_resource(tx, resource_id=resource_id))

    @routes.patch("/resources/{resource_id}", summary="Change a resource, its hours or days off", responses=TAKEN)
    async def change_resource(
        resource_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))],
        change: ResourceChange,
    ) -> ResourceView:
        async with visit.transaction() as tx:
            known = await offers.get_resource(tx, resource_id=resource_id)
            changed = await offers.change_resource(tx, _changed_resource(known, change), by=visit.actor)
        return show_resource(changed)


def _add_page(routes: APIRouter, access: Access) -> None:
    @routes.get("/booking-page", summary="Read how the public booking page is set")
    async def get_page(visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))]) -> PageView:
        async with visit.transaction() as tx:
            return _show_page(await offers.get_page(tx))

    @routes.put("/booking-page", summary="Say how the public booking page is set")
    async def put_page(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], wanted: PageView
    ) -> PageView:
        page = Page(open=wanted.open, welcome=wanted.welcome, embed_origins=tuple(dict.fromkeys(wanted.embed_origins)))
        page = replace(page, refund_hours=wanted.refund_hours)
        async with visit.transaction() as tx:
            return _show_page(await offers.change_page(tx, page, by=visit.actor))


async def _shown(tx: Transaction, service_id: UUID) -> ServiceView:
    known = await offers.get_service(tx, service_id=service_id)
    return show_service(known, (await offers.list_givers(tx, service_id=service_id)).get(service_id, []))


def _changed_service(known: Service, change: ServiceChange) -> Service:
    told = {name: value for name, value in change if name in change.model_fields_set - {"resource_ids"}}
    if "reminder_minutes" in told and change.reminder_minutes is not None:
        told["reminder_minutes"] = tuple(sorted(set(change.reminder_minutes), reverse=True))
    return replace(known, **told)


def _changed_resource(known: Resource, change: ResourceChange) -> Resource:
    told = change.model_fields_set
    document = change.model_dump(mode="json")
    return replace(
        known,
        name=known.name if change.name is None else change.name,
        own_zone=change.zone if "zone" in told else known.own_zone,
        capacity=known.capacity if change.capacity is None else change.capacity,
        hours=_json(document["hours"]) if "hours" in told else known.hours,
        breaks=known.breaks if change.breaks is None else json.dumps(document["breaks"]),
        exceptions=known.exceptions if change.exceptions is None else json.dumps(document["exceptions"]),
        active=known.active if change.active is None else change.active,
    )


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def _show_page(page: Page) -> PageView:
    return PageView(
        open=page.open,
        welcome=page.welcome,
        embed_origins=list(page.embed_origins),
        refund_hours=page.refund_hours,
    )
