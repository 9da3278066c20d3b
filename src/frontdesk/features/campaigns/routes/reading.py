"""Routes that show what will become, and has become, of a campaign's texts."""

import json
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from frontdesk.features.campaigns.queries.rehearsals import Rehearsal
from frontdesk.features.campaigns.routes.views import EntryPage, OutcomePage, RehearsalView, Results
from frontdesk.features.campaigns.service import rehearsing, results
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit


def add_routes(routes: APIRouter, access: Access) -> None:
    """Add the routes of rehearsals and results."""
    _add_rehearsing(routes, access)
    _add_results(routes, access)


def _add_rehearsing(routes: APIRouter, access: Access) -> None:
    @routes.post("/{campaign_id}/rehearse", status_code=202, summary="Rehearse a campaign over the next seven days")
    async def rehearse(
        campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_WRITE))]
    ) -> RehearsalView:
        async with visit.transaction() as tx:
            begun = await rehearsing.begin_rehearsal(tx, campaign_id=campaign_id, by=visit.actor)
        return _show_rehearsal(begun)

    @routes.get("/rehearsals/{rehearsal_id}", summary="Read a rehearsal: figures by hour, reason and cost")
    async def get_rehearsal(
        rehearsal_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_READ))]
    ) -> RehearsalView:
        async with visit.transaction() as tx:
            return _show_rehearsal(await rehearsing.get_rehearsal(tx, rehearsal_id=rehearsal_id))

    @routes.get("/rehearsals/{rehearsal_id}/people", summary="List who would get what and when, or why not")
    async def list_entries(
        rehearsal_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_READ))],
        after: Annotated[str, Query(max_length=20)] = "",
        verdict: Annotated[str | None, Query(pattern="^(send|hold|bar|drop)$")] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> EntryPage:
        async with visit.transaction() as tx:
            found = await rehearsing.list_entries(
                tx, rehearsal_id=rehearsal_id, after=after, verdict=verdict, limit=limit
            )
        return EntryPage(items=found, next=found[-1].phone_e164 if len(found) == limit else None)


def _show_rehearsal(rehearsal: Rehearsal) -> RehearsalView:
    return RehearsalView(
        id=rehearsal.id,
        campaign_id=rehearsal.campaign_id,
        content_hash=rehearsal.content_hash,
        status=rehearsal.status,
        starts_at=rehearsal.starts_at,
        ends_at=rehearsal.ends_at,
        rehearsed=rehearsal.rehearsed,
        summary=json.loads(rehearsal.summary),
        created_by=rehearsal.created_by,
        done_at=rehearsal.done_at,
    )


def _add_results(routes: APIRouter, access: Access) -> None:
    @routes.get("/{campaign_id}/results", summary="Read what became of a campaign's texts, live")
    async def sum_results(
        campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_READ))]
    ) -> Results:
        async with visit.transaction() as tx:
            lines = await results.sum_results(tx, campaign_id=campaign_id)
        by_status: dict[str, int] = {}
        for line in lines:
            by_status[line.status] = by_status.get(line.status, 0) + line.people
        return Results(
            people=sum(line.people for line in lines),
            by_status=by_status,
            segments=sum(line.segments for line in lines),
            cost_cents=sum((line.cost_cents for line in lines), Decimal(0)),
            opted_out=sum(line.opted_out for line in lines),
            answered=sum(line.answered for line in lines),
            lines=lines,
        )

    @routes.get("/{campaign_id}/people", summary="List a campaign's people and what became of the text to each")
    async def list_people(
        campaign_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_READ))],
        after: Annotated[str, Query(max_length=20)] = "",
        status: Annotated[str | None, Query(max_length=20)] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> OutcomePage:
        async with visit.transaction() as tx:
            found = await results.list_people(tx, campaign_id=campaign_id, after=after, status=status, limit=limit)
        return OutcomePage(items=found, next=found[-1].phone_e164 if len(found) == limit else None)
