"""A person's own page: their card, their whole timeline, and what may be changed of them."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import consent, contacts, conversations
from frontdesk.features.consent import RefusalScope
from frontdesk.features.contacts.service import cards
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.paging import MomentCursor, read_cursor, write_cursor
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.contact_views import get_person
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.inbox_views import read_staff
from frontdesk.web.pages.inbox_words import to_items
from frontdesk.wiring import Frontdesk

NOT_FOUND = 404
ITEMS = 60
Line = Annotated[str, Form(max_length=500)]
Act: TypeAlias = Callable[[Transaction], Awaitable[object]]


def contact_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of a person's page."""
    routes = Routes(prefix="/businesses/{tenant_id}/people", include_in_schema=False)
    desk = PersonDesk(parts, door)
    _add_reading(routes, door, desk)
    _add_changing(routes, door, desk)
    _add_consent(routes, parts, door, desk)
    return routes


class PersonDesk:
    """Shows a person's page, and what came of changing something on it."""

    def __init__(self, parts: Frontdesk, door: FrontDoor) -> None:
        self._parts = parts
        self._frames = Frames(parts, door, section="people")

    async def show(
        self,
        request: Request,
        visit: Visit,
        contact_id: UUID,
        *,
        before: tuple[datetime, UUID] | None = None,
        ask: str = "",
        wrong: str = "",
        status: int = 200,
    ) -> Response:
        """Answer with a person's page."""
        staff = await read_staff(self._parts.system, visit)
        async with visit.transaction() as tx:
            person = await get_person(tx, visit, contact_id, wrong=wrong)
            may_read = visit.may(Scope.MESSAGES_READ)
            found = await conversations.list_happenings(
                tx,
                contact_id=contact_id,
                conversation_id=person.thread,
                phone_e164=person.card.phone_e164,
                before=before,
                limit=ITEMS,
            )
        values: dict[str, object] = {
            "person": person,
            "items": to_items(found, who=person.who, staff=staff, place=person.place) if may_read else [],
            "older": write_cursor(found[-1].at, str(found[-1].id)) if len(found) == ITEMS else "",
            "is_first": before is None,
            "ask": ask,
        }
        return await self._frames.page(request, visit, Shown(template="person.html", values=values, status=status))

    async def turn(self, request: Request, visit: Visit, contact_id: UUID, act: Act) -> Response:
        """Change something about a person and go back to their page; a refusal is told there."""
        try:
            async with visit.transaction() as tx:
                await contacts.get_card(tx, contact_id)
                await act(tx)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            wrong = refusal.message[:1].upper() + refusal.message[1:]
            return await self.show(request, visit, contact_id, wrong=wrong, status=refusal.status)
        return go_to(f"/businesses/{visit.tenant_id}/people/{contact_id}")


def _add_reading(routes: APIRouter, door: FrontDoor, desk: PersonDesk) -> None:
    @routes.get("/{contact_id}")
    async def person(
        request: Request,
        contact_id: UUID,
        visit: Annotated[Visit, Depends(door.to_business(Scope.CONTACTS_READ))],
        before: MomentCursor | None = None,
        ask: str = "",
    ) -> Response:
        place = None if before is None else read_cursor(before, UUID)
        return await desk.show(request, visit, contact_id, before=place, ask=ask)


def _add_changing(routes: APIRouter, door: FrontDoor, desk: PersonDesk) -> None:
    may_write = door.to_business(Scope.CONTACTS_WRITE)

    @routes.post("/{contact_id}/details")
    async def change(
        request: Request,
        contact_id: UUID,
        visit: Annotated[Visit, Depends(may_write)],
        name: Line = "",
        email: Line = "",
    ) -> Response:
        told = {"name": name, "email": email}
        return await desk.turn(
            request,
            visit,
            contact_id,
            lambda tx: cards.change_person(tx, contact_id, told=told, by=visit.actor),
        )

    @routes.post("/{contact_id}/tags")
    async def tag(
        request: Request,
        contact_id: UUID,
        visit: Annotated[Visit, Depends(may_write)],
        add: Line = "",
        remove: Line = "",
    ) -> Response:
        added = [one.strip() for one in add.split(",") if one.strip()]
        removed = [remove] if remove else []
        return await desk.turn(
            request,
            visit,
            contact_id,
            lambda tx: cards.tag_person(tx, contact_id, add=added, remove=removed, by=visit.actor),
        )


def _add_consent(routes: APIRouter, parts: Frontdesk, door: FrontDoor, desk: PersonDesk) -> None:
    may_refuse = door.to_business(Scope.CONSENT_WRITE)

    @routes.post("/{contact_id}/do-not-contact")
    async def refuse(
        request: Request, contact_id: UUID, visit: Annotated[Visit, Depends(may_refuse)], reason: Line = ""
    ) -> Response:
        put = partial(consent.put_on_list, scope=RefusalScope.ALL, reason=reason.strip() or "asked at the desk")
        return await change(request, visit, contact_id, put)

    @routes.post("/{contact_id}/allow")
    async def allow(
        request: Request, contact_id: UUID, visit: Annotated[Visit, Depends(may_refuse)], reason: Line = ""
    ) -> Response:
        take = partial(consent.take_off_list, reason=reason.strip() or "taken off at the desk")
        return await change(request, visit, contact_id, take)

    async def change(
        request: Request, visit: Visit, contact_id: UUID, listing: Callable[..., Awaitable[object]]
    ) -> Response:
        async def act(tx: Transaction) -> None:
            card = await contacts.get_card(tx, contact_id)
            await listing(tx, phone_e164=card.phone_e164, by=visit.actor, journal=parts.journal)

        return await desk.turn(request, visit, contact_id, act)
