"""HTTP: incidents, their timelines and post-mortems, and who is on call; for whoever runs the platform."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, PlatformVisit
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.operations.incidents import on_call, opening, reporting, working
from frontdesk.operations.incidents.model import Action, Grade, Impact, Incident, NoteKind, TimelineEntry, Written
from frontdesk.operations.incidents.on_call import OnCall
from frontdesk.operations.incidents.postmortem import postmortem_page
from frontdesk.operations.incidents.queries import incidents
from frontdesk.operations.incidents.rota import Turn
from frontdesk.routing import Routes

Number = Annotated[int, Path(ge=1, le=2_000_000_000, description="the incident's number")]
Words = Annotated[str, Field(min_length=1, max_length=working.MOST_WORDS)]
GradeName = Annotated[str, Field(pattern=r"^P[0-3]$", description="P0 is the gravest")]

NO_RUNBOOK: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such runbook"}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The incident does not stand where this is possible"}}


class MarkdownResponse(PlainTextResponse):
    """A page as Markdown."""

    media_type = "text/markdown"


class IncidentView(BaseModel):
    """An incident: what is wrong, how grave, who has it, and how far up people were told."""

    number: int
    title: str
    grade: str
    state: str
    tenant: str
    runbook: str
    alerts: str
    opened_by: str
    opened_at: datetime
    began_at: datetime
    told_level: int
    acknowledged_by: str
    acknowledged_at: datetime | None
    resolved_by: str
    resolved_at: datetime | None
    resolution: str
    postmortem_due_at: datetime | None
    published_at: datetime | None

    @classmethod
    def of(cls, one: Incident) -> Self:
        """Show an incident."""
        return cls(
            number=one.number,
            title=one.title,
            grade=one.grade.name,
            state=one.state,
            tenant=one.tenant,
            runbook=one.runbook,
            alerts=one.alert_group,
            opened_by=one.opened_by,
            opened_at=one.opened_at,
            began_at=one.began_at,
            told_level=one.level,
            acknowledged_by=one.acknowledged_by,
            acknowledged_at=one.acknowledged_at,
            resolved_by=one.resolved_by,
            resolved_at=one.resolved_at,
            resolution=one.resolution,
            postmortem_due_at=one.postmortem_due_at,
            published_at=one.published_at,
        )


class WholeIncident(BaseModel):
    """An incident with all that is known of it."""

    incident: IncidentView
    timeline: list[TimelineEntry]
    impact: Impact
    actions: list[Action]
    written: Written


class Strict(BaseModel):
    """An order that takes no field it does not name."""

    model_config = ConfigDict(extra="forbid")


class Opening(Strict):
    """What is wrong."""

    title: str = Field(min_length=1, max_length=opening.MOST_TITLE)
    grade: GradeName = "P1"
    tenant: str = Field("", max_length=100, description="short name of a business, if it concerns one alone")
    runbook: str = Field("", pattern=r"^[a-z0-9-]{0,60}$")
    began_at: Moment | None = None


class Said(Strict):
    """Words of a person."""

    words: Words


class Status(Said):
    """How it stands, for businesses too; with a grade if it is graver or milder than was thought."""

    grade: GradeName | None = None


class ActionOrder(Strict):
    """What has to be done, by whom and until when."""

    words: str = Field(min_length=1, max_length=working.MOST_ACTION)
    owner: str = Field(min_length=1, max_length=working.MOST_OWNER)
    due_at: Moment


class Actions(BaseModel):
    """What has to be done after an incident."""

    items: list[Action]


class Parts(Strict):
    """Parts of a post-mortem; those that are left out stay as they are."""

    summary: str | None = Field(None, max_length=reporting.MOST_WRITTEN)
    impact: str | None = Field(None, max_length=reporting.MOST_WRITTEN)
    root_cause: str | None = Field(None, max_length=reporting.MOST_WRITTEN)
    contributing: str | None = Field(None, max_length=reporting.MOST_WRITTEN)
    went_well: str | None = Field(None, max_length=reporting.MOST_WRITTEN)
    went_badly: str | None = Field(None, max_length=reporting.MOST_WRITTEN)


class OnCallAnswer(BaseModel):
    """Who is on call, the first level first."""

    items: list[OnCall]


class Addresses(Strict):
    """Where somebody is reached, the best address first."""

    addresses: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=on_call.MOST_ADDRESSES)


class Turns(Strict):
    """Who takes turns, in their order."""

    people: list[Annotated[str, Field(max_length=on_call.MOST_NAME)]] = Field(min_length=1, max_length=50)
    zone: str = Field("UTC", max_length=60)
    turn: Turn = Turn.WEEKLY
    handover_hour: int = Field(9, ge=0, le=23)


class StandIn(Strict):
    """Who stands in, and for how long."""

    level: int = Field(1, ge=1, le=3)
    person: str = Field(min_length=1, max_length=on_call.MOST_NAME)
    starts_at: Moment | None = None
    lasts_until: Moment
    reason: str = Field("", max_length=500)


def router(access: Access) -> APIRouter:
    """Make the routes of incidents and of those on call."""
    routes = Routes(tags=["incidents"])
    reading = Depends(access.to_platform(Scope.OPERATIONS_READ))
    writing = Depends(access.to_platform(Scope.OPERATIONS_WRITE))
    _add_reading(routes, reading)
    _add_working(routes, writing)
    _add_afterwards(routes, writing)
    _add_on_call(routes, reading, writing)
    return routes


def _add_reading(routes: APIRouter, reading: object) -> None:
    @routes.get("/api/incidents", summary="List incidents, newest first")
    async def list_incidents(
        visit: Annotated[PlatformVisit, reading],
        *,
        only_open: bool = False,
        before: UUID | None = None,
        limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    ) -> Page[IncidentView]:
        async with visit.transaction() as tx:
            found = await incidents.list_incidents(tx, only_open=only_open, before=before, limit=limit)
        return page_of([IncidentView.of(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.get("/api/incidents/{number}", summary="Tell all that is known of an incident")
    async def show(visit: Annotated[PlatformVisit, reading], number: Number) -> WholeIncident:
        async with visit.transaction() as tx:
            report = await reporting.collect_report(tx, number=number)
        return WholeIncident(
            incident=IncidentView.of(report.incident),
            timeline=list(report.timeline),
            impact=report.impact,
            actions=list(report.actions),
            written=report.written,
        )

    @routes.get(
        "/api/incidents/{number}/postmortem",
        summary="Write the post-mortem as Markdown",
        response_class=MarkdownResponse,
    )
    async def postmortem(visit: Annotated[PlatformVisit, reading], number: Number) -> MarkdownResponse:
        async with visit.transaction() as tx:
            page = postmortem_page(await reporting.collect_report(tx, number=number))
        return MarkdownResponse(page)


def _add_working(routes: APIRouter, writing: object) -> None:
    @routes.post("/api/incidents", status_code=201, summary="Open an incident", responses=NO_RUNBOOK)
    async def open_incident(visit: Annotated[PlatformVisit, writing], order: Opening) -> IncidentView:
        async with visit.transaction() as tx:
            opened = await opening.open_incident(
                tx,
                title=order.title,
                grade=Grade[order.grade],
                by=visit.actor,
                tenant=order.tenant,
                runbook=order.runbook,
                began_at=order.began_at,
            )
        return IncidentView.of(opened)

    @routes.post("/api/incidents/{number}/ack", summary="Take an incident")
    async def acknowledge(visit: Annotated[PlatformVisit, writing], number: Number) -> IncidentView:
        async with visit.transaction() as tx:
            return IncidentView.of(await working.acknowledge(tx, number=number, by=visit.actor))

    @routes.post("/api/incidents/{number}/notes", status_code=201, summary="Write a note into the timeline")
    async def note(visit: Annotated[PlatformVisit, writing], number: Number, order: Said) -> IncidentView:
        async with visit.transaction() as tx:
            return IncidentView.of(await working.write_note(tx, number=number, words=order.words, by=visit.actor))

    @routes.post("/api/incidents/{number}/status", status_code=201, summary="Say how it stands")
    async def status(visit: Annotated[PlatformVisit, writing], number: Number, order: Status) -> IncidentView:
        async with visit.transaction() as tx:
            if order.grade is not None:
                await working.regrade(tx, number=number, grade=Grade[order.grade], by=visit.actor)
            stands = await working.write_note(
                tx, number=number, words=order.words, by=visit.actor, kind=NoteKind.STATUS
            )
        return IncidentView.of(stands)

    @routes.post("/api/incidents/{number}/resolve", summary="End an incident", responses=CONFLICT)
    async def resolve(visit: Annotated[PlatformVisit, writing], number: Number, order: Said) -> IncidentView:
        async with visit.transaction() as tx:
            return IncidentView.of(await working.resolve(tx, number=number, words=order.words, by=visit.actor))


def _add_afterwards(routes: APIRouter, writing: object) -> None:
    @routes.post("/api/incidents/{number}/actions", status_code=201, summary="Add an action with an owner and a date")
    async def add_action(visit: Annotated[PlatformVisit, writing], number: Number, order: ActionOrder) -> Actions:
        async with visit.transaction() as tx:
            actions = await working.add_action(
                tx, number=number, words=order.words, owner=order.owner, due_at=order.due_at, by=visit.actor
            )
        return Actions(items=actions)

    @routes.post("/api/incidents/{number}/actions/{action_id}/done", summary="Note that an action is done")
    async def finish_action(visit: Annotated[PlatformVisit, writing], number: Number, action_id: UUID) -> Actions:
        async with visit.transaction() as tx:
            actions = await working.finish_action(tx, number=number, action_id=action_id, by=visit.actor)
        return Actions(items=actions)

    @routes.put("/api/incidents/{number}/postmortem", summary="Write parts of the post-mortem")
    async def write(visit: Annotated[PlatformVisit, writing], number: Number, parts: Parts) -> Written:
        given: dict[str, str] = parts.model_dump(exclude_none=True)
        async with visit.transaction() as tx:
            return await reporting.write_postmortem(tx, number=number, parts=given, by=visit.actor)

    @routes.post(
        "/api/incidents/{number}/postmortem/publish",
        summary="Declare the post-mortem finished",
        responses=CONFLICT,
    )
    async def publish(visit: Annotated[PlatformVisit, writing], number: Number) -> IncidentView:
        async with visit.transaction() as tx:
            return IncidentView.of(await reporting.publish_postmortem(tx, number=number, by=visit.actor))


def _add_on_call(routes: APIRouter, reading: object, writing: object) -> None:
    @routes.get("/api/on-call", summary="Tell who is on call, now or at a later moment")
    async def show(visit: Annotated[PlatformVisit, reading], *, at: Moment | None = None) -> OnCallAnswer:
        async with visit.transaction() as tx:
            return OnCallAnswer(items=await on_call.who_is_on_call(tx, moment=at))

    @routes.put("/api/on-call/people/{name}", summary="Write down where somebody is reached")
    async def put_person(
        visit: Annotated[PlatformVisit, writing],
        name: Annotated[str, Path(min_length=1, max_length=on_call.MOST_NAME)],
        order: Addresses,
    ) -> OnCallAnswer:
        async with visit.transaction() as tx:
            await on_call.put_person(tx, name=name, addresses=order.addresses, by=visit.actor)
            return OnCallAnswer(items=await on_call.who_is_on_call(tx))

    @routes.put("/api/on-call/rotas/{level}", summary="Let people take turns at a level")
    async def set_rota(
        visit: Annotated[PlatformVisit, writing], level: Annotated[int, Path(ge=1, le=3)], order: Turns
    ) -> OnCallAnswer:
        async with visit.transaction() as tx:
            await on_call.set_rota(
                tx,
                level=level,
                names=order.people,
                zone=order.zone,
                turn=order.turn,
                handover_hour=order.handover_hour,
                by=visit.actor,
            )
            return OnCallAnswer(items=await on_call.who_is_on_call(tx))

    @routes.post("/api/on-call/overrides", status_code=201, summary="Let somebody stand in")
    async def stand_in(visit: Annotated[PlatformVisit, writing], order: StandIn) -> OnCallAnswer:
        async with visit.transaction() as tx:
            await on_call.stand_in(
                tx,
                level=order.level,
                name=order.person,
                starts_at=order.starts_at or tx.now,
                lasts_until=order.lasts_until,
                reason=order.reason,
                by=visit.actor,
            )
            return OnCallAnswer(items=await on_call.who_is_on_call(tx))
