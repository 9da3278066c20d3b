"""HTTP: what fires, who was told, and silences; for whoever runs the platform."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, PlatformVisit
from frontdesk.operations.alerts import looking, silencing
from frontdesk.operations.alerts.looking import ShownAlert
from frontdesk.operations.alerts.model import RuleBook
from frontdesk.operations.alerts.queries import silences
from frontdesk.operations.alerts.queries.notices import Notification
from frontdesk.operations.alerts.queries.silences import KnownSilence
from frontdesk.routing import Routes


class AlertsAnswer(BaseModel):
    """What fires or is about to, the worst first."""

    evaluated_at: datetime | None
    items: list[ShownAlert]


class NotificationsAnswer(BaseModel):
    """What sinks were told last."""

    items: list[Notification]


class SilencesAnswer(BaseModel):
    """Silences, newest first."""

    items: list[KnownSilence]


class SilenceOrder(BaseModel):
    """What nobody wants to be told, why, and for how long."""

    model_config = ConfigDict(extra="forbid")

    matchers: dict[str, str] = Field(description="labels and their values; ~ begins a regular expression")
    minutes: int = Field(60, ge=1, le=1440, description="for how long, 24 hours at most")
    reason: str = Field(min_length=1, max_length=silencing.MOST_REASON)


def router(access: Access, book: RuleBook) -> APIRouter:
    """Make the routes of alerts."""
    routes = Routes(tags=["alerts"])
    reading, writing = (
        Depends(access.to_platform(Scope.OPERATIONS_READ)),
        Depends(access.to_platform(Scope.OPERATIONS_WRITE)),
    )

    @routes.get("/api/alerts", summary="List alerts that fire or are about to")
    async def list_alerts(visit: Annotated[PlatformVisit, reading], *, resolved: bool = False) -> AlertsAnswer:
        async with visit.transaction() as tx:
            seen = await looking.look_at_alerts(tx, book, with_resolved=resolved)
        return AlertsAnswer(evaluated_at=seen.evaluated_at, items=list(seen.alerts))

    @routes.get("/api/alerts/notifications", summary="List what was told, and to whom")
    async def list_notifications(visit: Annotated[PlatformVisit, reading]) -> NotificationsAnswer:
        async with visit.transaction() as tx:
            return NotificationsAnswer(items=await looking.list_notifications(tx))

    @routes.get("/api/alert-silences", summary="List silences")
    async def list_silences(visit: Annotated[PlatformVisit, reading], *, over: bool = False) -> SilencesAnswer:
        async with visit.transaction() as tx:
            return SilencesAnswer(items=await silences.list_silences(tx, in_force_at=None if over else tx.now))

    @routes.post("/api/alert-silences", status_code=201, summary="Silence alerts for a while")
    async def silence(visit: Annotated[PlatformVisit, writing], order: SilenceOrder) -> KnownSilence:
        async with visit.transaction() as tx:
            return await silencing.silence_alerts(
                tx,
                book=book,
                matchers=order.matchers,
                lasting=timedelta(minutes=order.minutes),
                reason=order.reason,
                by=visit.actor,
            )

    @routes.delete("/api/alert-silences/{silence_id}", summary="End a silence")
    async def lift(visit: Annotated[PlatformVisit, writing], silence_id: UUID) -> KnownSilence:
        async with visit.transaction() as tx:
            return await silencing.lift_silence(tx, silence_id=silence_id, by=visit.actor)

    return routes
