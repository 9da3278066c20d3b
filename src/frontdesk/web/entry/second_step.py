"""The second step of a login: a page that asks for a code, and takes it."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.kernel.auth.half_logins import find_half_login
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.entry.desk import EntryDesk, own_path
from frontdesk.web.rendering import render

MAX_FIELD = 1024


def second_step_router(desk: EntryDesk) -> APIRouter:
    """Make the routes of the second step."""
    routes = Routes(include_in_schema=False)

    @routes.get("/login/code")
    async def code_page(request: Request, next: str = "/", how: str = "app") -> Response:  # noqa: A002 - its public name
        async with desk.parts.system.transaction() as tx:
            half = await find_half_login(tx, token=desk.half_of(request))
        if half is None:
            return RedirectResponse("/login", status_code=303)
        return _page(next, how=how, email=half.email)

    @routes.post("/login/code")
    async def code_form(
        request: Request,
        code: Annotated[str, Form(max_length=MAX_FIELD)] = "",
        next: Annotated[str, Form(max_length=MAX_FIELD)] = "/",  # noqa: A002 - the field's name
        how: Annotated[str, Form(max_length=MAX_FIELD)] = "app",
    ) -> Response:
        try:
            login = await desk.finish(request, half_token=desk.half_of(request), code=code)
        except Refused as refusal:
            if refusal.code == "auth.login_over":
                page = render(
                    "login.html", next=own_path(next), email="", wrong=refusal.message, said=False, party=desk.party
                )
                return HTMLResponse(page, status_code=refusal.status)
            return _page(next, how=how, wrong=refusal.message, status=refusal.status)
        response = RedirectResponse(own_path(next), status_code=303)
        desk.give_cookie(response, login)
        desk.take_half(response)
        return response

    return routes


def _page(after: str, *, how: str, email: str = "", wrong: str = "", status: int = 200) -> Response:
    kind = "recovery" if how == "recovery" else "app"
    return HTMLResponse(
        render("login_code.html", next=own_path(after), how=kind, email=email, wrong=wrong), status_code=status
    )
