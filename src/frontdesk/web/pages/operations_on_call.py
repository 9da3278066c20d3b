"""The page of those on call: who is told now, who takes turns, who stands in, and changing that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.errors import Refused
from frontdesk.operations.incidents import on_call
from frontdesk.operations.incidents.model import TOP_LEVEL
from frontdesk.operations.incidents.on_call import OnCall
from frontdesk.operations.incidents.queries import rotas
from frontdesk.operations.incidents.rota import Person, Turn
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import go_to
from frontdesk.web.pages.operations_desk import OperationsDesk

ON_CALL = "/operations/on-call"
HOURS = {4: "4 hours", 8: "8 hours", 24: "a day", 72: "3 days", 168: "a week", 336: "two weeks"}
TURNS = {Turn.WEEKLY: "a week each, from Monday", Turn.DAILY: "a day each"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaLine:
    """Who takes turns at a level, as a row of the page."""

    level: int
    people: str
    turn: str
    handover: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInLine:
    """Who stands in, as a row of the page."""

    level: int
    name: str
    starts_at: datetime
    lasts_until: datetime
    reason: str


def add_on_call(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the page of those on call."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)
    may_write = door.to_platform(Scope.OPERATIONS_WRITE)

    @routes.get("/on-call")
    async def everybody(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)]) -> Response:
        return await _show(desk, request, visit)

    @routes.post("/on-call/people")
    async def put_person(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_write)],
        name: Annotated[str, Form(max_length=on_call.MOST_NAME)] = "",
        addresses: Annotated[str, Form(max_length=1100)] = "",
    ) -> Response:
        try:
            async with visit.transaction() as tx:
                await on_call.put_person(tx, name=name, addresses=addresses.splitlines(), by=visit.actor)
        except Refused as refusal:
            return await _show(desk, request, visit, refusal=refusal)
        return go_to(ON_CALL)

    @routes.post("/on-call/rotas")
    async def set_rota(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_write)],
        level: Annotated[int, Form(ge=1, le=TOP_LEVEL)],
        people: Annotated[str, Form(max_length=2000)] = "",
        zone: Annotated[str, Form(max_length=60)] = "UTC",
        turn: Annotated[Turn, Form()] = Turn.WEEKLY,
        handover_hour: Annotated[int, Form(ge=0, le=on_call.LAST_HOUR)] = 9,
    ) -> Response:
        names = [name for one in people.splitlines() if (name := one.strip())]
        try:
            async with visit.transaction() as tx:
                await on_call.set_rota(
                    tx,
                    level=level,
                    names=names,
                    zone=zone.strip(),
                    turn=turn,
                    handover_hour=handover_hour,
                    by=visit.actor,
                )
        except Refused as refusal:
            return await _show(desk, request, visit, refusal=refusal)
        return go_to(ON_CALL)

    _add_standing_in(routes, door, desk)


def _add_standing_in(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    may_write = door.to_platform(Scope.OPERATIONS_WRITE)

    @routes.post("/on-call/overrides")
    async def stand_in(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_write)],
        level: Annotated[int, Form(ge=1, le=TOP_LEVEL)],
        hours: Annotated[int, Form(ge=1, le=1440)],
        person: Annotated[str, Form(max_length=on_call.MOST_NAME)] = "",
        reason: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        try:
            async with visit.transaction() as tx:
                await on_call.stand_in(
                    tx,
                    level=level,
                    name=person,
                    starts_at=tx.now,
                    lasts_until=tx.now + timedelta(hours=hours),
                    reason=reason,
                    by=visit.actor,
                )
        except Refused as refusal:
            return await _show(desk, request, visit, refusal=refusal)
        return go_to(ON_CALL)


async def _show(
    desk: OperationsDesk, request: Request, visit: PlatformVisit, *, refusal: Refused | None = None
) -> Response:
    async with visit.transaction() as tx:
        now_on_call: list[OnCall] = await on_call.who_is_on_call(tx)
        people: list[Person] = await rotas.list_people(tx)
        turns = await rotas.list_rotas(tx)
        overrides = await rotas.list_overrides(tx)
        now = tx.now
    names = {one.id: one.name for one in people}
    return await desk.page(
        request,
        visit,
        "operations_on_call.html",
        tab="oncall",
        status=200 if refusal is None else refusal.status,
        on_call=now_on_call,
        people=people,
        rotas=[
            RotaLine(
                level=level,
                people=", ".join(names.get(one, "?") for one in rota.people),
                turn=TURNS[rota.turn],
                handover=f"{rota.handover_hour}:00 {rota.zone}",
            )
            for level, rota in sorted(turns.items())
        ],
        overrides=[
            StandInLine(
                level=one.level,
                name=names.get(one.person_id, "?"),
                starts_at=one.starts_at,
                lasts_until=one.lasts_until,
                reason=one.reason,
            )
            for one in overrides
            if one.lasts_until > now
        ],
        levels=range(1, TOP_LEVEL + 1),
        hours=HOURS,
        turns=TURNS,
        wrong="" if refusal is None else refusal.message,
    )
