"""Routes of campaigns under way: approved, started, paused, resumed, canceled."""

from collections.abc import Callable
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends

from frontdesk.features.campaigns.model import Campaign
from frontdesk.features.campaigns.routes.views import ApproveOrder, CampaignView, ReasonOrder
from frontdesk.features.campaigns.service import drafting, running
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction


class Move(Protocol):
    """A verb that needs no word beside the campaign and who says it."""

    async def __call__(self, tx: Transaction, *, campaign_id: UUID, by: Actor) -> Campaign:
        """Move a campaign on; refuses what its status does not allow (409)."""


def add_routes(routes: APIRouter, access: Access, wake: Callable[[], None]) -> None:
    """Add the routes of campaigns under way; `wake` tells sleepers that something may be sent or must stop."""

    def add_move(move: Move, verb: str, scope: Scope, *, summary: str, refused: str = "", proven: bool = False) -> None:
        @routes.post(
            f"/{{campaign_id}}/{verb}",
            name=f"{verb}_campaign",
            summary=summary,
            responses={409: {"description": refused}} if refused else None,
        )
        async def move_campaign(
            campaign_id: UUID, visit: Annotated[Visit, Depends(access.to_business(scope, proven=proven))]
        ) -> CampaignView:
            async with visit.transaction() as tx:
                moved = await move(tx, campaign_id=campaign_id, by=visit.actor)
            wake()
            return CampaignView.of(moved)

    _add_approving(routes, access)
    add_move(
        running.start_campaign,
        "start",
        Scope.CAMPAIGNS_APPROVE,
        summary="Start an approved campaign; starting it again changes nothing",
        refused="It is not approved, or its time limit has passed",
    )
    _add_pausing(routes, access, wake)
    add_move(
        running.resume_campaign, "resume", Scope.DELIVERY_RESUME, summary="Let a paused campaign go on", proven=True
    )
    add_move(
        running.cancel_campaign,
        "cancel",
        Scope.DELIVERY_PAUSE,
        summary="End a campaign: what has not left is dropped",
        refused="It has ended already",
    )


def _add_approving(routes: APIRouter, access: Access) -> None:
    @routes.post(
        "/{campaign_id}/approve",
        summary="Approve exactly what was read and rehearsed",
        responses={409: {"description": "It is no draft, was not rehearsed, or says something else by now"}},
    )
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


def _add_pausing(routes: APIRouter, access: Access, wake: Callable[[], None]) -> None:
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
