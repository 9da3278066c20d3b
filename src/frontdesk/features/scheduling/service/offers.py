"""The verbs of what is on offer: services, resources, who gives what, and the public page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from frontdesk.features import tenants
from frontdesk.features.scheduling.model import Page, Resource, Service
from frontdesk.features.scheduling.queries import offers
from frontdesk.features.scheduling.service.openings import check_hours
from frontdesk.features.scheduling.service.outside import settle_outside
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.money import has_cents, without_cents

NO_PAGE = Page(open=True, welcome="", embed_origins=())
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def new_service(*, service_id: UUID, name: str, duration_minutes: int) -> Service:
    """Describe a new service with what most want: no buffers, no lead time, 60 days ahead, reminders 24 h and 2 h."""
    return Service(
        id=service_id,
        tenant_id=service_id,
        name=name,
        description="",
        duration_minutes=duration_minutes,
        buffer_before_minutes=0,
        buffer_after_minutes=0,
        lead_minutes=0,
        horizon_days=60,
        deposit_cents=0,
        currency="usd",
        reminder_minutes=(1440, 120),
        active=True,
        created_at=_NEVER,
        updated_at=_NEVER,
    )


def new_resource(*, resource_id: UUID, name: str) -> Resource:
    """Describe a new resource with what most want: one booking at a time, the business's hours, no breaks."""
    return Resource(
        id=resource_id,
        tenant_id=resource_id,
        name=name,
        zone="UTC",
        own_zone=None,
        capacity=1,
        hours=None,
        breaks="{}",
        exceptions="[]",
        active=True,
        created_at=_NEVER,
        updated_at=_NEVER,
    )


async def list_services(tx: Transaction, *, active_only: bool = True) -> list[Service]:
    """List the business's services by name."""
    return await offers.list_services(tx, only=None, active_only=active_only)


async def get_service(tx: Transaction, *, service_id: UUID) -> Service:
    """Get a service, offered or not; refuses one the business does not have (`scheduling.service_not_found`)."""
    found = await offers.list_services(tx, only=service_id, active_only=False)
    if not found:
        raise Refused("scheduling.service_not_found", "no such service", status=404)
    return found[0]


async def add_service(tx: Transaction, service: Service, *, by: Actor) -> Service:
    """Add a service; refuses a name that is taken (`scheduling.name_taken`) and a deposit in yen and the like."""
    _check_currency(service)
    if not await offers.insert_service(tx, service):
        raise _name_taken(service.name)
    await audit.write_entry(tx, actor=by, action="scheduling.service_added", subject=f"service:{service.id}")
    return await get_service(tx, service_id=service.id)


async def change_service(tx: Transaction, service: Service, *, by: Actor) -> Service:
    """Write a service's settings; what is booked stays as it is. Refuses as `add_service` does."""
    _check_currency(service)
    if not await offers.update_service(tx, service):
        raise _name_taken(service.name)
    await audit.write_entry(tx, actor=by, action="scheduling.service_changed", subject=f"service:{service.id}")
    return await get_service(tx, service_id=service.id)


async def list_resources(tx: Transaction, *, active_only: bool = True) -> list[Resource]:
    """List the business's resources by name."""
    return await offers.list_resources(tx, only=None, active_only=active_only)


async def get_resource(tx: Transaction, *, resource_id: UUID) -> Resource:
    """Get a resource, active or not; refuses one the business does not have (`scheduling.resource_not_found`)."""
    found = await offers.list_resources(tx, only=resource_id, active_only=False)
    if not found:
        raise Refused("scheduling.resource_not_found", "no such resource", status=404)
    return found[0]


async def add_resource(tx: Transaction, resource: Resource, *, by: Actor) -> Resource:
    """Add a resource; refuses a name that is taken (`scheduling.name_taken`) and hours that cannot be read."""
    business = await tenants.get_tenant(tx)
    check_hours(replace(resource, zone=resource.own_zone or business.timezone), business_hours=business.hours)
    if not await offers.insert_resource(tx, resource):
        raise _name_taken(resource.name)
    await audit.write_entry(tx, actor=by, action="scheduling.resource_added", subject=f"resource:{resource.id}")
    return await get_resource(tx, resource_id=resource.id)


async def change_resource(tx: Transaction, resource: Resource, *, by: Actor) -> Resource:
    """Write a resource's settings; what is booked stays as it is, outside time is laid over its seats anew.

    Refuses `scheduling.name_taken` and hours that cannot be read (`tenants.hours_invalid`).
    """
    business = await tenants.get_tenant(tx)
    check_hours(replace(resource, zone=resource.own_zone or business.timezone), business_hours=business.hours)
    if not await offers.update_resource(tx, resource):
        raise _name_taken(resource.name)
    await settle_outside(tx, resource_id=resource.id)
    await audit.write_entry(tx, actor=by, action="scheduling.resource_changed", subject=f"resource:{resource.id}")
    return await get_resource(tx, resource_id=resource.id)


async def list_givers(tx: Transaction, *, service_id: UUID | None = None) -> dict[UUID, list[UUID]]:
    """Tell which resources give which service, by service."""
    found: dict[UUID, list[UUID]] = {}
    for service, resource in await offers.list_links(tx, service_id=service_id):
        found.setdefault(service, []).append(resource)
    return found


async def set_givers(tx: Transaction, *, service_id: UUID, resource_ids: Sequence[UUID], by: Actor) -> list[UUID]:
    """Say who gives a service; refuses an unknown service or resource."""
    await get_service(tx, service_id=service_id)
    for resource_id in resource_ids:
        await get_resource(tx, resource_id=resource_id)
    await offers.replace_links(tx, service_id=service_id, resource_ids=resource_ids)
    await audit.write_entry(
        tx,
        actor=by,
        action="scheduling.givers_changed",
        subject=f"service:{service_id}",
        details={"resources": sorted(str(one) for one in resource_ids)},
    )
    return (await list_givers(tx, service_id=service_id)).get(service_id, [])


async def get_page(tx: Transaction) -> Page:
    """Get how the business's public booking page is set; open, and shown by nobody else, until it is said."""
    return await offers.find_page(tx) or NO_PAGE


async def change_page(tx: Transaction, page: Page, *, by: Actor) -> Page:
    """Write how the public booking page is set; refuses an origin that is none (`scheduling.origin_invalid`)."""
    for origin in page.embed_origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("https", "http") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise Refused("scheduling.origin_invalid", f"write {origin!r} like https://example.com", status=422)
        if any(letter in origin for letter in " ;,'\"*@\\") or not origin.isascii():
            raise Refused("scheduling.origin_invalid", f"write {origin!r} like https://example.com", status=422)
    await offers.put_page(tx, page)
    await audit.write_entry(tx, actor=by, action="scheduling.page_changed", subject="booking_page")
    return page


def _check_currency(service: Service) -> None:
    if service.deposit_cents and not has_cents(service.currency):
        raise Refused("scheduling.currency", without_cents(service.currency), status=422)


def _name_taken(name: str) -> Refused:
    return Refused("scheduling.name_taken", f"there is one named {name!r} already", status=409)
