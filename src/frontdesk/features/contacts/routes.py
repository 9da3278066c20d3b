"""The JSON API of contacts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from frontdesk.features.contacts import service
from frontdesk.features.contacts.model import Contact
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of


def router(access: Access) -> APIRouter:
    """Make the routes of contacts."""
    routes = APIRouter(prefix="/api/contacts", tags=["contacts"])

    @routes.get("", summary="List people, newest first")
    async def list_contacts(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[Contact]:
        async with visit.transaction() as tx:
            found = await service.list_contacts(tx, before=before, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)

    @routes.get("/{contact_id}", summary="Read a person")
    async def get_contact(
        contact_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CONTACTS_READ))]
    ) -> Contact:
        async with visit.transaction() as tx:
            return await service.get_contact(tx, contact_id=contact_id)

    return routes
