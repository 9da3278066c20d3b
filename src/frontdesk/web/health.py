"""Is this process well? Open and cheap for monitors, detailed for people who are logged in; and the metrics."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from frontdesk.features import delivery, textback
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit
from frontdesk.kernel.outbox.store import count_pending, measure_lag
from frontdesk.kernel.telemetry.metrics import (
    CONTENT_TYPE,
    FIRST_SMS_P95,
    OUTBOX_DISPATCH_LAG,
    OUTBOX_PENDING,
    WEBHOOK_DEDUPE_HITS,
    WEBHOOK_SIGNATURE_FAILURES,
)
from frontdesk.web.access import Caller, FrontDoor
from frontdesk.wiring import Frontdesk


def register_readings(parts: Frontdesk) -> None:
    """Let the metrics ask the database for what only it knows, whenever they are scraped."""

    async def lag() -> float:
        async with parts.system.transaction() as tx:
            return await measure_lag(tx)

    async def first_text_p95() -> float:
        async with parts.system.transaction() as tx:
            return await textback.measure_first_text_p95(tx)

    async def pending() -> float:
        async with parts.system.transaction() as tx:
            return await count_pending(tx)

    for counter in (WEBHOOK_DEDUPE_HITS, WEBHOOK_SIGNATURE_FAILURES):
        for provider in ("twilio", *(("telnyx",) if parts.telnyx else ())):
            parts.metrics.increment(counter, 0, provider=provider)  # a rate needs its first 0
    parts.metrics.register_async_gauge(OUTBOX_DISPATCH_LAG, lag)
    parts.metrics.register_async_gauge(OUTBOX_PENDING, pending)
    parts.metrics.register_async_gauge(FIRST_SMS_P95, first_text_p95)


def health_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of health and metrics."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health", summary="Tell whether this process can work")
    @routes.get("/healthz", include_in_schema=False)
    async def health() -> Response:
        return await _health(parts)

    @routes.get("/api/health", summary="The same, for whoever is known")
    async def api_health(_caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        return await _health(parts)

    @routes.get("/api/health/detailed", summary="Tell how each part is")
    async def detailed(
        visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.METRICS_READ))],
    ) -> dict[str, object]:
        async with visit.transaction() as tx:
            lag = await measure_lag(tx)
            proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key="all")
            p95 = await textback.measure_first_text_p95(tx)
        return {
            "status": "ok" if not parts.presence.lost.is_set() else "degraded",
            "database": True,
            "process_id": str(parts.process_id),
            "sign_of_life": not parts.presence.lost.is_set(),
            "outbox_dispatch_lag_seconds": lag,
            "slo_first_sms_p95_seconds": p95,
            "sending": {
                "paused": proof.paused_at is not None or parts.courier.paused_by_setting,
                "in_flight": proof.in_flight,
                "queued": proof.queued,
                "last_started_at": proof.last_started_at,
            },
        }

    @routes.get("/metrics", summary="Metrics in Prometheus form")
    async def metrics(_visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.METRICS_READ))]) -> Response:
        return Response(await parts.metrics.render(), media_type=CONTENT_TYPE)

    return routes


async def _health(parts: Frontdesk) -> Response:
    alive = await parts.system.alive()
    known = not parts.presence.lost.is_set()
    body = {"status": "ok" if alive and known else "unavailable", "database": alive, "sign_of_life": known}
    return JSONResponse(body, status_code=200 if alive and known else 503)
