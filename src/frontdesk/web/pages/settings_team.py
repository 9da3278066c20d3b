"""The page of a business's team: who works there as what, who was asked in, and asking more."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel.auth import ROLE_SCOPES, Role, Scope, Session, invitations, members
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.web.access import FrontDoor
from frontdesk.web.entry import EntryDesk
from frontdesk.web.inviting import Invited, send_invitation
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.views import read_place
from frontdesk.web.roles import ROLE_NAMES, ROLE_WORDS

PAGE = 100
NOTICES = {
    "mailed": "The invitation is on its way by mail.",
    "changed": "The role is changed. It counts from their next click on.",
    "removed": "They have no way in here any more.",
    "revoked": "The invitation is taken back. Its link opens nothing.",
}
NOT_FOUND = 404


def add_team(routes: APIRouter, desk: EntryDesk, door: FrontDoor) -> None:
    """Add the routes of the team to those of the settings."""
    team = TeamDesk(desk, Frames(desk.parts, door, section="settings", tab="team"))
    _add_looking(routes, door, team)
    _add_inviting(routes, door, team, desk)
    _add_changing(routes, door, team, desk)


class TeamDesk:
    """Shows who works for a business."""

    def __init__(self, desk: EntryDesk, frames: Frames) -> None:
        self._desk = desk
        self._frames = frames

    async def show(
        self,
        request: Request,
        visit: Visit,
        *,
        before: UUID | None = None,
        notice: str = "",
        invited: Invited | None = None,
        email: str = "",
        wrong: str = "",
        refused: str = "",
        status: int = 200,
    ) -> Response:
        """Answer with the page, and what came of asking somebody in or changing a role."""
        async with self._desk.parts.system.transaction(visit.tenant_id) as tx:
            people = await members.list_members(tx, before=before, limit=PAGE)
            asked = await invitations.list_invitations(tx)
            place = await read_place(tx)
        held = visit.principal.scopes_for(visit.tenant_id)
        values: dict[str, object] = {
            "people": people,
            "next": people[-1].user_id if len(people) == PAGE else None,
            "asked": asked,
            "place": place,
            "grantable": [role for role in Role if ROLE_SCOPES[role] <= held],
            "role_names": ROLE_NAMES,
            "role_words": ROLE_WORDS,
            "me": visit.principal.user_id if isinstance(visit.principal, Session) else None,
            "may_write": visit.may(Scope.MEMBERS_WRITE),
            "by_mail": self._desk.letterbox is not None,
            "notice": NOTICES.get(notice, ""),
            "invited": invited,
            "email": email,
            "wrong": wrong,
            "refused": refused,
        }
        shown = Shown(template="settings_team.html", values=values, status=status)
        response = await self._frames.page(request, visit, shown)
        if invited is not None:
            response.headers["Cache-Control"] = "no-store"
        return response


def _add_looking(routes: APIRouter, door: FrontDoor, team: TeamDesk) -> None:
    @routes.get("/team")
    async def show_team(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_READ))],
        before: UUID | None = None,
        notice: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        return await team.show(request, visit, before=before, notice=notice)


def _add_inviting(routes: APIRouter, door: FrontDoor, team: TeamDesk, desk: EntryDesk) -> None:
    may_write = door.to_business(Scope.MEMBERS_WRITE)

    @routes.post("/team/invitations")
    async def ask_in(
        request: Request,
        visit: Annotated[Visit, Depends(may_write)],
        email: Annotated[str, Form(max_length=254)] = "",
        role: Annotated[Role, Form()] = Role.AGENT,
    ) -> Response:
        try:
            invited = await send_invitation(desk, visit, email=email, role=role)
        except Refused as refusal:
            return await team.show(request, visit, email=email, wrong=refusal.message, status=refusal.status)
        if not invited.link:
            return _back(visit, "mailed")
        return await team.show(request, visit, invited=invited)

    @routes.post("/team/invitations/{invitation_id}/revoke")
    async def take_back(visit: Annotated[Visit, Depends(may_write)], invitation_id: UUID) -> Response:
        async with desk.parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            await invitations.revoke_invitation(tx, invitation_id=invitation_id, actor=visit.actor)
        return _back(visit, "revoked")


def _add_changing(routes: APIRouter, door: FrontDoor, team: TeamDesk, desk: EntryDesk) -> None:
    may_write = door.to_business(Scope.MEMBERS_WRITE)

    @routes.post("/team/{user_id}")
    async def change(
        request: Request,
        visit: Annotated[Visit, Depends(may_write)],
        user_id: UUID,
        role: Annotated[Role, Form()] = Role.AGENT,
    ) -> Response:
        try:
            async with desk.parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
                await members.change_role(
                    tx,
                    user_id=user_id,
                    role=role,
                    grantable=visit.principal.scopes_for(visit.tenant_id),
                    actor=visit.actor,
                )
        except Refused as refusal:
            return await _refused(request, visit, team, refusal)
        return _back(visit, "changed")

    @routes.post("/team/{user_id}/remove")
    async def remove(request: Request, visit: Annotated[Visit, Depends(may_write)], user_id: UUID) -> Response:
        try:
            async with desk.parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
                await members.dismiss_member(
                    tx, user_id=user_id, grantable=visit.principal.scopes_for(visit.tenant_id), actor=visit.actor
                )
        except Refused as refusal:
            return await _refused(request, visit, team, refusal)
        return _back(visit, "removed")


async def _refused(request: Request, visit: Visit, team: TeamDesk, refusal: Refused) -> Response:
    if refusal.status == NOT_FOUND:
        raise refusal
    return await team.show(request, visit, refused=refusal.message, status=refusal.status)


def _back(visit: Visit, notice: str) -> Response:
    return go_to(f"/businesses/{visit.tenant_id}/settings/team?notice={notice}")
