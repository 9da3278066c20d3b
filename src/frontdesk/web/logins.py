"""Logging in and out: as JSON for programs, as a form for people, also without scripts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from frontdesk.kernel import auth
from frontdesk.kernel.auth import LoggedIn, LoginRefused, LoginThrottled, Passwords, Role, Scope
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry.metrics import LOGIN_REFUSALS
from frontdesk.web.access import CHOSEN_COOKIE, Caller, Entrance, FrontDoor
from frontdesk.web.peers import client_address
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

MAX_FIELD = 1024


class Credentials(BaseModel, extra="forbid"):
    """Who wants in."""

    email: str = Field(max_length=MAX_FIELD)
    password: str = Field(max_length=MAX_FIELD)


class Me(BaseModel):
    """Who is in, what they may do where, and the token that their changes must repeat (sessions only)."""

    signature: str
    platform_admin: bool
    roles: dict[UUID, Role]
    platform_scopes: list[Scope]
    csrf_token: str | None
    expires_at: datetime | None


class Logins:
    """Logs people in, throttled, and gives and takes their cookie."""

    def __init__(self, parts: Frontdesk, door: FrontDoor) -> None:
        self._parts = parts
        self._entrance = door.entrance
        self._passwords = Passwords()

    async def log_in(self, request: Request, *, email: str, password: str) -> LoggedIn:
        """Log a person in; refuses `auth.csrf`, `auth.login_refused` (401) and `auth.throttled` (429)."""
        self._entrance.refuse_foreign(request)
        result = await auth.log_in(
            self._parts.system,
            self._passwords,
            email=email,
            password=password,
            ip=client_address(request, trusted=self._parts.settings.web.trusted_proxies),
            user_agent=request.headers.get("user-agent", ""),
            lifetime=self._entrance.lifetime,
        )
        match result:
            case LoggedIn():
                return result
            case LoginRefused():
                self._parts.metrics.increment(LOGIN_REFUSALS, reason="wrong")
                raise Refused("auth.login_refused", "The e-mail address or the password is wrong.", status=401)
            case LoginThrottled(reason=reason, retry_after=wait):
                self._parts.metrics.increment(LOGIN_REFUSALS, reason=reason)
                seconds = int(wait.total_seconds()) + 1
                raise Refused(
                    "auth.throttled",
                    f"Too many tries. Try again in {seconds // 60 + 1} min.",
                    status=429,
                    details={"retry_after_seconds": seconds},
                )

    async def log_out(self, caller: Caller) -> None:
        """End the caller's session; a token has none to end."""
        if caller.session is not None:
            async with self._parts.system.transaction() as tx:
                await auth.log_out(tx, session=caller.session)

    def give_cookie(self, response: Response, login: LoggedIn) -> None:
        """Hand the session's token to the browser: for this host alone, unreadable for scripts."""
        response.set_cookie(
            self._entrance.cookie,
            login.token,
            max_age=int(self._entrance.lifetime.absolute.total_seconds()),
            path="/",
            secure=self._entrance.https,
            httponly=True,
            samesite="lax",
        )

    def take_cookie(self, response: Response) -> None:
        """Make the browser forget its session."""
        secure = self._entrance.https
        response.delete_cookie(self._entrance.cookie, path="/", secure=secure, httponly=True, samesite="lax")
        response.delete_cookie(CHOSEN_COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def login_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of logging in and out."""
    logins = Logins(parts, door)
    routes = APIRouter()
    _add_api(routes, logins, door)
    _add_pages(routes, logins, door)
    return routes


def _add_api(routes: APIRouter, logins: Logins, door: FrontDoor) -> None:
    @routes.post(
        "/api/auth/login",
        tags=["auth"],
        summary="Log in; sets the session's cookie",
        response_model=Me,
        responses={
            401: {"description": "The e-mail address or the password is wrong"},
            403: {"description": "The request comes from another site's page"},
            429: {"description": "Too many tries"},
        },
    )
    async def api_login(request: Request, credentials: Credentials) -> JSONResponse:
        login = await logins.log_in(request, email=credentials.email, password=credentials.password)
        me = describe(Caller(principal=login.session, session=login.session, session_token=login.token), door.entrance)
        response = JSONResponse(me.model_dump(mode="json"))
        logins.give_cookie(response, login)
        return response

    @routes.post("/api/auth/logout", tags=["auth"], summary="Log out", status_code=204)
    async def api_logout(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        await logins.log_out(caller)
        response = Response(status_code=204)
        logins.take_cookie(response)
        return response

    @routes.get("/api/auth/me", tags=["auth"], summary="Tell who is logged in")
    async def me(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Me:
        return describe(caller, door.entrance)


def _add_pages(routes: APIRouter, logins: Logins, door: FrontDoor) -> None:
    @routes.get("/login", include_in_schema=False)
    async def login_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the parameter's public name
        if await door.entrance.identify(request) is not None:
            return RedirectResponse(own_path(next), status_code=303)
        return HTMLResponse(render("login.html", next=own_path(next), email="", wrong=""))

    @routes.post("/login", include_in_schema=False)
    async def login_form(
        request: Request,
        email: Annotated[str, Form(max_length=MAX_FIELD)] = "",
        password: Annotated[str, Form(max_length=MAX_FIELD)] = "",
        next: Annotated[str, Form(max_length=MAX_FIELD)] = "/",  # noqa: A002 - the field's name
    ) -> Response:
        try:
            login = await logins.log_in(request, email=email, password=password)
        except Refused as refusal:
            page = render("login.html", next=own_path(next), email=email, wrong=refusal.message)
            return HTMLResponse(page, status_code=refusal.status)
        response = RedirectResponse(own_path(next), status_code=303)
        logins.give_cookie(response, login)
        return response

    @routes.post("/logout", include_in_schema=False)
    async def logout_form(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        await logins.log_out(caller)
        response = RedirectResponse("/login", status_code=303)
        logins.take_cookie(response)
        return response


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


def own_path(wanted: str) -> str:
    """Keep a path of ours to go to after the login; anything that could lead elsewhere becomes the first page."""
    plain = wanted.isprintable() and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if plain and "\\" not in wanted else "/"
