"""Bookings on the command line: what is offered and free, booked, listed, moved, called off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home, TenantSlug

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from frontdesk.features.scheduling import Appointment, Service, Slot, SlotTaken
    from frontdesk.kernel.db import Transaction
    from frontdesk.wiring import Frontdesk

Result = TypeVar("Result")
SOURCE = "cli"
ServiceName = Annotated[str, typer.Option("--service", help="Name or id of the service.")]
At = Annotated[str, typer.Option("--at", help="Start, like 2026-11-24T10:00: on the business's clock without offset.")]
AppointmentId = Annotated[str, typer.Argument(help="Id of the appointment, as `frontdesk booking list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    verbs = typer.Typer(help="Bookings: services, free times, appointments.")
    verbs.command("services")(list_services)
    verbs.command("slots")(list_slots)
    verbs.command("book")(book)
    verbs.command("list")(list_appointments)
    verbs.command("move")(move)
    verbs.command("cancel")(cancel)
    app.add_typer(verbs, name="booking")


def list_services(*, tenant: TenantSlug, home: Home = None, as_json: AsJson = False) -> None:
    """List what a business offers, and who gives it."""
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import scheduling

    async def read(tx: Transaction) -> tuple[list[Service], dict[UUID, list[str]]]:
        names = {one.id: one.name for one in await scheduling.list_resources(tx)}
        givers = await scheduling.list_givers(tx)
        shown = {service: [names[one] for one in given if one in names] for service, given in givers.items()}
        return await scheduling.list_services(tx), shown

    found, givers = _in(home, tenant, read)
    if as_json:
        write_json({"services": [{"service": one, "given_by": givers.get(one.id, [])} for one in found]})
        return
    rows = [
        (one.name, one.duration_minutes, one.deposit_cents, ", ".join(givers.get(one.id, [])), str(one.id))
        for one in found
    ]
    show_table("Services", ("service", "minutes", "deposit, cents", "given by", "id"), rows)


def list_slots(
    *,
    tenant: TenantSlug,
    service: ServiceName,
    days: Annotated[int, typer.Option(help="How many days ahead to look.", min=1, max=62)] = 7,
    limit: Annotated[int, typer.Option(help="How many to show.", min=1, max=1000)] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List the free times of a service, soonest first."""
    from datetime import timedelta

    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import scheduling

    async def read(tx: Transaction) -> list[Slot]:
        known = await _find_service(tx, service)
        between = (tx.now, tx.now + timedelta(days=days))
        return await scheduling.list_free_slots(tx, service_id=known.id, between=between, limit=limit)

    found = _in(home, tenant, read)
    if as_json:
        write_json({"slots": found})
        return
    rows = [(scheduling.say_time(one.starts_at, zone=one.zone), one.resource_name, one.starts_at) for one in found]
    show_table("Free times", ("when", "with", "starts"), rows)


