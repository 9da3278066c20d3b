"""The console: a business's live timeline, its threads, its kill switch; every link and form works without scripts."""

import asyncio
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.features import conversations
from frontdesk.features.conversations.routes import answer, member_of
from frontdesk.features.delivery.routes import pause_business, resume_business
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import CHOSEN_COOKIE, Caller, FrontDoor, list_businesses, unknown_business
from frontdesk.web.pages.home import Board
from frontdesk.web.pages.home_live import HomeLooks, HomeScene
from frontdesk.web.pages.home_page import Console
from frontdesk.web.pages.live import Streams, asked_cursor
from frontdesk.web.pages.views import read_pause, read_rows, read_tasks, read_thread
from frontdesk.web.rendering import render
from frontdesk.web.simulate import CustomerTextOrder, MissedCallOrder, Simulator
from frontdesk.wiring import Frontdesk

NOT_FOUND = 404
FRAGMENT = "hx-request"  # htmx asks for a part of a page, everything else for a whole one


class MissedCallForm(MissedCallOrder, extra="ignore"):
    """The same as a form, which carries the session's token besides."""


class CustomerTextForm(CustomerTextOrder, extra="ignore"):
    """The same as a form, which carries the session's token besides."""


def pages_router(
    parts: Frontdesk, door: FrontDoor, *, simulator: Simulator, wake: Callable[[], None], closing: asyncio.Event
) -> APIRouter:
    """Make the routes of the pages."""
    routes = Routes(include_in_schema=False)
    board = Board(parts)
    _add_first_page(routes, parts, door, Console(parts, simulator, board))
    _add_reading(routes, parts, door, closing, board)
    _add_writing(routes, parts, door)
    _add_switch(routes, parts, door, wake)
    _add_simulation(routes, door, simulator)
    return routes


def _add_first_page(routes: APIRouter, parts: Frontdesk, door: FrontDoor, console: Console) -> None:
    @routes.get("/")
    async def first_page(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        business: UUID | None = None,
        thread: UUID | None = None,
        before: UUID | None = None,
        ask: str = "",
    ) -> Response:
        businesses = await list_businesses(parts.system, caller)
        wanted = business or _chosen(request)
        current = next((one for one in businesses if one.id == wanted), None)
        if business is not None and current is None:
            raise unknown_business()
        if current is None:
            if not businesses:
                return HTMLResponse(render("empty.html", caller=caller, csrf=door.entrance.csrf_for(request)))
            current = businesses[0]
        csrf = door.entrance.csrf_for(request)
        page = await console.render(caller, businesses, current, thread_id=thread, before=before, ask=ask, csrf=csrf)
        response = HTMLResponse(page)
        response.set_cookie(
            CHOSEN_COOKIE, str(current.id), path="/", secure=door.entrance.https, httponly=True, samesite="lax"
        )
        return response


