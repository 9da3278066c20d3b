"""Alerts as a page: what fires, who was told of it, what is silenced, and silencing it for a while."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts.looking import ShownAlert, list_notifications, look_at_alerts
from frontdesk.operations.alerts.model import TENANT, RuleBook
from frontdesk.operations.alerts.queries import silences
from frontdesk.operations.alerts.silencing import lift_silence, silence_alerts
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.frame import go_to
from frontdesk.web.pages.operations_desk import OperationsDesk
from frontdesk.web.pages.operations_views import age_words, severity_chip, title_of
from frontdesk.web.pages.rows import Chip, Tone

ALERTS = "/operations/alerts"
TOLD = 20
MINUTES = {15: "15 minutes", 60: "1 hour", 240: "4 hours", 720: "12 hours", 1440: "24 hours"}
_STATES = {
    "firing": Chip("firing", Tone.BAD),
    "pending": Chip("about to", Tone.WARN),
    "resolved": Chip("over", Tone.CALM),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """An alert; `since` is for how long it holds, or how long it has been over."""

    alert: ShownAlert
    state: Chip
    severity: Chip
    since: str
    runbook_title: str
    may_be_silenced: bool


def add_alerts(routes: APIRouter, door: FrontDoor, desk: OperationsDesk, book: RuleBook) -> None:
    """Add the page of alerts."""
    may_read = door.to_platform(Scope.OPERATIONS_READ)
    may_write = door.to_platform(Scope.OPERATIONS_WRITE)

    @routes.get("/alerts")
    async def alerts(request: Request, visit: Annotated[PlatformVisit, Depends(may_read)]) -> Response:
        return await _show(desk, request, visit, book)

    @routes.post("/alerts/silences")
    async def silence(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_write)],
        alertname: Annotated[str, Form(max_length=100)] = "",
        tenant: Annotated[str, Form(max_length=100)] = "",
        minutes: Annotated[int, Form(ge=1, le=1440)] = 60,
        reason: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        matchers = {name: value for name, value in (("alertname", alertname), (TENANT, tenant)) if value}
        try:
            async with visit.transaction() as tx:
                await silence_alerts(
                    tx,
                    book=book,
                    matchers=matchers,
                    lasting=timedelta(minutes=minutes),
                    reason=reason,
                    by=visit.actor,
                )
        except Refused as refusal:
            typed = {"alertname": alertname, "reason": reason}
            return await _show(desk, request, visit, book, refusal=refusal, typed=typed)
        return go_to(ALERTS)

    @routes.post("/alerts/silences/{silence_id}/lift")
    async def lift(request: Request, visit: Annotated[PlatformVisit, Depends(may_write)], silence_id: UUID) -> Response:
        try:
            async with visit.transaction() as tx:
                await lift_silence(tx, silence_id=silence_id, by=visit.actor)
        except Refused as refusal:
            return await _show(desk, request, visit, book, refusal=refusal)
        return go_to(ALERTS)


async def _show(
    desk: OperationsDesk,
    request: Request,
    visit: PlatformVisit,
    book: RuleBook,
    *,
    refusal: Refused | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    async with visit.transaction() as tx:
        seen = await look_at_alerts(tx, book, with_resolved=True)
        asleep = await silences.list_silences(tx, in_force_at=tx.now)
        told = await list_notifications(tx, limit=TOLD)
        now = tx.now
    lines = [
        AlertLine(
            alert=one,
            state=_STATES[one.state],
            severity=severity_chip(Severity[one.severity.upper()]),
            since=age_words(now - (one.resolved_at or one.since_at)),
            runbook_title=title_of(one.runbook) if one.runbook else "",
            may_be_silenced=one.labels.get("compliance") != "true",
        )
        for one in seen.alerts
    ]
    return await desk.page(
        request,
        visit,
        "operations_alerts.html",
        tab="alerts",
        status=200 if refusal is None else refusal.status,
        evaluated="" if seen.evaluated_at is None else age_words(now - seen.evaluated_at),
        open=[one for one in lines if one.alert.state != "resolved"],
        over=[one for one in lines if one.alert.state == "resolved"],
        asleep=asleep,
        told=told,
        names=sorted(rule.name for rule in book.rules if not rule.compliance),
        lasting=MINUTES,
        wrong="" if refusal is None else refusal.message,
        typed=typed or {"alertname": "", "reason": ""},
        now=now,
    )
