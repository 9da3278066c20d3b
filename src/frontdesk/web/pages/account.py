"""A person's own account: password, authenticator app, passkeys, and where they are logged in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.kernel import auth
from frontdesk.kernel.auth import Session, User
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import CHOSEN_COOKIE, Caller, FrontDoor, list_businesses
from frontdesk.web.entry import EntryDesk
from frontdesk.web.entry.desk import session_of
from frontdesk.web.entry.resets import words_about
from frontdesk.web.pages.account_views import draw_code, show_sessions, spaced
from frontdesk.web.pages.frame import Shown, go_to
from frontdesk.web.rendering import render
from frontdesk.wiring.notices import Change

MAX_FIELD = 1024
PROVE = "/account/prove"
SAID = {
    "password": "Your password is changed. Everywhere else you were logged out.",
    "app-removed": "The app is removed. You log in with your password alone.",
    "passkey-added": "The passkey is kept. You can log in with it.",
    "passkey-removed": "The passkey is removed. Delete it on the device, too.",
    "session-ended": "That device is logged out.",
    "others-ended": "You are logged out everywhere but here.",
}


def account_pages(desk: EntryDesk, door: FrontDoor) -> APIRouter:
    """Make the routes of a person's account."""
    routes = Routes(include_in_schema=False)
    account = Account(desk)
    _add_first(routes, account, desk, door)
    _add_app(routes, account, desk, door)
    _add_removing(routes, account, desk, door)
    _add_sessions(routes, desk, door)
    return routes


class Account:
    """Puts what a page of the account shows into its frame."""

    def __init__(self, desk: EntryDesk) -> None:
        self._desk = desk

    async def page(self, request: Request, caller: Caller, shown: Shown) -> Response:
        """Answer with a whole page, in the time zone of the business that was last looked at."""
        session = session_of(caller)
        businesses = await list_businesses(self._desk.parts.system, caller)
        chosen = request.cookies.get(CHOSEN_COOKIE, "")
        business = next((one for one in businesses if str(one.id) == chosen), businesses[0] if businesses else None)
        async with self._desk.parts.system.transaction() as tx:
            now = tx.now
        page = render(
            shown.template,
            **{
                **shown.values,
                "caller": caller,
                "session": session,
                "businesses": businesses,
                "business": business,
                "zone": "UTC" if business is None else business.timezone,
                "now": now,
                "fresh": auth.is_fresh(session, now=now),
                "section": "account",
                "tab": "",
                "csrf": self._desk.entrance.csrf_for(request),
            },
        )
        return HTMLResponse(page, status_code=shown.status)

    async def first(
        self, request: Request, caller: Caller, *, said: str = "", wrong: str = "", at: str = "", status: int = 200
    ) -> Response:
        """Answer with the account's first page; `wrong` stands where `at` says."""
        session = session_of(caller)
        async with self._desk.parts.system.transaction() as tx:
            factors = await auth.read_factors(tx, user_id=session.user_id)
            sessions = await auth.list_sessions(tx, user_id=session.user_id)
        values = {
            "factors": factors,
            "sessions": show_sessions(sessions, this=session),
            "party": self._desk.party,
            "said": SAID.get(said, ""),
            "wrong": wrong,
            "at": at,
        }
        return await self.page(request, caller, Shown(template="account.html", values=values, status=status))


