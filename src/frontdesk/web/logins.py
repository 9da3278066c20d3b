"""Logging in and out: as JSON for programs, as a form for people, also without scripts."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from frontdesk.kernel.auth import CodeNeeded, Role, Scope
from frontdesk.kernel.auth.signing_up import is_anybody_known
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, Entrance, FrontDoor
from frontdesk.web.entry import EntryDesk
from frontdesk.web.entry.desk import own_path
from frontdesk.web.rendering import render

MAX_FIELD = 1024


class Credentials(BaseModel, extra="forbid"):
    """Who wants in."""

    email: str = Field(max_length=MAX_FIELD)
    password: str = Field(max_length=MAX_FIELD)
    code: str = Field(
        "", max_length=MAX_FIELD, description="What the authenticator app shows, or a recovery code; if one is in use"
    )


class Me(BaseModel):
    """Who is in, what they may do where, and the token that their changes must repeat (sessions only)."""

    signature: str
    platform_admin: bool
    roles: dict[UUID, Role]
    platform_scopes: list[Scope]
    csrf_token: str | None
    expires_at: datetime | None


def login_router(desk: EntryDesk, door: FrontDoor) -> APIRouter:
    """Make the routes of logging in and out."""
    routes = Routes()
    _add_api(routes, desk, door)
    _add_pages(routes, desk, door)
    return routes


def _add_api(routes: APIRouter, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.post(
        "/api/auth/login",
        tags=["auth"],
        summary="Log in; sets the session's cookie",
        response_model=Me,
        responses={
            401: {"description": "The e-mail address, the password or the code is wrong, or a code is needed"},
            403: {"description": "The request comes from another site's page"},
            429: {"description": "Too many tries"},
        },
    )
    async def api_login(request: Request, credentials: Credentials) -> JSONResponse:
        login = await desk.log_in(request, email=credentials.email, password=credentials.password)
        if isinstance(login, CodeNeeded):
            if not credentials.code:
                raise Refused("auth.code_needed", "Send the code of the authenticator app, too, as `code`.", status=401)
            login = await desk.finish(request, half_token=login.token, code=credentials.code)
        me = describe(Caller(principal=login.session, session=login.session, session_token=login.token), door.entrance)
        response = JSONResponse(me.model_dump(mode="json"))
        desk.give_cookie(response, login)
        return response

    @routes.post("/api/auth/logout", tags=["auth"], summary="Log out", status_code=204)
    async def api_logout(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        await desk.log_out(caller)
        response = Response(status_code=204)
        desk.take_cookie(response)
        return response

    @routes.get("/api/auth/me", tags=["auth"], summary="Tell who is logged in")
    async def me(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Me:
        return describe(caller, door.entrance)


def _add_pages(routes: APIRouter, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.get("/login", include_in_schema=False)
    async def login_page(
        request: Request,
        next: str = "/",  # noqa: A002 - the parameter's public name
        said: str = "",
    ) -> Response:
        if await door.entrance.identify(request) is not None:
            return RedirectResponse(own_path(next), status_code=303)
        async with desk.parts.system.transaction() as tx:
            if not await is_anybody_known(tx):
                return RedirectResponse("/welcome", status_code=303)
        return HTMLResponse(_page(desk, after=next, said=said))

    @routes.post("/login", include_in_schema=False)
    async def login_form(
        request: Request,
        email: Annotated[str, Form(max_length=MAX_FIELD)] = "",
        password: Annotated[str, Form(max_length=MAX_FIELD)] = "",
        next: Annotated[str, Form(max_length=MAX_FIELD)] = "/",  # noqa: A002 - the field's name
    ) -> Response:
        try:
            login = await desk.log_in(request, email=email, password=password)
        except Refused as refusal:
            page = _page(desk, after=next, email=email, wrong=refusal.message)
            return HTMLResponse(page, status_code=refusal.status)
        if isinstance(login, CodeNeeded):
            halfway = RedirectResponse(f"/login/code?next={quote(own_path(next), safe='')}", status_code=303)
            desk.give_half(halfway, login)
            return halfway
        response = RedirectResponse(own_path(next), status_code=303)
        desk.give_cookie(response, login)
        return response

    @routes.post("/logout", include_in_schema=False)
    async def logout_form(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        await desk.log_out(caller)
        response = RedirectResponse("/login", status_code=303)
        desk.take_cookie(response)
        return response


def _page(desk: EntryDesk, *, after: str, email: str = "", wrong: str = "", said: str = "") -> str:
    return render(
        "login.html", next=own_path(after), email=email, wrong=wrong, said=said == "password-set", party=desk.party
    )


def describe(caller: Caller, entrance: Entrance) -> Me:
    """Tell a caller who they are."""
    session = caller.session
    return Me(
        signature=caller.principal.actor.shown,
        platform_admin=session is not None and session.platform_admin,
        roles={} if session is None else dict(session.roles),
        platform_scopes=sorted(caller.principal.scopes_for(None)),
        csrf_token=None if session is None else entrance.csrf_of(caller.session_token),
        expires_at=None if session is None else session.expires_at,
    )
