"""The pages of operations: what is wrong now, runbooks that run, drills, alerts, incidents; all without scripts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import delivery
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.operations import runbooks
from frontdesk.operations.checking import list_states
from frontdesk.operations.checking.queries import count_processes
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import FRAGMENT, Shown, go_to
from frontdesk.web.pages.operations_alerts import add_alerts
from frontdesk.web.pages.operations_audit import add_audit
from frontdesk.web.pages.operations_backups import add_backups
from frontdesk.web.pages.operations_decisions import add_decisions
from frontdesk.web.pages.operations_desk import OperationsDesk
from frontdesk.web.pages.operations_drills import add_drills
from frontdesk.web.pages.operations_incidents import add_incidents, list_open
from frontdesk.web.pages.operations_on_call import add_on_call
from frontdesk.web.pages.operations_runs import add_runbooks, add_runs
from frontdesk.web.pages.operations_switches import add_switches
from frontdesk.web.pages.operations_views import (
    STALE,
    CheckLine,
    RunView,
    age_words,
    show_checks,
    show_run,
)
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.alerting import alert_rules

RUNS = 100
KINDS = ("web", "worker")
HOME = "/operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedLine:
    """A pulled kill switch."""

    what: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the installation stands; `looked` is how long ago its checks were looked at, empty if never."""

    wrong: list[CheckLine]
    well: list[CheckLine]
    looked: str
    is_stale: bool
    paused: list[PausedLine]
    paused_by_setting: bool
    processes: list[tuple[str, int]]
    runs: list[RunView]
    incidents: list[tuple[int, str, str]]
    now: datetime


def operation_pages(parts: Frontdesk, door: FrontDoor, *, wake: Callable[[], None]) -> APIRouter:
    """Make the routes of the pages of operations, for whoever looks after the installation.

    `wake` tells sleepers that a kill switch moved.
    """
    routes = Routes(prefix=HOME, include_in_schema=False)
    desk = OperationsDesk(parts, door)
    _add_standing(routes, door, desk)
    add_runbooks(routes, door, desk)
    add_runs(routes, door, desk)
    add_alerts(routes, door, desk, alert_rules(parts.settings))
    add_incidents(routes, door, desk)
    add_backups(routes, door, desk)
    add_drills(routes, door, desk)
    add_on_call(routes, door, desk)
    add_switches(routes, door, desk, wake)
    add_audit(routes, door, desk)
    add_decisions(routes, parts, door)
    whole = Routes(include_in_schema=False)
    whole.routes.extend(routes.routes)
    _add_short_addresses(whole, door)
    return whole


def _add_short_addresses(routes: APIRouter, door: FrontDoor) -> None:
    """Lead from the address that older notices of alerts carry, and that is quicker to type, to the page."""

    @routes.get("/runbooks/{slug}")
    async def lead_to_page(
        visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.OPERATIONS_READ))],  # noqa: ARG001 - lets in
        slug: str,
    ) -> Response:
        return go_to(f"{HOME}/runbooks/{runbooks.get_runbook(slug).slug}")


def _add_standing(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    may_read = door.to_platform(Scope.OPERATIONS_READ)

    @routes.get("")
    async def standing(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)]) -> Response:
        return await desk.page(request, visit, "operations.html", tab="now", standing=await _read(visit, desk.parts))

    @routes.get("/live")
    async def live(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)]) -> Response:
        if FRAGMENT not in request.headers:
            return go_to(HOME)
        values = {"standing": await _read(visit, desk.parts)}
        return desk.part(request, visit, Shown(template="_operations_now.html", values=values))


async def _read(visit: PlatformVisit, parts: Frontdesk) -> Standing:
    async with visit.transaction() as tx:
        states = await list_states(tx)
        counted = await count_processes(tx)
        paused = await delivery.list_paused(tx)
        runs = await runbooks.list_runs(tx, slug=None, before=None, limit=RUNS)
        incidents = await list_open(tx)
        now = tx.now
    lines = show_checks(states, now=now)
    looked_at = max((one.looked_at for one in states), default=None)
    return Standing(
        wrong=[one for one in lines if not one.is_well],
        well=[one for one in lines if one.is_well],
        looked="" if looked_at is None else age_words(now - looked_at),
        is_stale=looked_at is None or now - looked_at > STALE,
        paused=[
            PausedLine(
                what="Everything" if one.scope == "global" else f"{one.scope.title()} {one.key}",
                by=one.paused_by,
                reason=one.reason,
                at=one.paused_at,
            )
            for one in paused
        ],
        paused_by_setting=parts.courier.paused_by_setting,
        processes=[(kind, counted.get(kind, 0)) for kind in dict.fromkeys((*KINDS, *sorted(counted)))],
        runs=[show_run(run, now=now, visitor=visit.actor) for run in runs if not run.state.is_end],
        incidents=[(one.number, one.grade.name, one.title) for one in incidents],
        now=now,
    )
