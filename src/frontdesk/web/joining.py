"""Joining a business by invitation: with a new account, or with the one that the person has and is logged in to."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.features import tenants
from frontdesk.kernel import auth
from frontdesk.kernel.auth import Session, invitations
from frontdesk.kernel.auth.invitations import Invitation
from frontdesk.kernel.auth.sessions import begin_session
from frontdesk.kernel.errors import Refused
from frontdesk.web.access import CHOSEN_COOKIE
from frontdesk.web.entry import EntryDesk
from frontdesk.web.rendering import render
from frontdesk.web.roles import role_words

MAX_FIELD = 1024
CONFLICT = 409


def add_joining(routes: APIRouter, desk: EntryDesk) -> None:
    """Add the routes of an invitation's link."""

    @routes.get("/join/{invitation_token}")
    async def invitation_page(request: Request, invitation_token: str) -> Response:
        return await _page(desk, request, invitation_token)

    @routes.post("/join/{invitation_token}")
    async def join(
        request: Request,
        invitation_token: str,
        name: Annotated[str, Form(max_length=120)] = "",
        password: Annotated[str, Form(max_length=MAX_FIELD)] = "",
    ) -> Response:
        desk.entrance.refuse_foreign(request)
        caller = await desk.entrance.identify(request)
        if caller is not None and caller.session is not None:
            await desk.entrance.admit(request)
            return await _join_as(desk, request, invitation_token, caller.session)
        return await _join_as_new(desk, request, invitation_token, name=name.strip(), password=password)


async def _join_as(desk: EntryDesk, request: Request, secret: str, session: Session) -> Response:
    async with desk.parts.system.transaction() as tx:
        found = await invitations.find_invitation(tx, secret=secret)
    if found is None:
        return await _page(desk, request, secret)
    try:
        async with desk.parts.system.transaction(found.tenant_id) as tx:
            await invitations.join_as(tx, secret=secret, session=session)
    except Refused as refusal:
        return await _page(desk, request, secret, wrong={"all": refusal.message}, status=refusal.status)
    return _into(desk, found)


async def _join_as_new(desk: EntryDesk, request: Request, secret: str, *, name: str, password: str) -> Response:
    async with desk.parts.system.transaction() as tx:
        found = await invitations.find_invitation(tx, secret=secret)
        known = found is not None and await auth.find_user(tx, email=found.email) is not None
    if found is None or known:
        return await _page(desk, request, secret)
    if not name or not name.isprintable():
        return await _page(desk, request, secret, wrong={"name": "Write your name."}, status=422)
    try:
        hashed = await desk.passwords.hash(password, about=(found.email, name, await _business(desk, found)))
        async with desk.parts.system.transaction(found.tenant_id) as tx:
            user_id = await invitations.join_as_new(tx, secret=secret, name=name, password_hash=hashed)
            login = await begin_session(tx, user_id=user_id, visitor=desk.visitor(request), by="invitation")
    except Refused as refusal:
        field = "password" if refusal.code == "auth.password_weak" else "all"
        return await _page(desk, request, secret, wrong={field: refusal.message}, name=name, status=refusal.status)
    response = _into(desk, found)
    desk.give_cookie(response, login)
    return response


def _into(desk: EntryDesk, found: Invitation) -> Response:
    """Lead somebody who has joined into the business."""
    response = RedirectResponse(f"/?business={found.tenant_id}", status_code=303)
    secure = desk.entrance.https
    response.set_cookie(CHOSEN_COOKIE, str(found.tenant_id), path="/", secure=secure, httponly=True, samesite="lax")
    return response


async def _business(desk: EntryDesk, found: Invitation) -> str:
    async with desk.parts.app.transaction(found.tenant_id) as tx:
        return (await tenants.get_tenant(tx)).name


async def _page(
    desk: EntryDesk,
    request: Request,
    secret: str,
    *,
    wrong: dict[str, str] | None = None,
    name: str = "",
    status: int = 200,
) -> Response:
    async with desk.parts.system.transaction() as tx:
        found = await invitations.find_invitation(tx, secret=secret)
        known = found is not None and await auth.find_user(tx, email=found.email) is not None
    caller = await desk.entrance.identify(request)
    page = render(
        "join.html",
        found=found,
        business="" if found is None else await _business(desk, found),
        known=known,
        session=None if caller is None else caller.session,
        role="" if found is None else role_words(found.role),
        link=f"/join/{secret}" if found is not None else "",
        wrong=wrong or {},
        name=name,
        csrf=desk.entrance.csrf_for(request),
    )
    return HTMLResponse(page, status_code=CONFLICT if found is None else status)
