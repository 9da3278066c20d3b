"""Services, resources and who gives what, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

import asyncpg

from frontdesk.features.scheduling.model import Page, Resource, Service
from frontdesk.kernel.db import Transaction, affected

LIST_SERVICES = """
    select id, tenant_id, name, description, duration_minutes, buffer_before_minutes, buffer_after_minutes,
           lead_minutes, horizon_days, deposit_cents::int as deposit_cents, currency, reminder_minutes, active,
           created_at, updated_at
    from sched_services
    where tenant_id = $1 and ($2::uuid is null or id = $2) and (active or not $3) order by name, id
"""

INSERT_SERVICE = """
    insert into sched_services (id, tenant_id, name, description, duration_minutes, buffer_before_minutes,
                                buffer_after_minutes, lead_minutes, horizon_days, deposit_cents, currency,
                                reminder_minutes, active, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
    on conflict (tenant_id, name) do nothing
    returning true
"""

UPDATE_SERVICE = """
    update sched_services
    set name = $3, description = $4, duration_minutes = $5, buffer_before_minutes = $6, buffer_after_minutes = $7,
        lead_minutes = $8, horizon_days = $9, deposit_cents = $10, currency = $11, reminder_minutes = $12,
        active = $13, updated_at = $14
    where tenant_id = $1 and id = $2
      and not exists (
        select from sched_services as other where other.tenant_id = $1 and other.name = $3 and other.id <> $2)
    returning true
"""

LIST_RESOURCES = """
    select resource.id, resource.tenant_id, resource.name, coalesce(resource.zone, business.timezone) as zone,
           resource.zone as own_zone, resource.capacity, resource.hours::text as hours, resource.breaks::text as breaks,
           resource.exceptions::text as exceptions, resource.active, resource.created_at, resource.updated_at
    from sched_resources as resource join tenants as business on business.id = resource.tenant_id
    where resource.tenant_id = $1 and ($2::uuid is null or resource.id = $2) and (resource.active or not $3)
    order by resource.name, resource.id
"""

# All that a search needs to know in one round trip: two hundred may ask at once. What nobody gives is one row.
FIND_OFFER = """
    select service.id, service.tenant_id, service.name, service.description, service.duration_minutes,
           service.buffer_before_minutes, service.buffer_after_minutes, service.lead_minutes, service.horizon_days,
           service.deposit_cents::int as deposit_cents, service.currency, service.reminder_minutes, service.active,
           service.created_at, service.updated_at, business.hours::text as business_hours, resource.id as resource_id,
           resource.name as resource_name, coalesce(resource.zone, business.timezone) as resource_zone,
           resource.zone as own_zone, resource.capacity, resource.hours::text as hours,
           resource.breaks::text as breaks, resource.exceptions::text as exceptions,
           resource.created_at as resource_created_at, resource.updated_at as resource_updated_at
    from sched_services as service
    join tenants as business on business.id = service.tenant_id
    left join sched_service_resources as giving
      on giving.service_id = service.id and giving.tenant_id = service.tenant_id
     and ($3::uuid is null or giving.resource_id = $3)
    left join sched_resources as resource
      on resource.id = giving.resource_id and resource.tenant_id = giving.tenant_id and resource.active
    where service.tenant_id = $1 and service.id = $2 and service.active
    order by resource.name, resource.id
"""

# Shared with all who book, not with who takes in the busy times outside: those wait for each other.
SHARE = "select id from sched_resources where tenant_id = $1 and id = any($2::uuid[]) order by id for key share"

LOCK = "select capacity from sched_resources where tenant_id = $1 and id = $2 for update"

INSERT_RESOURCE = """
    insert into sched_resources (id, tenant_id, name, zone, capacity, hours, breaks, exceptions, active, created_at,
                                 updated_at)
    values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb, $9, $10, $10)
    on conflict (tenant_id, name) do nothing
    returning true
"""

UPDATE_RESOURCE = """
    update sched_resources
    set name = $3, zone = $4, capacity = $5, hours = $6::jsonb, breaks = $7::jsonb, exceptions = $8::jsonb, active = $9,
        updated_at = $10
    where tenant_id = $1 and id = $2
      and not exists (
        select from sched_resources as other where other.tenant_id = $1 and other.name = $3 and other.id <> $2)
    returning true
"""

LIST_LINKS = """
    select service_id, resource_id from sched_service_resources
    where tenant_id = $1 and ($2::uuid is null or service_id = $2) and ($3::uuid is null or resource_id = $3)
    order by service_id, resource_id
"""

UNLINK = (
    "delete from sched_service_resources where tenant_id = $1 and service_id = $2 and resource_id <> all($3::uuid[])"
)

LINK = """
    insert into sched_service_resources (service_id, resource_id, tenant_id)
    select $2, resource.id, $1 from sched_resources as resource
    where resource.tenant_id = $1 and resource.id = any($3::uuid[])
    on conflict (service_id, resource_id) do nothing
