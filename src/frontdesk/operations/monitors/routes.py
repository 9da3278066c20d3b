"""HTTP for monitors: how each stands."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, PlatformVisit
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.queries import Standing
from frontdesk.routing import Routes


class MonitorsAnswer(BaseModel):
    """How monitors stand; empty while they are off."""

    items: list[Standing]


def router(access: Access) -> APIRouter:
    """Make the route."""
    routes = Routes(tags=["operations"])

    @routes.get("/api/monitors", summary="List monitors with their last run and their failures in a row")
    async def list_monitors(
        visit: Annotated[PlatformVisit, Depends(access.to_platform(Scope.OPERATIONS_READ))],
    ) -> MonitorsAnswer:
        async with visit.transaction() as tx:
            return MonitorsAnswer(items=await queries.list_standing(tx))

    return routes
