"""The pages of drills: how each runbook has proven itself, one ordered now and followed, and the evidence of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations import drills, runbooks
from frontdesk.operations.checking.registry import find_check, find_remedy
from frontdesk.operations.drills import Act, DrillResult
from frontdesk.operations.drills.jobs import OrderedDrill, find_ordered, order_drill
from frontdesk.operations.drills.queries import KeptReport, list_reports
from frontdesk.operations.runbooks import Runbook
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import FRAGMENT, Shown, go_to
from frontdesk.web.pages.operations_desk import OperationsDesk
from frontdesk.web.pages.operations_views import age_words, seconds_words, show_drills, title_of
from frontdesk.web.pages.rows import Chip, Tone

DRILLS = "/operations/drills"
MANY, FEW = 1000, 10
PASSED = "passed"
Slug = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,60}$")]
SAID = {
    Act.STAGED: "A throwaway installation stands",
    Act.HEALTHY: "Nothing is wrong yet",
    Act.BROKEN: "Broken on purpose",
    Act.FOUND: "Found out",
    Act.REPAIRED: "Repaired by the runbook",
    Act.ENDED: "The end",
}
NEXT = {
    Act.STAGED: "The runbook looks at a healthy installation.",
    Act.HEALTHY: "It is being broken.",
    Act.BROKEN: "Its checks must find it out by themselves.",
    Act.FOUND: "The runbook repairs it.",
    Act.REPAIRED: "Everything is looked at once more.",
    Act.ENDED: "What is left is cleared away.",
}
KINDS = {"check": "looked", "do": "did", "expect": "verified", "undo": "took back"}
RESULTS = {
    "well": Chip("well", Tone.GOOD),
    "failing": Chip("wrong", Tone.BAD),
    "done": Chip("done", Tone.GOOD),
    "refused": Chip("refused", Tone.WARN),
    "failed": Chip("failed", Tone.BAD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """An act of a drill as a line of its trail."""

    what: str
    words: str
    at: datetime
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedView:
    """The drill that was ordered last; `mark` changes when it ends, and with it the rest of the page."""

    slug: str
    title: str
    by: str
    age: str
    chip: Chip
    acts: Sequence[ActLine]
    is_open: bool
    next_act: str
    trouble: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step that the runbook took in a drill."""

    kind: str
    sentence: str
    words: str
    chip: Chip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A drill that was performed, with what the runbook did in it."""

    chip: Chip
    broken_by: str
    words: str
    detected: str
    repaired: str
    at: datetime
    age: str
    steps: Sequence[StepLine]
    is_outdated: bool


def add_drills(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the pages of drills, and ordering one."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)
    may_order = door.to_platform(Scope.OPERATIONS_APPROVE)

    @routes.get("/drills")
    async def drilled(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)]) -> Response:
        return await _show_all(desk, request, visit)

    @routes.get("/drills/live")
    async def live(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], seen: str = "") -> Response:
        if FRAGMENT not in request.headers:
            return go_to(DRILLS)
        async with visit.transaction() as tx:
            view = await _ordered(tx)
        # Once it has ended, its result stands in the rest of the page, and another may be ordered.
        ended = view is not None and view.mark != seen
        shown = Shown(template="_drill_ordered.html", values={"ordered": view}, rest_changed=ended)
        return desk.part(request, visit, shown)

    @routes.post("/drills")
    async def order(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_order)],
        slug: Annotated[str, Form(pattern=r"^[a-z0-9-]{1,60}$")],
    ) -> Response:
        page = runbooks.get_runbook(slug)
        try:
            async with visit.transaction() as tx:
                await order_drill(tx, page, by=visit.actor)
        except Refused as refusal:
            return await _show_all(desk, request, visit, refusal=refusal)
        return go_to(f"{DRILLS}/{slug}")

    @routes.get("/drills/{slug}")
    async def one(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)], slug: Slug) -> Response:
        page = runbooks.get_runbook(slug)
        async with visit.transaction() as tx:
            kept = await list_reports(tx, slug=slug, limit=FEW)
            ordered = await _ordered(tx)
            now = tx.now
        return await desk.page(
            request,
            visit,
            "operations_drill.html",
            tab="drills",
            page=page,
            breaks=[drills.get_break(name).sentence for name in page.drill],
            reports=[show_report(one, page, now=now) for one in kept],
            ordered=ordered if ordered is not None and (ordered.is_open or ordered.slug == slug) else None,
            now=now,
        )


async def _show_all(
    desk: OperationsDesk, request: Request, visit: PlatformVisit, *, refusal: Refused | None = None
) -> Response:
    async with visit.transaction() as tx:
        results: list[DrillResult] = await drills.list_results(tx, limit=MANY)
        ordered = await _ordered(tx)
        now = tx.now
    return await desk.page(
        request,
        visit,
        "operations_drills.html",
        tab="drills",
        status=200 if refusal is None else refusal.status,
        lines=show_drills(results, now=now),
        ordered=ordered,
        wrong="" if refusal is None else refusal.message,
        now=now,
    )


async def _ordered(tx: Transaction) -> OrderedView | None:
    found = await find_ordered(tx)
    return None if found is None else show_ordered(found, now=tx.now)


def show_ordered(drill: OrderedDrill, *, now: datetime) -> OrderedView:
    """Show the drill that was ordered last."""
    last = drill.acts[-1] if drill.acts else None
    passed = last is not None and last.act is Act.ENDED and last.words.startswith(PASSED)
    if not drill.ended:
        chip = Chip("under way", Tone.WARN) if drill.begun else Chip("waits for a worker", Tone.CALM)
    elif drill.trouble:
        chip = Chip("could not be performed", Tone.BAD)
    else:
        chip = Chip(PASSED, Tone.GOOD) if passed else Chip("failed", Tone.BAD)
    return OrderedView(
        slug=drill.slug,
        title=title_of(drill.slug),
        by=drill.by,
        age=age_words(now - drill.ordered_at),
        chip=chip,
        acts=[
            ActLine(
                what=SAID[one.act],
                words=one.words,
                at=one.at,
                tone=Tone.BAD if one.act is Act.ENDED and not one.words.startswith(PASSED) else Tone.GOOD,
            )
            for one in drill.acts
        ],
        is_open=not drill.ended,
        next_act=_next_words(drill),
        trouble=drill.trouble,
        mark=f"{drill.id}-{'ended' if drill.ended else 'open'}",
    )


def _next_words(drill: OrderedDrill) -> str:
    """Say what is being done or waited for now."""
    if not drill.begun:
        return "A worker takes it within seconds."
    if not drill.acts:
        return "A throwaway installation is being built; that takes a quarter of a minute."
    return NEXT[drill.acts[-1].act]


def show_report(kept: KeptReport, page: Runbook, *, now: datetime) -> ReportView:
    """Show a drill that was performed."""
    result, report = kept.result, kept.report
    broken_by = str(report.get("broken_by", ""))
    steps = report.get("steps")
    return ReportView(
        chip=Chip(PASSED, Tone.GOOD) if result.passed else Chip("failed", Tone.BAD),
        broken_by=next((one.sentence for one in drills.all_breaks() if one.name == broken_by), broken_by),
        words=result.words,
        detected=seconds_words(result.detected_seconds),
        repaired=seconds_words(result.repaired_seconds),
        at=result.finished_at,
        age=age_words(now - result.finished_at),
        steps=[_step(one) for one in steps] if isinstance(steps, list) else [],
        is_outdated=result.digest != page.digest,
    )


def _step(step: Mapping[str, str]) -> StepLine:
    name = step["name"]
    known = find_check(name) or find_remedy(name)
    return StepLine(
        kind=KINDS.get(step["kind"], step["kind"]),
        sentence=name if known is None else known.sentence,
        words=step["words"],
        chip=RESULTS.get(step["result"], Chip(step["result"], Tone.CALM)),
    )
