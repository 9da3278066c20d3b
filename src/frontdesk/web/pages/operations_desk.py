"""What every page of operations has around it: the platform's frame, who looks, and what they may do there."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.web.access import CHOSEN_COOKIE, Caller, FrontDoor, list_businesses
from frontdesk.web.pages.frame import Shown, answer_part
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

ZONE = "UTC"  # whoever looks after an installation compares its pages with logs and carriers
SECTION = "operations"


class OperationsDesk:
    """Puts what a page of operations shows into its frame."""

    def __init__(self, parts: Frontdesk, door: FrontDoor) -> None:
        self.parts = parts
        self._door = door

    async def page(
        self, request: Request, visit: PlatformVisit, template: str, *, tab: str, status: int = 200, **values: object
    ) -> Response:
        """Answer with a whole page; `tab` is its place among the pages of operations."""
        caller = Caller(principal=visit.principal)
        businesses = await list_businesses(self.parts.system, caller)
        chosen = chosen_business(request)
        shown = render(
            template,
            **{
                **self._around(request, visit),
                **values,
                "caller": caller,
                "businesses": businesses,
                "business": next((one for one in businesses if one.id == chosen), next(iter(businesses), None)),
                "section": SECTION,
                "tab": tab,
            },
        )
        return HTMLResponse(shown, status_code=status)

    def part(self, request: Request, visit: PlatformVisit, shown: Shown) -> Response:
        """Answer with a part of a page."""
        values = {**self._around(request, visit), **shown.values}
        return answer_part(shown, values)

    def _around(self, request: Request, visit: PlatformVisit) -> Mapping[str, object]:
        held = visit.principal.scopes_for(None)
        return {
            "csrf": self._door.entrance.csrf_for(request),
            "zone": ZONE,
            "may_write": Scope.OPERATIONS_WRITE in held,
            "may_approve": Scope.OPERATIONS_APPROVE in held,
        }


def chosen_business(request: Request) -> UUID | None:
    """Read which business was looked at last, if any."""
    try:
        return UUID(request.cookies.get(CHOSEN_COOKIE, ""))
    except ValueError:
        return None
