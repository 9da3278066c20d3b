"""The JSON API of reports: days, recovered calls, speed, people who answer, campaigns, hours and costs."""

from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from frontdesk.features import tenants
from frontdesk.features.insights import service
from frontdesk.features.insights.queries.reports import (
    AgentFigures,
    CampaignFigures,
    CostFigures,
    Funnel,
    HourFigures,
)
from frontdesk.features.insights.service import DayFigures, Period
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction

USUAL_DAYS = 30


class WaitView(BaseModel):
    """How many callers waited for their text from one edge, in seconds, to the next; the last has no end."""

    from_seconds: float
    to_seconds: float | None
    calls: int


class Days(BaseModel):
    """The days that are reported on, on the business's calendar; the last 30 if none are named."""

    first: date | None = None
    last: date | None = None


async def read_period(tx: Transaction, days: Days) -> Period:
    """Make out which days are meant; refuses `insights.period_invalid`."""
    zone = (await tenants.get_tenant(tx)).timezone
    last = days.last or tx.now.astimezone(ZoneInfo(zone)).date()
    first = days.first or max(date.min + timedelta(days=USUAL_DAYS), last) - timedelta(days=USUAL_DAYS - 1)
    return service.choose_period(first=first, last=last, zone=zone)


Wanted = Annotated[Days, Query()]


def add_reports(routes: APIRouter, access: Access) -> None:
    """Add the routes of reports."""
    _add_calls(routes, access)
    _add_work(routes, access)


def _add_calls(routes: APIRouter, access: Access) -> None:
    may = access.to_business(Scope.DELIVERY_READ)

    @routes.get("/reports/days", summary="Report calls, texts, bookings and costs day by day", tags=["reports"])
    async def report_days(visit: Annotated[Visit, Depends(may)], days: Wanted) -> list[DayFigures]:
        async with visit.transaction() as tx:
            return await service.list_days(tx, await read_period(tx, days))

    @routes.get("/reports/recovered", summary="Report what came of missed calls", tags=["reports"])
    async def report_recovered(visit: Annotated[Visit, Depends(may)], days: Wanted) -> Funnel:
        async with visit.transaction() as tx:
            return (await service.sum_up(tx, await read_period(tx, days))).total.funnel

    @routes.get("/reports/speed", summary="Report how long callers waited for their text", tags=["reports"])
    async def report_speed(visit: Annotated[Visit, Depends(may)], days: Wanted) -> list[WaitView]:
        async with visit.transaction() as tx:
            waits = (await service.sum_up(tx, await read_period(tx, days))).total.waits
        ends = [*service.EDGES[1:], None]
        return [
            WaitView(from_seconds=start, to_seconds=end, calls=calls)
            for start, end, calls in zip(service.EDGES, ends, waits, strict=True)
        ]

    @routes.get("/reports/hours", summary="Report in which hours of the week calls come", tags=["reports"])
    async def report_hours(visit: Annotated[Visit, Depends(may)], days: Wanted) -> list[HourFigures]:
        async with visit.transaction() as tx:
            return (await service.sum_up(tx, await read_period(tx, days))).total.hours


def _add_work(routes: APIRouter, access: Access) -> None:
    may = access.to_business(Scope.DELIVERY_READ)

    @routes.get("/reports/agents", summary="Report who answered and how fast", tags=["reports"])
    async def report_agents(visit: Annotated[Visit, Depends(may)], days: Wanted) -> list[AgentFigures]:
        async with visit.transaction() as tx:
            return (await service.sum_up(tx, await read_period(tx, days))).total.agents

    @routes.get("/reports/campaigns", summary="Report what came of campaigns", tags=["reports"])
    async def report_campaigns(visit: Annotated[Visit, Depends(may)], days: Wanted) -> list[CampaignFigures]:
        async with visit.transaction() as tx:
            return await service.list_campaigns(tx, await service.sum_up(tx, await read_period(tx, days)))

    @routes.get("/reports/costs", summary="Report what texts have cost, by kind and campaign", tags=["reports"])
    async def report_costs(visit: Annotated[Visit, Depends(may)], days: Wanted) -> list[CostFigures]:
        async with visit.transaction() as tx:
            return await service.list_costs(tx, await service.sum_up(tx, await read_period(tx, days)))
