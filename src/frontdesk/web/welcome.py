"""The first screen of signing up: the business and its owner; for strangers a mail stands between it and the next."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.features import tenants
from frontdesk.features.contacts.zones import country_names
from frontdesk.kernel.auth import Session, signing_up
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.entry import EntryDesk
from frontdesk.web.joining import add_joining
from frontdesk.web.rendering import render
from frontdesk.web.signup import FoundingForm, Gate, SignUpDesk, read_founding, said_long, told
from frontdesk.web.simulate import Simulator
from frontdesk.web.welcome_steps import setup_router

FORBIDDEN = 403
UNPROCESSABLE = 422
CONFLICT = 409
MAX_FIELD = 1024


def welcome_router(desk: EntryDesk, door: FrontDoor, *, simulator: Simulator) -> APIRouter:
    """Make the routes of coming in: signing up, the set-up of a business, and joining one by invitation."""
    routes = Routes(include_in_schema=False)
    signing_up_desk = SignUpDesk(desk)
    _add_founding(routes, signing_up_desk)
    _add_confirming(routes, signing_up_desk)
    add_joining(routes, desk)
    routes.routes.extend(setup_router(desk.parts, door, simulator=simulator).routes)  # flat, as the application is
    return routes


def _add_founding(routes: APIRouter, desk: SignUpDesk) -> None:
    @routes.get("/welcome")
    async def welcome(request: Request, new: str = "", setup: str = "") -> Response:
        session = await _session(desk, request)
        if session is not None and not new:
            unfinished = await _unfinished(desk, session)
            if unfinished is not None:
                return RedirectResponse(unfinished, status_code=303)
        return _page(desk, request, await desk.open_gate(session, setup=setup[:MAX_FIELD]), FoundingForm())

    @routes.post("/welcome")
    async def found(request: Request) -> Response:
        session = await _session(desk, request)
        async with request.form() as form:
            typed, password = read_founding(form, with_person=session is None), said_long(form, "password")
            setup = said_long(form, "setup")
        gate = await desk.open_gate(session, setup=setup)
        if gate.why:
            return _page(desk, request, gate, FoundingForm(), status=FORBIDDEN)
        if typed.wrong:
            return _page(desk, request, gate, typed, status=UNPROCESSABLE)
        try:
            return await _found(desk, request, gate, typed, password=password)
        except Refused as refusal:
            return _page(desk, request, gate, told(typed, refusal), status=refusal.status)


async def _found(desk: SignUpDesk, request: Request, gate: Gate, typed: FoundingForm, *, password: str) -> Response:
    if gate.session is not None:
        tenant_id = await desk.found_another(gate.session, typed)
        return RedirectResponse(f"/businesses/{tenant_id}/welcome/hours", status_code=303)
    if gate.by_mail:
        await desk.ask_to_confirm(request, typed, password=password)
        return HTMLResponse(render("welcome_mailed.html", email=typed.email))
    tenant_id, login = await desk.found(request, gate, typed, password=password)
    response = RedirectResponse(f"/businesses/{tenant_id}/welcome/hours", status_code=303)
    desk.desk.give_cookie(response, login)
    return response


def _add_confirming(routes: APIRouter, desk: SignUpDesk) -> None:
    # A link is only looked at: programs that read mails open every link in them, and must not set anything up.
    @routes.get("/welcome/confirm")
    async def confirm_page(token: str = "") -> Response:
        async with desk.parts.system.transaction() as tx:
            wish = await signing_up.find_sign_up(tx, secret=token)
        page = render("welcome_confirm.html", wish=wish, token=token, wrong="")
        return HTMLResponse(page, status_code=200 if wish is not None else CONFLICT)

    @routes.post("/welcome/confirm")
    async def confirm(request: Request, token: Annotated[str, Form(max_length=MAX_FIELD)] = "") -> Response:
        try:
            tenant_id, login = await desk.confirm(request, secret=token)
        except Refused as refusal:
            page = render("welcome_confirm.html", wish=None, token="", wrong=refusal.message)
            return HTMLResponse(page, status_code=refusal.status)
        response = RedirectResponse(f"/businesses/{tenant_id}/welcome/hours", status_code=303)
        desk.desk.give_cookie(response, login)
        return response


async def _session(desk: SignUpDesk, request: Request) -> Session | None:
    """Find out who is logged in; a form of theirs must repeat their session's token (`auth.csrf`)."""
    caller = await desk.desk.entrance.identify(request)
    if caller is None or caller.session is None:
        return None
    return (await desk.desk.entrance.admit(request)).session


async def _unfinished(desk: SignUpDesk, session: Session) -> str | None:
    """Find where somebody who has left in the middle goes on."""
    async with desk.parts.system.transaction() as tx:
        tenant_id = await tenants.find_open_setup(tx, among=list(session.roles))
    if tenant_id is None:
        return None
    async with desk.parts.app.transaction(tenant_id) as tx:
        setup = await tenants.find_setup(tx)
    return None if setup is None else f"/businesses/{tenant_id}/welcome/{setup.step.value}"


def _page(desk: SignUpDesk, request: Request, gate: Gate, form: FoundingForm, *, status: int = 200) -> Response:
    page = render(
        "welcome.html",
        gate=gate,
        form=form,
        countries=country_names(),
        csrf=desk.desk.entrance.csrf_for(request),
    )
    return HTMLResponse(page, status_code=status)