def book(
    phone: Annotated[str, typer.Argument(help="Number of the person, like +12065550123.")],
    *,
    tenant: TenantSlug,
    service: ServiceName,
    at: At,
    name: Annotated[str, typer.Option("--name", help="Name of the person, if they are new.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Book a time for somebody; they are told by text."""
    from frontdesk.features import contacts, scheduling, tenants

    async def do(tx: Transaction) -> Appointment | SlotTaken:
        business, known = await tenants.get_tenant(tx), await _find_service(tx, service)
        number = contacts.parse_phone(phone, business.country).e164
        contact = await contacts.ensure_contact(tx, phone_e164=number, name=name)
        return await scheduling.book_slot(
            tx,
            service_id=known.id,
            resource_id=None,
            starts_at=_moment(at, zone=business.timezone),
            contact_id=contact.id,
            source=SOURCE,
        )

    _show(_in(home, tenant, do), as_json=as_json)


def list_appointments(
    *,
    tenant: TenantSlug,
    past: Annotated[bool, typer.Option("--past", help="Show those that are over, too.")] = False,
    limit: Annotated[int, typer.Option(help="How many to show.", min=1, max=200)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List a business's appointments by their start."""
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import scheduling

    async def read(tx: Transaction) -> list[Appointment]:
        wanted = scheduling.AppointmentFilter(starts_from=None if past else tx.now)
        return await scheduling.list_appointments(tx, wanted, limit=limit)

    found = _in(home, tenant, read)
    if as_json:
        write_json({"appointments": found})
        return
    rows = [
        (
            scheduling.say_time(one.starts_at, zone=one.zone),
            one.service_name,
            one.resource_name,
            one.status.value,
            "yes" if one.collided_at else "",
            str(one.id),
        )
        for one in found
    ]
    show_table("Appointments", ("when", "service", "with", "status", "collided", "id"), rows)


def move(
    appointment: AppointmentId,
    *,
    tenant: TenantSlug,
    at: At,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Move an appointment; its person is told by text."""
    from frontdesk.cli.office import actor
    from frontdesk.features import scheduling

    async def do(tx: Transaction) -> Appointment | SlotTaken:
        known = await scheduling.get_appointment(tx, appointment_id=_id(appointment))
        return await scheduling.reschedule_appointment(
            tx, appointment_id=known.id, starts_at=_moment(at, zone=known.zone), source=SOURCE, by=actor()
        )

    _show(_in(home, tenant, do), as_json=as_json)


def cancel(
    appointment: AppointmentId,
    *,
    tenant: TenantSlug,
    because: Annotated[str, typer.Option("--because", help="Why, for the log.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Call an appointment off; its person is told by text."""
    from frontdesk.cli.office import actor
    from frontdesk.features import scheduling

    async def do(tx: Transaction) -> Appointment:
        return await scheduling.cancel_appointment(
            tx, appointment_id=_id(appointment), because=because, source=SOURCE, by=actor()
        )

    _show(_in(home, tenant, do), as_json=as_json)


def _in(home: Path | None, tenant: str, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
    """Run `work` in a transaction of a business."""
    from frontdesk.cli.office import find_tenant_id, with_office

    async def go(parts: Frontdesk) -> Result:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            return await work(tx)

    return with_office(home, go)


def _show(done: Appointment | SlotTaken, *, as_json: bool) -> None:
    from frontdesk.cli.output import EXIT_FAILED, console, show_facts, write_json
    from frontdesk.features import scheduling

    if isinstance(done, scheduling.SlotTaken):
        others = [scheduling.say_time(one.starts_at, zone=one.zone) for one in done.other_slots]
        if as_json:
            write_json({"taken": done})
        else:
            console().print(f"This time cannot be had ({done.why.value}). Free: {', '.join(others) or 'none'}")
        raise typer.Exit(EXIT_FAILED)
    if as_json:
        write_json({"appointment": done})
        return
    show_facts(
        {
            "appointment": done.id,
            "status": done.status.value,
            "when": scheduling.say_time(done.starts_at, zone=done.zone),
            "service": done.service_name,
            "with": done.resource_name,
        }
    )


async def _find_service(tx: Transaction, wanted: str) -> Service:
    from frontdesk.features import scheduling
    from frontdesk.kernel.errors import Refused

    known = await scheduling.list_services(tx)
    for one in known:
        if wanted.casefold() in {one.name.casefold(), str(one.id)}:
            return one
    names = ", ".join(one.name for one in known) or "none"
    raise Refused("scheduling.service_not_found", f"no service is called {wanted}; there are: {names}", status=404)


def _moment(text: str, *, zone: str) -> datetime:
    """Read a start; without an offset it is on the clock of the zone."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from frontdesk.kernel.errors import Refused

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("cli.bad_moment", f"{text!r} is no time: write it like 2026-11-24T10:00", status=422) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))


def _id(text: str) -> UUID:
    from frontdesk.kernel.errors import Refused

    try:
        return UUID(text)
    except ValueError:
        raise Refused("scheduling.appointment_not_found", f"{text!r} is no id of an appointment", status=404) from None
