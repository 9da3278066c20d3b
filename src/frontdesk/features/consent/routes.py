"""The JSON API of consent: who must not be texted, and the ledger of how that came to be."""

from typing import Annotated

from fastapi import APIRouter, Depends

from frontdesk.features.consent import service
from frontdesk.features.consent.model import Refusal
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit


def router(access: Access) -> APIRouter:
    """Make the routes of consent."""
    routes = APIRouter(tags=["consent"])

    @routes.get("/api/dnc", summary="List who must not be texted, latest first")
    async def list_refusals(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONSENT_READ))], limit: Limit = DEFAULT_LIMIT
    ) -> list[Refusal]:
        async with visit.transaction() as tx:
            return await service.list_refusals(tx, limit=limit)

    @routes.get("/api/compliance-events", summary="List the consent ledger, latest first")
    async def list_ledger(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONSENT_READ))],
        phone_e164: str | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[dict[str, object]]:
        async with visit.transaction() as tx:
            return await service.list_ledger(tx, phone_e164=phone_e164, limit=limit)

    return routes
