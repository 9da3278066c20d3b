"""The list of businesses that a caller may look at."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from frontdesk.features import consent, delivery
from frontdesk.features.textback.template import lint
from frontdesk.kernel.auth import Scope
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor, list_businesses
from frontdesk.wiring import Frontdesk


class BusinessView(BaseModel):
    """A business, and what the caller may do there."""

    id: UUID
    slug: str
    name: str
    timezone: str
    scopes: list[Scope]


def businesses_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the route of the list of businesses."""
    routes = Routes(tags=["businesses"])

    @routes.get("/api/tenants", summary="List the businesses you may look at, by name")
    async def list_tenants(caller: Annotated[Caller, Depends(door.anybody_known)]) -> list[BusinessView]:
        return [
            BusinessView(
                id=business.id,
                slug=business.slug,
                name=business.name,
                timezone=business.timezone,
                scopes=sorted(caller.principal.scopes_for(business.id)),
            )
            for business in await list_businesses(parts.system, caller)
        ]

    return routes


def judge_template(template: str) -> str:
    """Say what is wrong with the words of a text-back: the first fault, or "" when only warnings are left."""
    findings = lint(template, is_opt_out=lambda text: consent.understand(text, None).verdict is consent.Verdict.STOP)
    return next((finding.message for finding in findings if finding.severity is delivery.Severity.ERROR), "")
