"""Proving anew who one is, before what opens doors is changed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.kernel import auth
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor
from frontdesk.web.entry.desk import EntryDesk, own_path, session_of
from frontdesk.web.rendering import render

MAX_FIELD = 1024


def proof_router(desk: EntryDesk, door: FrontDoor) -> APIRouter:
    """Make the routes of proving anew."""
    routes = Routes(include_in_schema=False)

    @routes.get("/account/prove")
    async def prove_page(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        next: str = "/account",  # noqa: A002 - the parameter's public name
    ) -> Response:
        return await _page(desk, request, caller, after=next)

    @routes.post("/account/prove")
    async def prove_form(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        secret: Annotated[str, Form(max_length=MAX_FIELD)] = "",
        next: Annotated[str, Form(max_length=MAX_FIELD)] = "/account",  # noqa: A002 - the field's name
    ) -> Response:
        try:
            login = await desk.prove(request, session_of(caller), secret=secret)
        except Refused as refusal:
            return await _page(desk, request, caller, after=next, wrong=refusal.message, status=refusal.status)
        response = RedirectResponse(own_path(next), status_code=303)
        desk.give_cookie(response, login)
        return response

    return routes


async def _page(
    desk: EntryDesk, request: Request, caller: Caller, *, after: str, wrong: str = "", status: int = 200
) -> Response:
    session = session_of(caller)
    async with desk.parts.system.transaction() as tx:
        factors = await auth.read_factors(tx, user_id=session.user_id)
    page = render(
        "account_prove.html",
        next=own_path(after),
        email=session.email,
        wrong=wrong,
        factors=factors,
        party=desk.party,
        csrf=desk.entrance.csrf_for(request),
    )
    return HTMLResponse(page, status_code=status)
