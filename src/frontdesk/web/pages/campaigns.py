"""The pages of campaigns: listed, rehearsed, approved as they were read, run and followed; all without scripts."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import campaigns, delivery
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.campaign_editor import add_editor
from frontdesk.web.pages.campaign_people import Listed, read_people, read_rehearsed
from frontdesk.web.pages.campaign_reading import PAGE, read_campaign, read_course, read_lines
from frontdesk.web.pages.frame import FRAGMENT, Frames, Shown, go_to
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

NOT_FOUND = 404
Word = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")]
Act: TypeAlias = Callable[[Transaction], Awaitable[object]]


def campaign_pages(parts: Frontdesk, door: FrontDoor, *, wake: Callable[[], None]) -> APIRouter:
    """Make the routes of the pages of campaigns; `wake` tells sleepers that something may be sent or must stop."""
    routes = Routes(prefix="/businesses/{tenant_id}/campaigns", include_in_schema=False)
    desk = CampaignDesk(Frames(parts, door, section="campaigns"))
    add_editor(routes, door, desk.frames)
    _add_reading(routes, door, desk)
    _add_people(routes, door, desk)
    _add_running(routes, door, desk, wake)
    return routes


class CampaignDesk:
    """Shows campaigns, and what came of doing something with one."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames

    async def page(
        self, request: Request, visit: Visit, template: str, *, status: int = 200, **values: object
    ) -> Response:
        """Answer with a page of this section."""
        return await self.frames.page(request, visit, Shown(template=template, values=values, status=status))

    async def show(
        self, request: Request, visit: Visit, campaign_id: UUID, *, ask: str = "", refusal: Refused | None = None
    ) -> Response:
        """Answer with a campaign's page; a refusal is told on it."""
        async with visit.transaction() as tx:
            view, course = await read_campaign(tx, visit, campaign_id), await read_course(tx, campaign_id)
        wrong, status = ("", 200) if refusal is None else (refusal.message, refusal.status)
        return await self.page(
            request, visit, "campaign.html", status=status, campaign=view, course=course, ask=ask, wrong=wrong
        )

    async def turn(self, request: Request, visit: Visit, campaign_id: UUID, act: Act) -> Response:
        """Do something with a campaign, and show its page with what came of it."""
        try:
            async with visit.transaction() as tx:
                await act(tx)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                raise
            return await self.show(request, visit, campaign_id, refusal=refusal)
        return go_to(home_of(visit, campaign_id))


def home_of(visit: Visit, campaign_id: UUID) -> str:
    """Tell where a campaign's page is."""
    return f"/businesses/{visit.tenant_id}/campaigns/{campaign_id}"


