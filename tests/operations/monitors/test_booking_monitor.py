"""Monitors of booking hold and book a time as a customer does, in a business of their own, and leave nothing behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from frontdesk.features import scheduling
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.booking import BOOKING_MONITORS, BOOKING_NAMES, BUSINESS, SLUG, open_stage
from frontdesk.operations.monitors.checks import CHECKS
from frontdesk.operations.monitors.running import run_due_bookings
from tests.support.actors import TEST_ACTS
from tests.support.house import ADMIN, open_house


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[Database]:
    """Lend the database as one business sees it."""
    database = await Database.open(
        database_url, role=Role.APP, clock=DatabaseClock(), flush=flush_with(Handlers([])), max_size=4
    )
    yield database
    await database.close()


async def _due(system: Database) -> None:
    async with system.transaction() as tx:
        for name in BOOKING_NAMES:
            await queries.move_up(tx, name=name)


async def _standing(system: Database) -> dict[str, tuple[bool | None, int, str]]:
    async with system.transaction() as tx:
        found = await queries.list_standing(tx)
    return {one.name: (one.passed, one.failures_in_row, one.words) for one in found}


async def test_a_time_is_held_and_booked_and_nothing_is_left_taken(
    system: Database, app: Database, database_url: str
) -> None:
    assert await run_due_bookings(system, app) == len(BOOKING_MONITORS)
    assert await run_due_bookings(system, app) == 0, "not due yet"
    await _due(system)
    assert await run_due_bookings(system, app) == len(BOOKING_MONITORS)
    standing = await _standing(system)
    assert {name: one[:2] for name, one in standing.items()} == dict.fromkeys(BOOKING_NAMES, (True, 0)), standing
    owner = await asyncpg.connect(database_url)
    try:
        assert await owner.fetchval("select count(*) from sched_occupancies where tenant_id = $1", BUSINESS) == 0
        assert await owner.fetchval("select count(*) from sched_holds where tenant_id = $1", BUSINESS) == 0
        assert await owner.fetchval("select count(*) from sched_services where tenant_id = $1", BUSINESS) == 1
        statuses = await owner.fetch("select status from sched_appointments where tenant_id = $1", BUSINESS)
        assert {row["status"] for row in statuses} == {"cancelled"}
    finally:
        await owner.close()


async def test_a_second_failure_in_a_row_is_critical_and_what_was_cut_off_is_put_right(
    system: Database, app: Database
) -> None:
    service = await open_stage(system, app)
    async with app.transaction(BUSINESS) as tx:
        await scheduling.change_service(tx, replace(service, horizon_days=1, lead_minutes=2000), by=TEST_ACTS)
    (check,) = CHECKS
    for severity in ("warning", "critical"):
        await run_due_bookings(system, app)
        await _due(system)
        async with system.transaction() as tx:
            found = await check.look(tx)
        assert (found.severity.word, "no free time was found" in found.words) == (severity, True)
    async with app.transaction(BUSINESS) as tx:
        await scheduling.change_service(tx, service, by=TEST_ACTS)
    await run_due_bookings(system, app)
    assert all(one[:2] == (True, 0) for one in (await _standing(system)).values())


async def test_a_hold_that_a_killed_run_left_keeps_nobody_away_for_long(system: Database, app: Database) -> None:
    service = await open_stage(system, app)
    async with app.transaction(BUSINESS) as tx:
        (slot,) = await scheduling.list_free_slots(
            tx,
            service_id=service.id,
            between=(tx.now + timedelta(days=1), tx.now + timedelta(days=2)),
            limit=1,
        )
        left = await scheduling.hold_slot(
            tx,
            service_id=service.id,
            resource_id=slot.resource_id,
            starts_at=slot.starts_at,
            contact_id=None,
            source="monitor",
            ttl=timedelta(minutes=2),
        )
        assert isinstance(left, scheduling.Held)
    await run_due_bookings(system, app)
    assert all(one[0] for one in (await _standing(system)).values())


async def test_it_is_shown_in_detail_and_its_business_has_no_page(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        await run_due_bookings(house.parts.system, house.parts.app)
        admin = await house.as_person(ADMIN)
        shown = (await admin.get("/api/monitors")).json()["items"]
        assert {one["name"]: one["passed"] for one in shown} == dict.fromkeys(BOOKING_NAMES, True)
        detailed = (await admin.get("/api/health/detailed")).json()["monitors"]
        assert {one["name"]: one["failures_in_row"] for one in detailed} == dict.fromkeys(BOOKING_NAMES, 0)
        assert (await house.client().get(f"/book/{SLUG}")).status_code == 404
        await house.settle()
        assert await house.twin.messages() == []
