"""The booking settings: the public page and its preview, what is offered and by whom, and the waiting list."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features import scheduling, tenants
from frontdesk.features.scheduling import WaiterStatus
from frontdesk.features.scheduling.model.showing import Accent
from frontdesk.features.scheduling.service import offers, showing, waiting
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.edge import POLICY
from frontdesk.web.pages.booking_settings_offers import add_resources, add_services, lines_of
from frontdesk.web.pages.booking_settings_waiting import PAGE, add_waiting
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

UNPROCESSABLE = 422
NOTICES = {
    "saved": "Saved.",
    "added": "Added.",
}
COLOURS = {
    Accent.INDIGO: "Indigo",
    Accent.TEAL: "Teal",
    Accent.AMBER: "Amber",
    Accent.PLUM: "Plum",
    Accent.ROSE: "Rose",
    Accent.OLIVE: "Olive",
}
# The console alone may show it in a frame.
FRAMED = {
    "content-security-policy": POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    "x-frame-options": "SAMEORIGIN",
}
Word = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")]


def booking_settings_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the booking settings."""
    routes = Routes(prefix="/businesses/{tenant_id}/settings/booking", include_in_schema=False)
    frames = Frames(parts, door, section="settings", tab="booking")
    _add_overview(routes, parts, door, frames)
    _add_preview(routes, door)
    add_services(routes, door, frames)
    add_resources(routes, door, frames)
    add_waiting(routes, parts, door, frames)
    return routes


def _add_overview(routes: APIRouter, parts: Frontdesk, door: FrontDoor, frames: Frames) -> None:
    async def show(
        request: Request, visit: Visit, *, notice: str = "", wrong: str = "", typed: scheduling.Page | None = None
    ) -> Response:
        async with visit.transaction() as tx:
            business = await tenants.get_tenant(tx)
            values: dict[str, object] = {
                "page": typed or await scheduling.get_page(tx),
                "accent": await showing.get_accent(tx),
                "colours": COLOURS,
                "services": await lines_of(tx),
                "resources": await scheduling.list_resources(tx, active_only=False),
                "waiting": len(await waiting.list_waiters(tx, status=WaiterStatus.WAITING, limit=PAGE)),
                "address": parts.links.page(business.slug),
                "may_change": visit.may(Scope.BOOKING_WRITE),
                "notice": NOTICES.get(notice, ""),
                "wrong": wrong,
            }
        status = UNPROCESSABLE if wrong else 200
        return await frames.page(request, visit, Shown(template="booking_settings.html", values=values, status=status))

    @routes.get("")
    async def overview(
        request: Request, visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_READ))], done: Word = ""
    ) -> Response:
        return await show(request, visit, notice=done)

    @routes.post("/page")
    async def save_page(
        request: Request,
        visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_WRITE))],
        *,
        open: Annotated[str, Form(max_length=3)] = "",  # noqa: A002 - the word of the form
        welcome: Annotated[str, Form(max_length=2000)] = "",
        accent: Annotated[str, Form(max_length=20)] = "",
        origins: Annotated[str, Form(max_length=5000)] = "",
        refund: Annotated[str, Form(pattern=r"^[0-9]{0,4}$")] = "",
    ) -> Response:
        async with visit.transaction() as tx:
            known = await scheduling.get_page(tx)
        sites = tuple(dict.fromkeys(one.rstrip("/") for one in origins.split()))
        known = replace(known, refund_hours=min(int(refund), 8760) if refund else None)
        page = replace(known, open=bool(open), welcome=welcome.replace("\r\n", "\n").strip(), embed_origins=sites)
        wrong = _page_fault(page)
        if not wrong:
            try:
                async with visit.transaction() as tx:
                    await offers.change_page(tx, page, by=visit.actor)
                    colour = Accent(accent) if accent in set(Accent) else Accent.INDIGO
                    if colour is not await showing.get_accent(tx):
                        await showing.paint_page(tx, colour, by=visit.actor)
            except Refused as refusal:
                wrong = refusal.message
        if wrong:
            return await show(request, visit, wrong=wrong, typed=page)
        return go_to(_home(visit, "saved"))


def _page_fault(page: scheduling.Page) -> str:
    if len(page.welcome) > 1000 or any(one < " " and one not in "\n\t" for one in page.welcome):  # noqa: PLR2004 - a column
        return "The first words may have at most 1,000 letters."
    return "Name at most 20 sites." if len(page.embed_origins) > 20 else ""  # noqa: PLR2004 - the column's limit


def _add_preview(routes: APIRouter, door: FrontDoor) -> None:
    @routes.get("/preview")
    async def preview(visit: Annotated[Visit, Depends(door.to_business(Scope.BOOKING_READ))]) -> Response:
        """Show the booking page as strangers see it, in a frame of the console."""
        async with visit.transaction() as tx:
            business = await tenants.get_tenant(tx)
            page = await scheduling.get_page(tx)
            lines = await lines_of(tx)
            accent = await showing.get_accent(tx)
        shown = [one.service for one in lines if one.is_shown]
        home = f"/book/{business.slug}"
        words = render(
            "booking.html", business=business, page=page, home=home, services=shown, accent=accent.value,
            prices={one.service.id: one.showing.price_cents for one in lines},
        )  # fmt: skip
        return HTMLResponse(words, headers=FRAMED)


def _home(visit: Visit, done: str) -> str:
    return f"/businesses/{visit.tenant_id}/settings/booking?done={done}"