def _add_first(routes: APIRouter, account: Account, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.get("/account")
    async def account_page(
        request: Request, caller: Annotated[Caller, Depends(door.anybody_known)], said: str = ""
    ) -> Response:
        return await account.first(request, caller, said=said)

    @routes.post("/account/password")
    async def change_password(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        password: Annotated[str, Form(max_length=MAX_FIELD)] = "",
    ) -> Response:
        session = session_of(caller)
        if not await is_fresh(desk, session):
            return go_to(f"{PROVE}?next=/account")
        user = User(session.user_id, session.email, session.name, session.platform_admin, None)
        try:
            hashed = await desk.passwords.hash(password, about=await words_about(desk, user))
        except Refused as refusal:
            return await account.first(request, caller, wrong=refusal.message, at="password", status=refusal.status)
        async with desk.parts.system.transaction() as tx:
            await auth.set_password(
                tx, user_id=session.user_id, password_hash=hashed, actor=session.actor, keep_session=session.id
            )
            await desk.tell_of(tx, request, Change.PASSWORD, email=session.email)
        return go_to("/account?said=password")


def _add_app(routes: APIRouter, account: Account, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.get("/account/app")
    async def app_page(request: Request, caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        return await _enrolment(account, desk, request, caller)

    @routes.post("/account/app")
    async def begin(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        session = session_of(caller)
        if not await is_fresh(desk, session):
            return go_to(f"{PROVE}?next=/account")
        async with desk.parts.system.transaction() as tx:
            await auth.begin_totp(tx, desk.vault, user_id=session.user_id)
        return go_to("/account/app")

    @routes.post("/account/app/confirm")
    async def confirm(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        code: Annotated[str, Form(max_length=MAX_FIELD)] = "",
    ) -> Response:
        session = session_of(caller)
        if not await is_fresh(desk, session):
            return go_to(f"{PROVE}?next=/account/app")
        try:
            async with desk.parts.system.transaction() as tx:
                codes = await auth.confirm_totp(tx, desk.vault, user_id=session.user_id, code=code, actor=session.actor)
                await desk.tell_of(tx, request, Change.APP_ADDED, email=session.email)
        except Refused as refusal:
            return await _enrolment(account, desk, request, caller, wrong=refusal.message, status=refusal.status)
        values = {"codes": codes, "is_new": True}
        return await account.page(request, caller, Shown(template="account_codes.html", values=values))

    @routes.post("/account/app/codes")
    async def renew_codes(request: Request, caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        session = session_of(caller)
        if not await is_fresh(desk, session):
            return go_to(f"{PROVE}?next=/account")
        async with desk.parts.system.transaction() as tx:
            codes = await auth.renew_recovery_codes(tx, user_id=session.user_id, actor=session.actor)
            await desk.tell_of(tx, request, Change.CODES_RENEWED, email=session.email)
        values = {"codes": codes, "is_new": False}
        return await account.page(request, caller, Shown(template="account_codes.html", values=values))


def _add_removing(routes: APIRouter, account: Account, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.post("/account/app/remove")
    async def remove_app(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        secret: Annotated[str, Form(max_length=MAX_FIELD)] = "",
    ) -> Response:
        session = session_of(caller)
        try:
            # Asked for here and now, however fresh the last proof: a phone left on a table must not take its lock off.
            login = await desk.prove(request, session, secret=secret)
        except Refused as refusal:
            return await account.first(request, caller, wrong=refusal.message, at="app", status=refusal.status)
        async with desk.parts.system.transaction() as tx:
            await auth.remove_totp(tx, user_id=session.user_id, actor=session.actor)
            await desk.tell_of(tx, request, Change.APP_REMOVED, email=session.email)
        response = go_to("/account?said=app-removed")
        desk.give_cookie(response, login)
        return response

    @routes.post("/account/passkeys/{passkey_id}/remove")
    async def remove_passkey(
        request: Request, passkey_id: UUID, caller: Annotated[Caller, Depends(door.anybody_known)]
    ) -> Response:
        session = session_of(caller)
        if not await is_fresh(desk, session):
            return go_to(f"{PROVE}?next=/account")
        async with desk.parts.system.transaction() as tx:
            await auth.remove_passkey(tx, passkey_id=passkey_id, user_id=session.user_id, actor=session.actor)
            await desk.tell_of(tx, request, Change.PASSKEY_REMOVED, email=session.email)
        return go_to("/account?said=passkey-removed")


def _add_sessions(routes: APIRouter, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.post("/account/sessions/{session_id}/end")
    async def end_one(session_id: UUID, caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        async with desk.parts.system.transaction() as tx:
            await auth.end_session(tx, session_id=session_id, session=session_of(caller))
        return go_to("/account?said=session-ended")

    @routes.post("/account/sessions/end-others")
    async def end_others(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        session = session_of(caller)
        async with desk.parts.system.transaction() as tx:
            await auth.log_out_everywhere(tx, user_id=session.user_id, actor=session.actor, keep_session=session.id)
        return go_to("/account?said=others-ended")


async def is_fresh(desk: EntryDesk, session: Session) -> bool:
    """Tell whether a person has just proven who they are."""
    async with desk.parts.system.transaction() as tx:
        return auth.is_fresh(session, now=tx.now)


async def _enrolment(
    account: Account, desk: EntryDesk, request: Request, caller: Caller, *, wrong: str = "", status: int = 200
) -> Response:
    session = session_of(caller)
    if not await is_fresh(desk, session):
        return go_to(f"{PROVE}?next=/account/app")
    async with desk.parts.system.transaction() as tx:
        begun = await auth.get_enrolment(tx, desk.vault, user_id=session.user_id, email=session.email)
    if begun is None:
        return go_to("/account")
    values = {"drawn": draw_code(begun.address), "secret": spaced(begun.secret), "wrong": wrong}
    return await account.page(request, caller, Shown(template="account_app.html", values=values, status=status))
