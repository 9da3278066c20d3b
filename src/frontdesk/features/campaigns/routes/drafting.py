"""Routes of campaigns being written: drafted, changed, copied, checked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header

from frontdesk.features.campaigns.model import CampaignStatus
from frontdesk.features.campaigns.routes.views import CampaignOrder, CampaignView, CloneOrder, FindingView
from frontdesk.features.campaigns.service import drafting, results
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of

IdempotencyKey = Annotated[idempotency.Key | None, Header(alias="Idempotency-Key")]


def add_routes(routes: APIRouter, access: Access) -> None:
    """Add the routes of drafts."""
    _add_writing(routes, access)
    _add_copying(routes, access)


def _add_writing(routes: APIRouter, access: Access) -> None:
    @routes.get("", summary="List campaigns, newest first")
    async def list_campaigns(
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_READ))],
        status: CampaignStatus | None = None,
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[CampaignView]:
        async with visit.transaction() as tx:
            found = await results.list_campaigns(tx, before=before, status=status, limit=limit)
        return page_of([CampaignView.of(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.post("", status_code=201, summary="Draft a campaign")
    async def create_campaign(
        order: CampaignOrder,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_WRITE))],
        key: IdempotencyKey = None,
    ) -> CampaignView:
        async with visit.transaction() as tx:

            async def make() -> UUID:
                return (await drafting.create_campaign(tx, order.draft(), by=visit.actor)).id

            campaign_id, _ = await idempotency.once(
                tx, operation="campaigns.create", key=key, request=order.model_dump(mode="json"), make=make
            )
            return CampaignView.of(await drafting.get_campaign(tx, campaign_id=campaign_id))

    @routes.get("/{campaign_id}", summary="Read a campaign")
    async def get_campaign(
        campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_READ))]
    ) -> CampaignView:
        async with visit.transaction() as tx:
            return CampaignView.of(await drafting.get_campaign(tx, campaign_id=campaign_id))

    @routes.put(
        "/{campaign_id}",
        summary="Change what a campaign says; its approval falls if anything changed",
        responses={409: {"description": "The campaign has started"}},
    )
    async def change_campaign(
        campaign_id: UUID,
        order: CampaignOrder,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_WRITE))],
    ) -> CampaignView:
        async with visit.transaction() as tx:
            changed = await drafting.change_campaign(tx, campaign_id=campaign_id, draft=order.draft(), by=visit.actor)
        return CampaignView.of(changed)


def _add_copying(routes: APIRouter, access: Access) -> None:
    @routes.post("/{campaign_id}/clone", status_code=201, summary="Draft a campaign that says the same")
    async def clone_campaign(
        campaign_id: UUID,
        order: CloneOrder,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_WRITE))],
        key: IdempotencyKey = None,
    ) -> CampaignView:
        async with visit.transaction() as tx:

            async def make() -> UUID:
                return (await drafting.clone_campaign(tx, campaign_id=campaign_id, name=order.name, by=visit.actor)).id

            copy_id, _ = await idempotency.once(
                tx, operation="campaigns.clone", key=key, request=[str(campaign_id), order.name], make=make
            )
            return CampaignView.of(await drafting.get_campaign(tx, campaign_id=copy_id))

    @routes.get("/{campaign_id}/findings", summary="Check a campaign's wordings against law and carriers")
    async def check_campaign(
        campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_READ))]
    ) -> list[FindingView]:
        async with visit.transaction() as tx:
            found = await drafting.check_campaign(tx, campaign_id=campaign_id)
        return [
            FindingView(variant=name, code=one.code, severity=one.severity, message=one.message, words=one.words)
            for name, findings in found.items()
            for one in findings
        ]