def _add_reading(routes: APIRouter, door: FrontDoor, desk: CampaignDesk) -> None:
    may_read = door.to_business(Scope.CAMPAIGNS_READ)

    @routes.get("")
    async def list_campaigns(
        request: Request, visit: Annotated[Visit, Depends(may_read)], before: UUID | None = None
    ) -> Response:
        async with visit.transaction() as tx:
            lines = await read_lines(tx, before=before)
            budget = await delivery.get_budget(tx)
            place = await read_place(tx)
        return await desk.page(
            request,
            visit,
            "campaigns.html",
            lines=lines,
            budget=budget,
            place=place,
            next=lines[-1].campaign.id if len(lines) == PAGE else None,
            is_first=before is None,
            may_write=visit.may(Scope.CAMPAIGNS_WRITE),
        )

    @routes.get("/{campaign_id}")
    async def one_campaign(
        request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_read)], ask: Word = ""
    ) -> Response:
        return await desk.show(request, visit, campaign_id, ask=ask)

    @routes.get("/{campaign_id}/live")
    async def live(
        request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_read)], seen: Word = ""
    ) -> Response:
        async with visit.transaction() as tx:
            view = await read_campaign(tx, visit, campaign_id)
        if FRAGMENT not in request.headers:
            return go_to(home_of(visit, campaign_id))
        # With its state changes what may be done, which stands in the rest of the page.
        changed = seen != view.mark
        shown = Shown(template="_campaign_live.html", values={"campaign": view}, rest_changed=changed)
        return desk.frames.part(request, shown)

    @routes.get("/{campaign_id}/course")
    async def course(request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        async with visit.transaction() as tx:
            view = await read_course(tx, campaign_id)
        if FRAGMENT not in request.headers:
            return go_to(home_of(visit, campaign_id))
        return desk.frames.part(request, Shown(template="_campaign_course.html", values={"course": view}))


def _add_people(routes: APIRouter, door: FrontDoor, desk: CampaignDesk) -> None:
    may_read = door.to_business(Scope.CAMPAIGNS_READ)

    async def show(request: Request, visit: Visit, listed: Listed) -> Response:
        return await desk.page(request, visit, "campaign_people.html", listed=listed)

    @routes.get("/{campaign_id}/people")
    async def people(
        request: Request,
        campaign_id: UUID,
        visit: Annotated[Visit, Depends(may_read)],
        after: Word = "",
        status: Word = "",
    ) -> Response:
        async with visit.transaction() as tx:
            listed = await read_people(tx, campaign_id, after=after, status=status)
        return await show(request, visit, listed)

    @routes.get("/{campaign_id}/rehearsed")
    async def rehearsed(
        request: Request,
        campaign_id: UUID,
        visit: Annotated[Visit, Depends(may_read)],
        after: Word = "",
        status: Word = "",
    ) -> Response:
        async with visit.transaction() as tx:
            listed = await read_rehearsed(tx, campaign_id, after=after, verdict=status)
        return await show(request, visit, listed)


def _add_running(routes: APIRouter, door: FrontDoor, desk: CampaignDesk, wake: Callable[[], None]) -> None:
    may_approve = door.to_business(Scope.CAMPAIGNS_APPROVE)
    may_write = door.to_business(Scope.CAMPAIGNS_WRITE)

    @routes.post("/{campaign_id}/rehearse")
    async def rehearse(request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async def act(tx: Transaction) -> None:
            await campaigns.begin_rehearsal(tx, campaign_id=campaign_id, by=visit.actor)

        return await desk.turn(request, visit, campaign_id, act)

    @routes.post("/{campaign_id}/approve")
    async def approve(
        request: Request,
        campaign_id: UUID,
        visit: Annotated[Visit, Depends(may_approve)],
        content_hash: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        async def act(tx: Transaction) -> None:
            await campaigns.approve_campaign(tx, campaign_id=campaign_id, content_hash=content_hash, by=visit.actor)

        return await desk.turn(request, visit, campaign_id, act)

    @routes.post("/{campaign_id}/start")
    async def start(request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_approve)]) -> Response:
        async def act(tx: Transaction) -> None:
            await campaigns.start_campaign(tx, campaign_id=campaign_id, by=visit.actor)

        return await _and_wake(desk.turn(request, visit, campaign_id, act), wake)

    @routes.post("/{campaign_id}/clone")
    async def clone(campaign_id: UUID, visit: Annotated[Visit, Depends(may_write)]) -> Response:
        async with visit.transaction() as tx:
            copy = await campaigns.clone_campaign(tx, campaign_id=campaign_id, name=None, by=visit.actor)
        return go_to(home_of(visit, copy.id))

    _add_brakes(routes, door, desk, wake)


def _add_brakes(routes: APIRouter, door: FrontDoor, desk: CampaignDesk, wake: Callable[[], None]) -> None:
    may_pause = door.to_business(Scope.DELIVERY_PAUSE)
    may_resume = door.to_business(Scope.DELIVERY_RESUME, proven=True)

    @routes.post("/{campaign_id}/pause")
    async def pause(
        request: Request,
        campaign_id: UUID,
        visit: Annotated[Visit, Depends(may_pause)],
        reason: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        async def act(tx: Transaction) -> None:
            await campaigns.pause_campaign(tx, campaign_id=campaign_id, by=visit.actor, reason=reason)

        return await _and_wake(desk.turn(request, visit, campaign_id, act), wake)

    @routes.post("/{campaign_id}/resume")
    async def resume(request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_resume)]) -> Response:
        async def act(tx: Transaction) -> None:
            await campaigns.resume_campaign(tx, campaign_id=campaign_id, by=visit.actor)

        return await _and_wake(desk.turn(request, visit, campaign_id, act), wake)

    @routes.post("/{campaign_id}/cancel")
    async def cancel(request: Request, campaign_id: UUID, visit: Annotated[Visit, Depends(may_pause)]) -> Response:
        async def act(tx: Transaction) -> None:
            await campaigns.cancel_campaign(tx, campaign_id=campaign_id, by=visit.actor)

        return await _and_wake(desk.turn(request, visit, campaign_id, act), wake)


async def _and_wake(answer: Awaitable[Response], wake: Callable[[], None]) -> Response:
    """Tell sleepers once it is done."""
    done = await answer
    wake()
    return done
