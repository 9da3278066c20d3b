"""The documentation in the console: its pages with a table of contents, and a search over all of them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import CHOSEN_COOKIE, Caller, FrontDoor, list_businesses
from frontdesk.web.manual import contents, manual, render_manual, search_manual
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

Words = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]


class KnownDesk:
    """Puts a page for anybody who is known into the console's frame, whichever business they looked at last."""

    def __init__(self, parts: Frontdesk, door: FrontDoor) -> None:
        self._parts = parts
        self._door = door

    async def page(
        self, request: Request, caller: Caller, template: str, *, section: str, status: int = 200, **values: object
    ) -> Response:
        """Answer with a whole page."""
        businesses = await list_businesses(self._parts.system, caller)
        chosen = request.cookies.get(CHOSEN_COOKIE, "")
        shown = render(
            template,
            **{
                **values,
                "caller": caller,
                "businesses": businesses,
                "business": next((one for one in businesses if str(one.id) == chosen), next(iter(businesses), None)),
                "section": section,
                "tab": "",
                "csrf": self._door.entrance.csrf_for(request),
            },
        )
        return HTMLResponse(shown, status_code=status)


def guide_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the guide; like everything else it wants a login or a token."""
    routes = Routes(prefix="/guide", include_in_schema=False)
    desk = KnownDesk(parts, door)

    @routes.get("")
    async def table_of_contents(
        request: Request, caller: Annotated[Caller, Depends(door.anybody_known)], q: Words = ""
    ) -> Response:
        found = search_manual(q)
        return await desk.page(
            request, caller, "guide.html", section="guide", contents=contents(), words=q.strip(), found=found
        )

    @routes.get("/{page}")
    async def one_page(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        page: str,
    ) -> Response:
        known = list(manual().values())
        at = next((place for place, one in enumerate(known) if one.slug == page), None)
        if at is None:
            raise Refused("guide.not_found", "The guide has no such page.", status=404)
        body, headings = render_manual(known[at])
        return await desk.page(
            request,
            caller,
            "guide_page.html",
            section="guide",
            contents=contents(),
            page=known[at],
            body=body,
            headings=[one for one in headings if one.level == 2],  # noqa: PLR2004 - the parts of a page
            previous=known[at - 1] if at else None,
            following=known[at + 1] if at + 1 < len(known) else None,
            words="",
        )

    return routes
