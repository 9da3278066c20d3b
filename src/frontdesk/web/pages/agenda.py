"""The pages of the calendar: a day, a week or a list, live, with what is booked and what can be."""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from frontdesk.features import tenants
from frontdesk.features.scheduling.service import agenda as service
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.agenda_live import AgendaScene
from frontdesk.web.pages.agenda_panels import (
    Draft,
    Taken,
    as_id,
    read_appointment,
    read_day,
    read_hold,
    read_new,
)
from frontdesk.web.pages.agenda_reading import read_board, within
from frontdesk.web.pages.agenda_views import Board, View, Wanted
from frontdesk.web.pages.frame import FRAGMENT, Frames, Shown
from frontdesk.web.pages.live import SharedLooks, Streams
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.booking import booking_voice

Word = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")]
NOTICES = {
    "booked": "Booked.",
    "moved": "Moved.",
    "cancelled": "Called off. Its time is free again.",
    "missed": "Noted: did not come.",
    "done": "Noted: done.",
    "released": "Let go. The time is free again.",
    "deposit": "Kept. The link to pay the deposit is on its way by text; paying it books the time.",
    "deposit_silent": "Kept for 30 minutes, but no number of yours can text the link. Let the time go, or call them.",
    "over": "That time is not held any more.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A look at the agenda as the address says it."""

    day: Word = ""
    view: Word = ""
    who: Word = ""
    hours: Word = ""

    def wanted(self, tx: Transaction, business: tenants.Tenant) -> Wanted:
        """Read it; what cannot be read is as if nothing was said."""
        today = tx.now.astimezone(ZoneInfo(business.timezone)).date()
        return Wanted(
            tenant_id=business.id,
            day=read_day(self.day) or today,
            view=View(self.view) if self.view in set(View) else View.WEEK,
            resource=as_id(self.who),
            whole=self.hours == "all",
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """What the address opens beside the board, and what has just been done."""

    open: Word = ""
    hold: Word = ""
    move: Word = ""
    done: Word = ""
    was: Word = ""
    was_with: Word = ""
    new: Word = ""
    at: Word = ""
    with_: Annotated[str, Query(alias="with", max_length=60, pattern=r"^[^\x00]*$")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What stands beside the board, and what is said above it."""

    appointment_id: UUID | None = None
    hold_id: UUID | None = None
    draft: Draft | None = None
    faults: dict[str, str] | None = None
    move: str = ""
    said: Taken | None = None
    notice: str = ""
    undo_at: str = ""
    undo_with: str = ""


class AgendaDesk:
    """Shows the agenda, and what came of doing something in it."""

    def __init__(self, parts: Frontdesk, door: FrontDoor) -> None:
        self.parts = parts
        self.frames = Frames(parts, door, section="agenda")
        self.told = booking_voice(parts.links, lane=parts.courier)

    @property
    def takes_deposits(self) -> bool:
        """Whether a payment company is set up."""
        return self.parts.payments is not None

    async def show(
        self, request: Request, visit: Visit, asked: Asked, opened: Opened, *, status: int = 200
    ) -> Response:
        """Answer with the page, or with all of it but its frame."""
        async with visit.transaction() as tx:
            board = await self.read(tx, visit, asked)
            values: dict[str, object] = {
                "board": board,
                "appointment": None,
                "hold": None,
                "draft": None,
                "takes_deposits": self.takes_deposits,
                "notice": NOTICES.get(opened.notice, ""),
                "undo_at": opened.undo_at,
                "undo_with": opened.undo_with,
            }
            if opened.appointment_id is not None:
                values["appointment"] = await read_appointment(
                    tx, board, opened.appointment_id, move=opened.move, said=opened.said
                )
            elif opened.hold_id is not None:
                values["hold"] = await read_hold(tx, board, opened.hold_id)
                if values["hold"] is None and not values["notice"]:
                    values["notice"] = NOTICES["over"]
            elif opened.draft is not None and board.may_write:
                values["draft"] = await read_new(tx, board, opened.draft, faults=opened.faults, said=opened.said)
        template = "_agenda.html" if FRAGMENT in request.headers else "agenda.html"
        shown = Shown(template=template, values=values, status=status)
        if FRAGMENT in request.headers:
            return self.frames.part(request, shown)
        return await self.frames.page(request, visit, shown)

    async def read(self, tx: Transaction, visit: Visit, asked: Asked) -> Board:
        """Read the board that an address asks for."""
        return await read_board(tx, visit, asked.wanted(tx, await tenants.get_tenant(tx)))


def add_looking(routes: APIRouter, desk: AgendaDesk, door: FrontDoor, *, closing: asyncio.Event) -> None:
    """Add the routes by which the agenda is looked at."""
    may_read = door.to_business(Scope.BOOKING_READ)
    looks: SharedLooks[str] = SharedLooks()
    streams = Streams(parts=desk.parts, guard=may_read, closing=closing)

    @routes.get("")
    async def agenda(
        request: Request,
        visit: Annotated[Visit, Depends(may_read)],
        asked: Annotated[Asked, Depends(Asked)],
        beside: Annotated[Beside, Depends(Beside)],
    ) -> Response:
        opened = Opened(
            appointment_id=as_id(beside.open),
            hold_id=as_id(beside.hold),
            draft=Draft(at=beside.at, resource=beside.with_) if beside.new else None,
            move=beside.move,
            notice=beside.done,
            undo_at=beside.was,
            undo_with=beside.was_with,
        )
        return await desk.show(request, visit, asked, opened)

    @routes.get("/stream")
    async def stream(
        request: Request, visit: Annotated[Visit, Depends(may_read)], asked: Annotated[Asked, Depends(Asked)]
    ) -> Response:
        async with visit.transaction() as tx:
            business = await tenants.get_tenant(tx)
            shown = within(asked.wanted(tx, business), business=business)
        return streams.open(request, visit, AgendaScene(looks, within=shown))

    @routes.get("/a/{appointment_id}/free")
    async def where_to(
        appointment_id: UUID, visit: Annotated[Visit, Depends(may_read)], asked: Annotated[Asked, Depends(Asked)]
    ) -> Response:
        """List the places of the board at which the appointment may be dropped."""
        async with visit.transaction() as tx:
            business = await tenants.get_tenant(tx)
            wanted = asked.wanted(tx, business)
            slots = await service.list_moves(
                tx, appointment_id=appointment_id, within=within(wanted, business=business)
            )
            board = await read_board(tx, visit, wanted)
        return JSONResponse({"free": board.drops(slots)})
