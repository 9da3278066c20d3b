"""Runbooks as pages: found in one's own words, read, diagnosed, run, approved and followed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel.auth import Scope, refuse_unproven
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Approval
from frontdesk.operations import drills, runbooks
from frontdesk.operations.checking import list_states
from frontdesk.operations.checking.registry import find_remedy
from frontdesk.operations.runbooks import Run, Runbook, RunStep
from frontdesk.operations.runbooks.diagnosing import diagnose
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import FRAGMENT, Shown, go_to
from frontdesk.web.pages.operations_desk import OperationsDesk
from frontdesk.web.pages.operations_markdown import render_page
from frontdesk.web.pages.operations_views import (
    TONES,
    DiagnosisView,
    RunView,
    show_checks,
    show_diagnosis,
    show_drills,
    show_run,
)

NOT_FOUND = 404
UNPROCESSABLE = 422
FEW, PAGE = 5, 50
MOST_REASON = 500
BOOKS, RUNS = "/operations/runbooks", "/operations/runs"
Slug = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,60}$")]
Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, Form(max_length=MOST_REASON)]


def add_runbooks(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the pages of the library."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)
    may_run = door.to_platform(Scope.OPERATIONS_WRITE)

    @routes.get("/runbooks")
    async def library(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], q: Word = "") -> Response:
        found = [one.runbook for one in runbooks.find_runbooks(q)] if q.strip() else _by_gravity()
        async with visit.transaction() as tx:
            wrong = {one.runbook for one in show_checks(await list_states(tx), now=tx.now) if not one.is_well}
        return await desk.page(
            request, visit, "operations_runbooks.html", tab="runbooks", pages=found, q=q, wrong=wrong
        )

    @routes.get("/runbooks/{slug}")
    async def one_page(
        request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], slug: Slug, look: Word = ""
    ) -> Response:
        return await _show_page(desk, request, visit, runbooks.get_runbook(slug), look=bool(look))

    @routes.get("/runbooks/{slug}/diagnosis")
    async def diagnosis(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], slug: Slug) -> Response:
        if FRAGMENT not in request.headers:
            return go_to(f"{BOOKS}/{slug}?look=now")
        seen = show_diagnosis(await diagnose(desk.parts.system, runbooks.get_runbook(slug)))
        return desk.part(request, visit, Shown(template="_runbook_diagnosis.html", values={"diagnosis": seen}))

    @routes.post("/runbooks/{slug}/runs")
    async def start(
        request: Request, visit: Annotated[PlatformVisit, Depends(may_run)], slug: Slug, reason: Reason = ""
    ) -> Response:
        page = runbooks.get_runbook(slug)
        if not reason.strip():
            wrong = "Say why it is run: it is kept with the run."
            return await _show_page(desk, request, visit, page, wrong=wrong, status=UNPROCESSABLE)
        try:
            async with visit.transaction() as tx:
                run = await runbooks.start_run(tx, page, by=visit.actor, reason=reason.strip())
        except Refused as refusal:
            return await _show_page(
                desk, request, visit, page, wrong=refusal.message, status=refusal.status, reason=reason
            )
        return go_to(f"{RUNS}/{run.id}")


def add_runs(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the pages of runs."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)

    @routes.get("/runs")
    async def list_runs(
        request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], before: datetime | None = None
    ) -> Response:
        async with visit.transaction() as tx:
            found = await runbooks.list_runs(tx, slug=None, before=before, limit=PAGE)
            lines = [show_run(run, now=tx.now, visitor=visit.actor) for run in found]
            now = tx.now
        following = found[-1].started_at if len(found) == PAGE else None
        return await desk.page(
            request,
            visit,
            "operations_runs.html",
            tab="runs",
            lines=lines,
            next=following,
            is_first=before is None,
            now=now,
        )

    @routes.get("/runs/{run_id}")
    async def one_run(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], run_id: UUID) -> Response:
        return await _show_run(desk, request, visit, run_id)

    @routes.get("/runs/{run_id}/live")
    async def live(
        request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], run_id: UUID, seen: Word = ""
    ) -> Response:
        async with visit.transaction() as tx:
            view = await _read_run(tx, visit, run_id)
            now = tx.now
        if FRAGMENT not in request.headers:
            return go_to(f"{RUNS}/{run_id}")
        # With its state changes what may be done, which stands in the rest of the page.
        changed = seen != view.mark
        shown = Shown(template="_runbook_run.html", values={"view": view, "now": now}, rest_changed=changed)
        return desk.part(request, visit, shown)

    _add_steering(routes, door, desk)


def _add_steering(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    may_run = door.to_platform(Scope.OPERATIONS_WRITE)
    may_approve = door.to_platform(Scope.OPERATIONS_APPROVE)

    @routes.post("/runs/{run_id}/approve")
    async def approve(
        request: Request, visit: Annotated[PlatformVisit, Depends(may_approve)], run_id: UUID
    ) -> Response:
        async with request.form() as form, visit.transaction() as tx:
            typed = _typed(await runbooks.get_run(tx, run_id=run_id), form)
        try:
            async with visit.transaction() as tx:
                if (await runbooks.get_run(tx, run_id=run_id)).approval is Approval.OWNER:
                    refuse_unproven(visit.principal, now=tx.now)
                await runbooks.approve_run(
                    tx, run_id=run_id, by=visit.actor, level=Approval.OWNER, arguments=_arguments(typed)
                )
        except Refused as refusal:
            if refusal.code == "auth.prove_again":
                raise
            return await _show_run(desk, request, visit, run_id, refusal=refusal, typed=typed)
        return go_to(f"{RUNS}/{run_id}")

    @routes.post("/runs/{run_id}/cancel")
    async def cancel(request: Request, visit: Annotated[PlatformVisit, Depends(may_run)], run_id: UUID) -> Response:
        try:
            async with visit.transaction() as tx:
                await runbooks.cancel_run(tx, run_id=run_id, by=visit.actor)
        except Refused as refusal:
            return await _show_run(desk, request, visit, run_id, refusal=refusal)
        return go_to(f"{RUNS}/{run_id}")


async def _show_page(
    desk: OperationsDesk,
    request: Request,
    visit: PlatformVisit,
    page: Runbook,
    *,
    look: bool = False,
    wrong: str = "",
    status: int = 200,
    reason: str = "",
) -> Response:
    async with visit.transaction() as tx:
        states = await list_states(tx)
        runs = await runbooks.list_runs(tx, slug=page.slug, before=None, limit=FEW)
        results = await drills.list_results(tx, slug=page.slug)
        now = tx.now
    tones = {one.name: TONES[one.severity] for one in states}
    seen: DiagnosisView | None = None
    if look:
        seen = show_diagnosis(await diagnose(desk.parts.system, page))
        tones |= {one.name: one.chip.tone for one in seen.checks}
    last = [show_run(run, now=now, visitor=visit.actor) for run in runs]
    return await desk.page(
        request,
        visit,
        "operations_runbook.html",
        tab="runbooks",
        status=status,
        page=page,
        text=render_page(page.text, tones),
        known=[one for one in show_checks(states, now=now) if one.name in page.checks],
        diagnosis=seen,
        runs=last,
        open_run=next((one for one in last if one.is_open), None),
        drill=next(one for one in show_drills(results, now=now) if one.slug == page.slug),
        wrong=wrong,
        reason=reason,
        now=now,
    )


async def _show_run(
    desk: OperationsDesk,
    request: Request,
    visit: PlatformVisit,
    run_id: UUID,
    *,
    refusal: Refused | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    if refusal is not None and refusal.status == NOT_FOUND:
        raise refusal
    async with visit.transaction() as tx:
        view = await _read_run(tx, visit, run_id, typed=typed)
        now = tx.now
    return await desk.page(
        request,
        visit,
        "operations_run.html",
        tab="runs",
        status=200 if refusal is None else refusal.status,
        view=view,
        wrong="" if refusal is None else refusal.message,
        now=now,
    )


async def _read_run(
    tx: Transaction, visit: PlatformVisit, run_id: UUID, *, typed: Mapping[str, str] | None = None
) -> RunView:
    run = await runbooks.get_run(tx, run_id=run_id)
    steps: list[RunStep] = await runbooks.list_steps(tx, run_id=run_id)
    return show_run(run, steps, now=tx.now, visitor=visit.actor, typed=typed)


def _typed(run: Run, form: Mapping[str, object]) -> dict[str, str]:
    """Read what a form says of the arguments that a run's remedies take, and of nothing else."""
    found = {}
    for planned in run.remedies:
        remedy = find_remedy(planned.name)
        for one in () if remedy is None else remedy.parameters:
            value = form.get(f"{planned.name}.{one.name}")
            if isinstance(value, str):
                found[f"{planned.name}.{one.name}"] = value.strip()
    return found


def _arguments(typed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, value in typed.items():
        remedy, _, parameter = name.rpartition(".")
        if value:
            found.setdefault(remedy, {})[parameter] = value
    return found


def _by_gravity() -> list[Runbook]:
    return sorted(runbooks.library().values(), key=lambda page: (page.severity, page.title))
