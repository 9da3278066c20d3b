"""What people see who are to pay: a link of ours leads to the pay page once it is there, or tells how it stands."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse, Response

from frontdesk.features import billing, tenants
from frontdesk.routing import Routes
from frontdesk.web.pages.frame import go_to
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

PREPARING_SECONDS = 2  # until the page looks again whether the pay page is there
Token = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def pay_pages(parts: Frontdesk) -> APIRouter:
    """Make the route of the link that people pay by."""
    routes = Routes(include_in_schema=False)

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

    return routes


def _answer(link: billing.Link | None, business: str, *, status: int) -> Response:
    page = render("pay.html", link=link, business=business, again_in=PREPARING_SECONDS)
    return HTMLResponse(
        page, status_code=status, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )
