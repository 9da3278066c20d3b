"""What is done in the calendar: book, move, call off, note who came and who did not; conflicts are told, not lost."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from pydantic import BaseModel
from pydantic import Field as Len
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import scheduling, tenants
from frontdesk.features.scheduling.service import agenda as service
from frontdesk.features.scheduling.service.telling import tell_deposit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry.metrics import BOOK_CONFLICTS
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.agenda import AgendaDesk, Asked, Opened, add_looking
from frontdesk.web.pages.agenda_panels import Draft, Taken, as_id, find_person, taken
from frontdesk.web.pages.booking_views import read_moment
from frontdesk.web.pages.frame import go_to
from frontdesk.wiring import Frontdesk

NOT_FOUND, CONFLICT, UNPROCESSABLE = 404, 409, 422
MAX_NOTE = 1000
Field = Annotated[str, Form(max_length=120)]
Line = Annotated[str, Len(max_length=120)]
Act = Callable[[Transaction], Awaitable[object]]


class BookingForm(BaseModel):
    """A new booking as the form sends it; without the step `book` it is only looked what is free."""

    step: Line = ""
    service_id: Line = ""
    resource_id: Line = ""
    on: Line = ""
    at: Line = ""
    q: Line = ""
    person: Line = ""
    name: Line = ""
    phone: Line = ""
    note: Annotated[str, Len(max_length=2000)] = ""
    tell: Line = ""
    deposit: Line = ""

    def draft(self) -> Draft:
        """Tidy what was typed."""
        return Draft(
            service=self.service_id,
            resource=self.resource_id,
            day=self.on,
            at=self.at,
            q=" ".join(self.q.split()),
            person=self.person,
            name=" ".join(self.name.split()),
            phone=self.phone.strip(),
            note=self.note.replace("\r\n", "\n").strip()[:MAX_NOTE],
            tell=bool(self.tell),
            deposit=bool(self.deposit),
        )


def agenda_pages(parts: Frontdesk, door: FrontDoor, *, closing: asyncio.Event) -> APIRouter:
    """Make the routes of the calendar; `closing` ends its live streams."""
    routes = Routes(prefix="/businesses/{tenant_id}/agenda", include_in_schema=False)
    desk = AgendaDesk(parts, door)
    add_looking(routes, desk, door, closing=closing)
    _add_booking(routes, desk, door)
    _add_moving(routes, desk, door)
    _add_ending(routes, desk, door)
    return routes


def _add_booking(routes: APIRouter, desk: AgendaDesk, door: FrontDoor) -> None:
    @routes.post("/new")
    async def book(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))],
        asked: Annotated[Asked, Depends(Asked)],
        form: Annotated[BookingForm, Form()],
    ) -> Response:
        draft = form.draft()
        if form.step != "book":
            return await desk.show(request, visit, asked, Opened(draft=draft))
        done, faults, said = await _book(desk, visit, draft)
        if done is None:
            status = UNPROCESSABLE if faults else CONFLICT
            opened = Opened(draft=draft, faults=faults, said=said)
            return await desk.show(request, visit, asked, opened, status=status)
        if isinstance(done, Awaited):
            notice = "deposit" if done.texted else "deposit_silent"
            return go_to(await _address(visit, asked, hold=str(done.hold_id), done=notice))
        return go_to(await _address(visit, asked, open=str(done.id), done="booked"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A time that is kept until its deposit is paid, and whether the person was sent the link to it."""

    hold_id: UUID
    texted: bool


async def _book(
    desk: AgendaDesk, visit: Visit, draft: Draft
) -> tuple[scheduling.Appointment | Awaited | None, dict[str, str], Taken | None]:
    """Book what a form asks for, or keep it until its deposit is paid; else tell what is wrong, or why it is lost."""
    moment, chosen = read_moment(draft.at), as_id(draft.service)
    faults = {"note": "Leave out invisible characters."} if _is_odd(draft.note) else {}
    if moment is None or chosen is None:
        faults["at"] = "Choose a time."
    if draft.deposit and draft.note:
        faults["note"] = "A time that waits for its deposit takes no note: leave it out."
    if faults or moment is None or chosen is None:
        return None, faults, None
    async with visit.transaction(inline=draft.deposit) as tx:
        business = await tenants.get_tenant(tx)
        contact_id, faults = await find_person(tx, draft, country=business.country)
        if contact_id is None:
            return None, faults, None
        done: scheduling.Appointment | Awaited | scheduling.SlotTaken
        if draft.deposit:
            done = await _ask_deposit(desk, tx, draft, service_id=chosen, starts_at=moment, contact_id=contact_id)
        else:
            done = await scheduling.book_slot(
                tx,
                service_id=chosen,
                resource_id=as_id(draft.resource),
                starts_at=moment,
                contact_id=contact_id,
                source=_source(tell=draft.tell),
                note=draft.note,
            )
    if isinstance(done, scheduling.SlotTaken):
        desk.parts.metrics.increment(BOOK_CONFLICTS)
        return None, {}, taken(done)
    return done, {}, None


async def _ask_deposit(
    desk: AgendaDesk, tx: Transaction, draft: Draft, *, service_id: UUID, starts_at: datetime, contact_id: UUID
) -> Awaited | scheduling.SlotTaken:
    """Keep a time for somebody and send them the link to its deposit, which books it when it is paid."""
    if not desk.takes_deposits:
        raise Refused("scheduling.no_payments", "no payments are set up: see docs/payments.md", status=409)
    held = await scheduling.hold_slot(
        tx,
        service_id=service_id,
        resource_id=as_id(draft.resource),
        starts_at=starts_at,
        contact_id=contact_id,
        source=_source(tell=True),
    )
    if isinstance(held, scheduling.SlotTaken):
        return held
    due = await scheduling.ask_deposit(
        tx, hold_id=held.hold.id, contact_id=contact_id, base_url=desk.parts.public_base_url
    )
    texted = await tell_deposit(tx, desk.told, due, contact_id=contact_id)
    return Awaited(hold_id=held.hold.id, texted=texted)


def _add_moving(routes: APIRouter, desk: AgendaDesk, door: FrontDoor) -> None:
    @routes.post("/a/{appointment_id}/move")
    async def move(
        request: Request,
        appointment_id: UUID,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))],
        asked: Annotated[Asked, Depends(Asked)],
        *,
        at: Field = "",
        resource_id: Field = "",
        revision: Field = "",
        on: Field = "",
        tell: Field = "",
    ) -> Response:
        # A button of a free time says when and with whom in one word.
        at, _, named = at.partition("|")
        moment, with_whom = read_moment(at), as_id(named or resource_id)
        try:
            async with visit.transaction() as tx:
                known = await service.refuse_changed(tx, appointment_id=appointment_id, revision=_count(revision))
                done = await scheduling.reschedule_appointment(
                    tx,
                    appointment_id=appointment_id,
                    starts_at=moment or known.starts_at,
                    resource_id=with_whom,
                    source=_source(tell=bool(tell)),
                    by=visit.actor,
                )
        except Refused as refusal:
            return await _tell(request, visit, desk, asked, appointment_id, refusal)
        if isinstance(done, scheduling.SlotTaken):
            desk.parts.metrics.increment(BOOK_CONFLICTS)
            opened = Opened(appointment_id=appointment_id, move=on, said=taken(done))
            return await desk.show(request, visit, asked, opened, status=CONFLICT)
        back = {"was": known.starts_at.isoformat(), "was_with": str(known.resource_id)}
        return go_to(await _address(visit, asked, open=str(done.id), done="moved", **back))


