"""Incidents as pages: opened, taken, noted, ended, with the timeline that the program keeps by itself."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations.incidents import opening, reporting, working
from frontdesk.operations.incidents.model import Grade, Incident, NoteKind
from frontdesk.operations.incidents.queries import incidents
from frontdesk.operations.runbooks import library
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import go_to
from frontdesk.web.pages.operations_desk import OperationsDesk
from frontdesk.web.pages.operations_timeline import tell_timeline
from frontdesk.web.pages.operations_views import age_words, title_of
from frontdesk.web.pages.rows import Chip, Tone

INCIDENTS = "/operations/incidents"
NOT_FOUND = 404
MOST_OPEN, PAGE = 20, 50
GRADES = {"P0": "nothing works", "P1": "grave", "P2": "limited", "P3": "next business day"}
STATES = {
    "open": Chip("open", Tone.BAD),
    "acknowledged": Chip("somebody has it", Tone.WARN),
    "resolved": Chip("over", Tone.CALM),
}
Number = Annotated[int, Path(ge=1, le=2_000_000_000)]
Words = Annotated[str, Form(max_length=working.MOST_WORDS)]
Act: TypeAlias = Callable[[Transaction], Awaitable[object]]


async def list_open(tx: Transaction) -> list[Incident]:
    """List the incidents that are not over, newest first."""
    return await incidents.list_incidents(tx, only_open=True, before=None, limit=MOST_OPEN)


def add_incidents(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the pages of incidents."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)
    may_write = door.to_platform(Scope.OPERATIONS_WRITE)

    @routes.get("/incidents")
    async def every(
        request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], before: UUID | None = None
    ) -> Response:
        return await _list(desk, request, visit, before=before)

    @routes.post("/incidents")
    async def begin(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_write)],
        title: Annotated[str, Form(max_length=opening.MOST_TITLE)] = "",
        grade: Annotated[str, Form(pattern=r"^P[0-3]$")] = "P1",
        runbook: Annotated[str, Form(pattern=r"^[a-z0-9-]{0,60}$")] = "",
    ) -> Response:
        try:
            async with visit.transaction() as tx:
                opened = await opening.open_incident(
                    tx, title=title, grade=Grade[grade], by=visit.actor, runbook=runbook
                )
        except Refused as refusal:
            return await _list(desk, request, visit, refusal=refusal)
        return go_to(f"{INCIDENTS}/{opened.number}")

    @routes.get("/incidents/{number}")
    async def one(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], number: Number) -> Response:
        return await _show(desk, request, visit, number)

    _add_working(routes, may_write, desk)


def _add_working(routes: APIRouter, may_write: Callable[..., Awaitable[PlatformVisit]], desk: OperationsDesk) -> None:
    async def turn(request: Request, visit: PlatformVisit, number: int, act: Act, words: str = "") -> Response:
        try:
            async with visit.transaction() as tx:
                await act(tx)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            return await _show(desk, request, visit, number, refusal=refusal, words=words)
        return go_to(f"{INCIDENTS}/{number}")

    @routes.post("/incidents/{number}/ack")
    async def take(request: Request, visit: Annotated[PlatformVisit, Depends(may_write)], number: Number) -> Response:
        async def act(tx: Transaction) -> None:
            await working.acknowledge(tx, number=number, by=visit.actor)

        return await turn(request, visit, number, act)

    @routes.post("/incidents/{number}/notes")
    async def note(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_write)],
        number: Number,
        words: Words = "",
        kind: Annotated[NoteKind, Form()] = NoteKind.NOTE,
    ) -> Response:
        async def act(tx: Transaction) -> None:
            # What the program itself writes is never written by a form.
            chosen = NoteKind.STATUS if kind is NoteKind.STATUS else NoteKind.NOTE
            await working.write_note(tx, number=number, words=words, by=visit.actor, kind=chosen)

        return await turn(request, visit, number, act, words)

    @routes.post("/incidents/{number}/resolve")
    async def resolve(
        request: Request, visit: Annotated[PlatformVisit, Depends(may_write)], number: Number, words: Words = ""
    ) -> Response:
        async def act(tx: Transaction) -> None:
            await working.resolve(tx, number=number, words=words, by=visit.actor)

        return await turn(request, visit, number, act, words)


async def _list(
    desk: OperationsDesk,
    request: Request,
    visit: PlatformVisit,
    *,
    before: UUID | None = None,
    refusal: Refused | None = None,
) -> Response:
    async with visit.transaction() as tx:
        found = await incidents.list_incidents(tx, only_open=False, before=before, limit=PAGE)
        now = tx.now
    return await desk.page(
        request,
        visit,
        "operations_incidents.html",
        tab="incidents",
        status=200 if refusal is None else refusal.status,
        lines=[(one, STATES[one.state], age_words(now - one.opened_at)) for one in found],
        next=found[-1].id if len(found) == PAGE else None,
        is_first=before is None,
        grades=GRADES,
        books=sorted((page.title, slug) for slug, page in library().items()),
        wrong="" if refusal is None else refusal.message,
        now=now,
    )


async def _show(
    desk: OperationsDesk,
    request: Request,
    visit: PlatformVisit,
    number: int,
    *,
    refusal: Refused | None = None,
    words: str = "",
) -> Response:
    async with visit.transaction() as tx:
        report = await reporting.collect_report(tx, number=number)
        now = tx.now
    incident = report.incident
    return await desk.page(
        request,
        visit,
        "operations_incident.html",
        tab="incidents",
        status=200 if refusal is None else refusal.status,
        report=report,
        timeline=tell_timeline(report.timeline, visitor=visit.actor),
        one=incident,
        stands=STATES[incident.state],
        runbook_title=title_of(incident.runbook),
        since=age_words(now - incident.opened_at),
        wrong="" if refusal is None else refusal.message,
        words=words,
        now=now,
    )
