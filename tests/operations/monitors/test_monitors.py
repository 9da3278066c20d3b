"""Monitors use the program as a customer does; two failures in a row stop campaigns, once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from frontdesk.kernel import actor
from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.db import Database
from frontdesk.operations.maintenance.window import begin_maintenance
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.checks import CHECKS
from frontdesk.operations.monitors.customers import CALLERS, MONITORS, person_at
from frontdesk.operations.monitors.model import EVERY, Failed, Line, Outcome
from frontdesk.operations.monitors.running import keep_outcome, run_due_monitors
from frontdesk.providers.twin import FaultKind, FaultOrder, TwinControl
from frontdesk.wiring.monitoring import find_line
from tests.support.house import ADA, ADMIN, open_house
from tests.support.office import ADAS_NUMBER


async def _keep(system: Database, *, passed: bool) -> None:
    async with system.transaction() as tx:
        await keep_outcome(
            tx,
            Outcome(
                monitor="missed_call", started_at=tx.now, finished_at=tx.now, passed=passed, words="seen", seconds=1.0
            ),
        )


async def _escalations(system: Database) -> int:
    async with system.transaction() as tx:
        return sum(one.action == "monitors.escalated" for one in await list_entries(tx, tenant_id=None))


async def test_the_second_failure_in_a_row_escalates_once_and_a_success_begins_anew(system: Database) -> None:
    (check,) = CHECKS
    for passed, escalations, severity in (
        (False, 0, "warning"),
        (True, 0, "ok"),
        (False, 0, "warning"),
        (False, 1, "critical"),
        (False, 1, "critical"),
        (True, 1, "ok"),
        (False, 1, "warning"),
        (False, 2, "critical"),
    ):
        await _keep(system, passed=passed)
        async with system.transaction() as tx:
            found = await check.look(tx)
        assert (await _escalations(system), found.severity.word) == (escalations, severity)


async def test_a_monitor_is_run_by_one_process_and_again_when_it_is_due(system: Database) -> None:
    async with system.transaction() as tx:
        assert await queries.claim_due(tx, name="missed_call", every=EVERY)
        assert not await queries.claim_due(tx, name="missed_call", every=EVERY)
        assert await queries.move_up(tx, name="missed_call")
        assert await queries.claim_due(tx, name="missed_call", every=EVERY)


async def test_a_carrier_that_does_not_answer_is_a_failure_and_no_crash(system: Database) -> None:
    line = Line(number=ADAS_NUMBER, reach=partial(TwinControl, "http://127.0.0.1:1", token=""))
    assert await run_due_monitors(system, line) == len(MONITORS)
    async with system.transaction() as tx:
        standing = await queries.list_standing(tx)
        assert [(one.passed, one.failures_in_row) for one in standing] == [(False, 1)] * len(MONITORS)
        assert await queries.forget_runs(tx, before=tx.now + timedelta(minutes=1), limit=10) == len(MONITORS)


async def test_monitors_pass_in_a_house_that_works_and_the_api_shows_them(database_url: str, home: Path) -> None:
    async with open_house(database_url, home, environ={"MONITOR_NUMBER": ADAS_NUMBER}) as house:
        line = find_line(house.parts)
        assert line is not None
        assert await run_due_monitors(house.parts.system, line) == len(MONITORS)
        admin, ada = await house.as_person(ADMIN), await house.as_person(ADA)
        shown = (await admin.get("/api/monitors")).json()["items"]
        assert [(one["name"], one["passed"], one["words"]) for one in shown] == [
            ("missed_call", True, "a caller who was not answered got one text"),
            ("stop_and_help", True, "HELP was answered, and STOP was heeded"),
        ]
        assert (await ada.get("/api/monitors")).status_code == 403


@pytest.mark.slow  # a caller is given half a minute
async def test_a_monitor_fails_whose_caller_gets_no_text(database_url: str, home: Path) -> None:
    async with open_house(database_url, home, environ={"MONITOR_NUMBER": ADAS_NUMBER}) as house:
        line = find_line(house.parts)
        assert line is not None
        async with line.reach() as twin:
            await twin.inject_fault(FaultOrder(kind=FaultKind.REFUSED, code=21614))
            with pytest.raises(Failed, match="got no text"):
                await MONITORS[0].attempt(twin, ADAS_NUMBER, house.parts.clock.now())


async def test_pages_and_answers_say_that_maintenance_is_on(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        ada, admin = await house.as_person(ADA), await house.as_person(ADMIN)
        assert "x-maintenance" not in (await ada.get("/api/auth/me")).headers
        assert (await admin.get("/api/maintenance")).json() == {"maintenance": None}
        async with house.parts.system.transaction() as tx:
            by = actor.system("cli/ada")
            await begin_maintenance(tx, lasting=timedelta(minutes=30), reason="a <new> disk", by=by)

        async def announced() -> bool:
            return "x-maintenance" in (await ada.get("/api/auth/me")).headers

        await house.eventually(announced)
        page = (await ada.get("/", headers={"Accept": "text/html"})).text
        assert "a &lt;new&gt; disk" in page
        assert (await admin.get("/api/maintenance")).json()["maintenance"]["phase"] == "draining"
        for path in (
            "/api/stats",
            "/api/errors?type=enrichment",
            "/api/retry-queue/stats",
            "/api/maintenance/db-stats",
        ):
            assert (await admin.get(path)).status_code == 200, path
            assert (await ada.get(path)).status_code == 403, path
        ordered = await admin.post("/api/maintenance/cleanup", json={"dry_run": True})
        assert (ordered.status_code, ordered.json()["run_id"]) == (202, None)


def test_nobody_calls_twice_within_a_day(system: Database) -> None:
    now = system.clock.now()
    callers = [person_at(now + timedelta(minutes=minute), CALLERS) for minute in range(24 * 60)]
    assert len(set(callers)) == len(callers)
