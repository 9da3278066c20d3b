"""Who works for a business, as JSON: list, take in, change the role, dismiss."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field, field_validator
from starlette.responses import Response

from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Role, Scope, invitations, members
from frontdesk.kernel.auth.invitations import Invitation
from frontdesk.kernel.auth.members import Member
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.entry import EntryDesk
from frontdesk.web.inviting import send_invitation
from frontdesk.wiring import Frontdesk

LAST_OWNER: dict[int | str, dict[str, Any]] = {409: {"description": "The business would be left without an owner"}}


class NewMember(BaseModel, extra="forbid"):
    """Whom to take in, and as what."""

    email: str = Field(max_length=254)
    name: str = Field("", max_length=120)
    role: Role

    @field_validator("email", "name")
    @classmethod
    def _can_be_kept(cls, text: str) -> str:
        if any(letter < " " for letter in text):
            raise ValueError("must have no control characters")
        return text


class NewRole(BaseModel, extra="forbid"):
    """The role that a person shall have."""

    role: Role


class InvitationView(BaseModel):
    """Who was asked to work here, as what, by whom, and until when the link is good."""

    id: UUID
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime


class NewInvitation(InvitationView):
    """An invitation just made; `link` is told once, and not at all where it went by mail."""

    mailed: bool
    link: str | None


class InvitationOrder(BaseModel, extra="forbid"):
    """Whom to ask in, and as what."""

    email: str = Field(max_length=254)
    role: Role


def member_router(desk: EntryDesk, door: FrontDoor) -> APIRouter:
    """Make the routes of members; nobody gives or takes a role that may do more than they may themselves."""
    routes = Routes(prefix="/api/members", tags=["members"])
    _add_looking(routes, desk.parts, door)
    _add_changing(routes, desk.parts, door)
    asking = Routes(prefix="/api/invitations", tags=["members"])
    _add_invitations(asking, desk, door)
    routes.routes.extend(asking.routes)  # flat, as the whole application is
    return routes


def _add_invitations(routes: APIRouter, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.get("", summary="List the invitations that wait for an answer, newest first")
    async def list_invitations(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_READ))],
    ) -> list[InvitationView]:
        async with desk.parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            return [_describe(one) for one in await invitations.list_invitations(tx)]

    @routes.post(
        "",
        summary="Invite somebody: by mail where a mail server is set up, else with a link to hand over",
        status_code=201,
        responses={409: {"description": "This person works here already, or too many invitations wait"}},
    )
    async def invite(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_WRITE))], order: InvitationOrder
    ) -> NewInvitation:
        made = await send_invitation(desk, visit, email=order.email, role=order.role)
        described = _describe(made.invitation)
        return NewInvitation(**described.model_dump(), mailed=not made.link, link=made.link or None)

    @routes.delete(
        "/{invitation_id}",
        summary="Take an invitation back",
        status_code=204,
        responses={404: {"description": "No such invitation is waiting"}},
    )
    async def revoke_invitation(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_WRITE))], invitation_id: UUID
    ) -> Response:
        async with desk.parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            await invitations.revoke_invitation(tx, invitation_id=invitation_id, actor=visit.actor)
        return Response(status_code=204)


def _describe(one: Invitation) -> InvitationView:
    return InvitationView(
        id=one.id,
        email=one.email,
        role=one.role,
        invited_by=one.invited_by,
        created_at=one.created_at,
        expires_at=one.expires_at,
    )


def _add_looking(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    @routes.get("", summary="List who works for the business, newest people first")
    async def list_members(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_READ))],
        role: Role | None = None,
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[Member]:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            found = await members.list_members(tx, before=before, limit=limit, role=role)
        return page_of(found, found[-1].user_id if found else None, limit=limit)

    @routes.get("/{user_id}", summary="Read who somebody is to the business")
    async def get_member(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_READ))], user_id: UUID
    ) -> Member:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            return await members.get_member(tx, user_id=user_id)


def _add_changing(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    @routes.post(
        "",
        summary="Take a person in; somebody new cannot log in before a password is set",
        status_code=201,
        responses={409: {"description": "This person works here already"}},
    )
    async def add_member(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_WRITE))],
        new: NewMember,
        idempotency_key: Annotated[idempotency.Key | None, Header()] = None,
    ) -> Member:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:

            async def add() -> UUID:
                added = await members.add_member(
                    tx,
                    email=new.email,
                    name=new.name,
                    role=new.role,
                    grantable=visit.principal.scopes_for(visit.tenant_id),
                    actor=visit.actor,
                )
                return added.user_id

            user_id, _ = await idempotency.once(
                tx, operation="members.add", key=idempotency_key, request=new.model_dump(mode="json"), make=add
            )
            return await members.get_member(tx, user_id=user_id)

    @routes.patch("/{user_id}", summary="Give somebody another role", responses=LAST_OWNER)
    async def change_role(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_WRITE))], user_id: UUID, wanted: NewRole
    ) -> Member:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            return await members.change_role(
                tx,
                user_id=user_id,
                role=wanted.role,
                grantable=visit.principal.scopes_for(visit.tenant_id),
                actor=visit.actor,
            )

    @routes.delete("/{user_id}", summary="Take somebody's role away at once", status_code=204, responses=LAST_OWNER)
    async def dismiss_member(
        visit: Annotated[Visit, Depends(door.to_business(Scope.MEMBERS_WRITE))], user_id: UUID
    ) -> Response:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            await members.dismiss_member(
                tx, user_id=user_id, grantable=visit.principal.scopes_for(visit.tenant_id), actor=visit.actor
            )
        return Response(status_code=204)
