"""What people see of payments: where a link of ours leads, and a business's list of what was asked for and paid."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features import billing, tenants
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

PAGE = 50
PREPARING_SECONDS = 2  # until the page looks again whether the pay page is there
Token = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def payment_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the public link and of a business's payments."""
    routes = APIRouter(include_in_schema=False)
    ours = APIRouter(prefix="/businesses/{tenant_id}", include_in_schema=False)
    frames = Frames(parts, door, section="settings", tab="payments")

    @routes.get("/pay/{token}")
    async def follow(token: Token, done: str = "") -> Response:
        async with parts.system.transaction() as tx:
            link = await billing.follow_link(tx, token=token, returned=bool(done))
        if link is None:
            return _answer(None, "", status=404)
        if link.url:
            # Whoever comes back from there comes back here; the address itself must not be kept.
            response = go_to(link.url)
            response.headers["Cache-Control"] = "no-store"
            return response
        async with parts.app.transaction(link.tenant_id) as tx:
            business = await tenants.get_tenant(tx)
        return _answer(link, business.name, status=200)

    @ours.get("/payments")
    async def payments(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BILLING_READ))],
        before: UUID | None = None,
    ) -> Response:
        async with visit.transaction() as tx:
            found = await billing.list_payments(tx, tenant_id=visit.tenant_id, before=before, limit=PAGE)
            one = await billing.find_subscription(tx, tenant_id=visit.tenant_id)
            plan = None if one is None else await billing.get_plan(tx, plan_id=one.plan_id)
        values = {
            "payments": found,
            "subscription": one,
            "plan": plan,
            "is_set_up": parts.payments is not None,
            "next": found[-1].id if len(found) == PAGE else None,
            "is_first": before is None,
        }
        return await frames.page(request, visit, Shown(template="payments.html", values=values))

    routes.routes.extend(ours.routes)
    return routes


def _answer(link: billing.Link | None, business: str, *, status: int) -> Response:
    page = render("pay.html", link=link, business=business, again_in=PREPARING_SECONDS)
    return HTMLResponse(
        page, status_code=status, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )
