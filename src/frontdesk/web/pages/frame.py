"""What every page of a business has around it: who looks, at which business, in which section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from frontdesk.features import tenants
from frontdesk.kernel.auth.visit import Visit
from frontdesk.web.access import CHOSEN_COOKIE, Caller, FrontDoor, list_businesses, unknown_business
from frontdesk.web.rendering import render
from frontdesk.wiring import Frontdesk

FRAGMENT = "hx-request"  # htmx asks for a part of a page, everything else for a whole one


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page or a part of one: its template and what it needs.

    `rest_changed`: a part shows something after which the rest of its page is out of date.
    """

    template: str
    values: Mapping[str, object]
    status: int = 200
    rest_changed: bool = False


class Frames:
    """Puts what a page of a section shows into its frame."""

    def __init__(self, parts: Frontdesk, door: FrontDoor, *, section: str, tab: str = "") -> None:
        """Take the section, and the tab among those of the settings where it is one of them."""
        self._section = section
        self._tab = tab
        self._parts = parts
        self._door = door

    def part(self, request: Request, shown: Shown) -> Response:
        """Answer with a part of a page."""
        values = {**shown.values, "csrf": self._door.entrance.csrf_for(request)}
        return answer_part(shown, values)

    async def page(self, request: Request, visit: Visit, shown: Shown) -> Response:
        """Answer with a whole page, and remember the business as the chosen one."""
        caller = Caller(principal=visit.principal)
        businesses = await list_businesses(self._parts.system, caller)
        page = render(
            shown.template,
            **{
                **shown.values,
                "caller": caller,
                "businesses": businesses,
                "business": _named(businesses, visit.tenant_id),
                "section": self._section,
                "tab": self._tab,
                "csrf": self._door.entrance.csrf_for(request),
            },
        )
        response = HTMLResponse(page, status_code=shown.status)
        https = self._door.entrance.https
        response.set_cookie(CHOSEN_COOKIE, str(visit.tenant_id), path="/", secure=https, httponly=True, samesite="lax")
        return response


def answer_part(shown: Shown, values: Mapping[str, object]) -> Response:
    """Answer with a part of a page, and have the whole page loaded anew if its rest has changed too."""
    headers = {"HX-Refresh": "true"} if shown.rest_changed else None
    return HTMLResponse(render(shown.template, **values), status_code=shown.status, headers=headers)


def go_to(path: str) -> Response:
    """Answer a form with the page that shows what it did."""
    return RedirectResponse(path, status_code=303)


def _named(businesses: Sequence[tenants.Tenant], tenant_id: UUID) -> tenants.Tenant:
    for one in businesses:
        if one.id == tenant_id:
            return one
    raise unknown_business()
