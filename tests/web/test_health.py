"""Health is open and cheap; everything else wants to know who asks."""

from __future__ import annotations

from dataclasses import replace

import httpx2

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.db import Database, Role
from frontdesk.web.app import create_app
from tests.support.house import ADA, PASSWORD, House


async def test_health_is_open_and_tells_that_the_database_answers(house: House) -> None:
    for path in ("/health", "/healthz"):
        answer = await house.client().get(path)
        assert answer.status_code == 200
        assert answer.json() == {"status": "ok", "database": True, "sign_of_life": True}


async def test_health_is_503_while_the_database_is_gone(house: House, database_url: str) -> None:
    gone = await Database.open(database_url, role=Role.SYSTEM, clock=house.parts.clock)
    gone.terminate()
    app = create_app(replace(house.parts, system=gone))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=house.url) as client:
        health = await client.get("/health")
        login = await client.post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
    assert health.status_code == 503
    assert health.json()["database"] is False
    assert login.status_code == 503
    assert login.headers["retry-after"] == "5"
    assert login.json()["code"] == "web.not_now"


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
