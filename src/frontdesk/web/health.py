"""Is this process well? Open and cheap for monitors, detailed for people who are logged in; and the metrics."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from frontdesk.features import delivery, textback
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.outbox.store import measure_lag
from frontdesk.kernel.telemetry.metrics import (
    CONTENT_TYPE,
    WEBHOOK_DEDUPE_HITS,
    WEBHOOK_SIGNATURE_FAILURES,
    AsyncReading,
    Readings,
)
from frontdesk.kernel.upkeep import Reading
from frontdesk.operations.alerts.readings import all_readings, metric_of
from frontdesk.operations.monitors.queries import Standing, list_standing
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.alerting import machine_of

READINGS_AT_ONCE = 2  # the others may have the connections


class Health(BaseModel):
    """Whether a process can work: it reaches the database, and others see its sign of life."""

    status: Literal["ok", "unavailable"]
    database: bool
    sign_of_life: bool


class Sending(BaseModel):
    """How sending stands on the whole platform."""

    paused: bool
    in_flight: int
    queued: int
    last_started_at: datetime | None


class DetailedHealth(BaseModel):
    """How each part is; times in seconds."""

    status: Literal["ok", "degraded"]
    database: bool
    process_id: UUID
    sign_of_life: bool
    outbox_dispatch_lag_seconds: float
    slo_first_sms_p95_seconds: float
    sending: Sending
    monitors: list[Standing]


# Monitors read the body of a refusal too.
WELL_OR_NOT: dict[int | str, dict[str, Any]] = {
    200: {"model": Health},
    503: {"model": Health, "description": "It cannot work"},
}


def register_readings(parts: Frontdesk) -> None:
    """Let the metrics ask the database for what only it knows, whenever they are scraped: two readings at a time."""
    for counter in (WEBHOOK_DEDUPE_HITS, WEBHOOK_SIGNATURE_FAILURES):
        for provider in ("twilio", *(("telnyx",) if parts.telnyx else ())):
            parts.metrics.increment(counter, 0, provider=provider)  # a rate needs its first 0
    room = asyncio.Semaphore(READINGS_AT_ONCE)
    for reading in all_readings(machine_of(parts)):
        if reading.name not in parts.metrics.declared:
            parts.metrics.declare(metric_of(reading))
        parts.metrics.register_async_gauge(parts.metrics.declared[reading.name], _taken(parts, reading, room))


def _taken(parts: Frontdesk, reading: Reading, room: asyncio.Semaphore) -> AsyncReading:
    async def take() -> float | Readings | None:
        async with room, parts.system.transaction() as tx:
            await tx.execute("set transaction read only")
            samples = await reading.measure(tx)
        if reading.labels:
            return {sample.labels: sample.value for sample in samples}
        return samples[0].value if samples else None

    return take


def health_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of health and metrics."""
    routes = Routes(tags=["health"])

    @routes.get("/health", summary="Tell whether this process can work", responses=WELL_OR_NOT)
    @routes.get("/healthz", include_in_schema=False)
    async def health() -> Response:
        return await _health(parts)

    @routes.get("/api/health", summary="The same, for whoever is known", responses=WELL_OR_NOT)
    async def api_health(_caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        return await _health(parts)

    @routes.get("/api/health/detailed", summary="Tell how each part is")
    async def detailed(
        visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.METRICS_READ))],
    ) -> DetailedHealth:
        async with visit.transaction() as tx:
            lag = await measure_lag(tx)
            proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key="all")
            p95 = await textback.measure_first_text_p95(tx)
            standing = await list_standing(tx)
        return DetailedHealth(
            status="ok" if not parts.presence.lost.is_set() else "degraded",
            database=True,
            process_id=parts.process_id,
            sign_of_life=not parts.presence.lost.is_set(),
            outbox_dispatch_lag_seconds=lag,
            slo_first_sms_p95_seconds=p95,
            sending=Sending(
                paused=proof.paused_at is not None or parts.courier.paused_by_setting,
                in_flight=proof.in_flight,
                queued=proof.queued,
                last_started_at=proof.last_started_at,
            ),
            monitors=standing,
        )

    @routes.get(
        "/metrics",
        summary="Metrics in Prometheus form",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics(_visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.METRICS_READ))]) -> Response:
        return Response(await parts.metrics.render(), media_type=CONTENT_TYPE)

    return routes


async def _health(parts: Frontdesk) -> Response:
    alive = await parts.system.alive()
    known = not parts.presence.lost.is_set()
    body = {"status": "ok" if alive and known else "unavailable", "database": alive, "sign_of_life": known}
    return JSONResponse(body, status_code=200 if alive and known else 503)