def _add_ending(routes: APIRouter, desk: AgendaDesk, door: FrontDoor) -> None:
    may_write = door.to_business(Scope.BOOKING_WRITE)

    @routes.post("/a/{appointment_id}/cancel")
    async def cancel(
        request: Request,
        appointment_id: UUID,
        visit: Annotated[Visit, Depends(may_write)],
        asked: Annotated[Asked, Depends(Asked)],
        *,
        revision: Field = "",
        because: Annotated[str, Form(max_length=200)] = "",
        tell: Field = "",
        refund: Field = "",
    ) -> Response:
        async def act(tx: Transaction) -> object:
            await service.refuse_changed(tx, appointment_id=appointment_id, revision=_count(revision))
            return await scheduling.cancel_appointment(
                tx,
                appointment_id=appointment_id,
                because=" ".join(because.split()),
                source=_source(tell=bool(tell)),
                by=visit.actor,
                refund={"yes": True, "no": False}.get(refund),
            )

        return await _end(request, visit, desk, asked, appointment_id, act, done="cancelled")

    _add_attendance(routes, desk, door, "no-show", scheduling.mark_no_show, said="missed")
    _add_attendance(routes, desk, door, "done", service.complete_appointment, said="done")

    @routes.post("/holds/{hold_id}/release")
    async def release(
        hold_id: UUID, visit: Annotated[Visit, Depends(may_write)], asked: Annotated[Asked, Depends(Asked)]
    ) -> Response:
        async with visit.transaction() as tx:
            if not await scheduling.release_hold(tx, hold_id=hold_id):
                raise Refused("scheduling.hold_not_found", "no such hold, or it is over", status=404)
        return go_to(await _address(visit, asked, done="released"))


class Mark(Protocol):
    """Notes of an appointment whose time has come how it went."""

    async def __call__(self, tx: Transaction, *, appointment_id: UUID, by: Actor) -> object:
        """Note it; refuses what cannot be so."""


def _add_attendance(routes: APIRouter, desk: AgendaDesk, door: FrontDoor, path: str, mark: Mark, *, said: str) -> None:
    may_write = door.to_business(Scope.BOOKING_WRITE)

    @routes.post(f"/a/{{appointment_id}}/{path}")
    async def attended(
        request: Request,
        appointment_id: UUID,
        visit: Annotated[Visit, Depends(may_write)],
        asked: Annotated[Asked, Depends(Asked)],
    ) -> Response:
        async def act(tx: Transaction) -> object:
            return await mark(tx, appointment_id=appointment_id, by=visit.actor)

        return await _end(request, visit, desk, asked, appointment_id, act, done=said)


async def _end(
    request: Request, visit: Visit, desk: AgendaDesk, asked: Asked, appointment_id: UUID, act: Act, *, done: str
) -> Response:
    try:
        async with visit.transaction() as tx:
            await act(tx)
    except Refused as refusal:
        return await _tell(request, visit, desk, asked, appointment_id, refusal)
    return go_to(await _address(visit, asked, open=str(appointment_id), done=done))


async def _tell(
    request: Request, visit: Visit, desk: AgendaDesk, asked: Asked, appointment_id: UUID, refusal: Refused
) -> Response:
    """Show the appointment as it is now, and why nothing was done; what is not there stays unknown."""
    if refusal.status == NOT_FOUND:
        raise refusal
    by_somebody = "@" in refusal.message.partition(" ")[0]
    words = refusal.message if by_somebody else refusal.message[:1].upper() + refusal.message[1:]
    opened = Opened(appointment_id=appointment_id, said=Taken(wrong=words if words.endswith(".") else f"{words}."))
    return await desk.show(request, visit, asked, opened, status=refusal.status)


async def _address(visit: Visit, asked: Asked, **more: str) -> str:
    async with visit.transaction() as tx:
        return asked.wanted(tx, await tenants.get_tenant(tx)).address(**more)


def _source(*, tell: bool) -> str:
    return "console" if tell else "console_quiet"


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1  # noqa: PLR2004 - an integer


def _is_odd(text: str) -> bool:
    return any(letter < " " and letter not in "\r\n\t" for letter in text)
