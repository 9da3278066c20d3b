"""The JSON API of consent: opt-ins, do-not-contact lists, and the ledger of how all that came to be."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features.consent import service
from frontdesk.features.consent.model import OptOutJournal
from frontdesk.features.consent.routes.lists import add_lists, add_platform_lists
from frontdesk.features.consent.routes.opt_ins import add_opt_ins
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, next_link
from frontdesk.routing import Routes


class LedgerEntryView(BaseModel):
    """One entry of the ledger; `metadata` is JSON as it was written."""

    event_type: str
    channel: str
    phone_e164: str
    scope: str
    metadata: str
    seq: int
    created_at: datetime


def router(access: Access, *, journal: OptOutJournal) -> APIRouter:
    """Make the routes of consent; `journal` keeps refusals outside the database."""
    routes = Routes(tags=["consent"])
    add_opt_ins(routes, access)
    add_lists(routes, access, journal)
    add_platform_lists(routes, access, journal)

    @routes.get("/api/compliance-events", summary="List the consent ledger, latest first")
    async def list_ledger(
        request: Request,
        response: Response,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CONSENT_READ))],
        phone_e164: str | None = None,
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> list[LedgerEntryView]:
        async with visit.transaction() as tx:
            found = await service.list_ledger(tx, phone_e164=phone_e164, before=before, limit=limit)
        if len(found) == limit:
            response.headers["link"] = next_link(request.url.path, request.url.query, before=str(found[-1]["seq"]))
        return [LedgerEntryView.model_validate(one) for one in found]

    return routes
