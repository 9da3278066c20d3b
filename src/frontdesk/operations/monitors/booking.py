"""Monitors of booking: in a business of their own, which nobody sees, a time is searched, held, let go, and booked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from frontdesk.features import contacts, scheduling, tenants
from frontdesk.kernel import actor
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.operations.monitors.model import Failed

BY = actor.system("monitors")
SOURCE = "monitor"
BUSINESS = UUID("00000000-0000-7000-8000-00626f6f6b21")
SLUG = "monitor-of-bookings"
SERVICE = "Monitored visit"
CUSTOMER = "+12025550199"  # 555-0100 to 555-0199 belong to nobody, and this business has no number to write from
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = json.dumps({"weekly": {day: [["00:00", "24:00"]] for day in DAYS}, "special": []})
SLOWEST_SECONDS = 5.0
KEEP = timedelta(days=1)
HOLD_TTL = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingMonitor:
    """Something that a person who books does; `attempt` returns what came of it in words, or raises `Failed`."""

    name: str
    every: timedelta
    attempt: Callable[[Database, Database, datetime], Awaitable[str]]


async def open_stage(system: Database, app: Database) -> scheduling.Service:
    """Find the service that monitors book, or make it: a business without members, numbers or an open page."""
    try:
        async with system.transaction(BUSINESS) as tx:
            await tenants.get_tenant(tx)
    except Refused:
        async with system.transaction(BUSINESS) as tx:
            await tenants.create_tenant(tx, _business(tx.now), by=BY)
    async with app.transaction(BUSINESS) as tx:
        found = [one for one in await scheduling.list_services(tx) if one.name == SERVICE]
        return found[0] if found else await _offer(tx)


async def _offer(tx: Transaction) -> scheduling.Service:
    room = replace(scheduling.new_resource(resource_id=new_id(), name="Monitor"), tenant_id=tx.tenant)
    visit = scheduling.new_service(service_id=new_id(), name=SERVICE, duration_minutes=15)
    visit = replace(visit, tenant_id=tx.tenant, reminder_minutes=())
    await scheduling.change_page(tx, scheduling.Page(open=False, welcome="", embed_origins=()), by=BY)
    await scheduling.add_resource(tx, room, by=BY)
    await scheduling.add_service(tx, visit, by=BY)
    await scheduling.set_givers(tx, service_id=visit.id, resource_ids=[room.id], by=BY)
    return await scheduling.get_service(tx, service_id=visit.id)


def _business(at: datetime) -> tenants.Tenant:
    known = tenants.open_business(
        tenant_id=BUSINESS,
        slug=SLUG,
        name="Monitor of bookings",
        timezone="UTC",
        forwarding_e164=None,
        open_template="{{business}}: Reply STOP to opt out.",
        closed_template="{{business}}: Reply STOP to opt out.",
        cooldown_seconds=600,
        hours=WEEK,
        at=at,
    )
    return replace(known, textback_enabled=False, voicemail_enabled=False)


async def _holds(system: Database, app: Database, _started_at: datetime) -> str:
    begun = system.clock.monotonic()
    service = await open_stage(system, app)
    slot = await _first_free(app, service)
    async with app.transaction(BUSINESS) as tx:
        held = await _hold(tx, service, slot)
    if isinstance(held, scheduling.SlotTaken):
        raise Failed("a time that was offered could not be held")
    try:
        if await _is_free(app, service, slot):
            raise Failed("a time that is held is offered to others")
        async with app.transaction(BUSINESS) as tx:
            if isinstance(await _hold(tx, service, slot), scheduling.Held):
                raise Failed("one time was held twice")
    finally:
        async with app.transaction(BUSINESS) as tx:
            await scheduling.release_hold(tx, hold_id=held.hold.id)
    if not await _is_free(app, service, slot):
        raise Failed("a time that was let go is not offered again")
    async with app.transaction(BUSINESS) as tx:
        await scheduling.forget_past_holds(tx, before=tx.now - KEEP)
    _be_quick(system.clock.monotonic() - begun)
    return "a free time was found, held, refused to a second, and let go"


async def _books(system: Database, app: Database, _started_at: datetime) -> str:
    begun = system.clock.monotonic()
    service = await open_stage(system, app)
    async with app.transaction(BUSINESS) as tx:
        customer = await contacts.ensure_contact(tx, phone_e164=CUSTOMER, name="Monitor")
        for left in await scheduling.find_upcoming(tx, contact_id=customer.id):  # a run was cut off
            await _call_off(tx, left.id)
    slot = await _first_free(app, service)
    async with app.transaction(BUSINESS) as tx:
        booked = await scheduling.book_slot(
            tx,
            service_id=service.id,
            resource_id=None,
            starts_at=slot.starts_at,
            contact_id=customer.id,
            source=SOURCE,
        )
    if isinstance(booked, scheduling.SlotTaken):
        raise Failed("a time that was offered could not be booked")
    taken = not await _is_free(app, service, slot)
    async with app.transaction(BUSINESS) as tx:
        await _call_off(tx, booked.id)
    if not taken:
        raise Failed("a time that is booked is offered to others")
    if not await _is_free(app, service, slot):
        raise Failed("a time that was called off is not offered again")
    _be_quick(system.clock.monotonic() - begun)
    return "a free time was found, booked and called off"


async def _first_free(app: Database, service: scheduling.Service) -> scheduling.Slot:
    async with app.transaction(BUSINESS) as tx:
        tomorrow = tx.now + timedelta(days=1)
        found = await scheduling.list_free_slots(
            tx, service_id=service.id, between=(tomorrow, tomorrow + timedelta(days=1)), limit=1
        )
    if not found:
        raise Failed("no free time was found where all day is free")
    return found[0]


async def _is_free(app: Database, service: scheduling.Service, slot: scheduling.Slot) -> bool:
    async with app.transaction(BUSINESS) as tx:
        return await scheduling.find_slot(tx, service_id=service.id, starts_at=slot.starts_at) is not None


async def _hold(
    tx: Transaction, service: scheduling.Service, slot: scheduling.Slot
) -> scheduling.Held | scheduling.SlotTaken:
    return await scheduling.hold_slot(
        tx,
        service_id=service.id,
        resource_id=slot.resource_id,
        starts_at=slot.starts_at,
        contact_id=None,
        source=SOURCE,
        ttl=HOLD_TTL,
    )


async def _call_off(tx: Transaction, appointment_id: UUID) -> None:
    await scheduling.cancel_appointment(tx, appointment_id=appointment_id, because="", source=SOURCE, by=BY)


def _be_quick(seconds: float) -> None:
    if seconds > SLOWEST_SECONDS:
        raise Failed(f"it took {seconds:.1f} s, and may take {SLOWEST_SECONDS:.0f} s")


# A booking and its end are written into the audit log, which is kept for years: four times an hour is enough.
BOOKING_MONITORS = (
    BookingMonitor(name="booking_hold", every=timedelta(seconds=60), attempt=_holds),
    BookingMonitor(name="booking_and_cancel", every=timedelta(minutes=15), attempt=_books),
)
BOOKING_NAMES = tuple(one.name for one in BOOKING_MONITORS)


def attempt_of(monitor: BookingMonitor, system: Database, app: Database) -> Callable[[datetime], Awaitable[str]]:
    """Give what a monitor does, ready to be run."""
    return partial(monitor.attempt, system, app)
