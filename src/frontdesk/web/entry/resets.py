"""Forgotten passwords: asking for a link, and choosing a new password with it."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.features import tenants
from frontdesk.kernel import auth
from frontdesk.kernel.auth import User
from frontdesk.kernel.errors import Refused
from frontdesk.ports.mail import Letter
from frontdesk.routing import Routes
from frontdesk.web.entry.desk import EntryDesk, too_often
from frontdesk.web.rendering import render
from frontdesk.wiring.notices import Change

MAX_FIELD = 1024
WORDS = """Hello,

somebody, probably you, asked for a new password at Frontdesk. Choose it here within 30 minutes:

{link}

If it was not you, do nothing: your password stays as it is.
"""


def reset_router(desk: EntryDesk) -> APIRouter:
    """Make the routes of forgotten passwords."""
    routes = Routes(include_in_schema=False)
    _add_asking(routes, desk)
    _add_choosing(routes, desk)
    return routes


def _add_asking(routes: APIRouter, desk: EntryDesk) -> None:
    @routes.get("/forgot")
    async def forgot_page(email: str = "") -> Response:
        return HTMLResponse(_asking(desk, email=email[:254]))

    @routes.post("/forgot")
    async def forgot_form(request: Request, email: Annotated[str, Form(max_length=MAX_FIELD)] = "") -> Response:
        desk.entrance.refuse_foreign(request)
        if desk.letterbox is None:
            return HTMLResponse(_asking(desk, email=email), status_code=409)
        too_many = await auth.ask_for_reset(desk.parts.system, email=email, ip=desk.address(request))
        if too_many is not None:
            refusal = too_often(too_many)
            return HTMLResponse(_asking(desk, email=email, wrong=refusal.message), status_code=refusal.status)
        # Whether there is such a person is looked up beside the answer, which is the same and as fast for everybody.
        desk.letterbox.post(lambda: _write(desk, email))
        return HTMLResponse(_asking(desk, email=email, sent=True))


def _add_choosing(routes: APIRouter, desk: EntryDesk) -> None:
    @routes.get("/reset/{reset_token}")
    async def reset_page(reset_token: str) -> Response:
        async with desk.parts.system.transaction() as tx:
            user = await auth.find_reset(tx, token=reset_token)
        return _choosing(user)

    @routes.post("/reset/{reset_token}")
    async def reset_form(
        request: Request, reset_token: str, password: Annotated[str, Form(max_length=MAX_FIELD)] = ""
    ) -> Response:
        desk.entrance.refuse_foreign(request)
        async with desk.parts.system.transaction() as tx:
            user = await auth.find_reset(tx, token=reset_token)
        if user is None:
            return _choosing(None)
        try:
            hashed = await desk.passwords.hash(password, about=await words_about(desk, user))
            async with desk.parts.system.transaction() as tx:
                await auth.reset_password(tx, token=reset_token, password_hash=hashed)
                await desk.tell_of(tx, request, Change.PASSWORD, email=user.email)
        except Refused as refusal:
            return _choosing(user, wrong=refusal.message, status=refusal.status)
        response = RedirectResponse("/login?said=password-set", status_code=303)
        desk.take_cookie(response)
        return response


async def words_about(desk: EntryDesk, user: User) -> tuple[str, ...]:
    """List words that a person's password must not be made of: name, address, businesses."""
    async with desk.parts.system.transaction() as tx:
        theirs = await auth.list_businesses_of(tx, user_id=user.id)
        names = [one.name for one in await tenants.list_tenants(tx) if one.id in theirs]
    return (user.email, user.name, *names)


async def _write(desk: EntryDesk, email: str) -> Letter | None:
    async with desk.parts.system.transaction() as tx:
        reset = await auth.issue_reset(tx, email=email)
        at = tx.now
    if reset is None:
        return None
    link = f"{desk.parts.public_base_url.rstrip('/')}/reset/{reset.token}"
    return Letter(to=reset.user.email, subject="Your new password at Frontdesk", words=WORDS.format(link=link), at=at)


def _asking(desk: EntryDesk, *, email: str, wrong: str = "", sent: bool = False) -> str:
    return render("login_forgot.html", email=email, wrong=wrong, sent=sent, can_mail=desk.letterbox is not None)


def _choosing(user: User | None, *, wrong: str = "", status: int = 200) -> Response:
    page = render("login_reset.html", email="" if user is None else user.email, wrong=wrong)
    return HTMLResponse(page, status_code=409 if user is None else status)
