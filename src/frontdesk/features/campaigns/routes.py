"""The JSON API of campaigns: drafted, rehearsed, approved, run, and explained."""

import json
from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, Field, model_validator

from frontdesk.features.campaigns.model import Campaign, CampaignStatus, Schedule, ScheduleMode, Variant
from frontdesk.features.campaigns.queries.recipients import Outcome, ResultLine
from frontdesk.features.campaigns.queries.rehearsals import Entry, Rehearsal
from frontdesk.features.campaigns.service import drafting, rehearsing, results, running
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of

IdempotencyKey = Annotated[idempotency.Key | None, Header(alias="Idempotency-Key")]


class ScheduleOrder(BaseModel, extra="forbid"):
    """When texts are due: from `at` on (null = at once), or at the wall clock `local_at` in each recipient's zone."""

    mode: ScheduleMode = ScheduleMode.AT_ONCE
    at: datetime | None = None
    local_at: datetime | None = None

    @model_validator(mode="after")
    def fits(self) -> Self:
        """Hold the moment to its mode: an instant has a zone, a wall clock has none."""
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("`at` needs a zone, such as 2027-01-31T17:00:00Z")
        if self.local_at is not None and self.local_at.tzinfo is not None:
            raise ValueError("`local_at` is a wall clock and has no zone, such as 2027-01-31T10:00:00")
        return self


class VariantOrder(BaseModel, extra="forbid"):
    """One wording and its share of the people."""

    name: str = Field(min_length=1, max_length=40)
    body: str = Field(min_length=1, max_length=1600)
    weight: int = Field(1, ge=1, le=100)


class CampaignOrder(BaseModel, extra="forbid"):
    """What a campaign says, to whom, when and from which numbers."""

    name: str = Field(min_length=1, max_length=120)
    audience: dict[str, object]
    variants: list[VariantOrder] = Field(min_length=1, max_length=5)
    senders: list[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]] = Field(min_length=1, max_length=50)
    schedule: ScheduleOrder = ScheduleOrder()
    ends_at: datetime
    per_minute: Annotated[Decimal, Field(gt=0, le=100_000)] | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    trip_opt_outs: int = Field(3, ge=0, le=100)
    trip_failures: int = Field(5, ge=0, le=100)

    def draft(self) -> drafting.Draft:
        """Bring the order into the words of the house."""
        return drafting.Draft(
            name=self.name,
            audience=json.dumps(self.audience, sort_keys=True),
            variants=tuple(Variant(name=one.name, body=one.body, weight=one.weight) for one in self.variants),
            senders=tuple(dict.fromkeys(self.senders)),
            schedule=Schedule(mode=self.schedule.mode, at=self.schedule.at, local_at=self.schedule.local_at),
            ends_at=self.ends_at,
            per_minute=self.per_minute,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            trip_opt_outs=self.trip_opt_outs,
            trip_failures=self.trip_failures,
        )


class CloneOrder(BaseModel, extra="forbid"):
    """What the copy is called."""

    name: str | None = Field(None, min_length=1, max_length=120)


class ApproveOrder(BaseModel, extra="forbid"):
    """The hash of what was read: nothing else is approved."""

    content_hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class ReasonOrder(BaseModel, extra="forbid"):
    """Why a campaign is paused."""

    reason: str = Field("", max_length=500)


class FindingView(BaseModel):
    """Something wrong with a wording."""

    variant: str
    code: str
    severity: str
    message: str
    words: str


class CampaignView(BaseModel):
    """A campaign with all it says and how it stands."""

    id: UUID
    name: str
    status: CampaignStatus
    paused: bool
    tripped_because: str | None
    audience: dict[str, object]
    variants: list[VariantOrder]
    senders: list[str]
    schedule: ScheduleOrder
    ends_at: datetime
    per_minute: Decimal | None
    quiet_from: time | None
    quiet_until: time | None
    trip_opt_outs: int
    trip_failures: int
    content_hash: str
    approved_by: str | None
    approved_at: datetime | None
    rehearsal_id: UUID | None
    recipients: int
    cloned_from: UUID | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """Show a campaign."""
        return cls.model_validate(
            {
                **{name: getattr(campaign, name) for name in cls.model_fields},
                "audience": json.loads(campaign.audience),
                "variants": [{"name": one.name, "body": one.body, "weight": one.weight} for one in campaign.variants],
                "senders": list(campaign.senders),
                "schedule": {
                    "mode": campaign.schedule.mode,
                    "at": campaign.schedule.at,
                    "local_at": campaign.schedule.local_at,
                },
            }
        )


class RehearsalView(BaseModel):
    """A rehearsal; `summary` is empty while it runs."""

    id: UUID
    campaign_id: UUID
    content_hash: str
    status: str
    starts_at: datetime
    until: datetime
    rehearsed: int
    summary: dict[str, object]
    created_by: str
    done_at: datetime | None


class Results(BaseModel):
    """What became of a campaign's texts: in sum, and by status, reason and wording."""

    people: int
    by_status: dict[str, int]
    segments: int
    cost_cents: Decimal
    opted_out: int
    answered: int
    lines: list[ResultLine]


class NumberedPage(BaseModel):
    """Some of a list by number; pass `next` as `after` to get what follows, null at the end."""

    next: str | None


class OutcomePage(NumberedPage):
    """Some of a campaign's people."""

    items: list[Outcome]


class EntryPage(NumberedPage):
    """Some of a rehearsal's people."""

    items: list[Entry]


def router(access: Access, *, wake: Callable[[], None]) -> APIRouter:
    """Make the routes of campaigns; `wake` tells sleepers that something may be sent or must stop."""
    routes = APIRouter(prefix="/api/campaigns", tags=["campaigns"])
    _add_drafting(routes, access)
    _add_rehearsing(routes, access)
    _add_running(routes, access, wake)
    _add_results(routes, access)
    return routes


def _add_drafting(routes: APIRouter, access: Access) -> None:
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

    @routes.put("/{campaign_id}", summary="Change what a campaign says; its approval falls if anything changed")
    async def change_campaign(
        campaign_id: UUID,
        order: CampaignOrder,
        visit: Annotated[Visit, Depends(access.to_business(Scope.CAMPAIGNS_WRITE))],
    ) -> CampaignView:
        async with visit.transaction() as tx:
            changed = await drafting.change_campaign(tx, campaign_id=campaign_id, draft=order.draft(), by=visit.actor)
        return CampaignView.of(changed)

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
        until=rehearsal.until,
        rehearsed=rehearsal.rehearsed,
        summary=json.loads(rehearsal.summary),
        created_by=rehearsal.created_by,
        done_at=rehearsal.done_at,
    )


def _add_running(routes: APIRouter, access: Access, wake: Callable[[], None]) -> None:
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