"""

FIND_PAGE = "select open, welcome, embed_origins, refund_hours from sched_pages where tenant_id = $1"

SET_PAGE = """
    insert into sched_pages (tenant_id, open, welcome, embed_origins, refund_hours, updated_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (tenant_id) do update
    set open = excluded.open, welcome = excluded.welcome, embed_origins = excluded.embed_origins,
        refund_hours = excluded.refund_hours,
        updated_at = excluded.updated_at
"""


SERVICE_COLUMNS = tuple(one.name for one in fields(Service) if one.name != "reminder_minutes")


async def list_services(tx: Transaction, *, only: UUID | None, active_only: bool) -> list[Service]:
    """List services by name."""
    return [_service(row) for row in await tx.fetch(LIST_SERVICES, tx.tenant, only, active_only)]


async def insert_service(tx: Transaction, service: Service) -> bool:
    """Write a new service; False if its name is taken."""
    return await tx.fetchval(INSERT_SERVICE, service.id, tx.tenant, *_service_values(service), tx.now) is True


async def update_service(tx: Transaction, service: Service) -> bool:
    """Write a service's settings; False if its name is taken."""
    return await tx.fetchval(UPDATE_SERVICE, tx.tenant, service.id, *_service_values(service), tx.now) is True


async def list_resources(tx: Transaction, *, only: UUID | None, active_only: bool) -> list[Resource]:
    """List resources by name."""
    return [Resource(**row) for row in await tx.fetch(LIST_RESOURCES, tx.tenant, only, active_only)]


async def find_offer(
    tx: Transaction, *, service_id: UUID, resource_id: UUID | None
) -> tuple[Service, list[Resource], str] | None:
    """Find a service that is offered, the active resources that give it, by name, and the business's hours as JSON."""
    rows = await tx.fetch(FIND_OFFER, tx.tenant, service_id, resource_id)
    if not rows:
        return None
    service = Service(
        **{name: rows[0][name] for name in SERVICE_COLUMNS}, reminder_minutes=tuple(rows[0]["reminder_minutes"])
    )
    return service, [_giver(row) for row in rows if row["resource_id"] is not None], rows[0]["business_hours"]


async def lock_against_outside(tx: Transaction, *, resource_ids: Sequence[UUID]) -> None:
    """Keep whoever takes in busy times of these resources waiting until this transaction ends; others go on."""
    await tx.fetch(SHARE, tx.tenant, list(resource_ids))


async def lock_resource(tx: Transaction, *, resource_id: UUID) -> int | None:
    """Lock a resource against every booking and tell its capacity; None if there is none."""
    capacity = await tx.fetchval(LOCK, tx.tenant, resource_id)
    return capacity if isinstance(capacity, int) else None


async def insert_resource(tx: Transaction, resource: Resource) -> bool:
    """Write a new resource; False if its name is taken."""
    return await tx.fetchval(INSERT_RESOURCE, resource.id, tx.tenant, *_resource_values(resource), tx.now) is True


async def update_resource(tx: Transaction, resource: Resource) -> bool:
    """Write a resource's settings; False if its name is taken."""
    return await tx.fetchval(UPDATE_RESOURCE, tx.tenant, resource.id, *_resource_values(resource), tx.now) is True


async def list_links(
    tx: Transaction, *, service_id: UUID | None = None, resource_id: UUID | None = None
) -> list[tuple[UUID, UUID]]:
    """List which resource gives which service, as pairs of service and resource."""
    rows = await tx.fetch(LIST_LINKS, tx.tenant, service_id, resource_id)
    return [(row["service_id"], row["resource_id"]) for row in rows]


async def replace_links(tx: Transaction, *, service_id: UUID, resource_ids: Sequence[UUID]) -> int:
    """Say who gives a service; returns how many were added."""
    await tx.execute(UNLINK, tx.tenant, service_id, list(resource_ids))
    return affected(await tx.execute(LINK, tx.tenant, service_id, list(resource_ids)))


async def find_page(tx: Transaction) -> Page | None:
    """Find how the business's booking page is set."""
    row = await tx.fetchrow(FIND_PAGE, tx.tenant)
    if row is None:
        return None
    return Page(
        open=row["open"],
        welcome=row["welcome"],
        embed_origins=tuple(row["embed_origins"]),
        refund_hours=row["refund_hours"],
    )


async def put_page(tx: Transaction, page: Page) -> None:
    """Write how the business's booking page is set."""
    await tx.execute(SET_PAGE, tx.tenant, page.open, page.welcome, list(page.embed_origins), page.refund_hours, tx.now)


def _giver(row: asyncpg.Record) -> Resource:
    return Resource(
        id=row["resource_id"],
        tenant_id=row["tenant_id"],
        name=row["resource_name"],
        zone=row["resource_zone"],
        own_zone=row["own_zone"],
        capacity=row["capacity"],
        hours=row["hours"],
        breaks=row["breaks"],
        exceptions=row["exceptions"],
        active=True,
        created_at=row["resource_created_at"],
        updated_at=row["resource_updated_at"],
    )


def _service(row: asyncpg.Record) -> Service:
    return Service(**(dict(row) | {"reminder_minutes": tuple(row["reminder_minutes"])}))


def _service_values(service: Service) -> tuple[object, ...]:
    return (
        service.name,
        service.description,
        service.duration_minutes,
        service.buffer_before_minutes,
        service.buffer_after_minutes,
        service.lead_minutes,
        service.horizon_days,
        service.deposit_cents,
        service.currency,
        list(service.reminder_minutes),
        service.active,
    )


def _resource_values(resource: Resource) -> tuple[object, ...]:
    return (
        resource.name,
        resource.own_zone,
        resource.capacity,
        resource.hours,
        resource.breaks,
        resource.exceptions,
        resource.active,
    )
