"""Silences: for a while, with a name and a reason, and never over what concerns the law."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from frontdesk.kernel import audit
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.operations.alerts.evaluating import evaluate_once
from frontdesk.operations.alerts.queries import silences
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.operations.alerts.silencing import lift_silence, silence_alerts
from frontdesk.operations.checking import look_at_all
from frontdesk.wiring.alerting import alert_watch, hang_bell
from tests.operations.alerts.stage import Ear
from tests.support.actors import TEST_ACTS
from tests.support.house import House, open_house

HOUR = timedelta(hours=1)


async def test_a_silence_is_kept_with_who_and_why_and_in_the_audit_log(system: Database) -> None:
    async with system.transaction() as tx:
        made = await silence_alerts(
            tx,
            book=our_rules(),
            matchers={"alertname": "CpuBusy"},
            lasting=HOUR,
            reason=" an import runs ",
            by=TEST_ACTS,
        )
    async with system.transaction() as tx:
        [kept] = await silences.list_silences(tx, in_force_at=tx.now)
        entries = await audit.list_entries(tx, tenant_id=None, limit=1000)
    assert kept == made
    assert (kept.author, kept.reason) == (TEST_ACTS.shown, "an import runs")
    assert entries[-1].action == "alerts.silenced"
    assert entries[-1].details["reason"] == "an import runs"


async def test_a_silence_is_lifted_once(system: Database) -> None:
    async with system.transaction() as tx:
        made = await silence_alerts(
            tx, book=our_rules(), matchers={"tenant": "harbor"}, lasting=HOUR, reason="x", by=TEST_ACTS
        )
    async with system.transaction() as tx:
        over = await lift_silence(tx, silence_id=made.id, by=TEST_ACTS)
        assert over.lifted_by == TEST_ACTS.shown
        assert await silences.list_silences(tx, in_force_at=tx.now) == []
        assert len(await silences.list_silences(tx, in_force_at=None)) == 1
    for unknown in (made.id, uuid4()):
        async with system.transaction() as tx:
            with pytest.raises(Refused) as refusal:
                await lift_silence(tx, silence_id=unknown, by=TEST_ACTS)
            assert refusal.value.code == "alerts.silence_not_found"


@pytest.mark.parametrize(
    ("matchers", "lasting", "reason", "code"),
    [
        ({}, HOUR, "x", "alerts.silence_everything"),
        ({"alertname": ""}, HOUR, "x", "alerts.silence_everything"),
        ({"alertname": "CpuBusy"}, timedelta(hours=24, seconds=1), "x", "alerts.silence_too_long"),
        ({"alertname": "CpuBusy"}, timedelta(0), "x", "alerts.silence_too_long"),
        ({"alertname": "CpuBusy"}, HOUR, "  ", "alerts.reason_needed"),
        ({"alertname": "PromiseBroken"}, HOUR, "x", "alerts.never_silenced"),
        ({"alertname": "Nothing"}, HOUR, "x", "alerts.unknown"),
        ({"alertname": "~(("}, HOUR, "x", "alerts.bad_matcher"),
        ({"alert name": "x"}, HOUR, "x", "alerts.bad_matcher"),
    ],
)
async def test_what_may_not_be_silenced_is_refused(
    system: Database, matchers: dict[str, str], lasting: timedelta, reason: str, code: str
) -> None:
    async with system.transaction() as tx:
        with pytest.raises(Refused) as refusal:
            await silence_alerts(tx, book=our_rules(), matchers=matchers, lasting=lasting, reason=reason, by=TEST_ACTS)
    assert refusal.value.code == code


@pytest.fixture
async def house(database_url: str, home: Path, ear: Ear) -> AsyncIterator[House]:
    """Lend a web process whose alerts go to the ear."""
    environ = {"ALERT_WEBHOOK_URL": f"{ear.url}/alerts", "ALERT_DEAD_MAN_URL": f"{ear.url}/ping"}
    async with open_house(database_url, home, environ=environ) as house:
        yield house


async def test_alerts_and_silences_over_http(house: House) -> None:
    client = await house.as_program(Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE)
    seen = (await client.get("/api/alerts")).json()
    assert seen == {"evaluated_at": None, "items": []}
    order = {"matchers": {"alertname": "WorkerGone"}, "minutes": 30, "reason": "maintenance"}
    made = await client.post("/api/alert-silences", json=order)
    assert made.status_code == 201, made.text
    await evaluate(house)
    items = (await client.get("/api/alerts")).json()["items"]
    gone = next(one for one in items if one["alertname"] == "WorkerGone")
    assert (gone["state"], gone["runbook"], gone["severity"]) == ("pending", "process-gone", "critical")
    assert len((await client.get("/api/alert-silences")).json()["items"]) == 1
    lifted = await client.delete(f"/api/alert-silences/{made.json()['id']}")
    assert lifted.json()["lifted_by"] == "token:a program"
    assert (await client.get("/api/alert-silences")).json()["items"] == []
    too_long = await client.post("/api/alert-silences", json={**order, "minutes": 1441})
    assert too_long.status_code == 422


async def test_metrics_show_every_reading_under_its_name(house: House) -> None:
    await evaluate(house)
    client = await house.as_program(Scope.METRICS_READ)
    text = (await client.get("/metrics")).text
    watch = alert_watch(house.parts, {})
    for name in watch.readings:
        assert f"# TYPE {name} gauge" in text, name
    assert 'check_failing{check="operations.worker_runs",kind="ruled",severity="critical"} 1.0' in text
    assert "alerts_watched 1.0" in text


async def evaluate(house: House) -> None:
    """Look at all checks and evaluate all alerts once, as a worker does."""
    await look_at_all(house.parts.system)
    assert await evaluate_once(house.parts.system, alert_watch(house.parts, {})) is not None


async def test_the_loops_of_a_worker_evaluate_tell_and_let_the_dead_mans_switch_hear_us(house: House, ear: Ear) -> None:
    bell = hang_bell(house.parts)
    evaluate_loop, tell_loop, _incidents_loop = bell.loops
    try:
        assert await evaluate_loop.turn() == 15.0
        assert await tell_loop.turn() == 1.0
    finally:
        await bell.close()
    assert ear.heard == [{"alertname": "Watchdog", "status": "firing"}]
    client = await house.as_program(Scope.OPERATIONS_READ)
    assert (await client.get("/api/alerts")).json()["evaluated_at"] is not None
