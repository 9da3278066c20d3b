"""Routes of campaigns under way: approved, started, paused, resumed, canceled."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from frontdesk.features.campaigns.routes.views import ApproveOrder, CampaignView, ReasonOrder
from frontdesk.features.campaigns.service import drafting, running
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit


def add_routes(routes: APIRouter, access: Access, wake: Callable[[], None]) -> None:
    """Add the routes of campaigns under way; `wake` tells sleepers that something may be sent or must stop."""

    @routes.post("/{campaign_id}/approve", summary="Approve exactly what was read and rehearsed")
    async def approve_campaign(
        campaign_id: UUID,
        order: ApproveOrder,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_APPROVE))],
    ) -> CampaignView:
        async with visit.transaction() as tx:
            approved = await drafting.approve_campaign(
                tx, campaign_id=campaign_id, content_hash=order.content_hash, by=visit.actor
            )
        return CampaignView.of(approved)

    @routes.post("/{campaign_id}/start", summary="Start an approved campaign; starting it again changes nothing")
    async def start_campaign(
        campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_APPROVE))]
    ) -> CampaignView:
        async with visit.transaction() as tx:
            started = await running.start_campaign(tx, campaign_id=campaign_id, by=visit.actor)
        wake()
        return CampaignView.of(started)

    @routes.post("/{campaign_id}/pause", summary="Pause a campaign: nothing of it starts more than 0.5 s later")
    async def pause_campaign(
        campaign_id: UUID,
        order: ReasonOrder,
        visit: Annotated[Visit, Depends(access.to_business(Scope.DELIVERY_PAUSE))],
    ) -> CampaignView:
        async with visit.transaction() as tx:
            paused = await running.pause_campaign(tx, campaign_id=campaign_id, by=visit.actor, reason=order.reason)
        wake()
        return CampaignView.of(paused)

    @routes.post("/{campaign_id}/resume", summary="Let a paused campaign go on")
    async def resume_campaign(
        campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.DELIVERY_RESUME))]
    ) -> CampaignView:
        async with visit.transaction() as tx:
            resumed = await running.resume_campaign(tx, campaign_id=campaign_id, by=visit.actor)
        wake()
        return CampaignView.of(resumed)

    @routes.post("/{campaign_id}/cancel", summary="End a campaign: what has not left is dropped")
    async def cancel_campaign(
        campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.DELIVERY_PAUSE))]
    ) -> CampaignView:
        async with visit.transaction() as tx:
            canceled = await running.cancel_campaign(tx, campaign_id=campaign_id, by=visit.actor)
        wake()
        return CampaignView.of(canceled)
