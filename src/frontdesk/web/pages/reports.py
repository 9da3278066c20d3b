"""The page of reports, and each report as a file; it works without scripts, and charts come alive with them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import insights
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import Frames, Shown
from frontdesk.web.pages.reports_views import USUAL, choose, read_reports
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

UNPROCESSABLE = 422
BOM = "\ufeff"  # by which spreadsheets know UTF-8
Said = Annotated[str, Query(max_length=10, pattern=r"^[0-9-]*$")]


def report_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the page of reports."""
    routes = Routes(prefix="/businesses/{tenant_id}/reports", include_in_schema=False)
    frames = Frames(parts, door, section="reports")
    may_read = door.to_business(Scope.DELIVERY_READ)

    @routes.get("")
    async def show(
        request: Request,
        visit: Annotated[Visit, Depends(may_read)],
        period: Said = USUAL,
        first: Said = "",
        last: Said = "",
    ) -> Response:
        async with visit.transaction() as tx:
            view = await read_reports(tx, period=period, first=first, last=last)
        status = UNPROCESSABLE if view.chosen.wrong else 200
        return await frames.page(
            request, visit, Shown(template="reports.html", values={"reports": view}, status=status)
        )

    @routes.get("/{report}.csv")
    async def download(
        visit: Annotated[Visit, Depends(may_read)],
        wanted: Annotated[str, Path(alias="report")],
        period: Said = USUAL,
        first: Said = "",
        last: Said = "",
    ) -> Response:
        try:
            name = insights.ReportName(wanted)
        except ValueError:
            raise Refused("insights.report_unknown", "There is no such report.", status=404) from None
        async with visit.transaction() as tx:
            chosen = choose(await read_place(tx), period=period, first=first, last=last).period
            sheet = await insights.tabulate(tx, name, chosen)
        filename = f"{name.value}-{chosen.first}-{chosen.last}.csv"
        return Response(
            BOM + insights.write_csv(sheet),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{filename}"', "cache-control": "no-store"},
        )

    return routes
