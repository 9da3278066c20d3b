"""Health is open and cheap; everything else wants to know who asks."""

from __future__ import annotations

from frontdesk.kernel.auth import Scope
from tests.support.house import House


async def test_health_is_open_and_tells_that_the_database_answers(house: House) -> None:
    for path in ("/health", "/healthz"):
        answer = await house.client().get(path)
        assert answer.status_code == 200
        assert answer.json() == {"status": "ok", "database": True, "sign_of_life": True}


async def test_health_is_503_when_the_database_is_gone(house: House) -> None:
    house.parts.system.terminate()
    answer = await house.client().get("/health")
    assert answer.status_code == 503
    assert answer.json()["database"] is False


async def test_metrics_need_their_scope_and_name_what_the_sources_name(house: House) -> None:
    assert (await house.client().get("/metrics")).status_code == 401
    program = await house.as_program(Scope.METRICS_READ)
    await house.missed_call()
    answer = await program.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    for name in (
        "webhook_dedupe_hits_total",
        "webhook_signature_failures_total",
        "outbox_dispatch_lag_seconds 0",
        "slo_first_sms_p95_seconds 0.",
    ):
        assert name in answer.text


async def test_detailed_health_tells_how_sending_stands(house: House) -> None:
    program = await house.as_program(Scope.METRICS_READ)
    answer = await program.get("/api/health/detailed")
    assert answer.status_code == 200
    assert answer.json()["sending"]["paused"] is False
