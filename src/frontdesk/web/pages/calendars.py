"""The page of calendars: which accounts are connected, how they stand, whose time each calendar takes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import scheduling
from frontdesk.features.scheduling.model.calendars import CalendarCompany
from frontdesk.features.scheduling.service import calendars as service
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.wiring import CALENDAR_TOPIC, Frontdesk

NAMES = {
    CalendarCompany.GOOGLE: "Google Calendar",
    CalendarCompany.JOBBER: "Jobber",
    CalendarCompany.CALDAV: "CalDAV server",
}
HEX_DIGITS = 32


def calendar_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the page, and of the way back from a provider's own page."""
    routes = Routes(include_in_schema=False)
    ours = Routes(prefix="/businesses/{tenant_id}/calendars", include_in_schema=False)
    _add_page(ours, parts, door)
    _add_connecting(ours, parts, door)
    _add_changing(ours, parts, door)
    _add_way_back(routes, parts, door)
    routes.routes.extend(ours.routes)  # flat, as the whole application is
    return routes


def _add_page(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    frames = Frames(parts, door, section="settings", tab="calendars")

    @routes.get("")
    async def calendars(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_READ))],
        notice: str = "",
    ) -> Response:
        async with visit.transaction() as tx:
            accounts = await service.list_accounts(tx)
            resources = await scheduling.list_resources(tx)
        values = {
            "accounts": accounts,
            "resources": resources,
            "names": NAMES,
            "offered": parts.calendars.desk.offered(),
            "may_change": visit.may(Scope.BOOKING_WRITE),
            "notice": NOTICES.get(notice, ""),
            "now": parts.clock.now(),
        }
        return await frames.page(request, visit, Shown(template="calendars.html", values=values))


NOTICES = {
    "connected": "The account is connected. Choose below whose time its calendars take.",
    "declined": "The account was not connected: its owner said no.",
    "asked": "It is being asked now.",
}


def _add_connecting(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    # A link and no form: browsers let no form lead to another site.
    @routes.get("/connect")
    async def connect(
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))],
        provider: CalendarCompany = CalendarCompany.GOOGLE,
    ) -> Response:
        url = await parts.calendars.desk.begin_consent(visit.tenant_id, provider=provider, by=visit.actor)
        response = go_to(url)
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.post("/servers")
    async def connect_server(
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))],
        server_url: Annotated[str, Form(max_length=2000)],
        username: Annotated[str, Form(max_length=200)],
        password: Annotated[str, Form(max_length=500)],
    ) -> Response:
        await parts.calendars.desk.connect_server(
            visit.tenant_id, server_url=server_url.strip(), username=username, password=password, by=visit.actor
        )
        return _back(parts, visit.tenant_id, "connected")

    @routes.post("/jobber")
    async def connect_jobber(
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))],
        token: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        await parts.calendars.desk.connect_jobber_token(visit.tenant_id, token=token.strip(), by=visit.actor)
        return _back(parts, visit.tenant_id, "connected")


def _add_changing(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    @routes.post("/use/{calendar_id}")
    async def use(
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))],
        calendar_id: UUID,
        resource_id: Annotated[str, Form(max_length=36)] = "",
        blocks: Annotated[str, Form(max_length=3)] = "",
        writes: Annotated[str, Form(max_length=3)] = "",
    ) -> Response:
        try:
            resource = UUID(resource_id) if resource_id else None
        except ValueError:
            raise Refused("scheduling.resource_not_found", "no such resource", status=404) from None
        async with visit.transaction() as tx:
            await service.use_calendar(
                tx,
                calendar_id=calendar_id,
                resource_id=resource,
                blocks=bool(blocks),
                writes=bool(writes),
                by=visit.actor,
            )
        return _back(parts, visit.tenant_id, "asked")

    @routes.post("/accounts/{connection_id}/sync")
    async def sync(
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))], connection_id: UUID
    ) -> Response:
        async with visit.transaction() as tx:
            await service.sync_now(tx, connection_id=connection_id)
        return _back(parts, visit.tenant_id, "asked")

    @routes.post("/accounts/{connection_id}/disconnect")
    async def disconnect(
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))], connection_id: UUID
    ) -> Response:
        await parts.calendars.desk.disconnect(visit.tenant_id, connection_id=connection_id, by=visit.actor)
        return _back(parts, visit.tenant_id, "")


def _add_way_back(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    @routes.get("/calendars/callback")
    async def come_back(
        caller: Annotated[Caller, Depends(door.anybody_known)], state: str = "", code: str = "", error: str = ""
    ) -> Response:
        if not state:
            return go_to("/")
        tenant_id = _tenant_in(state)
        if tenant_id is None or Scope.BOOKING_WRITE not in caller.principal.scopes_for(tenant_id):
            raise Refused("calendars.consent_unknown", "This consent was not asked for by you.", status=400)
        if error or not code:
            return _back(parts, tenant_id, "declined")
        await parts.calendars.desk.finish_consent(tenant_id, state=state, code=code, by=caller.principal.actor)
        return _back(parts, tenant_id, "connected")


def _tenant_in(state: str) -> UUID | None:
    """Read which business a state was made for; whether it is ours is told by its hash."""
    try:
        return UUID(hex=state.partition(".")[0]) if len(state) > HEX_DIGITS else None
    except ValueError:
        return None


def _back(parts: Frontdesk, tenant_id: UUID, notice: str) -> Response:
    parts.presence.wake(CALENDAR_TOPIC)
    return go_to(f"/businesses/{tenant_id}/calendars" + (f"?notice={notice}" if notice else ""))