def _add_reading(routes: APIRouter, parts: Frontdesk, door: FrontDoor, closing: asyncio.Event, board: Board) -> None:
    may_look = door.to_business(Scope.CALLS_READ)
    may_read = door.to_business(Scope.MESSAGES_READ)
    looks, streams = HomeLooks(parts, board), Streams(parts=parts, guard=may_look, closing=closing)

    @routes.get("/businesses/{tenant_id}/timeline")
    async def older_rows(visit: Annotated[Visit, Depends(may_look)], before: UUID | None = None) -> Response:
        async with visit.transaction() as tx:
            rows = await read_rows(tx, before=before)
        return HTMLResponse(render("_rows.html", rows=rows))

    @routes.get("/businesses/{tenant_id}/stream")
    async def stream(request: Request, visit: Annotated[Visit, Depends(may_look)], after: str = "") -> Response:
        csrf = door.entrance.csrf_for(request)
        return streams.open(request, visit, HomeScene(parts, looks, cursor=asked_cursor(request, after), csrf=csrf))

    @routes.get("/businesses/{tenant_id}/threads/{conversation_id}")
    async def thread_panel(
        request: Request, conversation_id: UUID, visit: Annotated[Visit, Depends(may_read)], part: str = ""
    ) -> Response:
        async with visit.transaction() as tx:
            thread = await read_thread(tx, visit, conversation_id)
            if visit.may(Scope.MESSAGES_SEND):
                await conversations.mark_read(tx, conversation_id=conversation_id, by=member_of(visit))
        if FRAGMENT not in request.headers:
            return _back(visit, thread=conversation_id)
        csrf = door.entrance.csrf_for(request)
        template = "_messages.html" if part == "messages" else "_thread.html"
        return HTMLResponse(render(template, thread=thread, csrf=csrf))

    @routes.get("/businesses/{tenant_id}/tasks")
    async def tasks(request: Request, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        async with visit.transaction() as tx:
            found = await read_tasks(tx, visit)
        return HTMLResponse(render("_tasks.html", tasks=found, csrf=door.entrance.csrf_for(request)))


def _add_writing(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    may_send = door.to_business(Scope.MESSAGES_SEND)

    @routes.post("/businesses/{tenant_id}/threads/{conversation_id}")
    async def reply(
        request: Request,
        conversation_id: UUID,
        visit: Annotated[Visit, Depends(may_send)],
        body: Annotated[str, Form(max_length=10_000)] = "",
        key: Annotated[str, Form(max_length=100)] = "",
    ) -> Response:
        wrong = ""
        try:
            async with visit.transaction(inline=True) as tx:
                await answer(tx, visit, conversation_id=conversation_id, body=body, key=key or None, lane=parts.courier)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            wrong = refusal.message
        if FRAGMENT not in request.headers and not wrong:
            return _back(visit, thread=conversation_id)
        async with visit.transaction() as tx:
            thread = await read_thread(tx, visit, conversation_id, draft=body if wrong else "", wrong=wrong)
        csrf = door.entrance.csrf_for(request)
        if FRAGMENT not in request.headers:
            return HTMLResponse(render("problem.html", status=409, title="Not sent", detail=wrong), status_code=409)
        return HTMLResponse(render("_thread.html", thread=thread, csrf=csrf))

    @routes.post("/businesses/{tenant_id}/tasks/{task_id}/done")
    async def finish_task(request: Request, task_id: UUID, visit: Annotated[Visit, Depends(may_send)]) -> Response:
        async with visit.transaction() as tx:
            await conversations.finish_task(tx, task_id=task_id, by=visit.actor.id)
            found = await read_tasks(tx, visit)
        if FRAGMENT not in request.headers:
            return _back(visit)
        return HTMLResponse(render("_tasks.html", tasks=found, csrf=door.entrance.csrf_for(request)))


def _add_switch(routes: APIRouter, parts: Frontdesk, door: FrontDoor, wake: Callable[[], None]) -> None:
    @routes.post("/businesses/{tenant_id}/pause")
    async def pause(
        request: Request,
        _tenant_id: Annotated[UUID, Path(alias="tenant_id")],
        visit: Annotated[Visit, Depends(door.to_business(Scope.DELIVERY_PAUSE, reserved=True))],
        reason: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        await pause_business(visit, parts.switches, reason=reason, wake=wake)
        return await _switched(request, visit)

    @routes.post("/businesses/{tenant_id}/resume")
    async def resume(
        request: Request,
        _tenant_id: Annotated[UUID, Path(alias="tenant_id")],
        visit: Annotated[Visit, Depends(door.to_business(Scope.DELIVERY_RESUME, reserved=True, proven=True))],
    ) -> Response:
        await resume_business(visit, parts.switches, wake=wake)
        return await _switched(request, visit)

    async def _switched(request: Request, visit: Visit) -> Response:
        if FRAGMENT not in request.headers:
            return _back(visit)
        async with parts.switches.transaction(visit.tenant_id) as tx:
            pause = await read_pause(tx, visit, by_setting=parts.courier.paused_by_setting)
        return HTMLResponse(render("_pause.html", pause=pause, csrf=door.entrance.csrf_for(request)))


def _add_simulation(routes: APIRouter, door: FrontDoor, simulator: Simulator) -> None:
    may = door.to_business(Scope.SIMULATE)

    @routes.post("/businesses/{tenant_id}/simulate/missed-call")
    async def miss_call(
        request: Request,
        visit: Annotated[Visit, Depends(may)],
        order: Annotated[MissedCallForm, Form()],
    ) -> Response:
        done = await simulator.miss_call(visit, order)
        return _simulated(request, visit, f"{done.customer} is calling.")

    @routes.post("/businesses/{tenant_id}/simulate/text")
    async def write(
        request: Request,
        visit: Annotated[Visit, Depends(may)],
        order: Annotated[CustomerTextForm, Form()],
    ) -> Response:
        done = await simulator.write(visit, order)
        return _simulated(request, visit, f"{done.customer} wrote.")


def _simulated(request: Request, visit: Visit, words: str) -> Response:
    if FRAGMENT not in request.headers:
        return _back(visit)
    return HTMLResponse(render("_notice.html", words=words))


def _back(visit: Visit, *, thread: UUID | None = None) -> Response:
    opened = f"&thread={thread}" if thread is not None else ""
    return RedirectResponse(f"/?business={visit.tenant_id}{opened}", status_code=303)


def _chosen(request: Request) -> UUID | None:
    try:
        return UUID(request.cookies.get(CHOSEN_COOKIE, ""))
    except ValueError:
        return None
