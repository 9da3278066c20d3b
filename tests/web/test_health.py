"""Health is open and cheap; everything else wants to know who asks."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from frontdesk.kernel.auth import Scope
from tests.support.fault_proxy import Direction, FaultProxy, ResetPeer
from tests.support.house import ADA, PASSWORD, House, open_house


async def test_health_is_open_and_tells_that_the_database_answers(house: House) -> None:
    for path in ("/health", "/healthz"):
        answer = await house.client().get(path)
        assert answer.status_code == 200
        assert answer.json() == {"status": "ok", "database": True, "sign_of_life": True}


async def test_health_is_503_while_the_database_is_gone(database_url: str, home: Path) -> None:
    server = urlsplit(database_url)
    async with FaultProxy(server.hostname or "", server.port or 5432) as proxy:
        behind = server._replace(netloc=f"{server.username}:{server.password}@127.0.0.1:{proxy.port}").geturl()
        async with open_house(behind, home) as house:
            for direction in Direction:
                proxy.add(ResetPeer(), direction)
            away = await house.client().get("/health")
            refused = await house.client().post("/api/auth/login", json={"email": ADA, "password": PASSWORD})
            proxy.clear()
            back = await house.client().get("/health")
    assert away.status_code == 503
    assert away.json()["database"] is False
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"
    assert refused.json()["code"] == "web.not_now"
    assert back.json()["database"] is True


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
