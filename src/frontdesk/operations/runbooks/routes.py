"""The JSON API of checks and runbooks: how everything stands, and pages that are read, run and approved."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from frontdesk.kernel.auth import Scope, refuse_unproven
from frontdesk.kernel.auth.visit import Access, PlatformVisit
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.upkeep import Approval
from frontdesk.operations import runbooks
from frontdesk.operations.checking import CheckState, list_states
from frontdesk.operations.runbooks.diagnosing import diagnose
from frontdesk.operations.runbooks.model import Run, Runbook, RunState, RunStep, StepKind, StepResult
from frontdesk.routing import Routes


class CheckView(BaseModel):
    """How a check stands: what is wrong, how bad, since when, and the runbook that answers it."""

    name: str
    sentence: str
    severity: str
    words: str
    value: float | None
    runbook: str
    since: datetime
    looked_at: datetime

    @classmethod
    def of(cls, state: CheckState) -> Self:
        """Show a check."""
        return cls(
            name=state.name,
            sentence=state.sentence,
            severity=state.severity.word,
            words=state.words,
            value=state.value,
            runbook=state.runbook,
            since=state.since_at,
            looked_at=state.looked_at,
        )


class RunbookView(BaseModel):
    """A runbook; `text` is its page as Markdown."""

    slug: str
    title: str
    severity: str
    owner: str
    alerts: list[str]
    sources: list[str]
    drills: list[str]
    text: str

    @classmethod
    def of(cls, page: Runbook, *, whole: bool) -> Self:
        """Show a runbook, with its page or without."""
        return cls(
            slug=page.slug,
            title=page.title,
            severity=page.severity,
            owner=page.owner,
            alerts=list(page.alerts),
            sources=list(page.sources),
            drills=list(page.drill),
            text=page.text if whole else "",
        )


class RemedyView(BaseModel):
    """A remedy that a run proposes or does."""

    name: str
    sentence: str
    approval: Approval
    arguments: dict[str, str]


class StepView(BaseModel):
    """One step of a run as it was done, with what it was told from."""

    position: int
    kind: StepKind
    name: str
    result: StepResult
    words: str
    evidence: dict[str, Any]
    finished_at: datetime


class RunView(BaseModel):
    """A run of a runbook."""

    id: UUID
    runbook: str
    state: RunState
    words: str
    reason: str
    started_by: str
    approved_by: str
    alert: str
    remedies: list[RemedyView]
    started_at: datetime
    finished_at: datetime | None
    steps: list[StepView] = Field(default_factory=list)

    @classmethod
    def of(cls, run: Run, steps: list[RunStep] | None = None) -> Self:
        """Show a run, with its steps or without."""
        return cls(
            id=run.id,
            runbook=run.slug,
            state=run.state,
            words=run.words,
            reason=run.reason,
            started_by=run.started_by,
            approved_by=run.approved_by,
            alert=run.alert_name,
            remedies=[
                RemedyView(name=one.name, sentence=one.sentence, approval=one.approval, arguments=dict(one.arguments))
                for one in run.remedies
            ],
            started_at=run.started_at,
            finished_at=run.finished_at,
            steps=[
                StepView(
                    position=step.position,
                    kind=step.kind,
                    name=step.name,
                    result=step.result,
                    words=step.words,
                    evidence=dict(step.evidence),
                    finished_at=step.finished_at,
                )
                for step in steps or ()
            ],
        )


class RunOrder(BaseModel, extra="forbid"):
    """Why a runbook is run, and whether it may repair at once what it finds."""

    reason: str = Field(min_length=1, max_length=500)
    approve: bool = False


class Approved(BaseModel, extra="forbid"):
    """What remedies have to be told, by remedy and name."""

    arguments: dict[str, dict[str, str]] = Field(default_factory=dict, max_length=20)


CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The run does not stand where this is possible"}}
Slug = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,60}$")]


def router(access: Access, *, system: Database) -> APIRouter:
    """Make the routes; runs that were started here are taken on by a worker."""
    routes = Routes(tags=["operations"])
    _add_reading(routes, access, system=system)
    _add_running(routes, access)
    return routes


def _add_reading(routes: APIRouter, access: Access, *, system: Database) -> None:
    may_read = access.to_platform(Scope.OPERATIONS_READ)

    @routes.get("/api/checks", summary="Tell how every check stands, worst first")
    async def checks(visit: Annotated[PlatformVisit, Depends(may_read)]) -> list[CheckView]:
        async with visit.transaction() as tx:
            return [CheckView.of(state) for state in await list_states(tx)]

    @routes.get("/api/runbooks", summary="List runbooks; with q those that fit it, best first")
    async def list_pages(
        _visit: Annotated[PlatformVisit, Depends(may_read)],
        q: Annotated[str, Query(max_length=200)] = "",
    ) -> list[RunbookView]:
        pages = [one.runbook for one in runbooks.find_runbooks(q)] if q else list(runbooks.library().values())
        return [RunbookView.of(page, whole=False) for page in pages]

    @routes.get("/api/runbooks/{slug}", summary="Read a runbook")
    async def read_page(_visit: Annotated[PlatformVisit, Depends(may_read)], slug: Slug) -> RunbookView:
        return RunbookView.of(runbooks.get_runbook(slug), whole=True)

    @routes.get("/api/runbooks/{slug}/diagnosis", summary="Look at every check of a runbook; changes nothing")
    async def diagnosis(_visit: Annotated[PlatformVisit, Depends(may_read)], slug: Slug) -> dict[str, Any]:
        return (await diagnose(system, runbooks.get_runbook(slug))).document()


def _add_running(routes: APIRouter, access: Access) -> None:
    may_read, may_run = access.to_platform(Scope.OPERATIONS_READ), access.to_platform(Scope.OPERATIONS_WRITE)
    may_approve = access.to_platform(Scope.OPERATIONS_APPROVE)

    @routes.post("/api/runbooks/{slug}/runs", summary="Run a runbook", status_code=202, responses=CONFLICT)
    async def start(visit: Annotated[PlatformVisit, Depends(may_run)], slug: Slug, order: RunOrder) -> RunView:
        if order.approve and Scope.OPERATIONS_APPROVE not in visit.principal.scopes_for(None):
            raise Refused("runbooks.approval_too_low", "This needs the scope operations:approve.", status=403)
        granted = Approval.OWNER if order.approve else Approval.NOBODY
        async with visit.transaction() as tx:
            if order.approve:
                refuse_unproven(visit.principal, now=tx.now)
            run = await runbooks.start_run(
                tx, runbooks.get_runbook(slug), by=visit.actor, reason=order.reason, granted=granted
            )
        return RunView.of(run)

    @routes.get("/api/runbook-runs", summary="List runs, newest first; go on with before")
    async def list_runs(
        visit: Annotated[PlatformVisit, Depends(may_read)],
        runbook: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,60}$")] = None,
        before: Moment | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> list[RunView]:
        async with visit.transaction() as tx:
            found = await runbooks.list_runs(tx, slug=runbook, before=before, limit=limit)
        return [RunView.of(run) for run in found]

    @routes.get("/api/runbook-runs/{run_id}", summary="Tell how a run stands, step by step")
    async def get_run(visit: Annotated[PlatformVisit, Depends(may_read)], run_id: UUID) -> RunView:
        async with visit.transaction() as tx:
            run = await runbooks.get_run(tx, run_id=run_id)
            return RunView.of(run, await runbooks.list_steps(tx, run_id=run_id))

    @routes.post("/api/runbook-runs/{run_id}/approve", summary="Let a run do what it proposes", responses=CONFLICT)
    async def approve(visit: Annotated[PlatformVisit, Depends(may_approve)], run_id: UUID, order: Approved) -> RunView:
        async with visit.transaction() as tx:
            if (await runbooks.get_run(tx, run_id=run_id)).approval is Approval.OWNER:
                refuse_unproven(visit.principal, now=tx.now)
            run = await runbooks.approve_run(
                tx, run_id=run_id, by=visit.actor, level=Approval.OWNER, arguments=order.arguments
            )
        return RunView.of(run)

    @routes.post(
        "/api/runbook-runs/{run_id}/cancel", summary="End a run that has not begun to repair", responses=CONFLICT
    )
    async def cancel(visit: Annotated[PlatformVisit, Depends(may_run)], run_id: UUID) -> RunView:
        async with visit.transaction() as tx:
            return RunView.of(await runbooks.cancel_run(tx, run_id=run_id, by=visit.actor))
