"""The JSON API of calls."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from frontdesk.features.calls import service
from frontdesk.features.calls.model import Call
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes


def router(access: Access) -> APIRouter:
    """Make the routes of calls."""
    routes = Routes(prefix="/api/calls", tags=["calls"])

    @routes.get("", summary="List calls, newest first")
    async def list_calls(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CALLS_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[Call]:
        async with visit.transaction() as tx:
            found = await service.list_calls(tx, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    return routes
