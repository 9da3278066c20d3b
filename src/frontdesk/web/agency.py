"""Many businesses side by side: how the day of each stands, for whoever looks after more than one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from frontdesk.features.insights.queries.agency import BusinessDay, list_business_days
from frontdesk.kernel.auth import Scope
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor, list_businesses, unknown_business
from frontdesk.wiring import Frontdesk

MOST = 100


def agency_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the route of many businesses."""
    routes = Routes(tags=["businesses"])

    @routes.get(
        "/api/agency",
        summary="Tell how the day of each of your businesses stands, by name, 100 at a time",
        responses={404: {"description": "The business to go on after is not yours"}},
    )
    async def list_day(
        caller: Annotated[Caller, Depends(door.anybody_known)], after: UUID | None = None
    ) -> list[BusinessDay]:
        return await read_days(parts, caller, after=after)

    return routes


async def read_days(parts: Frontdesk, caller: Caller, *, after: UUID | None) -> list[BusinessDay]:
    """Read the businesses whose calls and texts a caller may look at; refuses an `after` that is none (404)."""
    everything = await list_businesses(parts.system, caller)
    needed = {Scope.CALLS_READ, Scope.DELIVERY_READ}
    mine = [one for one in everything if needed <= caller.principal.scopes_for(one.id)]
    last = next((one for one in mine if one.id == after), None)
    if after is not None and last is None:
        raise unknown_business()
    async with parts.system.transaction() as tx:
        return await list_business_days(
            tx,
            among=[one.id for one in mine],
            now=tx.now,
            after=None if last is None else (last.name, last.id),
            limit=MOST,
        )
